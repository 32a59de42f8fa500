"""One recorded number of several lanes over each other, such as a loss of models of the same family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlab.figures.base import Description, FigureEntry, FigureFrame, LaneView, chart_with_legend, layout, thinned
from genlab.figures.layers import Trace
from genlab.figures.losses import MAXIMUM_POINTS, settled_axis


def recorded_number(name: str, title: str, share: bool = False) -> FigureEntry:
    """The figure that draws the number that was recorded by this name, a line for each lane, over the clock. It is made
    for a name, and so not in the registry.

    share: whether it is one, on an axis from 0 to 1.
    """

    def describe(lanes: Sequence[LaneView]) -> Description:
        layers = []
        for i, lane in enumerate(lanes):
            curve = {"type": "scatter", "mode": "lines", "line": {"color": lane.colour, "width": 2}}
            hover = f"%{{y:{'.0%' if share else '.3g'}}}<extra>{{name}}</extra>"
            layers.append(Trace(lane.title, hover, curve, {"x": f"{i}/at", "y": f"{i}/value"}))
        budgets = [lane.budget for lane in lanes if lane.budget]
        axes: dict[str, dict[str, Any]] = {
            "xaxis": {"range": [0, max(budgets)]} if budgets else {},
            "yaxis": {"range": [-0.03, 1.03], "tickformat": ".0%", "nticks": 4} if share else {"nticks": 6},
        }
        return Description(layout(title, meta="clock", hovermode="x unified", **axes, **chart_with_legend()), layers)

    def frame(lanes: Sequence[LaneView]) -> FigureFrame:
        arrays, drawn = {}, []
        for i, lane in enumerate(lanes):
            at, values = thinned(*lane.series(name), MAXIMUM_POINTS)
            arrays[f"{i}/at"], arrays[f"{i}/value"] = at.astype("float32"), values.astype("float32")
            drawn.append(values)
        return FigureFrame(arrays, {} if share else settled_axis(drawn))

    alt = f"{title}, a line for each model"
    explanation = (
        "The same recorded number of several lanes over each other; the upright line is where the time line stands. "
        "Only what means the same in all of them is drawn together. Look for which one settles first, for the distance "
        "between the lines at the end, and for lines that cross: an early lead may be lost again."
    )
    return FigureEntry(f"recorded-{name}", title, "run", alt, describe, frame, explanation=explanation)
