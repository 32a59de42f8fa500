"""Measures what a lane's own networks know: its encoder on held-out data, its discriminator on real and fake examples.

The column "real against held-out real" holds what the same measure gives where it can be said: a nearest training
example in place of a reconstruction, draws of the prior in place of codes, held-out examples in place of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset
from genlab.evaluation.samples import PARTS, Steps, Values, bounds, in_parts, make_measure, numbers
from genlab.metrics.modes import mixture_log_density
from genlab.metrics.neighbours import nearest
from genlab.observing.feature_spaces import FeatureSpace
from genlab.registry import METRICS
from genlab.runs.evaluation import Measure
from genlab.training.lane import GENERATORS, Lane

IWAE_DRAWS = 100  # S: codes drawn for each example
IWAE_EXAMPLES = 500
BINARY_SEED = 4  # one draw of each pixel, the same for all lanes and runs
EXAMPLES_A_CALL = 1000
GRADIENTS = PARTS  # batches whose gradients are taken


def in_batches(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """A compiled function of n examples, called on so many at a time that memory stays small."""
    starts = range(0, len(arrays[0]), EXAMPLES_A_CALL)
    results = [function(*(array[start : start + EXAMPLES_A_CALL] for array in arrays)) for start in starts]
    if isinstance(results[0], tuple):
        return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))
    return np.concatenate(results)


class NetworkEvaluator:
    """Measures one lane, its networks as they are.

    Attributes:
        kl: of each latent dimension, once it has been measured.
    """

    def __init__(self, lane: Lane, dataset: Dataset, space: FeatureSpace, count: int, seed: int) -> None:
        self.lane, self.dataset, self.space = lane, dataset, space
        self.random = np.random.default_rng([seed, 3, lane.index])
        self.kl: list[float] = []

        def some(examples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            chosen = np.random.default_rng(2).permutation(len(examples))[:count]
            return examples[chosen], labels[chosen].astype("int32")

        self.train, self.train_labels = some(dataset.train, dataset.train_labels)
        self.test, self.test_labels = some(dataset.test, dataset.test_labels)

    def steps(self, samples: np.ndarray, labels: np.ndarray) -> Steps:
        """All that applies to this lane, given samples of it, (n, ...), and the labels that were asked for."""
        found: Steps = []
        if self.lane.encode:
            found += [("reconstructions", self.reconstructions), ("codes", self.codes), ("prior", self.prior)]
        if self.lane.log_likelihood:
            found.append((f"bound on the likelihood, S = {IWAE_DRAWS}", self.likelihood))
        if self.lane.logit:
            found.append(("discriminator", lambda: self.discriminator(samples, labels)))
        if any(phase.name in GENERATORS for phase in self.lane.model.phases):
            found.append(("gradient of the generator", self.gradient))
        return found

    def _encode(self, examples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, ...]:
        return in_batches(self.lane.encode, examples, labels)

    def _draw(self, moments: tuple[np.ndarray, ...]) -> np.ndarray:
        """Codes drawn from their posteriors; as they are where the encoder says no variance."""
        if len(moments) == 1:
            return moments[0]
        mean, log_variance = moments
        return mean + np.exp(log_variance / 2) * self.random.standard_normal(mean.shape, dtype="float32")

    def reconstructions(self) -> list[Measure]:
        metric = METRICS["reconstruction_error"]
        decoded = in_batches(self.lane.reconstruct, self.test, self.test_labels)
        rows, train_rows = (examples.reshape(len(examples), -1) for examples in (self.test, self.dataset.train))
        copied = self.dataset.train[nearest(rows, train_rows)[1]]
        references = self._references("reconstruction_error", metric.function(self.test, copied))
        return in_parts(metric, metric.function, self.test, decoded, references=references)

    def codes(self) -> list[Measure]:
        moments = self._encode(self.test, self.test_labels)
        found: list[Measure] = []
        if len(moments) == 2:
            metric = METRICS["kl_per_dimension"]
            self.kl = metric.function(*moments)["kl"].tolist()
            found += in_parts(metric, metric.function, *moments)
        found += in_parts(METRICS["active_units"], METRICS["active_units"].function, moments[0])
        if self.dataset.modes.assign is None and len(np.unique(self.train_labels)) > 1:
            metric = METRICS["linear_probe"]
            of_train = self._encode(self.train, self.train_labels)[0]
            data = [self.train_labels, self.test_labels]
            real = [self.space.features(self.train), data[0], self.space.features(self.test), data[1]]
            references = self._references("linear_probe", metric.function(*real))
            found += in_parts(metric, metric.function, of_train, data[0], moments[0], data[1], references=references)
        return found

    def prior(self) -> list[Measure]:
        metric, model = METRICS["aggregated_posterior_gap"], self.lane.model
        codes = self._draw(self._encode(self.test, self.test_labels))
        draws, others = (model.draw_prior(self.random, len(codes)) for _ in range(2))
        references = self._references("aggregated_posterior_gap", metric.function(others, draws))
        found = in_parts(metric, metric.function, codes, draws, references=references)
        if model.latent_dim == 2 and model.prior == "normal":
            metric = METRICS["hole_map"]
            references = self._references("hole_map", metric.function(draws))
            # Not in parts: fewer codes leave more holes.
            results = numbers(metric, metric.function(codes))
            found += [
                make_measure(metric, name, value, len(codes), real_reference=references[metric.name, "", name])
                for name, value in results.items()
            ]
        return found

    def likelihood(self) -> list[Measure]:
        """ln p(x, z) - ln q(z | x) of draws of z, for the bounds.

        A Bernoulli is asked of pixels drawn black or white, with their grey as the chance of white, once for each
        example (Burda et al. 2016, section 5). The encoder sees the grey ones, as in training: the bound holds for any
        q, and the lower one is then what training maximises, but for the draw.
        """
        x, labels = self.test[:IWAE_EXAMPLES], self.test_labels[:IWAE_EXAMPLES]
        mean, log_variance = self._encode(x, labels)
        binary = self.lane.model.likelihood_of == "binary pixels"
        if binary:
            x = (np.random.default_rng(BINARY_SEED).random(x.shape) < x).astype("float32")
        weights = np.empty((len(x), IWAE_DRAWS))
        for draw in range(IWAE_DRAWS):
            noise = self.random.standard_normal(mean.shape, dtype="float32")
            latent = mean + np.exp(log_variance / 2) * noise
            of_latents = ((noise**2 + log_variance - latent**2) / 2).sum(axis=1)  # ln p(z) - ln q(z | x)
            weights[:, draw] = self.lane.log_likelihood(x, latent, labels) + of_latents
        metric = METRICS["iwae_bound"]
        space = f"S = {IWAE_DRAWS}" + (", pixels drawn black or white" if binary else "")
        return in_parts(metric, metric.function, weights, space=space, references=self._density(x, space))

    def _density(self, x: np.ndarray, space: str) -> Values:
        """What the data's own density gives examples, where it is known: only by chance does a model do better."""
        modes, dataset = self.dataset.modes, self.dataset
        if modes.centres is None or modes.std is None or self.lane.model.conditional:
            return {}
        noise = np.sqrt(((dataset.test - modes.centres[dataset.test_labels]) ** 2).mean())
        if not np.isclose(noise, modes.std, rtol=0.1):  # samples are judged by more than the data has
            return {}
        exact = float(mixture_log_density(x, modes.centres, modes.std, modes.shares).mean())
        return {("iwae_bound", space, result): exact for result in ("bound", "elbo")}

    def discriminator(self, samples: np.ndarray, labels: np.ndarray) -> list[Measure]:
        metric = METRICS["discriminator_accuracy"]
        count = min(len(self.train), len(self.test), len(samples))
        logits = [
            in_batches(self.lane.logit, examples[:count], given[:count])
            for examples, given in (
                (self.train, self.train_labels),
                (self.test, self.test_labels),
                (samples, labels),
            )
        ]
        # What the samples would get if they were real; the other numbers do not look at them.
        references = self._references(metric.name, metric.function(logits[0], logits[1], logits[1]))
        references = {key: references[key] for key in references if key[2] in ("accuracy_fake", "logit_gap")}
        found = in_parts(metric, metric.function, *logits, references=references)
        if self.lane.model.score_is == "value":  # whose zero means nothing
            found = [each for each in found if each.result.endswith("gap")]
        return found

    def gradient(self) -> list[Measure]:
        size, train = self.lane.settings.batch_size, self.dataset.train
        norms: list[float | None] = []
        for _ in range(GRADIENTS):
            rows = self.random.integers(0, len(train), size)
            norms.append(self.lane.generator_gradient(train[rows], self.dataset.train_labels[rows]))
        metric = METRICS["generator_gradient"]
        found = numbers(metric, metric.function(np.array(norms)))
        within = bounds(metric, "norm", found, norms)
        how = f"95 %, from {GRADIENTS} batches"
        norm = make_measure(metric, "norm", found["norm"], size, interval=how, **within)
        return [norm, make_measure(metric, "least", found["least"], size)]

    @staticmethod
    def _references(metric: str, results: dict[str, Any]) -> Values:
        return {(metric, "", name): value for name, value in numbers(METRICS[metric], results).items()}
