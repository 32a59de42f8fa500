"""What a lane gives back: held-out examples beside what its decoder makes of their codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genlab.figures.base import (
    HIDDEN,
    REAL,
    Description,
    FigureEntry,
    FigureFrame,
    LaneView,
    flat,
    in_words,
    layout,
    square,
)
from genlab.figures.layers import Images, Points, Segments
from genlab.registry import FIGURES

PAIRS_A_ROW = 4


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """The first held-out examples and their reconstructions. Points with a line from each to its own, in the picture's
    plane where they have more than two dimensions; images in pairs, the original on the left.

    A lane that has none says why.
    """
    (lane,) = lanes
    if not (lane.arrays and lane.reference):
        return None
    if "reconstructed" not in lane.arrays:
        return in_words("Reconstructions", _reason(lane))
    originals = lane.reference["samples"][: len(lane.arrays["reconstructed"])]
    if originals.ndim == 2:
        layers = [
            Segments("originals", "reconstructed", lane.colour, opacity=0.35),
            Points("originals", "test data", REAL, opacity=0.8),
            Points("reconstructed", "reconstruction", lane.colour, opacity=0.75),
        ]
        axes = square(float(lane.reference["extent"]))
        arrays = {"originals": flat(originals, lane.reference)}
        return Description(layout("Test data and its reconstruction", **axes), layers, arrays)
    pairs = Images("pairs", PAIRS_A_ROW, gap=max(1, originals.shape[2] // 8))
    return Description(layout("Test data | its reconstruction", xaxis=HIDDEN, yaxis=HIDDEN), [pairs])


def _reason(lane: LaneView) -> str:
    if "reconstruct" in lane.abilities:
        return "This run was recorded\nwithout reconstructions."
    return f"{lane.title} has no encoder,\nso it can give no example back."


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
    if "reconstructed" not in lane.arrays:
        return FigureFrame({})
    reconstructed = lane.arrays["reconstructed"]
    if reconstructed.ndim == 2:
        return FigureFrame({"reconstructed": flat(reconstructed, lane.reference)})
    originals = lane.reference["samples"][: len(reconstructed)]
    return FigureFrame({"pairs": np.concatenate([originals, reconstructed], axis=2)})


FIGURES.add(
    FigureEntry(
        name="reconstructions",
        title="Reconstructions",
        belongs="picture",
        alt="held-out examples beside what the model gives back for each of them",
        explanation=(
            "Held-out examples, which the model never learned from, each beside what the decoder makes of its "
            "code. Only a model with an encoder has them. Look for details that are lost, such as edges and thin "
            "strokes, and for examples that come back as another mode. Good reconstructions beside poor samples "
            "mean that the prior has places that no code is near."
        ),
        describe=describe,
        frame=frame,
        recorded=False,
        ability="reconstruct",
    )
)
