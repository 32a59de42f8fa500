"""Fresh samples of a trained lane: from a seed, under a truncated prior, of a class, with the training examples that
are nearest to them.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from genlab.datasets import Dataset
from genlab.datasets.coding import table_coding
from genlab.latent.nearest import TrainingSet
from genlab.latent.trained import Trained
from genlab.models.base import Prior
from genlab.observing.frames import as_stored
from genlab.runs.draws import Draw

HELD_OUT = {"points": 1000, "images": 300}  # held-out examples whose distance from the training set is a yardstick
NEIGHBOURS = 5  # of each sample


class FreshSamples:
    """A trained lane that is asked for samples. Its training set is made ready at the first question about it."""

    def __init__(self, trained: Trained) -> None:
        self.trained = trained

    def answer(self, draw: Draw) -> dict[str, np.ndarray]:
        """samples (n, ...), and real (n or fewer, ...), held-out examples, both as they are stored; of a conditional
        model labels (n,), the classes that were asked for, of which the held-out examples are then too; of a table
        samples_table and nearest_table, in its units.

        With neighbours: nearest (n, 5, ...), training examples, distances (n, 5), and held_out (h,), the distances of
        held-out examples from the training example nearest to each. Raises ValueError with the reason why there are no
        samples.
        """
        data, model = self.trained.dataset, self.trained.lane.model
        latents = np.random.default_rng([draw.seed, 6])
        latent = truncated(model.draw_prior(latents, draw.count), model.prior, draw.truncation)
        labels = labels_of(draw, data.modes.shares)
        samples = self.trained.sample(latent, labels)
        if not np.isfinite(samples).all():
            raise ValueError("a sample is not a finite number: the model has diverged.")
        arrays = {"samples": as_stored(samples)}
        if model.conditional:
            arrays |= {"labels": labels, "real": as_stored(held_out_like(data, draw, labels))}
        else:
            arrays["real"] = as_stored(data.test[: draw.count])
        coding = table_coding(data)
        if coding:
            arrays["samples_table"] = coding.decoded(samples)
        if draw.neighbours:
            distances, index = self.training_set.nearest(samples, NEIGHBOURS)
            nearest = data.train[index]
            arrays |= {"nearest": as_stored(nearest), "distances": distances, "held_out": self.held_out}
            if coding:
                rows = coding.decoded(nearest.reshape(-1, nearest.shape[-1]))
                arrays["nearest_table"] = rows.reshape(*nearest.shape[:2], -1)
        return arrays

    @cached_property
    def training_set(self) -> TrainingSet:
        return TrainingSet(self.trained.dataset.train[:])

    @cached_property
    def held_out(self) -> np.ndarray:
        """(h,) distances of held-out examples, which copy nothing, from the training example nearest to each."""
        data = self.trained.dataset
        return self.training_set.nearest(data.test[: HELD_OUT[data.kind]], 1)[0][:, 0]


def truncated(latents: np.ndarray, prior: Prior, threshold: float | None) -> np.ndarray:
    """Draws of the prior (n, d) as draws of the same prior within [-threshold, threshold] in each dimension, float32.

    The truncation trick of Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis",
    section 3.1: the smaller the threshold, the more typical each sample and the less varied all of them. There, values
    beyond the threshold are drawn again; here each value moves to the same quantile of the truncated distribution
    (Devroye 1986, "Non-Uniform Random Variate Generation", section II.2). So the distribution is the same, and a
    sample changes smoothly with the threshold. A uniform prior ends at 1: there a larger threshold changes nothing.
    """
    from scipy.special import ndtr, ndtri

    if threshold is None:
        return latents
    if prior == "uniform":
        return (latents * np.float32(min(threshold, 1.0))).astype("float32")
    low, high = ndtr(-threshold), ndtr(threshold)
    quantiles = low + ndtr(latents.astype("float64")) * (high - low)
    return np.clip(ndtri(quantiles), -threshold, threshold).astype("float32")


def labels_of(draw: Draw, shares: np.ndarray) -> np.ndarray:
    """(count,) int32: the classes to ask for, of K with these shares. Raises ValueError for a class that there is not.

    A draw of the classes by their shares does not depend on the latents, and the first of more are the same.
    """
    if draw.classes == "data":
        return np.random.default_rng([draw.seed, 7]).choice(len(shares), draw.count, p=shares).astype("int32")
    if draw.classes == "rows":
        return (np.arange(draw.count) // draw.a_row % len(shares)).astype("int32")
    if not 0 <= draw.classes < len(shares):
        raise ValueError(f"there are classes 0 to {len(shares) - 1}; choose among those.")
    return np.full(draw.count, draw.classes, "int32")


def held_out_like(dataset: Dataset, draw: Draw, labels: np.ndarray) -> np.ndarray:
    """Held-out examples to look at beside samples of these classes, (count or fewer, ...): the first there are, or the
    first of the one class. For a class in each row, of each label (count,) the next of its class, from the first again
    where there are too few.
    """
    if draw.classes == "data":
        return dataset.test[: draw.count]
    if draw.classes != "rows":
        return dataset.test[dataset.test_labels == draw.classes][: draw.count]
    index = np.zeros(len(labels), int)
    for label in np.unique(labels):
        rows, members = np.flatnonzero(labels == label), np.flatnonzero(dataset.test_labels == label)
        if len(members):
            index[rows] = members[np.arange(len(rows)) % len(members)]
    return dataset.test[index]
