"""Mode coverage: the share of each mode, in the real data and in each lane."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import LANE_COLOURS, REAL, FigureEntry, chart_with_legend, make, nothing_yet
from genlab.metrics.modes import SOLID
from genlab.registry import FIGURES
from genlab.runs.view import RunView

MOST_NAMES = 20  # written under the bars


def coverage(view: RunView) -> go.Figure:
    """Bars of the share of all samples on each mode, one colour a lane, the real shares as outlines around them. A
    cross marks a mode that is not solid: below 20 % of its fair share.
    """
    if view.reference is None:
        return nothing_yet("Mode coverage")
    names = [str(name) for name in view.reference["names"]]
    real = view.reference["mode_share"]
    at = np.arange(len(names))
    lanes = [frame for frame in view.frames if frame is not None]
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
    named = {"tickvals": at, "ticktext": names} if len(names) <= MOST_NAMES else {}
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
