"""Distances against closed forms, against POT and scikit-learn, and against what must not change them."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel

from genlab.metrics.distances import (
    BANDWIDTHS,
    frechet_distance,
    kernel_distance,
    maximum_mean_discrepancy,
    sliced_wasserstein,
)

for library in ("TENSORFLOW", "PYTORCH", "JAX", "CUPY"):
    os.environ[f"POT_BACKEND_DISABLE_{library}"] = "1"  # POT would import each that is installed
import ot  # noqa: E402

EACH = (frechet_distance, kernel_distance, maximum_mean_discrepancy, sliced_wasserstein)
quick = settings(max_examples=25, deadline=None, derandomize=True)


@st.composite
def two_sets(draw, kinds=("random", "clustered", "duplicated", "constant"), sizes=(2, 3, 40)):
    """Random, clustered, duplicated, constant, wide and tiny sets of one size and width."""
    kind = draw(st.sampled_from(kinds))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, width = draw(st.sampled_from(sizes)), draw(st.sampled_from([1, 2, 5, 64]))
    sets = random.normal(size=(2, count, width))
    if kind == "clustered":
        sets = 0.01 * sets + 3 * random.integers(0, 3, (2, count, 1))
    elif kind == "duplicated":
        sets = np.round(sets)[:, random.integers(0, 2, count)]
    elif kind == "constant":
        sets = np.stack([np.full((count, width), 0.1), np.full((count, width), 0.3)])
    return sets


def with_moments(count: int, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Points whose own mean and covariance are exactly the given ones."""
    x = np.random.default_rng(len(mean)).normal(size=(count, len(mean)))
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T).reshape(len(mean), -1))).T
    return x @ np.linalg.cholesky(covariance).T + mean


@pytest.mark.parametrize("width", [1, 2, 8])
def test_frechet_distance_of_gaussians_with_commuting_covariances(width):
    """Σ (μ₁ - μ₂)² + (s₁ - s₂)² where both covariances are diagonal."""
    means = np.arange(width), np.arange(width) + 0.5
    deviations = 1 + np.arange(width) / 4, np.full(width, 2.0)
    sets = [with_moments(50, mean, np.diag(s**2)) for mean, s in zip(means, deviations)]
    result = frechet_distance(*sets)
    assert result["of_means"] == pytest.approx(0.25 * width, rel=1e-9)
    assert result["of_covariances"] == pytest.approx(((deviations[0] - deviations[1]) ** 2).sum(), rel=1e-9)
    assert result["distance"] == pytest.approx(result["of_means"] + result["of_covariances"])


def test_frechet_distance_of_a_turned_ellipse():
    """tr(A + B) - 2 tr √(√A B √A) for A = diag(4, 1) and the same turned by 45 degrees: det = 4, so in the plane
    tr √M = √(tr M + 2 √det M) with tr AB = 12.5 and √det AB = 4."""
    turned = np.array([[2.5, 1.5], [1.5, 2.5]])
    sets = with_moments(30, np.zeros(2), np.diag([4.0, 1.0])), with_moments(40, np.zeros(2), turned)
    assert frechet_distance(*sets)["distance"] == pytest.approx(10 - 2 * np.sqrt(12.5 + 8), rel=1e-9)


@quick
@given(two_sets(kinds=("random", "clustered"), sizes=(80,)))
def test_frechet_distance_as_pot(sets):
    covariances = [np.cov(x.T).reshape(x.shape[1], -1) for x in sets]
    # POT takes the root of the eigenvalues of a product: where that is near singular it is off by more than 1e-6.
    assume(max(np.linalg.cond(c) for c in covariances) < 1e6)
    means = [x.mean(axis=0) for x in sets]
    expected = ot.gaussian.bures_wasserstein_distance(*means, *covariances) ** 2
    assert frechet_distance(*sets)["distance"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


@quick
@given(two_sets())
def test_frechet_distance_of_singular_covariances_as_by_eigenvalues(sets):
    """tr √(C₁ C₂) is the sum of the roots of the eigenvalues of √C₁ C₂ √C₁."""
    first, second = (np.cov(x.T).reshape(x.shape[1], -1) for x in sets)
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    gap = ((sets[0].mean(axis=0) - sets[1].mean(axis=0)) ** 2).sum()
    expected = gap + np.trace(first) + np.trace(second) - 2 * cross
    assert frechet_distance(*sets)["distance"] == pytest.approx(expected, abs=2e-6 * max(1, np.trace(first)))


@quick
@given(two_sets())
def test_identical_sets_are_no_distance_apart(sets):
    assert frechet_distance(sets[0], sets[0])["distance"] == pytest.approx(0, abs=1e-10)
    assert sliced_wasserstein(sets[0], sets[0])["distance"] == 0
    # An unbiased estimate counts each example's kernel with itself between the sets but not within them.
    assert kernel_distance(sets[0], sets[0])["distance"] <= 1e-9
    assert maximum_mean_discrepancy(sets[0], sets[0])["discrepancy"] <= 1e-12


def test_frechet_distance_cannot_see_lost_modes_that_keep_the_moments():
    angles = 2 * np.pi * np.arange(8) / 8
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rows = np.repeat(ring, 500, axis=0), np.repeat(ring[::2], 1000, axis=0)
    assert frechet_distance(*rows)["distance"] == pytest.approx(0, abs=1e-6)
    assert sliced_wasserstein(*rows)["distance"] > 0.1


@quick
@given(two_sets())
def test_kernel_distance_as_the_cubic_kernel_of_scikit_learn(sets):
    x, y = sets
    n = len(x)
    own = [polynomial_kernel(a, degree=3, gamma=1 / a.shape[1], coef0=1) for a in (x, y)]
    between = polynomial_kernel(x, y, degree=3, gamma=1 / x.shape[1], coef0=1).mean()
    expected = sum((k.sum() - np.trace(k)) / (n * (n - 1)) for k in own) - 2 * between
    result = kernel_distance(x, y)
    assert result["distance"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_kernel_distance_is_unbiased():
    """In one dimension E (xy + 1)³ = 1 + 3 E x E y + 3 E x² E y² + E x³ E y³; the moments of N(0, 1) are 0, 1, 0, those
    of N(1, 1) are 1, 2, 4."""

    def expected(first, second):
        return 1 + sum(c * first[i] * second[i] for i, c in enumerate((3, 3, 1)))

    standard, shifted = (0, 1, 0), (1, 2, 4)
    truth = expected(standard, standard) + expected(shifted, shifted) - 2 * expected(standard, shifted)
    random = np.random.default_rng(0)
    values = [
        kernel_distance(random.normal(size=(200, 1)), random.normal(1, 1, size=(200, 1)))["distance"]
        for _ in range(300)
    ]
    assert np.mean(values) == pytest.approx(truth, abs=4 * np.std(values) / np.sqrt(300))


@quick
@given(two_sets())
def test_discrepancy_as_the_kernels_of_scikit_learn(sets):
    x, y = sets
    n, width = len(x), maximum_mean_discrepancy(*sets, permutations=1)["bandwidth"]
    i, j = np.triu_indices(n, 1)
    distances = np.linalg.norm(x[i] - x[j], axis=1)
    assert width == pytest.approx(np.median(distances) or distances.mean() or 1)

    def kernel(a, b):
        return sum(rbf_kernel(a, b, gamma=1 / (2 * (factor * width) ** 2)) for factor in BANDWIDTHS)

    own = sum((kernel(a, a).sum() - np.trace(kernel(a, a))) / (n * (n - 1)) for a in (x, y))
    expected = own - 2 * kernel(x, y).mean()
    assert maximum_mean_discrepancy(x, y)["discrepancy"] == pytest.approx(expected, abs=1e-6)


def test_the_p_value_is_uniform_without_a_difference_and_small_with_one():
    random = np.random.default_rng(0)
    values = [
        maximum_mean_discrepancy(*random.normal(size=(2, 30, 2)), permutations=99, seed=i)["p_value"]
        for i in range(100)
    ]
    assert np.mean(values) == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / 100))
    assert np.mean(np.array(values) <= 0.1) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 100))
    apart = maximum_mean_discrepancy(random.normal(size=(200, 2)), random.normal(0.5, 1, size=(100, 2)))
    assert apart["p_value"] == pytest.approx(1 / 201)
    equal = maximum_mean_discrepancy(np.ones((10, 3)), np.ones((7, 3)))
    assert equal["discrepancy"] == pytest.approx(0, abs=1e-12) and equal["p_value"] == 1


@quick
@given(two_sets(sizes=(1, 2, 40)), st.integers(0, 1000))
def test_sliced_wasserstein_as_pot_along_the_same_directions(sets, seed):
    directions = np.random.default_rng(seed).normal(size=(sets.shape[2], 50))
    directions /= np.linalg.norm(directions, axis=0)
    expected = ot.sliced_wasserstein_distance(*sets, projections=directions)
    assert sliced_wasserstein(*sets, seed=seed, projections=50)["distance"] == pytest.approx(expected, abs=1e-6)


def test_sliced_wasserstein_of_known_distance():
    random = np.random.default_rng(0)
    x = random.normal(size=(500, 1))
    # In one dimension it is the Wasserstein distance: a shift by 2; and N(0, 1) to three times itself, 2 √(mean of x²).
    assert sliced_wasserstein(x, random.permutation(x) + 2)["distance"] == pytest.approx(2, rel=1e-12)
    assert sliced_wasserstein(x, 3 * x)["distance"] == pytest.approx(2 * np.sqrt((x**2).mean()), rel=1e-12)
    # A shift by v in d dimensions has |v| / √d, the root of the mean of (v · θ)².
    y = random.normal(size=(300, 10))
    far = sliced_wasserstein(y, y + 2, projections=20_000)["distance"]
    assert far == pytest.approx(2, rel=0.02)


def test_the_seed_fixes_the_value():
    sets = np.random.default_rng(0).normal(size=(2, 100, 5))
    assert sliced_wasserstein(*sets, seed=3) == sliced_wasserstein(*sets, seed=3) != sliced_wasserstein(*sets, seed=4)
    many = np.random.default_rng(0).normal(size=(2, 300, 2))
    assert maximum_mean_discrepancy(*many) == maximum_mean_discrepancy(*many)


@pytest.mark.parametrize("function", EACH)
def test_one_collapsed_point_is_far_from_data_and_finite(function):
    x = np.random.default_rng(0).normal(size=(200, 3))
    point = np.repeat(x[:1], 200, axis=0)
    name = "discrepancy" if function is maximum_mean_discrepancy else "distance"
    assert np.isfinite(function(x, point)[name])
    assert function(x, point)[name] > function(x[:100], x[100:])[name]


def test_frechet_distance_of_a_collapsed_point_is_its_distance_and_the_trace():
    x = np.random.default_rng(0).normal(size=(200, 3))
    point = np.repeat([[1.0, 2.0, 3.0]], 50, axis=0)
    expected = ((x.mean(axis=0) - point[0]) ** 2).sum() + np.trace(np.cov(x.T))
    assert frechet_distance(x, point)["distance"] == pytest.approx(expected)
