"""The loss curves of a lane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genlab.figures.base import Description, FigureEntry, FigureFrame, LaneView, chart_with_legend, layout, thinned
from genlab.figures.layers import Trace
from genlab.registry import FIGURES

MAXIMUM_POINTS = 400  # drawn per curve
START = 0.05  # of the curve, left out when its axis is chosen: first losses may be many times the rest
DASHES = ("solid", "dot", "dash")


def describe(lanes: Sequence[LaneView]) -> Description:
    """The recorded losses of a lane over the clock of the run, each the mean over one chunk of steps."""
    (lane,) = lanes
    layers = []
    for (label, name), dash in zip(lane.losses.items(), DASHES, strict=False):
        line = {"color": lane.colour, "dash": dash, "width": 2}
        curve = {"type": "scatter", "mode": "lines", "line": line}
        hover = "{name} %{y:.3f}<extra></extra>"
        layers.append(Trace(label, hover, curve, {"x": f"{name}/at", "y": name}))
    axes = {"xaxis": {"range": [0, lane.budget]} if lane.budget else {}, "yaxis": {"nticks": 6}}
    return Description(layout("Losses", meta="clock", hovermode="x unified", **axes, **chart_with_legend()), layers)


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
    arrays, drawn = {}, []
    for name in lane.losses.values():
        at, values = thinned(*lane.series(name), MAXIMUM_POINTS)
        arrays[f"{name}/at"], arrays[name] = at.astype("float32"), values.astype("float32")
        drawn.append(arrays[name])
    return FigureFrame(arrays, settled_axis(drawn))


def settled_axis(curves: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """The vertical axis of curves (n,), a part of what moves of a layout: it holds all but their starts. From 0 to 1
    where nothing has been recorded.
    """
    shown = np.concatenate([np.zeros(0), *(curve[int(START * len(curve)) :] for curve in curves)])
    if not len(shown):
        return {"yaxis.range": [0.0, 1.0]}
    edge = 0.08 * float(shown.max() - shown.min()) or 0.5
    return {"yaxis.range": [float(shown.min()) - edge, float(shown.max()) + edge]}


FIGURES.add(
    FigureEntry(
        name="losses",
        title="Losses",
        belongs="lane",
        alt="the losses of the model over training",
        explanation=(
            "The recorded losses over training; the upright line is where the time line stands. A GAN's two "
            "losses are a game: level lines far from zero are healthy, and a discriminator near zero has won. An "
            "autoencoder's parts fall and level off. Look for sudden jumps, for a loss that stays at zero, and "
            "for curves that still fall at the end. Never compare the numbers of different models."
        ),
        describe=describe,
        frame=frame,
    )
)
