"""What a lane makes: generated points over the real ones, or a grid of generated images."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.figures.base import HIDDEN, REAL, Description, FigureEntry, FigureFrame, LaneView, flat, layout, square
from genlab.figures.layers import Images, Layer, Points, Surface
from genlab.registry import FIGURES

REAL_POINTS = 600


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """The newest samples of a lane. On points, with the discriminator's surface where the model has one and they are of
    two dimensions: the tint grows with its probability of "real", or with the value that a critic gives. Points of more
    dimensions are projected on the real data's first two principal components, those of one are drawn against zero.
    """
    (lane,) = lanes
    if not (lane.arrays and lane.reference):
        return None
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
        layers.insert(0, _surface(str(lane.arrays["surface_is"]), extent, lane.colour))
    real = flat(lane.reference["samples"][:REAL_POINTS], lane.reference)
    return Description(layout(title, **square(extent)), layers, {"real": real})


def _surface(surface_is: str, extent: float, colour: str) -> Surface:
    """The discriminator's "probability" on a scale from 0 to 1, or a critic's "value" from its least to its largest."""
    if surface_is == "probability":
        return Surface("surface", "probability of real", extent, colour, low=0.0, high=1.0)
    return Surface("surface", "the critic's value", extent, colour)


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
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
        describe=describe,
        frame=frame,
        recorded=False,
    )
)
