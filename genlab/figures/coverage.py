"""Mode coverage: the share of each mode, in the real data and in each lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genlab.figures.base import REAL, Description, FigureEntry, FigureFrame, LaneView, chart_with_legend, layout
from genlab.figures.layers import Bars, Trace
from genlab.metrics.modes import SOLID
from genlab.registry import FIGURES

MAXIMUM_NAMES = 20  # written under the bars
MAXIMUM_BARS = 100  # modes above which a line per lane takes the place of the bars


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """Bars of the share of all samples on each mode, one colour a lane, the real shares as outlines around them. A
    cross marks a mode that is not solid: below 20 % of its fair share.

    Above 100 modes, a line per lane over the modes from its largest share to its smallest, and one of the real shares:
    a lane falls to zero where the modes end that it reaches.
    """
    if not lanes[0].reference:
        return None
    names, real = lanes[0].names, lanes[0].reference["mode_share"]
    if len(names) > MAXIMUM_BARS:
        lines = [_line(lane.title, lane.colour, f"{i}/") for i, lane in enumerate(lanes)]
        axes = {
            "xaxis": {"showgrid": False, "range": [0, len(names)]},
            "yaxis": {"rangemode": "tozero", "tickformat": ".1%", "nticks": 4},
        }
        lines.append(_line("real data", REAL, "real/"))
        return Description(layout("", **axes, **chart_with_legend()), lines, _falling(real, names, "real/"))
    width = 0.8 / len(lanes)
    bars = [
        Bars(
            f"{i}/share",
            lane.title,
            names,
            lane.colour,
            width=0.92 * width,
            offset=width * (i - (len(lanes) - 1) / 2),
            crossed=f"{i}/dropped",
            cross_height=0.1 * float(real.max()),
        )
        for i, lane in enumerate(lanes)
    ]
    outlines = Bars("real", "real data", names, REAL, width=0.9, outline=True)
    ticks = {"tickvals": list(range(len(names))), "ticktext": names} if len(names) <= MAXIMUM_NAMES else {}
    room = {"range": [-0.6, len(names) - 0.4], "showgrid": False, "zeroline": False}
    # The range of an empty chart; a frame gives its own.
    axes = {"xaxis": {**room, **ticks}, "yaxis": {"tickformat": ".0%", "nticks": 4, "range": [0, _least_top(real)]}}
    return Description(layout("", barmode="overlay", **axes, **chart_with_legend()), [*bars, outlines], {"real": real})


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    names, real = lanes[0].names, lanes[0].reference["mode_share"]
    shares = {i: lane.arrays["mode_share"] for i, lane in enumerate(lanes) if lane.arrays}
    arrays: dict[str, np.ndarray] = {}
    if len(names) > MAXIMUM_BARS:
        for i, share in shares.items():
            arrays |= _falling(share, names, f"{i}/")
        return FigureFrame(arrays, {"title.text": f"{title(lanes)}, largest first"})
    for i, share in shares.items():
        arrays |= {f"{i}/share": share, f"{i}/dropped": share < SOLID * real}
    highest = max([float(real.max()), *(float(share.max()) for share in shares.values())])
    # In steps of a quarter of the largest real share, so that the axis rests while the bars move.
    top = float(np.ceil(1.02 * highest / (0.25 * real.max())) * 0.25 * real.max())
    moving: dict[str, Any] = {"title.text": title(lanes), "yaxis.range": [0, max(top, _least_top(real))]}
    return FigureFrame(arrays, moving)


def _least_top(real: np.ndarray) -> float:
    """Where the axis of shares ends at least: above the largest real share."""
    return 1.25 * float(real.max())


def _line(name: str, colour: str, prefix: str) -> Trace:
    """Shares from the largest to the smallest, as steps."""
    line = {"color": colour, "width": 2, "shape": "hv"}
    hover = "mode %{customdata}: %{y:.2%}<extra>{name}</extra>"
    arrays = {"x": f"{prefix}rank", "y": f"{prefix}share", "customdata": f"{prefix}names"}
    return Trace(name, hover, {"type": "scatter", "mode": "lines", "line": line}, arrays)


def _falling(share: np.ndarray, names: list[str], prefix: str) -> dict[str, np.ndarray]:
    """The arrays of such a line, from shares (K,)."""
    order = np.argsort(-share, kind="stable")
    arrays = {"rank": np.arange(len(share)), "share": share[order], "names": np.array(names)[order]}
    return {prefix + name: array for name, array in arrays.items()}


def title(lanes: Sequence[LaneView]) -> str:
    """What the bars are shares of, and how sure their modes are."""
    measured = max((lane.frame.metrics["samples"] for lane in lanes if lane.frame), default=0)
    words = f"Mode coverage: share per mode of {measured:,} samples"
    if "accuracy" in lanes[0].reference:
        accuracy = lanes[0].reference["accuracy"].item()
        words += f", named by a classifier that is right on {accuracy:.1%} of held-out data"
    return words


FIGURES.add(
    FigureEntry(
        name="coverage",
        title="Mode coverage",
        belongs="run",
        alt="the share of samples on each mode, real data as outlines, lanes as bars",
        explanation=(
            "The share of samples on each mode, a bar for each model, and outlines for real data. A mode is solid "
            "if it gets at least a fifth of its fair share; one that gets less is crossed out. Look for crosses, "
            "and for bars far from their outline: the model prefers some modes. All bars low: most samples lie on "
            "no mode at all."
        ),
        describe=describe,
        frame=frame,
        recorded=False,
    )
)
