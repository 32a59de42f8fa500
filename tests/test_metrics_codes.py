"""Encoders and discriminators against closed forms and numerical integrals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_digits

from genlab.metrics.codes import aggregated_posterior_gap, hole_map, linear_probe
from genlab.metrics.discriminators import discriminator_accuracy
from genlab.metrics.encoders import active_units, iwae_bound, kl_per_dimension, reconstruction_error

quick = settings(max_examples=20, deadline=None, derandomize=True)


@quick
@given(st.floats(-2, 2), st.floats(-3, 2))
def test_kl_as_the_integral(mean, log_variance):
    posterior, prior = stats.norm(mean, np.exp(log_variance / 2)), stats.norm()
    z = np.linspace(-40, 40, 8001)  # the trapezoidal rule is exact to rounding for such curves
    expected = np.trapezoid(posterior.pdf(z) * (posterior.logpdf(z) - prior.logpdf(z)), z)
    result = kl_per_dimension(np.full((3, 2), mean), np.full((3, 2), log_variance))
    np.testing.assert_allclose(result["kl"], expected, atol=1e-6)
    assert result["total"] == pytest.approx(2 * expected, abs=1e-6)


def test_posterior_collapse_has_no_kl_and_no_active_unit():
    assert kl_per_dimension(np.zeros((5, 4)), np.zeros((5, 4)))["total"] == 0
    mean = np.random.default_rng(0).normal(size=(1000, 4)) * [1, 0.2, 0.05, 0]  # variances 1, 0.04, 0.0025, 0
    result = active_units(mean)
    assert result["active"] == 2 and result["dimensions"] == 4
    assert result["is_active"].tolist() == [True, True, False, False]
    np.testing.assert_allclose(result["variance"], [1, 0.04, 0.0025, 0], rtol=0.15)


def test_iwae_of_a_gaussian_whose_likelihood_is_known():
    """x = z + noise with z and noise standard normal: ln p(x) = ln N(x; 0, 2). From the prior as q the ELBO is
    E ln N(x; z, 1) = -½ ln 2π - ½ (x² + 1); from the true posterior N(x/2, 1/2) every weight is p(x)."""
    random = np.random.default_rng(0)
    x = random.normal(0, np.sqrt(2), size=(300, 1))
    truth = stats.norm.logpdf(x, 0, np.sqrt(2)).mean()
    posterior = stats.norm(x / 2, np.sqrt(0.5))
    z = random.normal(x / 2, np.sqrt(0.5), size=(300, 10))
    exact = stats.norm.logpdf(z) + stats.norm.logpdf(x, z, 1) - posterior.logpdf(z)
    result = iwae_bound(exact)
    assert result["bound"] == pytest.approx(truth, abs=1e-9) == result["elbo"]
    assert result["samples"] == 10
    z = random.normal(size=(300, 2000))
    weights = stats.norm.logpdf(x, z, 1)
    assert iwae_bound(weights)["elbo"] == pytest.approx((-0.5 * np.log(2 * np.pi) - (x**2 + 1) / 2).mean(), abs=0.02)
    bounds = [iwae_bound(weights[:, :s])["bound"] for s in (1, 5, 50, 2000)]
    assert bounds == sorted(bounds)
    assert bounds[-1] == pytest.approx(truth, abs=0.02)


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 20), st.floats(-2000, 2000))
def test_iwae_of_weights_too_small_or_large_for_the_exponential(seed, count, samples, level):
    logs = np.random.default_rng(seed).normal(size=(count, samples))
    expected = np.log(np.exp(logs).mean(axis=1)).mean()
    result = iwae_bound(logs + level)
    assert result["bound"] == pytest.approx(expected + level, abs=1e-6)
    assert result["bound"] >= result["elbo"] - 1e-9


def test_reconstruction_error():
    x = np.arange(24.0).reshape(2, 3, 4, 1)
    y = x.copy()
    y[1] += 2
    result = reconstruction_error(x, y)
    assert result["each"].tolist() == [0, 48]
    assert result["summed"] == 24 and result["mean_squared"] == 2


def test_a_linear_probe_of_known_accuracy():
    """Two normal classes with means ±1 in one of three dimensions: the best line errs with Φ(-1)."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 20_000)
    codes = random.normal(size=(20_000, 3)) * [1, 100, 1] + np.outer(2 * labels - 1, [1, 0, 0])
    result = linear_probe(codes[:10_000], labels[:10_000], codes[10_000:], labels[10_000:])
    assert result["accuracy"] == pytest.approx(stats.norm.cdf(1), abs=0.01)
    assert result["chance"] == pytest.approx(0.5, abs=0.02)
    digits, names = load_digits(return_X_y=True)
    assert linear_probe(digits[:1000], names[:1000], digits[1000:], names[1000:])["accuracy"] > 0.9


def test_codes_that_fill_the_prior_and_codes_that_do_not():
    random = np.random.default_rng(0)
    prior, codes = random.normal(size=(2, 500, 2))
    full = aggregated_posterior_gap(codes, prior)
    assert full["p_value"] > 0.05
    np.testing.assert_allclose(full["mean"], 0, atol=0.15)
    np.testing.assert_allclose(full["deviation"], 1, atol=0.12)
    narrow = aggregated_posterior_gap(0.5 * codes + 1, prior)
    assert narrow["p_value"] == pytest.approx(1 / 201)
    np.testing.assert_allclose(narrow["deviation"], 0.5 * full["deviation"])
    assert narrow["discrepancy"] > full["discrepancy"]


def test_holes_of_the_prior():
    random = np.random.default_rng(0)
    results = [hole_map(random.normal(size=(300, 2))) for _ in range(100)]
    shares = [result["hole_share"] for result in results]
    # Each cell is empty with the probability (1 - mass)ⁿ.
    assert np.mean(shares) == pytest.approx(results[0]["chance"], abs=4 * np.std(shares) / 10)
    assert results[0]["mass"].sum() == pytest.approx((stats.norm.cdf(3) - stats.norm.cdf(-3)) ** 2)
    assert np.mean([result["outside"] for result in results]) == pytest.approx(1 - 0.9973**2, abs=0.001)
    # Half the plane empty is half the prior's mass in holes, and the map says which half.
    codes = random.normal(size=(200_000, 2))
    half = hole_map(codes[codes[:, 0] > 0])
    assert half["hole_share"] == pytest.approx(0.9973**2 / 2, abs=0.001)
    assert half["holes"][:6].all() and not half["holes"][6:].any()
    one = hole_map(np.full((10, 2), 0.1))
    assert (~one["holes"]).sum() == 1
    assert one["hole_share"] == pytest.approx(0.9973**2 - (stats.norm.cdf(0.5) - 0.5) ** 2, abs=1e-4)


def test_discriminator_accuracy():
    result = discriminator_accuracy(np.array([3.0, 1, -1, 2]), np.array([1.0, -1]), np.array([[-1.0], [0], [2], [-5]]))
    assert result == {
        "accuracy_train": 0.75,
        "accuracy_held_out": 0.5,
        "accuracy_fake": 0.625,  # two right, and half of the one that is undecided
    }
    undecided = discriminator_accuracy(np.zeros(3), np.zeros(2), np.zeros(5))
    assert set(undecided.values()) == {0.5}


def test_errors_of_maps_and_probes():
    x = np.random.default_rng(0).normal(size=(10, 3))
    with pytest.raises(ValueError, match="needs 2"):
        hole_map(x)
    with pytest.raises(ValueError, match="at least two"):
        linear_probe(x, np.zeros(10), x, np.zeros(10))
    with pytest.raises(ValueError, match="one label for each"):
        linear_probe(x, np.arange(9), x, np.zeros(10))
