"""Planes in which points and codes of many dimensions are drawn: principal components, kept from flipping."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genlab.datasets.base import Dataset


@dataclass(frozen=True)
class Plane:
    """The plane in which points of d dimensions are drawn: (points - middle) @ axes.

    Attributes:
        middle: (d,) the point drawn at the origin.
        axes: (d, 2) the two directions, of length 1.
        share: share of the real data's variance that the plane holds.
    """

    middle: np.ndarray
    axes: np.ndarray
    share: float

    def coordinates(self, points: np.ndarray) -> np.ndarray:
        """Points (n, d) in the plane, (n, 2)."""
        return (points - self.middle) @ self.axes


def data_plane(dataset: Dataset) -> Plane | None:
    """The plane of the first two principal components of the training points; one dimension is drawn against zero.

    None for images, and for points of two dimensions, which are drawn as they are.
    """
    if dataset.kind == "images" or dataset.train.shape[1] == 2:
        return None
    if dataset.train.shape[1] == 1:
        return Plane(np.zeros(1), np.array([[1.0, 0.0]]), 1.0)
    points = dataset.train[:]
    middle = points.mean(axis=0, dtype="float64")
    variances, vectors = np.linalg.eigh(np.cov(points.T, dtype="float64"))
    axes = vectors[:, :-3:-1]
    return Plane(middle, axes * _signs(axes), float(variances[-2:].sum() / max(variances.sum(), 1e-12)))


def plane_extent(dataset: Dataset, plane: Plane | None = None) -> float:
    """Half the side of the square, centred on the origin, in which points are drawn: 1.25 times the farthest
    coordinate, in the plane where they are projected.
    """
    if dataset.kind == "images":
        return 0.0
    points = dataset.train[:]
    return 1.25 * float(np.abs(plane.coordinates(points) if plane else points).max())


def latent_plane(codes: np.ndarray, target: np.ndarray, first: bool = False) -> tuple[np.ndarray, float]:
    """Codes (n, d) in the plane, (n, 2), and the share of their variance that the plane holds.

    Two dimensions are kept as they are and one is drawn against zero. More are projected on their two principal
    components, turned within that plane to lie as near as they can to the same components of `target` (n, any), the
    examples that belong to the codes: principal components may swap or flip from frame to frame, and the picture must
    not. With `first`, as of a model whose first dimension chooses a category, their first two dimensions are kept.
    """
    dimensions = codes.shape[1]
    if dimensions == 1:
        return np.concatenate([codes, np.zeros_like(codes)], axis=1), 1.0
    if dimensions == 2:
        return codes, 1.0
    if first:
        variances = codes.var(axis=0, dtype="float64")
        return codes[:, :2], float(variances[:2].sum() / max(variances.sum(), 1e-12))
    centred = codes - codes.mean(axis=0)
    _, scales, components = np.linalg.svd(centred, full_matrices=False)
    plane = centred @ components[:2].T
    target = target - target.mean(axis=0)
    if target.shape[1] == 1:  # one column spans no plane
        target = np.pad(target, ((0, 0), (0, 1)))
    largest = _principal_axes(target)
    goal = target @ (largest * _signs(largest))
    left, _, right = np.linalg.svd(plane.T @ goal)
    total = float((scales**2).sum())
    return (plane @ (left @ right)).astype("float32"), float((scales[:2] ** 2).sum()) / total if total else 0.0


def _principal_axes(examples: np.ndarray) -> np.ndarray:
    """The first two principal axes (d, 2) of centred examples (n, d), found in the smaller of n and d dimensions: with
    the 3072 of a colour picture a frame would take seconds.
    """
    if examples.shape[1] <= len(examples):
        return np.linalg.eigh(examples.T @ examples)[1][:, :-3:-1]
    axes = examples.T @ np.linalg.eigh(examples @ examples.T)[1][:, :-3:-1]
    return axes / np.maximum(np.linalg.norm(axes, axis=0), 1e-12)


def _signs(vectors: np.ndarray) -> np.ndarray:
    """+1 or -1 per column, so that its largest entry becomes positive."""
    return np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
