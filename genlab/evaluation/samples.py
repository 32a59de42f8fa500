"""Applies the metrics to samples, whoever made them, and says how sure each number is and what real data gets.

A cheap metric is taken of five draws of samples, and the interval is that of their mean. A slow one is taken once of
all samples, and again of five equal parts of them: their spread, over the root of five, is the error of the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset
from genlab.metrics import Metric
from genlab.metrics.modes import coverage
from genlab.observing.feature_spaces import FeatureSpace
from genlab.observing.frames import as_stored
from genlab.observing.mode_assignment import ModeAssigner
from genlab.registry import METRICS
from genlab.runs.evaluation import DRAWS, YARDSTICKS, Measure

PARTS = 5
REAL_DRAWS = 20  # they cost nothing
HALF_WIDTH = 2.776 / np.sqrt(5)  # of a 95 % interval from five values, in their standard deviations: Student, 4 degrees
MINIMUM_IN_A_PART = 20
# A part of the samples tells nothing of these for the whole: they grow with the number of examples, or say yes or no.
GROWS = ("pairs", "estimated_support", "different", "different_share", "score", "p_value", "memorised")
SECOND_OPINION = ("frechet_distance", "precision_recall_density_coverage")  # taken in every space, the others in one
EXAMPLES_A_BIN = 50
ITSELF = ("distance", "discrepancy", "score", "bound")  # results that the title of the metric names
NAMED_ALONE = ("mode_coverage", "class_coverage", "precision_recall_density_coverage", "discriminator_accuracy")

WORDS = {  # where the name of a result with spaces for underscores is no phrase
    "captured": "captured modes",
    "solid": "solid modes",
    "on_mode_share": "share on a mode",
    "reverse_kl": "reverse KL of the modes, in nats",
    "reverse_kl_floor": "reverse KL of a perfect sampler",
    "mode_tv": "total variation of the modes",
    "p_value": "p-value",
    "f_8": "F 8",
    "f_1_8": "F 1/8",
    "share_within_1": "share within the closest 1 %",
    "share_within_5": "share within the closest 5 %",
    "laplacian_variance": "variance of the Laplacian",
    "laplacian_ratio": "variance of the Laplacian, of the real one",
    "accuracy_train": "discriminator right on training data",
    "accuracy_held_out": "discriminator right on held-out data",
    "accuracy_fake": "discriminator right on samples",
    "elbo": "evidence lower bound",
}

Numbers = dict[str, float | None]  # by result
Values = dict[tuple[str, str, str], float | None]  # by metric, space and result
Steps = list[tuple[str, Callable[[], list[Measure]]]]  # what is measured, and the function that does it


def prepared(examples: np.ndarray) -> np.ndarray:
    """Examples as they are measured, real and fake alike: points as they are, images as a file of them would be."""
    return examples if examples.ndim == 2 else as_stored(examples).astype("float32") / 255


def numbers(metric: Metric, results: dict[str, Any]) -> Numbers:
    """The results that are one number each."""
    return {name: None if results[name] is None else float(results[name]) for name in metric.better}


def make_measure(metric: Metric, result: str, value: float | None, count: int, **more: Any) -> Measure:
    """A measure as it is stored, in words."""
    words = WORDS.get(result, result.replace("_", " "))
    if result in ITSELF:
        words = metric.title
    elif metric.name in NAMED_ALONE:
        words = words[0].upper() + words[1:]
    else:
        words = f"{metric.title}: {words}"
    better = metric.better[result]
    return Measure(metric=metric.name, result=result, words=words, value=value, count=count, better=better, **more)


def bounds(metric: Metric, result: str, results: Numbers, values: list[float | None]) -> dict[str, float]:
    """The 95 % interval around one of the results from five values of it; empty if one of them is missing."""
    middle = results[result]
    given = [value for value in values if value is not None]
    if middle is None or len(given) < PARTS or result in YARDSTICKS:
        return {}
    width = float(HALF_WIDTH * np.std(given, ddof=1))
    least, most = metric.limits(result, results)
    return {"low": max(middle - width, least), "high": min(middle + width, most)}


def in_parts(
    metric: Metric,
    function: Callable[..., dict[str, Any]],
    *arrays: np.ndarray,
    space: str = "",
    references: Any = None,
) -> list[Measure]:
    """The results of a function of arrays, with intervals from five parts of each; the last one is counted."""
    whole = numbers(metric, function(*arrays))
    count = len(arrays[-1])
    parts: list[Numbers] = []
    if min(map(len, arrays)) >= PARTS * MINIMUM_IN_A_PART:
        try:
            pieces = zip(*(np.split(array[: len(array) // PARTS * PARTS], PARTS) for array in arrays), strict=True)
            parts = [numbers(metric, function(*each)) for each in pieces]
        except ValueError:  # a part that lacks what the whole has, a second class for instance
            parts = []
    found = []
    for result, value in whole.items():
        within = bounds(metric, result, whole, [part[result] for part in parts]) if result not in GROWS else {}
        how = f"95 %, from {PARTS} parts of the examples" if within else ""
        real_reference = (references or {}).get((metric.name, space, result))
        found.append(
            make_measure(
                metric, result, value, count, space=space, real_reference=real_reference, interval=how, **within
            )
        )
    return found


class SampleEvaluator:
    """Measures samples of one data set.

    Attributes:
        samples: how many samples a draw has.
        count: how many of them are compared with as many real examples.
    """

    def __init__(self, dataset: Dataset, mode_assigner: ModeAssigner, spaces: list[FeatureSpace], samples: int) -> None:
        self.dataset, self.mode_assigner, self.spaces, self.samples = dataset, mode_assigner, spaces, samples
        self.count = min(samples, len(dataset.train), len(dataset.test))
        self.coverage: Metric = METRICS["mode_coverage" if mode_assigner.accuracy is None else "class_coverage"]
        # Which real examples are taken is fixed, so that all models are compared with the same.
        self._real = prepared(dataset.test[np.random.default_rng(0).permutation(len(dataset.test))[: self.count]])
        self._features = {space.name: space.features(self._real) for space in spaces}
        # Copies are told by pixels: the classifier is trained to find examples of a class alike.
        self.for_copies = next((space for space in spaces if space.name.startswith("pixels")), spaces[0])
        # In one half of the held-out data a copy is as close as no other example; the other half stands for samples.
        mixed = np.random.default_rng(2).permutation(len(dataset.test))
        held_out, others = np.split(mixed, [len(mixed) // 2])
        self._train, self._held_out, self._others = (
            self.for_copies.features(prepared(each))
            for each in (dataset.train, dataset.test[held_out], dataset.test[others])
        )
        self._real_modes = mode_assigner.assign(dataset.test)
        self.mode_share = np.zeros(len(dataset.modes.names))

    def compared(self, cost: str) -> list[tuple[Metric, FeatureSpace]]:
        """The metrics of this cost that compare features of real and of fake examples, with the spaces for each."""
        return [
            (metric, space)
            for metric in METRICS.values()
            if metric.needs == "samples" and metric.cost == cost
            for space in self.spaces[: None if metric.name in SECOND_OPINION else 1]
        ]

    def cheap(self, samples: np.ndarray) -> Values:
        """All cheap numbers of one draw of samples, (n, ...) as prepared."""
        covered = coverage(self.mode_assigner.assign(samples), self.dataset.modes.shares)
        self.mode_share = covered["share"]
        found: Values = {
            (self.coverage.name, "", name): value for name, value in numbers(self.coverage, covered).items()
        }
        for metric, space in self.compared("cheap"):
            results = metric.function(self._features[space.name], space.features(samples[: self.count]))
            found |= {(metric.name, space.name, name): value for name, value in numbers(metric, results).items()}
        if self.dataset.kind == "images":
            metric = METRICS["sharpness"]
            results = numbers(metric, metric.function(self._real, samples))
            found |= {(metric.name, "", name): value for name, value in results.items()}
        return found

    def counted(self, metric: str) -> int:
        return self.count if METRICS[metric].needs == "samples" else self.samples

    def from_draws(self, draws: list[Values], references: Values) -> list[Measure]:
        """The means of the cheap numbers over the draws, with their intervals."""
        means: Values = {}
        for key in draws[0]:
            given = [value for draw in draws if (value := draw[key]) is not None]
            means[key] = float(np.mean(given)) if given else None
        found = []
        for key, mean in means.items():
            metric, result = METRICS[key[0]], key[2]
            together = {other[2]: value for other, value in means.items() if other[:2] == key[:2]}
            within = bounds(metric, result, together, [draw[key] for draw in draws])
            how = f"95 %, from {DRAWS} draws" if within else ""
            count, real_reference = self.counted(key[0]), references.get(key)
            found.append(
                make_measure(
                    metric, result, mean, count, space=key[1], real_reference=real_reference, interval=how, **within
                )
            )
        return found

    def slow_names(self) -> list[str]:
        """What `slow_steps` measures."""
        names = [f"{metric.title}, {space.name}" for metric, space in self.compared("slow")]
        return [*names, METRICS["memorisation"].title]

    def slow_steps(self, samples: np.ndarray, references: Values) -> Steps:
        """The slow metrics of samples, (n, ...) as prepared, one step each."""

        def compare(metric: Metric, space: FeatureSpace) -> list[Measure]:
            fake = space.features(samples[: self.count])
            function: Callable[..., dict[str, Any]] = metric.function
            if metric.name == "bin_differences":
                bins = int(np.clip(self.count // EXAMPLES_A_BIN, 2, 100))
                function = lambda real, fake: metric.function(real, fake, bins)  # noqa: E731
            return in_parts(metric, function, self._features[space.name], fake, space=space.name, references=references)

        def copies() -> list[Measure]:
            metric, space = METRICS["memorisation"], self.for_copies
            fake = space.features(samples[: self.count])
            function = partial(metric.function, self._train)
            return in_parts(metric, function, self._held_out, fake, space=space.name, references=references)

        functions = [partial(compare, metric, space) for metric, space in self.compared("slow")]
        return list(zip(self.slow_names(), [*functions, copies], strict=True))

    def references(self) -> Steps:
        """The steps that measure real data against held-out real data, on which neither classifier nor spaces have been
        trained where that matters: modes are counted on held-out data, and copies looked for among its other half.
        """
        train = self.dataset.train[_as_drawn(self.dataset.train_labels, self.samples)]

        def cheap() -> list[Measure]:
            values = self.cheap(prepared(train)) | self._covered()
            return [
                make_measure(METRICS[key[0]], key[2], value, self.counted(key[0]), space=key[1])
                for key, value in values.items()
            ]

        def copies() -> list[Measure]:
            metric, space = METRICS["memorisation"], self.for_copies
            results = numbers(metric, metric.function(self._train, self._held_out, self._others))
            count = len(self._others)
            return [make_measure(metric, name, value, count, space=space.name) for name, value in results.items()]

        compared = self.slow_steps(prepared(train), {})[:-1]
        return [("cheap measures", cheap), *compared, (METRICS["memorisation"].title, copies)]

    def _covered(self) -> Values:
        """The coverage of as many held-out examples as there are samples, drawn with replacement, as samples are."""
        random = np.random.default_rng(3)
        drawn = [random.choice(self._real_modes, self.samples) for _ in range(REAL_DRAWS)]
        draws = [numbers(self.coverage, coverage(modes, self.dataset.modes.shares)) for modes in drawn]
        names = [name for name in draws[0] if draws[0][name] is not None]
        return {(self.coverage.name, "", name): float(np.mean([draw[name] for draw in draws])) for name in names}


def _as_drawn(labels: np.ndarray, most: int) -> np.ndarray:
    """Indices of at most so many of the examples, mixed, with as many of each class as chance gives to samples.

    Halves of stratified data have equal shares of each class, so as they are they would be more alike than any samples
    can be. Of a class that has too few examples, some come twice.
    """
    random = np.random.default_rng(1)
    classes, members = np.unique(labels, return_counts=True)
    counts = random.multinomial(min(most, len(labels)), members / len(labels))
    drawn = [
        np.resize(random.permutation(np.flatnonzero(labels == one)), count)
        for one, count in zip(classes, counts, strict=True)
    ]
    return random.permutation(np.concatenate(drawn))
