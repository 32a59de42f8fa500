"""Two pictures laid over each other with a divider between them: what the browser is told of each side."""

from __future__ import annotations

import base64

import numpy as np

from genlab.figures.base import REAL, LaneView, flat
from genlab.figures.layers import png, tile

COLUMNS = 6  # and rows, of a sheet of pictures
ABOUT = (
    "Two lanes, or one lane at two recorded steps, laid over each other: A to the left of the divider and B to its "
    "right. Drag it, or press the arrow keys on it. The draws of the latent are the same, so what changes under the "
    "divider is what the models do differently. Two lanes share their draws where their latents are alike, and in any "
    "case the data."
)


def side_of(lane: LaneView) -> dict[str, str]:
    """The samples of a lane at its frame: a sheet of pictures, or points and the real ones, base64 of float32 between 0
    and 1 in a square, pairs of across and down.
    """
    assert lane.frame is not None
    about = {"title": lane.title, "detail": f"step {lane.frame.step:,}", "colour": lane.colour}
    samples = lane.frame.arrays["samples"]
    if samples.ndim > 2:
        return about | {"picture": png(tile(samples[: COLUMNS**2], columns=COLUMNS))}
    extent = float(lane.reference["extent"])
    real = flat(lane.reference["samples"], lane.reference)
    points = {"points": _packed(flat(samples, lane.reference), extent), "real": _packed(real, extent)}
    return about | points | {"grey": REAL}


def _packed(points: np.ndarray, extent: float) -> str:
    """Points (n, 2) of the square from -extent to extent."""
    places = np.stack([points[:, 0] + extent, extent - points[:, 1]], axis=1) / (2 * extent)
    return base64.b64encode(places.astype("<f4").tobytes()).decode()
