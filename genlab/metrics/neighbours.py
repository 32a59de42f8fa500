"""Nearest neighbours: how far away they are, and precision, recall, density and coverage, which are made of them.

They count which distances are below which, so a rounding error in a distance can turn a tie. All comparisons here come
out as with exact distances, for duplicates too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from genlab.metrics.base import NON_NEGATIVE, SHARE, Metric, Result, pair
from genlab.registry import METRICS

BLOCK = 2**22  # distances held at once: 16 MB in float32
LARGE = 1e15  # beyond, the squares of many numbers would be too large for float32


class Distances:
    """Squared distances of the rows of `a`, (n, d), from those of `b`, (m, d), a block of rows at a time.

    One matrix product gives them fast, as |a|² + |b|² - 2 a·b, less what each may be off by; so none is above the exact
    one. Where the difference could decide a comparison, the distance is taken again from the differences, in float64.
    """

    def __init__(self, a: np.ndarray, b: np.ndarray) -> None:
        self.a, self.b = a, b
        centre = np.median(b, axis=0)  # far from the origin, the sum of squares would cancel
        left, right = a - centre, b - centre
        if max(np.abs(left).max(initial=0), np.abs(right).max(initial=0)) > LARGE:
            left, right = left.astype("float64"), right.astype("float64")
        # Each of d + 8 roundings or so is relative to at most 2 (|a|² + |b|²).
        self._rounding = 4 * (a.shape[1] + 8) * float(np.finfo(left.dtype).eps)
        left_norms, right_norms = ((rows * rows).sum(axis=1, keepdims=True) for rows in (left, right))
        self._slack = 9 * self._rounding * left_norms[:, 0].astype("float64")
        less = left.dtype.type(1 - 2 * self._rounding)
        self._left = np.hstack([left, less * left_norms, np.ones_like(left_norms)])
        self._right = np.hstack([-2 * right, np.ones_like(right_norms), less * right_norms]).T

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """The first row of each block, and the block, (rows, m): none of its numbers is above the exact one."""
        step = max(1, BLOCK // len(self.b))
        for start in range(0, len(self.a), step):
            yield start, self._left[start : start + step] @ self._right

    # A distance is off by at most 3 r (|a|² + |b|²), r the rounding, and |b|² is at most 2 |a|² and twice the distance.
    def at_most(self, rows: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """(n,) the exact squared distance is at most this, given what a block has, (n,), for these rows of `a`."""
        return (lower + self._slack[rows]) / (1 - 6 * self._rounding)

    def surely(self, rows: np.ndarray, limit: np.ndarray | float) -> np.ndarray:
        """(n,) what a block must be below, in these rows, for the exact squared distance to be within the limit."""
        return limit * (1 - 6 * self._rounding) - self._slack[rows]

    def exact(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Squared distances of the rows i of `a` from the rows j of `b`, pair by pair."""
        result = np.empty(len(i))
        step = max(1, BLOCK // self.a.shape[1])
        for start in range(0, len(i), step):
            part = slice(start, start + step)
            difference = self.a[i[part]].astype("float64") - self.b[j[part]]
            result[part] = (difference * difference).sum(axis=1)
        return result

    def within(self, start: int, block: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the pairs of a block within the squared distance `limit`, (n, 1) or (1, m)."""
        limit = limit[start : start + len(block)] if len(limit) > 1 else limit
        i, j = below(block, limit.astype(block.dtype))
        bound = np.broadcast_to(limit, block.shape)[i, j]
        inside = block[i, j] < self.surely(i + start, bound)
        unsure = np.flatnonzero(~inside)
        inside[unsure] = self.exact(i[unsure] + start, j[unsure]) <= bound[unsure]
        return i[inside] + start, j[inside]


def below(block: np.ndarray, bound: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns at which a block is at most the bound. A search of the flat array is the fastest one."""
    return np.divmod(np.flatnonzero(block <= bound), block.shape[1])


def nearest(
    a: np.ndarray, b: np.ndarray, k: int = 1, itself: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Squared distance of each row of `a` from its k-th nearest row of `b`, and which that is, both (n,).

    `itself`, (n,), names the row of `b` that is the row of `a` itself and does not count.
    """
    squared, index = np.empty(len(a)), np.empty(len(a), dtype=int)
    distances = Distances(a, b)
    for start, block in distances.blocks():
        rows = np.arange(len(block))
        if itself is not None:
            block[rows, itself[start + rows]] = np.inf
        kth = np.partition(block, k - 1, axis=1)[:, k - 1]
        i, j = below(block, distances.at_most(start + rows, kth)[:, None].astype(block.dtype))
        exact = distances.exact(i + start, j)
        picked = np.lexsort((exact, i))[np.searchsorted(i, rows) + k - 1]
        squared[start + rows], index[start + rows] = exact[picked], j[picked]
    return squared, index


def radii(points: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each point, (n, d), from its k-th nearest other point, (n,)."""
    _, group, count = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    # A point with k copies has radius 0. Without this a collapsed model would have every pair checked for a tie.
    alone = np.flatnonzero(count[group.ravel()] <= k)
    squared = np.zeros(len(points))
    squared[alone] = nearest(points[alone], points, k, itself=alone)[0]
    return squared


def precision_recall_density_coverage(real: np.ndarray, fake: np.ndarray, k: int = 5) -> dict[str, Any]:
    """Is each sample near real data, and each real example near a sample? Real (n, d) and fake (n, d), in one space.

    With r(x) the distance of x from its k-th nearest neighbour in its own set, itself left out:
    precision = share of y with d(y, x) <= r(x) for a real x; recall = share of x with d(x, y) <= r(y) for a fake y;
    density = number of pairs with d(y, x) <= r(x), divided by k n; coverage = share of x with d(x, y) <= r(x) for a y.
    Distances are Euclidean, so all four are unchanged by a rotation, a translation or a common scale.

    Source: Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models" (who take
    k = 3), and Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models" (k = 5). The second
    paper's code compares by <, which fails on duplicates; here it is <=, as in the first one's.

    Failure modes: precision and recall of two samples of one distribution are far below 1 (0.68 in 64 dimensions at n =
    10,000), so read them beside what real data gets. One real outlier raises precision, one fake outlier recall.
    Density and coverage do not suffer from that, but favour blur in pixel space, and samples that keep to where the
    data is densest have a density far above 1, which is no better. All depend on n. Where real examples have more than
    k copies, the radius is 0 and only exact copies count.

    Returns:
        precision: share of the samples near real data.
        recall: share of the real examples near a sample.
        density: 1 for identical distributions; may be larger.
        coverage: share of the real examples whose neighbourhood holds a sample.
        expected_coverage: coverage to expect from identical distributions, 1 - product over i = 1..k of (n - i) /
            (2n - i); near 1 - 2^-k, 0.969 for k = 5.

    One collapsed point on real data has precision 1, recall 0 and coverage near 0. Identical sets have 1 throughout,
    and a density of at least 1. Sizes that differ, fewer than k + 1 examples, none, or NaN are a ValueError.
    """
    if k < 1:
        raise ValueError(f"k is {k}; the neighbourhood of an example needs at least one neighbour. Use 5.")
    real, fake = pair(real, fake, least=k + 1, equal=True)
    count = len(real)
    real_radii, fake_radii = radii(real, k), radii(fake, k)
    precise, recalled, covered = (np.zeros(count, dtype=bool) for _ in range(3))
    pairs = 0
    distances = Distances(fake, real)
    for start, block in distances.blocks():
        sample, example = distances.within(start, block, real_radii[None])
        precise[sample] = covered[example] = True
        pairs += len(sample)
        _, example = distances.within(start, block, fake_radii[:, None])
        recalled[example] = True
    order = np.arange(1, k + 1)
    return {
        "precision": float(precise.mean()),
        "recall": float(recalled.mean()),
        "density": pairs / (k * count),
        "coverage": float(covered.mean()),
        "expected_coverage": float(1 - np.prod((count - order) / (2 * count - order))),
    }


METRICS.add(
    Metric(
        "precision_recall_density_coverage",
        "Precision, recall, density and coverage",
        precision_recall_density_coverage,
        needs="features",
        cost="slow",
        every_space=True,
        results=(
            Result("precision", "Precision", SHARE, better="higher", role="first"),
            Result("recall", "Recall", SHARE, better="higher", role="first"),
            Result("density", "Density", NON_NEGATIVE, better="higher", role="first"),
            Result("coverage", "Coverage", SHARE, better="higher", role="first"),
            Result("expected_coverage", "Coverage to expect of a perfect model", SHARE, role="yardstick"),
        ),
        example=(
            "real = np.array([[0], [1], [2], [3], [10], [11]])\n"
            "fake = np.array([[0.5], [1.5], [2.5], [2.6], [6], [20]])\n"
            "precision_recall_density_coverage(real, fake, k=1)"
        ),
    )
)
