"""Copies: samples that repeat each other (the birthday test) and those that repeat the training set (memorisation)."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import NON_NEGATIVE, SHARE, Metric, Result, examples, pair
from genlab.metrics.neighbours import Distances, below, nearest, radii
from genlab.registry import METRICS

MEMORISED = 0.1  # share of the samples among the closest hundredth, ten times what a perfect model has
BY_CHANCE = 1e-3  # probability below which that many are no chance


def close_pairs(points: np.ndarray, limit: float, shown: int) -> tuple[int, np.ndarray, np.ndarray]:
    """How many pairs of points, (n, d), are within the squared distance `limit`, and the closest few, nearest first."""
    count, indices, lengths = 0, np.empty((0, 2), dtype=int), np.empty(0)
    distances = Distances(points, points)
    for start, block in distances.blocks():
        rows = start + np.arange(len(block))
        block[np.arange(len(points)) <= rows[:, None]] = np.inf  # each pair once
        sure = block < distances.surely(rows, limit)[:, None].astype(block.dtype)
        i, j = below(np.where(sure, np.inf, block), limit)
        count += int(np.count_nonzero(sure) + (distances.exact(i + start, j) <= limit).sum())
        few = min(shown, block.size)
        closest = np.argpartition(block, few - 1, axis=None)[:few]
        i, j = np.unravel_index(closest[np.isfinite(block.ravel()[closest])], block.shape)
        indices = np.concatenate([indices, np.stack([i + start, j], axis=1)])
        lengths = np.concatenate([lengths, distances.exact(i + start, j)])
        best = np.argsort(lengths, kind="stable")[:shown]
        indices, lengths = indices[best], lengths[best]
    return count, indices, np.sqrt(lengths)


def nearest_pairs(real: np.ndarray, fake: np.ndarray, shown: int = 10) -> dict[str, Any]:
    """How many different samples can the model make? The birthday test, on real (n, d) and fake (n, d), in one space.

    Two samples are taken for the same if they are as close as the closest hundredth of the real examples are to their
    nearest real neighbours. If s samples hold c such pairs, the model makes about s (s - 1) / (2 c) different ones, as
    with birthdays. Unchanged by rotation and translation; distances are in the units of the features.

    Source: Arora and Zhang 2017, "Do GANs Actually Learn the Distribution? An Empirical Study". There a person looks at
    the closest pairs: look at `closest` too. The threshold from real data is ours.

    Failure modes: real data itself gets about 100 n or less, `real_support`, and a model cannot be seen to do better
    than that. The estimate assumes that all samples are equally likely, so it is low for a model that repeats a few.

    Returns:
        pairs: pairs of samples within the threshold.
        estimated_support: how many different samples; where no pair is found, what one pair would give, as a lower
            bound.
        real_pairs: pairs of real examples within the threshold.
        real_support: the same estimate from the real examples.
        threshold: the distance within which two samples are taken for the same.
        closest: (shown, 2) indices of the closest pairs of samples, nearest first.
        distances: (shown,) how far apart they are.

    One collapsed point has a support of 1. Sizes that differ, fewer than 2 examples, none, or NaN are a ValueError.
    """
    real, fake = pair(real, fake, least=2, equal=True)
    limit = float(np.quantile(radii(real, 1), 0.01, method="inverted_cdf"))
    everything = len(fake) * (len(fake) - 1) / 2
    pairs, closest, distances = close_pairs(fake, limit, shown)
    real_pairs = close_pairs(real, limit, 1)[0]
    return {
        "pairs": pairs,
        "estimated_support": everything / max(pairs, 1),
        "real_pairs": real_pairs,
        "real_support": everything / max(real_pairs, 1),
        "threshold": float(np.sqrt(limit)),
        "closest": closest,
        "distances": distances,
    }


def nearest_distances(train: np.ndarray, examples: np.ndarray, name: str = "fake") -> np.ndarray:
    """Distance of each example, (n, d), from the training example, (m, d), that is nearest to it: (n,)."""
    train, examples = pair(train, examples, ("training", name))
    return np.sqrt(nearest(examples, train)[0])


def memorisation(held_out_distances: np.ndarray, fake_distances: np.ndarray) -> dict[str, Any]:
    """Does the model repeat its training set? From how far held-out examples, (h,), and samples, (m,), are from the
    nearest training example, in one space: see `nearest_distances`.

    Held-out examples copy nobody: a perfect model has one hundredth of its samples within the closest hundredth of
    those.

    Source: the comparison is that of Meehan, Chaudhuri and Dasgupta 2020, "A Non-Parametric Test to Detect Data-Copying
    in Generative Models"; thresholds at percentiles are ours.

    Failure modes: a model that makes only the commonest or the blurriest examples is nearer to the training set than
    held-out data is, without copying: hence the bar at ten times the expected share. In pixel space a copy that is
    shifted is far away. Of fewer than 100 held-out examples the closest one stands for the closest hundredth.

    Returns:
        memorised: whether at least 10 % of the samples are within the closest hundredth and p is at most 0.001.
        p_value: how probable that many are for a perfect model, given how few held-out examples tell what is close:
            beta-binomial, since with r of h distances within the limit a sample is within it with a probability that is
            Beta(r, h + 1 - r). Where data repeats itself r is more than a hundredth of h, and copies are no wonder.
        share_within_1: share of the samples no farther from the training set than the closest 1 % of held-out examples;
            0.01 for a perfect model.
        share_within_5: the same with the closest 5 %; 0.05 for a perfect model.
        median_ratio: median distance of the samples, divided by that of the held-out examples; 1 for a perfect model;
            None where the latter is 0.

    One collapsed point is memorised if it lies on a training example. Sizes may differ. ValueError without examples or
    with NaN.
    """
    from scipy.stats import betabinom

    held_out, fake = (
        examples(distances, name).ravel()
        for distances, name in ((held_out_distances, "held-out"), (fake_distances, "fake"))
    )
    closest = np.quantile(held_out, [0.01, 0.05], method="inverted_cdf")
    within_1, within_5 = ((fake <= limit).mean() for limit in closest)
    usual = float(np.median(held_out))
    rank, count = int((held_out <= closest[0]).sum()), len(fake)
    p_value = float(betabinom.sf(round(within_1 * count) - 1, count, rank, len(held_out) + 1 - rank))
    return {
        "memorised": bool(within_1 >= MEMORISED and p_value <= BY_CHANCE),
        "p_value": p_value,
        "share_within_1": float(within_1),
        "share_within_5": float(within_5),
        "median_ratio": float(np.median(fake)) / usual if usual else None,
    }


METRICS.add(
    Metric(
        "nearest_pairs",
        "Birthday test",
        nearest_pairs,
        needs="features",
        cost="slow",
        results=(
            Result("pairs", "Birthday test: pairs of samples alike", NON_NEGATIVE, better="lower", interval=False),
            Result(
                "estimated_support",
                "Birthday test: different samples, estimated",
                (1, np.inf),
                role="first",
                interval=False,
            ),
            Result("real_pairs", "Birthday test: pairs of real examples alike", NON_NEGATIVE, role="yardstick"),
            Result("real_support", "Birthday test: different real examples, estimated", (1, np.inf), role="yardstick"),
            Result("threshold", "Birthday test: distance within which two are alike", NON_NEGATIVE, role="yardstick"),
        ),
        example=(
            "real = np.array([[0], [1], [3], [6]])\n"
            "fake = np.array([[0], [0.5], [9], [20]])\n"
            "nearest_pairs(real, fake, shown=2)"
        ),
    )
)
METRICS.add(
    Metric(
        "memorisation",
        "Memorisation",
        memorisation,
        needs="training distances",
        cost="slow",
        results=(
            Result("memorised", "Memorisation: yes (1) or no (0)", SHARE, better="lower", interval=False),
            Result("p_value", "Memorisation: p-value", SHARE, better="higher", interval=False),
            Result("share_within_1", "Memorisation: share within the closest 1 %", SHARE, better="lower", role="first"),
            Result("share_within_5", "Memorisation: share within the closest 5 %", SHARE, better="lower"),
            Result("median_ratio", "Memorisation: median distance, divided by that of held-out data", NON_NEGATIVE),
        ),
        example=(
            "train = np.arange(10)[:, None]\n"
            "fake = np.array([[0], [1], [2], [3], [4], [5.5]])\n"
            "memorisation(nearest_distances(train, train + 0.5), nearest_distances(train, fake))"
        ),
    )
)
