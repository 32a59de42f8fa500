"""Mode coverage: the share of each mode, in the real data and in each lane."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import LANE_COLOURS, REAL, FigureEntry, chart_with_legend, make, nothing_yet
from genlab.metrics.modes import SOLID
from genlab.registry import FIGURES
from genlab.runs.view import RunView

MAXIMUM_NAMES = 20  # written under the bars
MAXIMUM_BARS = 100  # modes above which a line per lane takes the place of the bars


def coverage(view: RunView) -> go.Figure:
    """Bars of the share of all samples on each mode, one colour a lane, the real shares as outlines around them. A
    cross marks a mode that is not solid: below 20 % of its fair share.

    Above 100 modes, a line per lane over the modes from its largest share to its smallest, and one of the real shares:
    a lane falls to zero where the modes end that it reaches.
    """
    if view.reference is None:
        return nothing_yet("Mode coverage")
    names = [str(name) for name in view.reference["names"]]
    real = view.reference["mode_share"]
    lanes = [frame for frame in view.frames if frame is not None]
    if len(names) > MAXIMUM_BARS:
        lines = [_line(frame.arrays["mode_share"], names, view.title(frame.lane), frame.lane) for frame in lanes]
        return make(
            f"{title(view, view.reference)}, largest first",
            [*lines, _line(real, names, "real data", None)],
            xaxis={"showgrid": False, "range": [0, len(names)]},
            yaxis={"rangemode": "tozero", "tickformat": ".1%", "nticks": 4},
            **chart_with_legend(),
        )
    at = np.arange(len(names))
    width = 0.8 / max(1, len(view.frames))
    traces = []
    for frame in lanes:
        share = frame.arrays["mode_share"]
        x = at + width * (frame.lane - (len(view.frames) - 1) / 2)
        filled = {"color": LANE_COLOURS[frame.lane]}
        traces.append(_bars(x, share, names, view.title(frame.lane), 0.92 * width, filled))
        dropped = share < SOLID * real
        traces.append(_crosses(x[dropped], 0.1 * float(real.max()), LANE_COLOURS[frame.lane]))
    outline = {"color": "rgba(0,0,0,0)", "line": {"color": REAL, "width": 2}}
    traces.append(_bars(at, real, names, "real data", 0.9, outline))
    highest = max([float(real.max()), *(float(frame.arrays["mode_share"].max()) for frame in lanes)])
    # In steps of a quarter of the largest real share, so that the axis rests while the bars move.
    top = float(np.ceil(1.02 * highest / (0.25 * real.max())) * 0.25 * real.max())
    named = {"tickvals": at, "ticktext": names} if len(names) <= MAXIMUM_NAMES else {}
    return make(
        title(view, view.reference),
        traces,
        barmode="overlay",
        xaxis={"showgrid": False, **named},
        yaxis={"range": [0, max(top, 1.25 * float(real.max()))], "tickformat": ".0%", "nticks": 4},
        **chart_with_legend(),
    )


def _bars(
    x: np.ndarray, share: np.ndarray, names: list[str], name: str, width: float, marker: dict[str, Any]
) -> dict[str, Any]:
    said = "mode %{customdata}: %{y:.1%}<extra>" + name + "</extra>"
    bar = {"type": "bar", "x": x, "y": share, "width": width, "name": name, "marker": marker}
    return bar | {"customdata": names, "hovertemplate": said}


def _line(share: np.ndarray, names: list[str], name: str, lane: int | None) -> dict[str, Any]:
    """Shares (K,) from the largest to the smallest, as steps; in grey for the real data, which is no lane."""
    order = np.argsort(-share, kind="stable")
    line = {"color": REAL if lane is None else LANE_COLOURS[lane], "width": 2, "shape": "hv"}
    said = "mode %{customdata}: %{y:.2%}<extra>" + name + "</extra>"
    trace = {"type": "scatter", "mode": "lines", "x": np.arange(len(share)), "y": share[order], "name": name}
    return trace | {"line": line, "customdata": [names[i] for i in order], "hovertemplate": said}


def _crosses(x: np.ndarray, height: float, colour: str) -> dict[str, Any]:
    marker = {"symbol": "x", "color": colour, "size": 9}
    cross = {"type": "scatter", "x": x, "y": np.full(len(x), height), "mode": "markers", "marker": marker}
    return cross | {"showlegend": False, "hovertemplate": "dropped<extra></extra>"}


def title(view: RunView, reference: dict[str, np.ndarray]) -> str:
    """What the bars are shares of, and how sure their modes are."""
    measured = max((frame.metrics["samples"] for frame in view.frames if frame), default=0)
    words = f"Mode coverage: share per mode of {measured:,} samples"
    if "accuracy" in reference:
        words += f", named by a classifier that is right on {reference['accuracy'].item():.1%} of held-out data"
    return words


FIGURES.add(
    FigureEntry(
        "coverage",
        "Mode coverage",
        "run",
        coverage,
        "the share of samples on each mode, real data as outlines, lanes as bars",
    )
)
