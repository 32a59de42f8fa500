"""Measures samples, whoever made them, against held-out real data, and real data itself in their place.

The held-out examples are divided into two halves. One is what samples are compared with; the other takes their place
for the column of real data, as many of them as there are samples. Neither classifier nor feature space has seen either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from genlab.datasets.base import Dataset
from genlab.datasets.coding import table_coding
from genlab.evaluation.measuring import Arguments, Numbers, Steps, measure
from genlab.metrics import Metric
from genlab.metrics.copies import nearest_distances
from genlab.metrics.modes import mode_coverage
from genlab.observing.feature_spaces import FeatureSpace
from genlab.observing.frames import as_stored
from genlab.observing.mode_assignment import ModeAssigner
from genlab.registry import METRICS
from genlab.runs.evaluation import Measure

DRAWS_OF_MODES = 20  # of held-out examples, over which their mode coverage is averaged: they cost nothing

References = dict[tuple[str, str], Numbers]  # what real data gets, by metric and space


def prepared(examples: np.ndarray) -> np.ndarray:
    """Examples as they are measured, real and fake alike: points as they are, images as a file of them would be."""
    return examples if examples.ndim == 2 else as_stored(examples).astype("float32") / 255


class Examples:
    """Real examples or samples, (n, ...) as prepared, and their features, taken once in each space."""

    def __init__(self, examples: np.ndarray) -> None:
        self.examples = examples
        self._features: dict[str, np.ndarray] = {}

    def features(self, space: FeatureSpace) -> np.ndarray:
        """(n, d), float32."""
        if space.name not in self._features:
            self._features[space.name] = space.features(self.examples)
        return self._features[space.name]


@dataclass(frozen=True)
class Reference:
    """A measure of real data that is still to be taken: its name, its metric and space, and what takes it."""

    name: str
    place: tuple[str, str]
    measure: Callable[[], Numbers]


class SampleEvaluator:
    """Measures samples of one data set.

    Attributes:
        samples: how many samples are measured by their modes.
        count: how many of them are compared with as many real examples: at most half of the held-out ones.
        real: the half of the held-out examples that samples are compared with.
        stand_in: `count` examples of the other half, which stand for samples in the column of real data.
        table: how rows became examples, where these are a table; None where they are not.
        for_copies: the space in which copies are looked for: pixels, since a classifier is trained to find examples of
            a class alike.
    """

    def __init__(self, dataset: Dataset, mode_assigner: ModeAssigner, spaces: list[FeatureSpace], samples: int) -> None:
        self.dataset, self.mode_assigner, self.spaces, self.samples = dataset, mode_assigner, spaces, samples
        # Which examples are in which half is fixed, so that all models are compared with the same.
        first, second = halves(len(dataset.test))
        self.count = min(samples, len(second))
        self.real, self.stand_in = (Examples(prepared(dataset.test[half])) for half in (first, second[: self.count]))
        self.for_copies = next((space for space in spaces if space.name.startswith("pixels")), spaces[0])
        self.table = table_coding(dataset)
        self._train = Examples(prepared(dataset.train[:]))

    def measured(self) -> list[tuple[Metric, FeatureSpace | None]]:
        """The metrics of samples that apply to this data, with the space for each that has one."""
        spaces: dict[str, Sequence[FeatureSpace | None]] = {
            "modes": [None],
            "images": [None] if self.dataset.kind == "images" else [],
            "features": self.spaces,
            "tables": [None] if self.table else [],
            "training distances": [self.for_copies],
        }
        return [
            (metric, space)
            for metric in METRICS.values()
            for space in spaces.get(metric.needs, [])[: None if metric.every_space else 1]
        ]

    @cached_property
    def _held_out_distances(self) -> np.ndarray:
        """How far the held-out half is from the training set."""
        return nearest_distances(self._train.features(self.for_copies), self.real.features(self.for_copies))

    def mode_share(self, samples: np.ndarray) -> np.ndarray:
        """(K,) share of all samples on each mode."""
        return mode_coverage(self.mode_assigner.assign(samples), self.dataset.modes.shares)["share"]

    def names(self) -> list[str]:
        """What `steps` measures."""
        return [f"{metric.title}, {space.name}" if space else metric.title for metric, space in self.measured()]

    def steps(self, samples: np.ndarray, references: References) -> Steps:
        """All measures of samples, (n, ...) as prepared, one step for each metric and space."""
        compared = Examples(samples[: self.count])
        modes = self.mode_assigner.assign(samples)

        def step(metric: Metric, space: FeatureSpace | None) -> list[Measure]:
            return measure(metric, self._arguments(metric, space, compared, modes), references[_key(metric, space)])

        return [(name, partial(step, *place)) for name, place in zip(self.names(), self.measured(), strict=True)]

    def references(self) -> list[Reference]:
        """All measures of real data in place of samples."""

        def numbers(metric: Metric, space: FeatureSpace | None) -> Numbers:
            if metric.needs == "modes":
                return self._mean_of_modes(metric)
            arguments = self._arguments(metric, space, self.stand_in, np.empty(0)).first(metric.maximum)
            return metric.numbers(*arguments.arrays)

        return [
            Reference(name, _key(*place), partial(numbers, *place))
            for name, place in zip(self.names(), self.measured(), strict=True)
        ]

    def _arguments(
        self, metric: Metric, space: FeatureSpace | None, compared: Examples, modes: np.ndarray
    ) -> Arguments:
        """What a metric is called with for these `count` samples, and the mode of each of all samples."""
        if metric.needs == "modes":
            return Arguments((modes, self.dataset.modes.shares), fixed=(1,))
        if metric.needs == "tables" and self.table:
            counts = np.array([len(column.words) for column in self.table.columns])
            real, fake = (self.table.decoded(each.examples) for each in (self.real, compared))
            return Arguments((counts, real[: self.count], fake), fixed=(0,))
        if space is None:
            return Arguments((self.real.examples[: self.count], compared.examples))
        real, fake = self.real.features(space), compared.features(space)
        if metric.needs == "training distances":
            distances = nearest_distances(self._train.features(space), fake)
            return Arguments((self._held_out_distances, distances), space=space.name)
        return Arguments((real[: self.count], fake), space=space.name)

    def _mean_of_modes(self, metric: Metric) -> Numbers:
        """The mean over draws, with replacement, of as many held-out examples as there are samples."""
        modes, random = self.mode_assigner.assign(self.dataset.test), np.random.default_rng(3)
        draws = [
            metric.numbers(random.choice(modes, self.samples), self.dataset.modes.shares) for _ in range(DRAWS_OF_MODES)
        ]
        return {
            name: None if any(draw[name] is None for draw in draws) else float(np.mean([draw[name] for draw in draws]))
            for name in draws[0]
        }


def halves(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of held-out examples, at random in two halves; the first has one more of an odd number.

    Not as many of each class in both: two draws of samples would not have them either.
    """
    order = np.random.default_rng(0).permutation(count)
    return order[: -(-count // 2)], order[-(-count // 2) :]


def _key(metric: Metric, space: FeatureSpace | None) -> tuple[str, str]:
    return metric.name, space.name if space else ""
