"""How a lane has moved: how many modes it covers against how many of its samples are any good, through training."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import LANE_COLOURS, REAL, FigureEntry, chart_with_legend, make, nothing_yet
from genlab.registry import FIGURES
from genlab.runs.view import RunView

MAXIMUM_POINTS = 200  # of a trail
ROOM = 0.06  # beyond 0 and 1, so that the ends of a trail are seen whole


def trade_off(view: RunView) -> go.Figure:
    """Share of the modes that are solid, against the share of samples on a mode: each lane leaves a trail, with a large
    dot where it is now. The diamond is real data; the best place is there, at the upper right.
    """
    title = "Coverage against quality"
    reference = view.reference
    if reference is None or not any(view.frames):
        return nothing_yet(title)
    traces: list[dict[str, Any]] = []
    for lane in range(len(view.frames)):
        at, on_mode = _thinned(*view.history.series(lane, "on_mode_share"))
        solid = _thinned(*view.history.series(lane, "solid"))[1] / len(reference["names"])
        colour, name = LANE_COLOURS[lane], view.title(lane)
        said = f"{name}, step %{{customdata:,}}: %{{x:.0%}} on a mode, %{{y:.0%}} of modes<extra></extra>"
        sizes = np.full(len(at), 4.0)
        sizes[-1:] = 16
        trail = {"type": "scatter", "x": on_mode, "y": solid, "mode": "lines+markers", "name": name}
        trail |= {"line": {"color": colour, "width": 2}, "marker": {"color": colour, "size": sizes}}
        traces.append(trail | {"customdata": at, "hovertemplate": said})
    real = {"type": "scatter", "x": [float(reference["on_mode_share"])], "y": [1.0], "mode": "markers"}
    marker = {"symbol": "diamond-open", "color": REAL, "size": 16, "line": {"width": 3}}
    said = "held-out real data: %{x:.1%} on a mode<extra></extra>"
    traces.append(real | {"name": "real data", "marker": marker, "hovertemplate": said})
    axis = {"range": [-ROOM, 1 + ROOM], "tickformat": ".0%", "nticks": 6, "zeroline": False}
    layout = chart_with_legend() | {"margin": {"l": 56, "r": 8, "t": 30, "b": 44}}
    return make(
        title,
        traces,
        xaxis=axis | {"title": {"text": "samples on a mode", "font": {"size": 14}}},
        yaxis=axis | {"title": {"text": "solid modes", "font": {"size": 14}}},
        **layout,
    )


def solid_modes(view: RunView) -> go.Figure:
    """The number of solid modes over the clock of the run, one line a lane, and how many there are."""
    title = "Solid modes over time"
    if view.reference is None or not any(view.frames):
        return nothing_yet(title)
    modes = len(view.reference["names"])
    against = {"steps": "step"}.get(view.spec.clock, view.spec.clock)
    traces = []
    for lane in range(len(view.frames)):
        at, solid = _thinned(*view.history.series(lane, "solid", against))
        line = {"color": LANE_COLOURS[lane], "width": 3, "shape": "hv"}
        curve = {"type": "scatter", "x": at, "y": solid, "mode": "lines", "name": view.title(lane), "line": line}
        traces.append(curve | {"hovertemplate": f"%{{y}} of {modes}<extra>{view.title(lane)}</extra>"})
    of_data = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": modes, "y1": modes}
    layout = chart_with_legend() | {"margin": {"l": 56, "r": 8, "t": 30, "b": 44}}
    return make(
        title,
        traces,
        shapes=[of_data | {"line": {"color": REAL, "width": 2, "dash": "dash"}}],
        xaxis={"range": [0, 1.01 * view.spec.budget], "title": {"text": view.spec.clock, "font": {"size": 14}}},
        yaxis={"range": [-0.03 * modes, 1.06 * modes], "nticks": 6, "zeroline": False},
        **layout,
    )


def _thinned(at: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Evenly chosen points of a curve, the first and the last among them."""
    keep = np.unique(np.linspace(0, len(at) - 1, min(len(at), MAXIMUM_POINTS)).astype(int))
    return at[keep], values[keep]


FIGURES.add(
    FigureEntry(
        "trade_off",
        "Coverage against quality",
        "run",
        trade_off,
        "the share of modes covered against the share of samples on a mode, a trail for each lane through training",
    )
)
FIGURES.add(
    FigureEntry("solid_modes", "Solid modes over time", "run", solid_modes, "the number of solid modes over training")
)
