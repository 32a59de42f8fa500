"""How lanes have moved: how many modes they cover against how many of their samples are any good, through training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genlab.figures.base import (
    REAL,
    Description,
    FigureEntry,
    FigureFrame,
    LaneView,
    chart_with_legend,
    layout,
    thinned,
)
from genlab.figures.layers import Layer, Trace
from genlab.registry import FIGURES

MAXIMUM_POINTS = 200  # of a trail
ROOM = 0.06  # beyond 0 and 1, so that the ends of a trail are seen whole
CHART = chart_with_legend() | {"margin": {"l": 56, "r": 8, "t": 30, "b": 44}}
MANY = 4  # lanes, from which on the legend has smaller letters beside the title


def describe_trade_off(lanes: Sequence[LaneView]) -> Description | None:
    """Share of the modes that are solid, against the share of samples on a mode: each lane leaves a trail, with a large
    dot where it is now. The diamond is real data; the best place is there, at the upper right.
    """
    if _nothing_yet(lanes):
        return None
    layers: list[Layer] = []
    for i, lane in enumerate(lanes):
        trail = {"line": {"color": lane.colour, "width": 2}, "marker": {"color": lane.colour}}
        arrays = {"x": f"{i}/on_mode", "y": f"{i}/solid", "marker.size": f"{i}/sizes", "customdata": f"{i}/step"}
        hover = "{name}, step %{customdata:,}: %{x:.0%} on a mode, %{y:.0%} of modes<extra></extra>"
        layers.append(Trace(lane.title, hover, {"type": "scatter", "mode": "lines+markers", **trail}, arrays))
    marker = {"symbol": "diamond-open", "color": REAL, "size": 16, "line": {"width": 3}}
    diamond = {"type": "scatter", "mode": "markers", "marker": marker}
    hover = "held-out real data: %{x:.1%} on a mode<extra></extra>"
    layers.append(Trace("real data", hover, diamond, {"x": "real/on_mode", "y": "real/solid"}))
    axis = {"range": [-ROOM, 1 + ROOM], "tickformat": ".0%", "nticks": 6, "zeroline": False}
    axes = {
        "xaxis": axis | {"title": {"text": "samples on a mode", "font": {"size": 14}}},
        "yaxis": axis | {"title": {"text": "solid modes", "font": {"size": 14}}},
    }
    real = {"real/on_mode": np.array([float(lanes[0].reference["on_mode_share"])]), "real/solid": np.ones(1)}
    chart = CHART | {"legend": CHART["legend"] | ({"font": {"size": 11}} if len(lanes) >= MANY else {})}
    return Description(layout("Coverage against quality", **axes, **chart), layers, real)


def trade_off(lanes: Sequence[LaneView]) -> FigureFrame:
    arrays: dict[str, np.ndarray] = {}
    for i, lane in enumerate(lanes):
        at, on_mode = thinned(*lane.history.series(lane.lane, "on_mode_share"), MAXIMUM_POINTS)
        solid = thinned(*lane.history.series(lane.lane, "solid"), MAXIMUM_POINTS)[1] / len(lane.names)
        sizes = np.full(len(at), 4.0)
        sizes[-1:] = 16
        arrays |= {f"{i}/step": at, f"{i}/on_mode": on_mode, f"{i}/solid": solid, f"{i}/sizes": sizes}
    return FigureFrame(arrays)


def describe_solid_modes(lanes: Sequence[LaneView]) -> Description | None:
    """The number of solid modes over the clock of the run, one line a lane, and how many there are."""
    if _nothing_yet(lanes):
        return None
    modes, budgets = len(lanes[0].names), [lane.budget for lane in lanes if lane.budget]
    layers = []
    for i, lane in enumerate(lanes):
        line = {"color": lane.colour, "width": 3, "shape": "hv"}
        curve = {"type": "scatter", "mode": "lines", "line": line}
        hover = f"%{{y}} of {modes}<extra>{{name}}</extra>"
        layers.append(Trace(lane.title, hover, curve, {"x": f"{i}/at", "y": f"{i}/solid"}))
    of_data = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": modes, "y1": modes}
    axes: dict[str, dict[str, Any]] = {
        "xaxis": {"title": {"text": lanes[0].clock, "font": {"size": 14}}},
        "yaxis": {"range": [-0.03 * modes, 1.06 * modes], "nticks": 6, "zeroline": False},
    }
    if budgets:
        axes["xaxis"]["range"] = [0, 1.01 * max(budgets)]
    shapes = [of_data | {"line": {"color": REAL, "width": 2, "dash": "dash"}}]
    return Description(layout("Solid modes over time", meta="clock", shapes=shapes, **axes, **CHART), layers)


def solid_modes(lanes: Sequence[LaneView]) -> FigureFrame:
    arrays = {}
    for i, lane in enumerate(lanes):
        arrays[f"{i}/at"], arrays[f"{i}/solid"] = thinned(*lane.series("solid"), MAXIMUM_POINTS)
    return FigureFrame(arrays)


def _nothing_yet(lanes: Sequence[LaneView]) -> bool:
    return not lanes[0].reference or not any(lane.arrays for lane in lanes)


FIGURES.add(
    FigureEntry(
        name="trade_off",
        title="Coverage against quality",
        belongs="run",
        alt="the share of modes covered against the share of samples on a mode, a trail for each lane through training",
        explanation=(
            "Each model's trail through training: to the right, more of the modes covered; upwards, more of its "
            "samples on a mode. Real data is the grey mark. Look for the top right corner, which is as good as "
            "real data. High and to the left: few modes, drawn well. Low and to the right: all modes, and many "
            "samples between them."
        ),
        describe=describe_trade_off,
        frame=trade_off,
    )
)
FIGURES.add(
    FigureEntry(
        name="solid_modes",
        title="Solid modes over time",
        belongs="run",
        alt="the number of solid modes over training",
        explanation=(
            "How many modes are solid, that is, get at least a fifth of their fair share of samples, at every "
            "frame of training. Look for how soon each model reaches all of them, for modes that are lost again, "
            "and for a count that goes up and down, which says that the generator moves between modes."
        ),
        describe=describe_solid_modes,
        frame=solid_modes,
    )
)
