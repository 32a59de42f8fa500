"""Each loss against a closed form or SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats


@pytest.fixture(scope="module")
def losses(backend):
    from genlab.models import losses

    return losses


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype="float32")[:, None]


def test_a_discriminator_that_cannot_tell_pays_two_ln_2(losses) -> None:
    assert float(losses.discriminator_loss(column(0, 0), column(0, 0))) == pytest.approx(2 * np.log(2), rel=1e-6)


def test_adversarial_losses_are_minus_the_logarithm_of_the_probability(losses) -> None:
    real, fake = column(2.0, -1.0), column(0.5, 3.0)

    def sigmoid(logits: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-logits.astype("float64")))

    expected = -np.log(sigmoid(real)).mean() - np.log(1 - sigmoid(fake)).mean()
    assert float(losses.discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-6)
    assert float(losses.non_saturating_loss(fake)) == pytest.approx(-np.log(sigmoid(fake)).mean(), rel=1e-6)


def test_adversarial_losses_stay_finite_where_a_probability_rounds_to_zero(losses) -> None:
    assert float(losses.non_saturating_loss(column(-200.0))) == pytest.approx(200.0)
    assert float(losses.discriminator_loss(column(-200.0), column(200.0))) == pytest.approx(400.0)


def test_kl_is_the_closed_form_for_two_gaussians(losses) -> None:
    mean, std = np.array([[0.0, 1.5]], "float32"), np.array([[1.0, 0.5]], "float32")
    kl = np.asarray(losses.kl_per_dimension(mean, 2 * np.log(std)))
    expected = [0.0, np.log(1 / 0.5) + (0.5**2 + 1.5**2) / 2 - 0.5]  # ln(s2/s1) + (s1^2 + (m1-m2)^2) / 2 s2^2 - 1/2
    np.testing.assert_allclose(kl, expected, rtol=1e-6, atol=1e-7)


def test_gaussian_likelihood_is_scipys(losses) -> None:
    random = np.random.default_rng(0)
    x, mean = random.normal(size=(2, 7, 3)).astype("float32")
    got = float(losses.gaussian_negative_log_likelihood(x, mean, np.full_like(mean, np.log(0.3))))
    expected = -stats.norm(mean, 0.3).logpdf(x).sum(axis=1).mean()
    assert got == pytest.approx(expected, rel=1e-5)


def test_bernoulli_likelihood_is_scipys_on_black_and_white(losses) -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 2, (5, 4, 4, 1)).astype("float32")
    logits = random.normal(size=x.shape).astype("float32")
    got = float(losses.bernoulli_negative_log_likelihood(x, logits))
    expected = -stats.bernoulli(1 / (1 + np.exp(-logits.astype("float64")))).logpmf(x).sum(axis=(1, 2, 3)).mean()
    assert got == pytest.approx(expected, rel=1e-5)
