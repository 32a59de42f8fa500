"""Measures what a lane's own networks know: its encoder on held-out data, its discriminator on real and fake examples.

For each thing that a metric can need, a method gives the arrays; every metric that needs them is taken. The column of
real data holds what the same measure gives where it can be said: a nearest training example in place of a
reconstruction, draws of the prior in place of codes, held-out examples in place of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset
from genlab.datasets.byte_images import ByteImages
from genlab.evaluation.measuring import Arguments, Steps, measure
from genlab.metrics.encoders import kl_per_dimension
from genlab.metrics.modes import mixture_log_density
from genlab.metrics.neighbours import nearest
from genlab.observing.feature_spaces import FeatureSpace
from genlab.registry import METRICS
from genlab.runs.evaluation import Measure
from genlab.training.lane import GENERATOR_PHASES, Lane

IWAE_DRAWS = 100  # S: codes drawn for each example
IWAE_EXAMPLES = 500
BINARY_SEED = 4  # one draw of each pixel, the same for all lanes and runs
EXAMPLES_A_CALL = 1000
GRADIENTS = 10  # batches whose gradients are taken


def in_batches(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """A compiled function of n examples, called on so many at a time that memory stays small."""
    starts = range(0, len(arrays[0]), EXAMPLES_A_CALL)
    results = [function(*(array[start : start + EXAMPLES_A_CALL] for array in arrays)) for start in starts]
    if isinstance(results[0], tuple):
        return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))
    return np.concatenate(results)


class NetworkEvaluator:
    """Measures one lane, its networks as they are.

    count: how many training and held-out examples they are asked about, at most.
    """

    def __init__(self, lane: Lane, dataset: Dataset, space: FeatureSpace, count: int, seed: int) -> None:
        self.lane, self.dataset, self.space = lane, dataset, space
        self.random = np.random.default_rng([seed, 3, lane.index])

        def some(examples: np.ndarray | ByteImages, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            chosen = np.random.default_rng(2).permutation(len(examples))[:count]
            return examples[chosen], labels[chosen].astype("int32")

        self.train, self.train_labels = some(dataset.train, dataset.train_labels)
        self.test, self.test_labels = some(dataset.test, dataset.test_labels)

    def steps(self, samples: np.ndarray, labels: np.ndarray) -> Steps:
        """All that applies to this lane, given samples of it, (n, ...), and the labels that were asked for."""
        lane, model = self.lane, self.lane.model
        scores = partial(self.scores, samples, labels)
        applies: dict[str, tuple[Any, Callable[[], Arguments | None]]] = {
            "reconstructions": (lane.encode, self.reconstructions),
            "posteriors": (lane.encode, self.posteriors),
            "codes": (lane.encode, self.codes),
            "labelled codes": (lane.encode and self._has_labels(), self.labelled_codes),
            "codes and prior": (lane.encode, self.codes_and_prior),
            "codes in the plane": (
                lane.encode and model.latent_dim == 2 and model.prior == "normal",
                self.codes_in_the_plane,
            ),
            "likelihood weights": (lane.log_likelihood, self.likelihood_weights),
            "log densities": (lane.log_density, self.log_densities),
            "logits": (lane.logit and model.score_is != "value", scores),  # the zero of a "value" means nothing
            "scores": (lane.logit, scores),
            "gradients": (any(phase.name in GENERATOR_PHASES for phase in model.phases), self.gradients),
        }
        return [
            (metric.title, partial(self._measure, metric.name, applies[metric.needs][1]))
            for metric in METRICS.values()
            if metric.needs in applies and applies[metric.needs][0]
        ]

    @staticmethod
    def _measure(metric: str, arguments: Callable[[], Arguments | None]) -> list[Measure]:
        called_with = arguments()
        return measure(METRICS[metric], called_with) if called_with else []

    def kl(self) -> list[float]:
        """Of each latent dimension in nats; empty where the encoder says no variance."""
        moments = self._moments if self.lane.encode else ()
        return kl_per_dimension(*moments)["kl"].tolist() if len(moments) == 2 else []

    @cached_property
    def _moments(self) -> tuple[np.ndarray, ...]:
        """What the encoder says of the held-out examples: (code,) or (mean, log variance), each (n, latent_dim)."""
        return in_batches(self.lane.encode, self.test, self.test_labels)

    @cached_property
    def _codes(self) -> np.ndarray:
        """Codes drawn from the posteriors of the held-out examples; as they are where the encoder says no variance."""
        if len(self._moments) == 1:
            return self._moments[0]
        mean, log_variance = self._moments
        return mean + np.exp(log_variance / 2) * self.random.standard_normal(mean.shape, dtype="float32")

    def reconstructions(self) -> Arguments:
        decoded = in_batches(self.lane.reconstruct, self.test, self.test_labels)
        rows, train_rows = (examples.reshape(len(examples), -1) for examples in (self.test, self.dataset.train[:]))
        copied = self.dataset.train[nearest(rows, train_rows)[1]]
        return Arguments((self.test, decoded), real=(self.test, copied))

    def posteriors(self) -> Arguments | None:
        return Arguments(self._moments) if len(self._moments) == 2 else None

    def codes(self) -> Arguments:
        return Arguments(self._moments[:1])

    def _has_labels(self) -> bool:
        return self.dataset.modes.assign is None and len(np.unique(self.train_labels)) > 1

    def labelled_codes(self) -> Arguments:
        train = in_batches(self.lane.encode, self.train, self.train_labels)[0]
        of_data = [self.space.features(examples) for examples in (self.train, self.test)]
        return Arguments(
            (train, self.train_labels, self._moments[0], self.test_labels),
            real=(of_data[0], self.train_labels, of_data[1], self.test_labels),
        )

    def codes_and_prior(self) -> Arguments:
        draws, others = (self.lane.model.draw_prior(self.random, len(self._codes)) for _ in range(2))
        return Arguments((self._codes, draws), real=(others, draws))

    def codes_in_the_plane(self) -> Arguments:
        return Arguments((self._codes,), real=(self.lane.model.draw_prior(self.random, len(self._codes)),))

    def likelihood_weights(self) -> Arguments:
        """A Bernoulli is asked of pixels drawn black or white, with their grey as the chance of white, once for each
        example (Burda et al. 2016, section 5). The encoder sees the grey ones, as in training: the bound holds for any
        q, and the lower one is then what training maximises, but for the draw.
        """
        x, labels = self.test[:IWAE_EXAMPLES], self.test_labels[:IWAE_EXAMPLES]
        mean, log_variance = in_batches(self.lane.encode, x, labels)
        binary = self.lane.model.likelihood_of == "binary pixels"
        if binary:
            x = (np.random.default_rng(BINARY_SEED).random(x.shape) < x).astype("float32")
        weights = np.empty((len(x), IWAE_DRAWS))
        for draw in range(IWAE_DRAWS):
            noise = self.random.standard_normal(mean.shape, dtype="float32")
            latent = mean + np.exp(log_variance / 2) * noise
            of_latents = ((noise**2 + log_variance - latent**2) / 2).sum(axis=1)  # ln p(z) - ln q(z | x)
            weights[:, draw] = self.lane.log_likelihood(x, latent, labels) + of_latents
        space = f"S = {IWAE_DRAWS}" + (", pixels drawn black or white" if binary else "")
        density = self._log_density(x)
        real = None if density is None else (np.repeat(density[:, None], IWAE_DRAWS, axis=1),)
        return Arguments((weights,), space=space, real=real)

    def log_densities(self) -> Arguments:
        """Of as many examples as the bounds on it are taken of, so that the two compare."""
        x = self.test[:IWAE_EXAMPLES]
        density = self._log_density(x)
        of_model = in_batches(self.lane.log_density, x, self.test_labels[:IWAE_EXAMPLES])
        return Arguments((of_model,), real=None if density is None else (density,))

    def _log_density(self, x: np.ndarray) -> np.ndarray | None:
        """ln p of each example, where the data's own density is known: only by chance does a model do better."""
        modes, dataset = self.dataset.modes, self.dataset
        if modes.centres is None or modes.std is None or self.lane.model.conditional:
            return None
        noise = np.sqrt(((dataset.test - modes.centres[dataset.test_labels]) ** 2).mean())
        if not np.isclose(noise, modes.std, rtol=0.1):  # samples are judged by more than the data has
            return None
        return mixture_log_density(x, modes.centres, modes.std, modes.shares)

    def scores(self, samples: np.ndarray, labels: np.ndarray) -> Arguments:
        """Of a discriminator its logits; real data in place of the samples is the held-out examples."""
        count = min(len(self.train), len(self.test), len(samples))
        train, held_out, fake = (
            in_batches(self.lane.logit, examples[:count], asked[:count])
            for examples, asked in ((self.train, self.train_labels), (self.test, self.test_labels), (samples, labels))
        )
        return Arguments((train, held_out, fake), real=(train, held_out, held_out))

    def gradients(self) -> Arguments:
        size, train = self.lane.settings.batch_size, self.dataset.train
        norms = []
        for _ in range(GRADIENTS):
            rows = self.random.integers(0, len(train), size)
            norms.append(self.lane.generator_gradient_norm(train[rows], self.dataset.train_labels[rows]))
        return Arguments((np.array(norms),), space=f"batches of {size}")
