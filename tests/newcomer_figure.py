"""A figure of one's own, as somebody adds it: one file, and the last statement registers it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genlab.figures.base import REAL, Description, FigureEntry, FigureFrame, LaneView, chart_with_legend, layout
from genlab.figures.layers import Trace
from genlab.registry import FIGURES


def norms(examples: np.ndarray) -> np.ndarray:
    """The distance of each example (n, ...) from the origin, sorted: (n,)."""
    return np.sort(np.linalg.norm(examples.reshape(len(examples), -1), axis=1))


def curve(name: str, colour: str, array: str) -> Trace:
    line = {"type": "scatter", "mode": "lines", "line": {"color": colour, "width": 2}}
    return Trace(name, "{name}: %{x:.0%} within %{y:.2f}<extra></extra>", line, {"x": f"{array}/share", "y": array})


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """How far samples lie from the origin, from the nearest to the farthest, beside real data."""
    (lane,) = lanes
    if not (lane.arrays and lane.reference):
        return None
    layers = [curve("real data", REAL, "real"), curve(lane.title, lane.colour, "samples")]
    real = norms(lane.reference["samples"].astype(float))
    fixed = {"real": real, "real/share": np.linspace(0, 1, len(real))}
    return Description(
        layout("Distance from the origin", xaxis={"range": [0, 1]}, **chart_with_legend()), layers, fixed
    )


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
    samples = norms(lane.arrays["samples"].astype(float))
    return FigureFrame({"samples": samples, "samples/share": np.linspace(0, 1, len(samples))})


NORMS = FigureEntry(
    name="norms",
    title="Distance from the origin",
    belongs="picture",
    alt="the distances of samples from the origin, beside those of real data",
    describe=describe,
    frame=frame,
)
FIGURES.add(NORMS)
