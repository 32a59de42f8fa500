"""Applies a metric to arrays: its numbers, how sure each is, and beside each what real data gets.

A 95 % interval says where the number would be if the samples and the real examples were drawn anew, as many of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from genlab.metrics import Metric
from genlab.metrics.base import limits
from genlab.runs.evaluation import Measure

GROUPS = 10
STUDENT = 2.262  # 97.5 % of Student's distribution with 9 degrees of freedom are below

INTERVAL = f"95 %, delete-a-group jackknife, {GROUPS} groups"

Numbers = dict[str, float | None]  # by result
Steps = list[tuple[str, Callable[[], list[Measure]]]]  # what is measured, and the function that does it


@dataclass(frozen=True)
class Arguments:
    """What a metric is called with.

    Attributes:
        arrays: in the order of its arguments.
        fixed: positions of those that no new draw would change, as the training set.
        space: the feature space they are in, or what else the numbers depend on; "" where there is neither.
        real: the same with real data in place of what the model made; None where nothing can stand there.
    """

    arrays: tuple[np.ndarray, ...]
    fixed: tuple[int, ...] = ()
    space: str = ""
    real: tuple[np.ndarray, ...] | None = None

    def first(self, count: int | None) -> Arguments:
        """With at most so many rows of what varies."""

        def cut(arrays: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
            return tuple(array if i in self.fixed else array[:count] for i, array in enumerate(arrays))

        return replace(self, arrays=cut(self.arrays), real=self.real and cut(self.real))


def measure(metric: Metric, arguments: Arguments, real: Numbers | None = None) -> list[Measure]:
    """The results of a metric, each with its interval and with what real data gets: `real` where that is known, else
    taken from the arguments. The last array is the one that is counted.
    """
    arguments = arguments.first(metric.maximum)
    numbers = metric.numbers(*arguments.arrays)
    if real is None:
        real = metric.numbers(*arguments.real) if arguments.real else {}
    intervals = confidence_intervals(metric, arguments, numbers)
    varying = [array for i, array in enumerate(arguments.arrays) if i not in arguments.fixed]
    measures = []
    for result in metric.results:
        low, high = intervals.get(result.name, (None, None))
        measures.append(
            Measure(
                metric=metric.name,
                result=result.name,
                label=result.label,
                space=arguments.space,
                count=len(varying[-1]),
                value=numbers[result.name],
                low=low,
                high=high,
                interval=INTERVAL if result.name in intervals else "",
                real_reference=real.get(result.name) if result.reference else None,
                better=result.better,
            )
        )
    return measures


def confidence_intervals(metric: Metric, arguments: Arguments, numbers: Numbers) -> dict[str, tuple[float, float]]:
    """95 % intervals around the numbers of a metric, by result, of those that have one: the delete-a-group jackknife.

    All that varies is divided into g groups, samples and real examples alike, and the metric is taken g times without
    one group of each. With v the values, the standard error is √((g - 1) / g Σ (v - mean)²), and Student's distribution
    with g - 1 degrees of freedom gives the width. What a metric is off by at so many examples, all values share: it
    moves the middle, not the width.

    Source: Kott 2001, "The Delete-a-Group Jackknife". In simulations 93 to 97 % of the intervals of most results, and
    88 to 99 % of those of all, hold the mean of the number at its count; fewer where a share is within a few examples
    of 0 or 1.
    """
    with_interval = [result for result in metric.results if result.has_interval]
    values = _without_each_group(metric, arguments) if with_interval else []
    intervals = {}
    for result in with_interval:
        middle, varied = numbers[result.name], [value[result.name] for value in values]
        known = [value for value in varied if value is not None]
        if middle is None or len(known) < GROUPS:
            continue
        width = float(STUDENT * np.sqrt((GROUPS - 1) * np.var(known)))
        least, greatest = limits(result, numbers)
        intervals[result.name] = max(middle - width, least), min(middle + width, greatest)
    return intervals


def _without_each_group(metric: Metric, arguments: Arguments) -> list[Numbers]:
    """The numbers without each of the groups; none where that leaves too little, for instance one class of two."""

    def without(group: int, array: np.ndarray) -> np.ndarray:
        return np.concatenate([part for i, part in enumerate(np.array_split(array, GROUPS)) if i != group])

    values = []
    for group in range(GROUPS):
        arrays = [array if i in arguments.fixed else without(group, array) for i, array in enumerate(arguments.arrays)]
        try:
            values.append(metric.numbers(*arrays))
        except ValueError:
            return []
    return values
