"""Frames: what a lane looks like at one step, drawn with a seed of its own so that measuring never changes training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from genlab.datasets.base import Dataset
from genlab.datasets.coding import table_coding
from genlab.datasets.columns import to_json
from genlab.metrics.base import Diverged
from genlab.metrics.modes import mode_coverage, mode_radius
from genlab.models.base import Model
from genlab.observing.mode_assignment import ModeAssigner
from genlab.observing.planes import data_plane, latent_plane, plane_extent
from genlab.runs.folder import Frame

MEASURED = {"points": 2500, "images": 500}  # samples that the metrics of a frame are computed from, at least
MEASURED_A_MODE = 5
SHOWN = {"points": 1000, "images": 64}  # samples kept for the picture, the first of those measured
LATENT_POINTS = 800
RECONSTRUCTED = {"points": 300, "images": 32}  # held-out examples that are encoded and decoded again
PATHS = {"points": 100, "images": 8}  # samples whose way from the prior is kept ...
STAGES = 9  # ... at so many places, both ends among them
GRID = 48  # rows and columns of the discriminator's surface
MANIFOLD = 15  # rows and columns of the grid of latents that is followed through the generator or decoder ...
CURVE = 61  # ... and places along it, where the latent has one dimension
REACH = {"normal": 2.5, "uniform": 1.0}  # of that grid, to both sides: the prior has little beyond
WEIGHT_BINS = 40  # of the histogram of a critic's weights
GRADIENTS = 100  # points at which the gradient of the generator's or decoder's loss is kept


class ObservedLane(Protocol):
    """What a frame asks of a lane: where it is, and its model's functions, from arrays to arrays (see `Model`)."""

    index: int
    step: int
    model: Model
    sample: Callable[..., np.ndarray]
    encode: Callable[..., tuple[np.ndarray, ...]] | None
    reconstruct: Callable[..., np.ndarray] | None
    score: Callable[..., np.ndarray] | None
    paths: Callable[..., np.ndarray] | None
    critic_weights: Callable[[], np.ndarray] | None
    decode: Callable[..., np.ndarray] | None

    def sample_gradients(self) -> tuple[np.ndarray, np.ndarray] | None: ...


class FrameBuilder:
    """Builds the frames of a run. The latent draw is fixed by the run's seed, so that pictures move smoothly."""

    def __init__(self, dataset: Dataset, mode_assigner: ModeAssigner, seed: int) -> None:
        self.dataset, self.mode_assigner, self.seed = dataset, mode_assigner, seed
        self._draws: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.table = table_coding(dataset)
        self.plane = data_plane(dataset)
        self.extent = plane_extent(dataset, self.plane)
        self.measured = measured_count(dataset)

    def build(self, lane: ObservedLane) -> Frame:
        """Raises Diverged if a sample or a code is not finite."""
        kind = self.dataset.kind
        latent, labels = self._draw(lane)
        samples = _finite(lane.sample(latent, labels), "A sample", lane)
        modes = self.mode_assigner.assign(samples)
        metrics = mode_coverage(modes, self.dataset.modes.shares)
        arrays = {
            "samples": as_stored(samples[: SHOWN[kind]]),
            "sample_modes": modes[: SHOWN[kind]].astype("int16"),
            "mode_share": metrics.pop("share").astype("float32"),
        }
        metrics["samples"] = len(samples)
        if self.table:
            arrays["table"] = self.table.decoded(samples[: SHOWN[kind]]).astype("float32")
        real, real_labels = self.dataset.test[:LATENT_POINTS], self.dataset.test_labels[:LATENT_POINTS]
        if lane.encode:
            moments = lane.encode(real, real_labels.astype("int32"))
            codes, code_modes = _finite(moments[0], "A code", lane), real_labels
            if len(moments) == 2:
                mean, log_variance = moments
                arrays["kl"] = (0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)).mean(axis=0)
                metrics["kl_held_out"] = float(arrays["kl"].sum())
            shown = RECONSTRUCTED[kind]
            assert lane.reconstruct
            decoded = _finite(
                lane.reconstruct(real[:shown], real_labels[:shown].astype("int32")), "A reconstruction", lane
            )
            metrics["reconstruction_error"] = float(np.mean((decoded - real[:shown]) ** 2))
            arrays["reconstructed"] = as_stored(decoded)
        else:
            codes, code_modes = latent[:LATENT_POINTS], modes[:LATENT_POINTS]
        if lane.paths:
            paths = _finite(lane.paths(latent[: PATHS[kind]], labels[: PATHS[kind]]), "A path", lane)
            stages = np.linspace(0, paths.shape[1] - 1, min(STAGES, paths.shape[1])).round().astype(int)
            arrays["paths"] = as_stored(paths[:, stages])
        if lane.critic_weights:
            arrays |= _histogram(_finite(lane.critic_weights(), "A weight", lane))
        target = self.dataset.test if lane.encode else samples
        arrays["latent"], share = latent_plane(
            codes, target[: len(codes)].reshape(len(codes), -1), first=bool(lane.model.latent_categories)
        )
        arrays["latent_share"] = np.array(share)
        arrays["latent_modes"] = code_modes.astype("int16")
        if (surface := self.surface(lane)) is not None:
            arrays["surface"], arrays["surface_is"] = surface, np.array(lane.model.score_is)
        if kind == "points" and not self.table:
            arrays |= _of_points(lane)
        return Frame(lane=lane.index, step=lane.step, metrics=metrics, arrays=arrays)

    def surface(self, lane: ObservedLane) -> np.ndarray | None:
        """What the discriminator says of each place of the picture, (rows, columns), the first row at the bottom; None
        where that cannot be drawn. Raises Diverged.
        """
        if not lane.score or lane.model.conditional or self.dataset.train.shape[1:] != (2,):
            return None
        surface = lane.score(self._grid(), np.zeros(GRID * GRID, "int32")).reshape(GRID, GRID)
        return _finite(surface, "The discriminator's surface", lane).astype("float32")

    def reference(self) -> dict[str, np.ndarray]:
        """The real data that every lane is compared with: see `Run.reference`."""
        kind, modes = self.dataset.kind, self.dataset.modes
        arrays = {
            "samples": as_stored(self.dataset.test[: SHOWN[kind]]),
            "sample_modes": self.dataset.test_labels[: SHOWN[kind]].astype("int16"),
            "names": np.array(modes.names),
            "mode_share": modes.shares.astype("float32"),
            "judged_share": self.mode_assigner.real["share"].astype("float32"),
            "on_mode_share": np.array(self.mode_assigner.real["on_mode_share"]),
            "measured": np.array(len(self.dataset.test)),
            "extent": np.array(self.extent),
        }
        if self.table:
            arrays["table"] = self.table.decoded(self.dataset.test[: SHOWN[kind]]).astype("float32")
            arrays["columns"] = np.array(to_json(self.table.columns))
        if self.plane:
            arrays["middle"], arrays["axes"] = self.plane.middle, self.plane.axes
            arrays["axes_share"] = np.array(self.plane.share)
        if modes.centres is not None and modes.std is not None:
            arrays["centres"] = modes.centres
            arrays["radius"] = np.array(mode_radius(modes.std, modes.centres.shape[1]))
        if self.mode_assigner.accuracy is not None:
            arrays["accuracy"] = np.array(self.mode_assigner.accuracy)
        return arrays

    def _draw(self, lane: ObservedLane) -> tuple[np.ndarray, np.ndarray]:
        if lane.index not in self._draws:
            random = np.random.default_rng([self.seed, 1])
            self._draws[lane.index] = draw_latents(lane, random, self.measured, self.dataset.modes.shares)
        return self._draws[lane.index]

    def _grid(self) -> np.ndarray:
        axis = np.linspace(-self.extent, self.extent, GRID, dtype="float32")
        return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def measured_count(dataset: Dataset) -> int:
    """How many samples a frame is measured from."""
    # Enough that a perfect sampler leaves fewer than 1 % of the modes of stacked MNIST without a sample.
    return max(MEASURED[dataset.kind], MEASURED_A_MODE * len(dataset.modes.names))


def draw_latents(
    lane: ObservedLane, random: np.random.Generator, count: int, shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Latents of a lane's prior, and the classes to ask for, int32: as many of each as its share."""
    latent = lane.model.draw_prior(random, count)
    return latent, random.choice(len(shares), count, p=shares).astype("int32")


def as_stored(samples: np.ndarray) -> np.ndarray:
    """Coordinates as float32, pixels in [0, 1] as bytes; of examples (n, ...) or of paths (n, stages, ...)."""
    if samples.ndim < 4:
        return samples.astype("float32")
    return np.round(np.clip(samples, 0, 1) * 255).astype("uint8")


def latent_grid(dimensions: int, prior: str) -> np.ndarray:
    """A grid of latents (rows, columns, dimensions) in the plane of the first two dimensions, the others zero; a line
    (1, places, 1) where there is but one.
    """
    reach = REACH[prior]
    if dimensions == 1:
        return np.linspace(-reach, reach, CURVE, dtype="float32").reshape(1, -1, 1)
    axis = np.linspace(-reach, reach, MANIFOLD, dtype="float32")
    grid = np.zeros((MANIFOLD, MANIFOLD, dimensions), "float32")
    grid[..., 0], grid[..., 1] = np.meshgrid(axis, axis)
    return grid


def _histogram(weights: np.ndarray) -> dict[str, np.ndarray]:
    """Of weights (n,), the share in each of 40 equal parts of the range that goes as far both ways as the largest."""
    reach = float(np.abs(weights).max())
    counts, _ = np.histogram(weights, WEIGHT_BINS, (-reach, reach) if reach else (-1.0, 1.0))
    return {"weight_shares": (counts / len(weights)).astype("float32"), "weight_reach": np.array(reach)}


def _of_points(lane: ObservedLane) -> dict[str, np.ndarray]:
    """Where a grid of latents is bent to, and points with the gradient that the model follows there."""
    arrays: dict[str, np.ndarray] = {}
    if lane.decode and not lane.model.conditional:
        grid = latent_grid(lane.model.latent_dim, lane.model.prior)
        latents = grid.reshape(-1, grid.shape[-1])
        made = _finite(lane.decode(latents, np.zeros(len(latents), "int32")), "A sample", lane)
        arrays["manifold"] = made.reshape(*grid.shape[:2], -1).astype("float32")
    if found := lane.sample_gradients():
        stride = max(1, len(found[0]) // GRADIENTS)
        points, gradients = (_finite(each[::stride][:GRADIENTS], "A gradient", lane) for each in found)
        arrays |= {"gradient_points": points.astype("float32"), "gradients": gradients.astype("float32")}
    return arrays


def _finite(values: Any, what: str, lane: ObservedLane) -> np.ndarray:
    if not np.isfinite(values).all():
        raise Diverged(
            f"{what} is not a finite number at step {lane.step:,}, so this lane ended there. The frames before it are "
            "kept. A smaller learning rate usually helps."
        )
    return values
