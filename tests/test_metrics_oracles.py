"""Metrics, and the gradient one of them reads, against loops in plain words, scikit-learn, prdc and closed forms."""

from __future__ import annotations

import contextlib
import io
import math
import warnings

import numpy as np
import pytest
from helpers import KINDS, check, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import beta
from sklearn.metrics import accuracy_score, mean_squared_error

from genlab.metrics.codes import aggregated_posterior_gap
from genlab.metrics.copies import memorisation, nearest_distances
from genlab.metrics.discriminators import discriminator_accuracy, generator_gradient, score_gap
from genlab.metrics.distances import BANDWIDTHS
from genlab.metrics.encoders import reconstruction_error
from genlab.metrics.modes import assign_classes, mode_coverage
from genlab.metrics.neighbours import precision_recall_density_coverage

quick = settings(max_examples=8, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
@quick
@given(seed=seeds, k=st.sampled_from([1, 3]))
def test_precision_to_coverage_as_a_double_loop_and_without_ties_as_prdc(kind, seed, k):
    """prdc compares by < where the definition has <=: with equal distances it gives something else."""
    from prdc import compute_prdc

    random = np.random.default_rng(seed)
    real, fake = sets = [rows(kind, random, 6 if kind == "tiny" else 30) for _ in range(2)]
    radii = [[sorted(math.dist(x, y) for y in points)[k] for x in points] for points in sets]  # itself comes first
    near_real = [[math.dist(x, y) <= r for y in fake] for x, r in zip(real, radii[0])]
    near_fake = [[math.dist(x, y) <= r for y, r in zip(fake, radii[1])] for x in real]
    result = precision_recall_density_coverage(real, fake, k)
    expected = {
        "precision": np.mean([any(column) for column in zip(*near_real)]),
        "recall": np.mean([any(row) for row in near_fake]),
        "density": np.sum(near_real) / (k * len(fake)),
        "coverage": np.mean([any(row) for row in near_real]),
    }
    check(result, expected)
    if kind not in ("duplicated", "constant"):
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(result, compute_prdc(real, fake, k), rel=1e-6)


@every_kind
@quick
@given(seed=seeds, copies=st.sampled_from([0, 6, 15]))
def test_memorisation_as_a_double_loop(kind, seed, copies):
    """Of 31 distances the closest hundredth is the first, ⌈0.31⌉, and the closest twentieth the first two, ⌈1.55⌉. The
    p-value is the sum of the beta-binomial probabilities of as many close samples or more."""
    random = np.random.default_rng(seed)
    train, held_out, fake = (rows(kind, random, count) for count in (20, 31, 25))
    fake[:copies] = train[:copies]
    usual, got = ([min(math.dist(x, y) for y in train) for x in points] for points in (held_out, fake))
    close, closer = ([distance <= sorted(usual)[place] for distance in got] for place in (1, 0))
    r = sum(distance <= min(usual) for distance in usual)  # 1, or more where they are equal
    chances = [math.comb(25, i) * beta(r + i, 32 - r + 25 - i) / beta(r, 32 - r) for i in range(26)]
    expected = {
        "memorised": sum(closer) >= 2.5 and sum(chances[sum(closer) :]) <= 0.001,
        "share_within_1": np.mean(closer),
        "share_within_5": np.mean(close),
        "median_ratio": np.median(got) / np.median(usual) if np.median(usual) else None,
    }
    distances = [nearest_distances(train, points) for points in (held_out, fake)]
    check(memorisation(*distances), expected)
    check(dict(enumerate(distances)), {0: usual, 1: got})


def test_the_median_of_an_even_number_of_distances_is_midway_between_the_middle_two():
    assert memorisation(np.array([1.0, 3.0]), np.array([2.0]))["median_ratio"] == pytest.approx(1)


three_weights = st.lists(st.integers(0, 9), min_size=3, max_size=3).filter(any)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(three_weights, min_size=1), st.permutations([1, 2, 5]))
def test_class_coverage_as_counted_by_hand(weights, eighths):
    """Probabilities are weights over their sum, so that 9 of 10 is exactly sure enough."""
    counts = [sum(10 * row[label] >= 9 * sum(row) for row in weights) for label in range(3)]
    sure, shares = sum(counts), [each / 8 for each in eighths]
    among = [(count / sure, share) for count, share in zip(counts, shares) if sure]
    expected = {
        "captured": 3 - counts.count(0),
        "solid": sum(c > 0 and 40 * c >= eighth * len(weights) for c, eighth in zip(counts, eighths)),
        "on_mode_share": sure / len(weights),
        "share": np.divide(counts, len(weights)),
        "mode_tv": sum(abs(p - q) for p, q in among) / 2 if sure else None,
        "reverse_kl": sum(p * math.log(p / q) for p, q in among if p) if sure else None,
    }
    probabilities = np.array([np.divide(row, sum(row)) for row in weights])
    check(mode_coverage(assign_classes(probabilities), np.array(shares)), expected)


@every_kind
@quick
@given(seed=seeds)
def test_errors_accuracies_and_norms_as_scikit_learn_and_numpy_have_them(kind, seed):
    random = np.random.default_rng(seed)
    x, y = (rows(kind, random, 20) for _ in range(2))
    each = mean_squared_error(x.T, y.T, multioutput="raw_values") * x.shape[1]
    expected = {"mean_squared": mean_squared_error(x, y), "each": each, "summed": each.mean()}
    check(reconstruction_error(x, y), expected)
    logits = x[:9, 0], x[9:, 0], y[:, 0]
    truths = [[real] * len(each) for real, each in zip((True, True, False), logits)]
    right = [(accuracy_score(t, z > 0) + accuracy_score(t, z >= 0)) / 2 for t, z in zip(truths, logits)]
    result = discriminator_accuracy(*logits)
    check(result, dict(zip(("accuracy_train", "accuracy_held_out", "accuracy_fake"), right)))
    means = [np.mean(each) for each in logits]
    check(score_gap(*logits), {"fake_gap": means[0] - means[2], "held_out_gap": means[0] - means[1]})
    norms = np.linalg.norm(x, axis=1)
    check(generator_gradient(norms), {"norm": np.mean(norms), "least": np.min(norms)})


@every_kind
@quick
@given(seed=seeds)
def test_the_gap_between_codes_and_prior_as_a_double_loop(kind, seed):
    random = np.random.default_rng(seed)
    codes, prior = rows(kind, random, 7), rows(kind, random, 6)
    apart = [math.dist(x, y) for i, x in enumerate(prior) for y in prior[:i]]
    width = np.median(apart) or np.mean(apart) or 1

    def mean(a, b):
        pairs = [math.dist(x, y) for i, x in enumerate(a) for j, y in enumerate(b) if a is not b or i != j]
        return np.mean([sum(math.exp(-((d / (s * width)) ** 2) / 2) for s in BANDWIDTHS) for d in pairs])

    expected = mean(codes, codes) + mean(prior, prior) - 2 * mean(codes, prior)
    check(aggregated_posterior_gap(codes, prior), {"discrepancy": expected})


def test_the_norm_of_the_gradient_of_a_linear_loss(backend):
    """The mean of c x · w has the gradient c times the mean of x, over all the networks that the phase updates."""
    import keras

    from genlab.models.base import Phase

    x, labels = np.random.default_rng(0).normal(size=(50, 3)).astype("float32"), np.arange(50) % 3
    networks = {name: keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)]) for name in "ab"}

    def loss(x, labels):
        weighted = x * keras.ops.cast(labels, "float32")[:, None]
        return {"loss": keras.ops.mean(3 * networks["a"](weighted)) - keras.ops.mean(4 * networks["b"](weighted))}

    before = [network.get_weights()[0] for network in networks.values()]
    mean = np.linalg.norm((x * labels[:, None]).mean(axis=0))
    for updates, expected in ((("a",), 3 * mean), (("b",), 4 * mean), (("a", "b"), 5 * mean)):
        phase = Phase("linear", updates, loss, ("loss",), keras.optimizers.SGD())
        assert backend.gradient_norm(phase, networks, x, labels) == pytest.approx(expected, rel=1e-5)
    np.testing.assert_array_equal([network.get_weights()[0] for network in networks.values()], before)
