"""Gradients at samples: where each would move to lower the loss that the generator or decoder follows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genlab.figures.base import REAL, Description, FigureEntry, FigureFrame, LaneView, flat, in_words, layout, square
from genlab.figures.layers import Layer, Points, Segments
from genlab.figures.samples import REAL_POINTS, discriminator_surface
from genlab.registry import FIGURES
from genlab.runs.tables import format_number

LONGEST = 0.2  # of the picture's half side: the arrow of the 95th percentile
HEAD, SPREAD = 0.35, 0.45  # the two strokes of an arrow's head: their share of its length, and their angle in radians


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """What the model makes of the same draws each time, and at each an arrow against the gradient of the loss: of a
    GAN's generator through its discriminator, whose surface is the tint; of an autoencoder the pull of the
    reconstruction. Arrows have their lengths to one scale within a picture; the title says how long the gradient is
    on average, in units of the loss by units of the data.
    """
    (lane,) = lanes
    if not (lane.arrays and lane.reference):
        return None
    if "gradients" not in lane.arrays:
        return in_words("Gradients", f"No gradients at samples were recorded\nof {lane.title} here.")
    layers = arrow_layers(lane.colour)
    if "surface" in lane.arrays:
        extent = float(lane.reference["extent"])
        layers.insert(0, discriminator_surface(str(lane.arrays["surface_is"]), extent, lane.colour))
    real = flat(lane.reference["samples"][:REAL_POINTS], lane.reference)
    axes = square(float(lane.reference["extent"]))
    return Description(layout("Gradients", **axes), layers, {"real": real})


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
    if "gradients" not in lane.arrays:
        return FigureFrame({})
    gradients = lane.arrays["gradients"]
    arrays = arrow_arrays(lane.arrays["gradient_points"], gradients, lane.reference)
    if "surface" in lane.arrays:
        arrays["surface"] = lane.arrays["surface"]
    length = float(np.linalg.norm(gradients, axis=1).mean())
    return FigureFrame(arrays, {"title.text": f"Gradients · mean length {format_number(length)}"})


def arrow_layers(colour: str) -> list[Layer]:
    """Real points, samples, and arrows at them: the arrays "real" and those of `arrow_arrays`."""
    return [
        Points("real", "real", REAL, size=3, opacity=0.5),
        Points("samples", "sample", colour, opacity=0.75),
        Segments("from", "to", "var(--ink)", opacity=0.8),
    ]


def arrow_arrays(points: np.ndarray, gradients: np.ndarray, reference: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrows against gradients (n, d) at points (n, d), as they are drawn: samples (n, 2), and strokes from and to."""
    places = flat(points, reference)
    directions = -(gradients @ reference["axes"]) if "axes" in reference else -gradients
    starts, ends = arrows(places, directions, LONGEST * float(reference["extent"]))
    return {"samples": places, "from": starts, "to": ends}


def arrows(places: np.ndarray, directions: np.ndarray, longest: float) -> tuple[np.ndarray, np.ndarray]:
    """The strokes of arrows that begin at places (n, 2) and go along directions (n, 2), from and to, (3n, 2) each: the
    shafts, then both sides of the heads. The 95th percentile of their lengths is drawn as `longest`, and no arrow is
    drawn longer; where all are zero, they stay points.
    """
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    scale = float(np.quantile(lengths, 0.95)) if len(lengths) else 0.0
    drawn = directions * longest / np.maximum(np.maximum(lengths, scale), np.finfo("float32").tiny)
    tips = places + drawn
    sides = []
    for angle in (SPREAD, -SPREAD):
        turned = drawn @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        sides.append(tips - HEAD * turned)
    return np.concatenate([places, tips, tips]), np.concatenate([tips, *sides])


FIGURES.add(
    FigureEntry(
        name="gradients",
        title="Gradients",
        belongs="picture",
        alt="samples with arrows that show where each would move to lower the loss, over real data",
        explanation=(
            "Arrows show where each sample would move to lower the loss that the generator or decoder follows. In a "
            "GAN they climb the discriminator's tint; in an autoencoder each example that comes back is pulled to its "
            "original. Arrows are to one scale within a picture; the title has their mean length. Look for arrows that "
            "all point to one mode: others will be dropped. A length near zero means that nothing is learned."
        ),
        describe=describe,
        frame=frame,
        recorded=False,
        kind="points",
    )
)
