"""Ways through a latent space, as arrays of latents to sample at: between two latents, along one dimension, on a grid.

Pure functions of NumPy: what is sampled at these latents is for a trained model to say.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

PARALLEL = 1e-6  # sine of the angle below which two directions span no plane to turn in


def straight(a: ArrayLike, b: ArrayLike, count: int) -> np.ndarray:
    """Latents (count, d), float32, evenly spaced on the line from a (d,) to b (d,), both included.

    Under a normal prior of many dimensions the middle of this line is far shorter than anything that is ever drawn:
    see `spherical`. Raises ValueError for other shapes or fewer than two.
    """
    first, last = _pair(a, b)
    return _on_line(first, last, _places(count)).astype("float32")


def spherical(a: ArrayLike, b: ArrayLike, count: int) -> np.ndarray:
    """Latents (count, d), float32, from a (d,) to b (d,), both included: the direction turns at a constant speed in
    the plane of the two, and the length changes evenly from one's to the other's.

    Shoemake 1985, "Animating Rotation with Quaternion Curves"; for latents White 2016, "Sampling Generative Networks",
    with which this agrees where a and b are equally long. Where no plane is defined, since they are parallel,
    opposite, or one of them is zero, this is `straight`. Raises ValueError for other shapes or fewer than two.
    """
    first, last = _pair(a, b)
    places = _places(count)
    lengths = np.linalg.norm(first), np.linalg.norm(last)
    if min(lengths) == 0:
        return straight(a, b, count)
    # Directions and lengths apart: weighing the vectors themselves divides their difference in length by the sine,
    # which throws two nearly opposite latents of unlike lengths far out.
    start, end = first / lengths[0], last / lengths[1]
    angle = 2.0 * np.arctan2(np.linalg.norm(start - end), np.linalg.norm(start + end))  # exact for small angles too
    if np.sin(angle) < PARALLEL:
        return straight(a, b, count)
    turned = np.sin((1.0 - places) * angle)[:, None] * start + np.sin(places * angle)[:, None] * end
    length = (1.0 - places) * lengths[0] + places * lengths[1]
    return (length[:, None] * turned / np.sin(angle)).astype("float32")


def traversal(z: ArrayLike, dimension: int, low: float, high: float, count: int) -> np.ndarray:
    """Latents (count, d), float32: z (d,) with one of its dimensions, counted from 0, evenly from low to high.

    As in Higgins et al. 2017 (beta-VAE), to see what this dimension alone changes. Raises ValueError for another
    shape, a dimension that z does not have, bounds that are not finite, or fewer than two.
    """
    origin = _vector(z, "The latent to start from")
    if not 0 <= dimension < len(origin):
        raise ValueError(f"This latent has dimensions 0 to {len(origin) - 1}; there is no dimension {dimension}.")
    if not np.isfinite([low, high]).all():
        raise ValueError(f"A traversal goes from one finite value to another, not from {low} to {high}.")
    latents = np.tile(origin, (len(_places(count)), 1))
    latents[:, dimension] = np.linspace(low, high, count)
    return latents.astype("float32")


def manifold(cells: int, prior: Literal["normal", "uniform"] = "normal", extent: float | None = None) -> np.ndarray:
    """A grid of latents of two dimensions, (cells * cells, 2), float32, row by row from the top left: the first
    dimension grows to the right and the second upwards, as in a scatter of the latent.

    The coordinates are quantiles of the prior at (i + 1/2) / cells, so that each cell stands for an equal share of what
    is drawn: crowded in the middle for the normal one, as in figure 4 of Kingma and Welling 2013, "Auto-Encoding
    Variational Bayes", evenly in [-1, 1] for the uniform one. With `extent` they go evenly from -extent to extent
    instead, both included. Raises ValueError for fewer than one cell, an unknown prior, or an extent that is not above
    zero.
    """
    if cells < 1:
        raise ValueError(f"A grid has at least one cell a side, not {cells}.")
    if prior not in ("normal", "uniform"):
        raise ValueError(f"The prior is 'normal' or 'uniform', not '{prior}'.")
    if extent is not None and not 0 < extent < np.inf:
        raise ValueError(f"The extent of a grid is a number above 0, not {extent}.")
    if extent is not None:
        axis = np.linspace(-extent, extent, cells) if cells > 1 else np.zeros(1)
    else:
        shares = (np.arange(cells) + 0.5) / cells
        axis = np.array([NormalDist().inv_cdf(share) for share in shares]) if prior == "normal" else 2.0 * shares - 1.0
    return np.stack(np.meshgrid(axis, axis[::-1]), axis=-1).reshape(-1, 2).astype("float32")


def _on_line(first: np.ndarray, last: np.ndarray, places: np.ndarray) -> np.ndarray:
    return (1.0 - places)[:, None] * first + places[:, None] * last


def _places(count: int) -> np.ndarray:
    """(count,) from 0 to 1."""
    if count < 2:
        raise ValueError(f"A way through the latent has two ends: ask for at least 2 latents, not {count}.")
    return np.linspace(0.0, 1.0, count)


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    first, last = _vector(a, "The first latent"), _vector(b, "The last latent")
    if first.shape != last.shape:
        raise ValueError(f"Both latents have as many dimensions as each other, not {len(first)} and {len(last)}.")
    return first, last


def _vector(values: ArrayLike, what: str) -> np.ndarray:
    """(d,) float64."""
    vector = np.asarray(values, dtype="float64")
    if vector.ndim != 1 or not vector.size:
        raise ValueError(f"{what} is one row of numbers, of shape (dimensions,), not of shape {vector.shape}.")
    if not np.isfinite(vector).all():
        raise ValueError(f"{what} holds a number that is not finite.")
    return vector
