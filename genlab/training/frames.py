"""Frames: what a lane looks like at one step, drawn with a seed of its own so that measuring never changes training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset
from genlab.metrics.modes import coverage, mode_radius
from genlab.runs.folder import Frame
from genlab.training.judge import Judge
from genlab.training.lane import Diverged, Lane

MEASURED = {"points": 2500, "images": 500}  # samples that the metrics of a frame are computed from, at least
MEASURED_A_MODE = 5
SHOWN = {"points": 1000, "images": 64}  # samples kept for the picture, the first of those measured
LATENT_POINTS = 800
RECONSTRUCTED = {"points": 300, "images": 32}  # held-out examples that are encoded and decoded again
GRID = 48  # rows and columns of the discriminator's surface


class Camera:
    """Takes the frames of a run. The latent draw is fixed by the run's seed, so that pictures move smoothly."""

    def __init__(self, dataset: Dataset, judge: Judge, seed: int) -> None:
        self.dataset, self.judge, self.seed = dataset, judge, seed
        self._draws: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.plane = picture_plane(dataset)
        self.extent = picture_extent(dataset, self.plane)
        # Enough that a perfect sampler leaves fewer than 1 % of the modes of stacked MNIST without a sample.
        self.measured = max(MEASURED[dataset.kind], MEASURED_A_MODE * len(dataset.modes.names))

    def take(self, lane: Lane) -> Frame:
        """Raises Diverged if a sample or a code is not finite."""
        kind = self.dataset.kind
        latent, labels = self._draw(lane)
        samples = _finite(lane.sample(latent, labels), "A sample", lane)
        modes = self.judge.assign(samples)
        metrics = coverage(modes, self.dataset.modes.shares)
        arrays = {
            "samples": as_stored(samples[: SHOWN[kind]]),
            "sample_modes": modes[: SHOWN[kind]].astype("int16"),
            "mode_share": metrics.pop("share").astype("float32"),
        }
        metrics["samples"] = len(samples)
        real, real_labels = self.dataset.test[:LATENT_POINTS], self.dataset.test_labels[:LATENT_POINTS]
        if lane.encode:
            moments = lane.encode(real, real_labels.astype("int32"))
            codes, code_modes = _finite(moments[0], "A code", lane), real_labels
            if len(moments) == 2:
                mean, log_variance = moments
                arrays["kl"] = (0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)).mean(axis=0)
                metrics["kl_held_out"] = float(arrays["kl"].sum())
            shown = RECONSTRUCTED[kind]
            decoded = lane.reconstruct(real[:shown], real_labels[:shown].astype("int32"))
            metrics["reconstruction_error"] = float(np.mean((decoded - real[:shown]) ** 2))
            arrays["reconstructed"] = as_stored(decoded)
        else:
            codes, code_modes = latent[:LATENT_POINTS], modes[:LATENT_POINTS]
        target = self.dataset.test if lane.encode else samples
        arrays["latent"], share = project(codes, target[: len(codes)].reshape(len(codes), -1))
        arrays["latent_share"] = np.array(share)
        arrays["latent_modes"] = code_modes.astype("int16")
        if lane.score and not lane.model.conditional and self.dataset.train.shape[1:] == (2,):
            surface = lane.score(self._grid(), np.zeros(GRID * GRID, "int32")).reshape(GRID, GRID)
            arrays["surface"] = surface.astype("float32")
            arrays["surface_is"] = np.array(lane.model.score_is)
        return Frame(lane=lane.index, step=lane.step, metrics=metrics, arrays=arrays)

    def reference(self) -> dict[str, np.ndarray]:
        """The real data that every lane is compared with: see `Run.reference`."""
        kind, modes = self.dataset.kind, self.dataset.modes
        arrays = {
            "samples": as_stored(self.dataset.test[: SHOWN[kind]]),
            "sample_modes": self.dataset.test_labels[: SHOWN[kind]].astype("int16"),
            "names": np.array(modes.names),
            "mode_share": modes.shares.astype("float32"),
            "judged_share": self.judge.real["share"].astype("float32"),
            "on_mode_share": np.array(self.judge.real["on_mode_share"]),
            "measured": np.array(len(self.dataset.test)),
            "extent": np.array(self.extent),
        }
        if self.plane:
            arrays["middle"], arrays["axes"] = self.plane.middle, self.plane.axes
            arrays["axes_share"] = np.array(self.plane.share)
        if modes.centres is not None and modes.std is not None:
            arrays["centres"] = modes.centres
            arrays["radius"] = np.array(mode_radius(modes.std, modes.centres.shape[1]))
        if self.judge.accuracy is not None:
            arrays["accuracy"] = np.array(self.judge.accuracy)
        return arrays

    def _draw(self, lane: Lane) -> tuple[np.ndarray, np.ndarray]:
        if lane.index not in self._draws:
            random = np.random.default_rng([self.seed, 1])
            self._draws[lane.index] = draw_asked(lane, random, self.measured, self.dataset.modes.shares)
        return self._draws[lane.index]

    def _grid(self) -> np.ndarray:
        axis = np.linspace(-self.extent, self.extent, GRID, dtype="float32")
        return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def draw_asked(
    lane: Lane, random: np.random.Generator, count: int, shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Latents of a lane's prior, and the classes to ask for, int32: as many of each as its share."""
    latent = lane.model.draw_prior(random, count)
    return latent, random.choice(len(shares), count, p=shares).astype("int32")


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

    def of(self, points: np.ndarray) -> np.ndarray:
        """Points (n, d) in the plane, (n, 2)."""
        return (points - self.middle) @ self.axes


def picture_plane(dataset: Dataset) -> Plane | None:
    """The plane of the first two principal components of the training points; one dimension is drawn against zero.

    None for images, and for points of two dimensions, which are drawn as they are.
    """
    if dataset.kind == "images" or dataset.train.shape[1] == 2:
        return None
    if dataset.train.shape[1] == 1:
        return Plane(np.zeros(1), np.array([[1.0, 0.0]]), 1.0)
    middle = dataset.train.mean(axis=0, dtype="float64")
    variances, vectors = np.linalg.eigh(np.cov(dataset.train.T, dtype="float64"))
    axes = vectors[:, :-3:-1]
    return Plane(middle, axes * _signs(axes), float(variances[-2:].sum() / max(variances.sum(), 1e-12)))


def picture_extent(dataset: Dataset, plane: Plane | None = None) -> float:
    """Half the side of the square, centred on the origin, in which points are drawn: 1.25 times the farthest
    coordinate, in the plane where they are projected.
    """
    if dataset.kind == "images":
        return 0.0
    return 1.25 * float(np.abs(plane.of(dataset.train) if plane else dataset.train).max())


def as_stored(samples: np.ndarray) -> np.ndarray:
    """Coordinates as float32, pixels in [0, 1] as bytes."""
    if samples.ndim == 2:
        return samples.astype("float32")
    return np.round(np.clip(samples, 0, 1) * 255).astype("uint8")


def project(codes: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, float]:
    """Codes (n, d) in the plane, (n, 2), and the share of their variance that the plane holds.

    Two dimensions are kept as they are and one is drawn against zero. More are projected on their two principal
    components, turned within that plane to lie as near as they can to the same components of `target` (n, any), the
    examples that belong to the codes: principal components may swap or flip from frame to frame, and the picture must
    not.
    """
    dimensions = codes.shape[1]
    if dimensions == 1:
        return np.concatenate([codes, np.zeros_like(codes)], axis=1), 1.0
    if dimensions == 2:
        return codes, 1.0
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


def _finite(values: Any, what: str, lane: Lane) -> np.ndarray:
    if not np.isfinite(values).all():
        raise Diverged(
            f"{what} is not a finite number at step {lane.step:,}, so this lane ended there. The frames before it are "
            "kept. A smaller learning rate usually helps."
        )
    return values
