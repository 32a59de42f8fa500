"""A trained model of a stored run, to be asked for samples, codes, reconstructions, and the latent of an example."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from genlab.datasets import Dataset
from genlab.runs.data import load_run_dataset
from genlab.runs.folder import Run, RunUnreadable
from genlab.training import backend
from genlab.training.lane import Lane

# Prior draws for each restart, of which those whose samples are nearest are started from. With 1 in place of 32 a GAN
# on ring8 missed some of its own samples by 0.02, since the search ended between two modes; with 32 none by 0.0004.
CANDIDATES = 32
BATCH = 256  # rows in a call of the networks
ROWS = 1024  # latents that move in one call, which bounds the memory of a projection


class Trained:
    """A lane as its checkpoint left it. Everything takes and returns arrays, examples in the units of the data set.

    Labels are one class for all, or one for each, (n,). A conditional model needs them; the others do not look at them.

    Attributes:
        lane: the lane itself, with its step and settings.
        dataset: what it was trained on.
    """

    def __init__(self, lane: Lane, dataset: Dataset) -> None:
        self.lane, self.dataset = lane, dataset

    def draw_prior(self, count: int, seed: int = 0) -> np.ndarray:
        """(count, latent_dim) draws from the model's prior, float32. Raises ValueError for fewer than one."""
        if count < 1:
            raise ValueError(f"Draw at least 1 latent, not {count}.")
        return self.lane.model.draw_prior(np.random.default_rng(seed), count)

    def sample(self, latent: ArrayLike, labels: ArrayLike | None = None) -> np.ndarray:
        """Latents (n, latent_dim) -> examples (n, ...), each the same whatever the others are, to the last bit; but
        noise of the decoder's own, where samples have it, depends on all latents. Raises ValueError for other shapes or
        labels.
        """
        latents = np.asarray(latent, dtype="float32")
        dimensions = self.lane.model.latent_dim
        if latents.ndim != 2 or latents.shape[1] != dimensions or not len(latents):
            raise ValueError(f"The latents are of shape (n, {dimensions}), one a row, not of shape {latents.shape}.")
        return in_full_batches(self.lane.sample, latents, self.as_labels(labels, len(latents)))

    def encode(self, examples: ArrayLike, labels: ArrayLike | None = None) -> np.ndarray:
        """Examples (n, ...) -> their codes (n, latent_dim), the mean where the encoder says a distribution. Raises
        ValueError without an encoder, and for other shapes or labels.
        """
        return self._of_encoder(self.lane.encode, examples, labels)[0]

    def posterior(self, examples: ArrayLike, labels: ArrayLike | None = None) -> tuple[np.ndarray, ...]:
        """Examples (n, ...) -> what the encoder says: (code,), or (mean, log variance) of a normal distribution, each
        (n, latent_dim). Raises ValueError as `encode` does.
        """
        return self._of_encoder(self.lane.encode, examples, labels)

    def reconstruct(self, examples: ArrayLike, labels: ArrayLike | None = None) -> np.ndarray:
        """Examples (n, ...) -> what the decoder makes of their codes (n, ...). Raises ValueError as `encode` does."""
        return self._of_encoder(self.lane.reconstruct, examples, labels)

    def as_examples(self, examples: ArrayLike) -> np.ndarray:
        """Examples (n, ...), float32. Raises ValueError in words if they are not such as the model was trained on."""
        values = np.asarray(examples, dtype="float32")
        shape = self.dataset.train.shape[1:]
        if values.shape[1:] != shape or values.ndim != len(shape) + 1 or not len(values):
            wanted = ", ".join(("n", *map(str, shape)))
            raise ValueError(f"Examples of {self.dataset.name} are of shape ({wanted}), not {values.shape}.")
        if not np.isfinite(values).all():
            raise ValueError("The examples hold a number that is not finite.")
        if self.dataset.kind == "images" and not (values.min() >= 0 and values.max() <= 1):
            raise ValueError(
                f"Pixels are between 0 and 1; these go from {values.min()} to {values.max()}. Divide bytes by 255."
            )
        return values

    def as_labels(self, labels: ArrayLike | None, count: int) -> np.ndarray:
        """(count,) int32. Raises ValueError in words if they name no class, or a conditional model is given none."""
        last = len(self.dataset.modes.names) - 1
        if labels is None:
            if self.lane.model.conditional:
                raise ValueError(
                    f"This {self.lane.family.title} is conditional: say which class, from 0 to {last}, by labels."
                )
            return np.zeros(count, "int32")
        classes = np.asarray(labels)
        if classes.shape not in ((), (count,)):
            raise ValueError(f"Give one label, or one for each of {count}, not an array of shape {classes.shape}.")
        if classes.dtype.kind not in "iu" or classes.min() < 0 or classes.max() > last:
            raise ValueError(f"Labels are whole numbers from 0 to {last}, the classes of {self.dataset.name}.")
        return np.broadcast_to(classes, (count,)).astype("int32")

    def _of_encoder(self, function: Any, examples: ArrayLike, labels: ArrayLike | None) -> Any:
        if function is None:
            raise ValueError(
                f"{self.lane.family.title} has no encoder. `project` finds the latents whose samples are nearest."
            )
        inputs = self.as_examples(examples)
        return in_full_batches(function, inputs, self.as_labels(labels, len(inputs)))

    @cached_property
    def decode(self) -> Any:
        """Latents, labels -> examples, without noise that `sample` may add to what the decoder says."""
        decode = self.lane.model.decode
        return backend.compile_function(decode, self.lane.model_variables) if decode else self.lane.sample

    def decode_rows(self, latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Latents (n, latent_dim) and labels (n,) -> examples (n, ...), without that noise."""
        return in_full_batches(self.decode, latents, labels)

    @cached_property
    def descend(self) -> Any:
        """Moves latents towards given examples; compiled once, at the first projection."""
        from keras import ops

        model = self.lane.model
        decode = model.decode or model.sample

        def objective(latent: Any, examples: Any, labels: Any, prior_weight: Any) -> Any:
            values = tuple(range(1, len(examples.shape)))
            error = ops.mean(ops.square(decode(latent, labels) - examples), axis=values)
            return error + 0.5 * prior_weight * ops.sum(ops.square(latent), axis=1)

        bound = 1.0 if model.prior == "uniform" else None
        return backend.compile_descent(objective, self.lane.model_variables, bound)


def in_full_batches(function: Any, *arrays: np.ndarray) -> Any:
    """A function of rows, called on 256 rows at a time, of which the last are filled up by repeating. So each row is
    computed in the same way whatever else is asked: products of matrices of other sizes differ in their last bits.
    """
    count = len(arrays[0])
    rows = np.minimum(np.arange(-(-count // BATCH) * BATCH), count - 1)
    results = [function(*(array[rows[i : i + BATCH]] for array in arrays)) for i in range(0, len(rows), BATCH)]
    if isinstance(results[0], tuple):
        return tuple(np.concatenate(parts)[:count] for parts in zip(*results, strict=True))
    return np.concatenate(results)[:count]


@dataclass(frozen=True)
class Projection:
    """The latents whose samples are nearest to given examples, as far as the search found them.

    Attributes:
        latent: (n, latent_dim).
        decoded: (n, ...) the sample at each, without noise.
        error: (n,) mean squared difference from the example, per value.
        steps, restarts: how long was searched, and from how many places.
    """

    latent: np.ndarray
    decoded: np.ndarray
    error: np.ndarray
    steps: int
    restarts: int


def load(run: Run, lane: int = 0, device: str | None = None) -> Trained:
    """The model of one lane of a run, counted from 0, as its newest checkpoint has it.

    Args:
        device: "auto", "cpu" or "gpu"; the run's own unless given.

    Raises RunUnreadable for a run without a checkpoint or with a damaged one, ValueError for a lane or a device that
    does not exist, a checkpoint that does not fit and a run that this genlab cannot build, DataUnavailable for data
    that is gone or is not what the run was trained on.
    """
    backend.prepare()
    spec = run.runnable_spec()
    if not 0 <= lane < len(spec.lanes):
        has = "lane 0 alone" if len(spec.lanes) == 1 else f"lanes 0 to {len(spec.lanes) - 1}"
        raise ValueError(f"Run {run.id} has {has}; there is no lane {lane}.")
    checkpoint = run.checkpoint(lane)
    if checkpoint is None:
        raise RunUnreadable(
            f"Run {run.id} has no checkpoint of lane {lane}, so there is no trained model to load. "
            f"`genlab train --resume {run.id}` trains it."
        )
    dataset = load_run_dataset(run, spec)
    built = Lane(lane, spec.lanes[lane], dataset, spec.seed, device or spec.device)
    built.restore(checkpoint)
    return Trained(built, dataset)


def project(
    trained: Trained,
    examples: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    restarts: int = 8,
    steps: int = 300,
    learning_rate: float = 0.05,
    seed: int = 0,
    prior_weight: float = 0.0,
) -> Projection:
    """The latent whose sample is nearest to each example (n, ...), so that a model without an encoder can be shown one.

    min_z mean((G(z) - x)^2) + prior_weight |z|^2 / 2

    by gradient descent on z (Zhu et al. 2016, "Generative Visual Manipulation on the Natural Image Manifold"; Bora et
    al. 2017, "Compressed Sensing using Generative Models"), from several places at once, of which the best is kept.
    They are prior draws, for each example those of many whose samples are nearest already. The draws are the same for
    every example, so the result does not depend on what else is asked.
    The pull to the prior is that of a standard normal; under a uniform prior the latent is kept within [-1, 1] instead.
    An error that stays large says that the search found nothing near, not that the model cannot make it.

    Raises ValueError for examples of a wrong shape, labels that are missing or name no class, and settings out of
    bounds.
    """
    given = trained.as_examples(examples)
    classes = trained.as_labels(labels, len(given))
    if restarts < 1 or steps < 0:
        raise ValueError(f"A projection takes at least 1 restart and 0 steps, not {restarts} and {steps}.")
    if not (0 < learning_rate < np.inf and 0 <= prior_weight < np.inf):
        raise ValueError(
            "The learning rate is above 0 and the weight of the prior at least 0, "
            f"not {learning_rate} and {prior_weight}."
        )
    weight = np.float32(0.0 if trained.lane.model.prior == "uniform" else prior_weight)
    starts = _nearest_draws(trained, given, classes, restarts, seed)
    latent = np.empty((len(given), starts.shape[2]), "float32")
    group = max(1, ROWS // restarts)
    for begin in range(0, len(given), group):
        rows = slice(begin, begin + group)
        found, values = trained.descend(
            starts[rows].reshape(-1, starts.shape[2]),
            steps,
            learning_rate,
            np.repeat(given[rows], restarts, axis=0),
            np.repeat(classes[rows], restarts),
            weight,
        )
        best = values.reshape(-1, restarts).argmin(axis=1)
        latent[rows] = found.reshape(-1, restarts, found.shape[1])[np.arange(len(best)), best]
    decoded = trained.decode(latent, classes)
    error = np.square(decoded - given).reshape(len(given), -1).mean(axis=1)
    return Projection(latent, decoded, error, steps, restarts)


def _nearest_draws(trained: Trained, examples: np.ndarray, labels: np.ndarray, restarts: int, seed: int) -> np.ndarray:
    """(n, restarts, latent_dim): for each example the prior draws whose samples, of its class, are nearest."""
    draws = trained.draw_prior(CANDIDATES * restarts, seed)
    nearest = np.empty((len(examples), restarts), "int64")
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        flat = trained.decode(draws, np.full(len(draws), label, "int32")).reshape(len(draws), -1).astype("float64")
        targets = examples[rows].reshape(len(rows), -1).astype("float64")
        # The square of the example itself is the same for all draws, and so left out.
        distances = (flat**2).sum(axis=1) - 2.0 * targets @ flat.T
        nearest[rows] = np.argsort(distances, axis=1, kind="stable")[:, :restarts]
    return draws[nearest]
