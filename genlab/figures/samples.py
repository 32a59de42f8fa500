"""What a lane makes: generated points over the real ones, or a grid of generated images."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.figures.base import (
    HIDDEN,
    REAL,
    Description,
    FigureEntry,
    FigureFrame,
    LaneView,
    flat,
    layout,
    mode_colour,
    square,
)
from genlab.figures.layers import ClassPoints, Images, Layer, Points, Surface
from genlab.registry import FIGURES

REAL_POINTS = 600


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """The newest samples of a lane. On points, with the discriminator's surface where the model has one and they are of
    two dimensions: the tint grows with its probability of "real", or with the value that a critic gives. Points of more
    dimensions are projected on the real data's first two principal components, those of one are drawn against zero.

    Before the first samples, the real data alone: points in the colours of their modes.
    """
    (lane,) = lanes
    if not lane.reference:
        return None
    if not lane.arrays:
        return real_data(lane)
    if lane.arrays["samples"].ndim > 2:
        return Description(layout("Samples", xaxis=HIDDEN, yaxis=HIDDEN), [Images("samples")])
    extent, title = float(lane.reference["extent"]), "Samples over real data"
    if lane.reference["samples"].shape[1] > 2:
        title = f"Samples · PCA, {lane.reference['axes_share'].item():.0%} of variance"
    layers: list[Layer] = [
        Points("real", "real", REAL, size=3, opacity=0.5),
        Points("samples", "sample", lane.colour, opacity=0.75),
    ]
    if "surface" in lane.arrays:
        layers.insert(0, discriminator_surface(str(lane.arrays["surface_is"]), extent, lane.colour))
    real = flat(lane.reference["samples"][:REAL_POINTS], lane.reference)
    return Description(layout(title, **square(extent)), layers, {"real": real})


def real_data(lane: LaneView) -> Description:
    samples, modes = lane.reference["samples"], lane.reference["sample_modes"]
    if samples.ndim > 2:
        return Description(layout("Real data", xaxis=HIDDEN, yaxis=HIDDEN), [Images("real")], {"real": samples})
    colours = [mode_colour(mode) for mode in range(-1, len(lane.names))]
    points = ClassPoints("real", "modes", ["on no mode", *lane.names], colours, size=3)
    arrays = {"real": flat(samples[:REAL_POINTS], lane.reference), "modes": modes[:REAL_POINTS]}
    return Description(layout("Real data", **square(float(lane.reference["extent"]))), [points], arrays)


def discriminator_surface(surface_is: str, extent: float, colour: str) -> Surface:
    """The discriminator's "probability" on a scale from 0 to 1, or a critic's "value" from its least to its largest."""
    if surface_is == "probability":
        return Surface("surface", "probability of real", extent, colour, low=0.0, high=1.0)
    return Surface("surface", "the critic's value", extent, colour)


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
    if not lane.arrays:
        return FigureFrame({})
    samples = lane.arrays["samples"]
    arrays = {"samples": samples if samples.ndim > 2 else flat(samples, lane.reference)}
    if "surface" in lane.arrays:
        arrays["surface"] = lane.arrays["surface"]
    return FigureFrame(arrays)


FIGURES.add(
    FigureEntry(
        name="samples",
        title="Samples",
        belongs="picture",
        alt="what the model generates now, over the real data where those are points",
        explanation=(
            "What the model makes of the same draws of its latent, again and again, so that they move smoothly "
            "while it learns. Of points: samples in the model's colour, real data in grey, and the tint is the "
            "discriminator's opinion, where there is one. Pictures are the first of the draw, none chosen. Look "
            "for real data without samples (dropped modes), for samples between modes, and for samples that are "
            "all alike."
        ),
        describe=describe,
        frame=frame,
        recorded=False,
    )
)
