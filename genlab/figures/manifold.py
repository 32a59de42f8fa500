"""The manifold of a generator or decoder: a grid of the latent plane, bent as the model bends it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genlab.figures.base import REAL, Description, FigureEntry, FigureFrame, LaneView, flat, in_words, layout, square
from genlab.figures.layers import Points, Segments
from genlab.figures.samples import REAL_POINTS
from genlab.registry import FIGURES


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """Where a grid of latents goes, 15 lines each way over 2.5 standard deviations of the prior to both sides, or over
    the square of a uniform prior. Of more than two dimensions the first two are followed, the others held at zero; of
    one it is a curve. Points of more dimensions are projected as the samples are.
    """
    (lane,) = lanes
    if not (lane.arrays and lane.reference):
        return None
    if "manifold" not in lane.arrays:
        return in_words("Manifold", f"No manifold was recorded\nof {lane.title} here.")
    dimensions = int(lane.settings.get("latent_dim", 2))
    title = "Manifold" if dimensions < 3 else f"Manifold · the first 2 of {dimensions} latent dimensions"
    layers = [
        Points("real", "real", REAL, size=3, opacity=0.5),
        Segments("from", "to", lane.colour, opacity=0.75),
    ]
    real = flat(lane.reference["samples"][:REAL_POINTS], lane.reference)
    axes = square(float(lane.reference["extent"]))
    return Description(layout(title, **axes), layers, {"real": real})


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
    if "manifold" not in lane.arrays:
        return FigureFrame({})
    grid = lane.arrays["manifold"]
    places = flat(grid.reshape(-1, grid.shape[-1]), lane.reference).reshape(*grid.shape[:2], 2)
    starts, ends = grid_lines(places)
    return FigureFrame({"from": starts, "to": ends})


def grid_lines(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lines of a grid (rows, columns, 2): from each place to the next in its row and in its column, (n, 2) each."""
    starts = [places[:, :-1], places[:-1]]
    ends = [places[:, 1:], places[1:]]
    return tuple(np.concatenate([part.reshape(-1, 2) for part in parts]) for parts in (starts, ends))  # type: ignore[return-value]


FIGURES.add(
    FigureEntry(
        name="manifold",
        title="Manifold",
        belongs="picture",
        alt="a grid of the latent plane, bent as the model bends it, over real data",
        explanation=(
            "A grid of straight lines in the latent plane, and where the generator or decoder takes them: every sample "
            "lies on this sheet. Real data is grey. Where lines crowd, many draws of the prior end; where they are "
            "far apart, few do. Look for lines that run between the modes: the sheet cannot tear, so some samples have "
            "to lie there. Look for folds, and for a sheet that shrinks to a point: collapse."
        ),
        describe=describe,
        frame=frame,
        recorded=False,
        kind="points",
    )
)
