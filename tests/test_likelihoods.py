"""The evidence lower bound against the exact likelihood, where that is known: a linear VAE on Gaussian data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from genlab.datasets.base import Dataset, labelled
from genlab.registry import METRICS
from genlab.spec import make_spec

DIMENSIONS, LATENT = 5, 2


@dataclass(frozen=True)
class PrincipalComponents:
    """Probabilistic PCA at its greatest likelihood: Tipping and Bishop 1999, "Probabilistic Principal Component
    Analysis", equations 3 to 8. x = W z + b + noise of standard deviation `std`, and W' W is diagonal.

    Attributes:
        leading: (LATENT,) the largest eigenvalues of the covariance of the data.
        weights: (LATENT, DIMENSIONS) W transposed.
        log_likelihood: nats per example.
    """

    mean: np.ndarray
    leading: np.ndarray
    weights: np.ndarray
    std: float
    log_likelihood: float


def fit(x: np.ndarray) -> PrincipalComponents:
    x = x.astype("float64")
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    leading, variance = values[: -LATENT - 1 : -1], values[:-LATENT].mean()
    log_likelihood = -0.5 * (
        DIMENSIONS * np.log(2 * np.pi) + np.log(leading).sum() + (DIMENSIONS - LATENT) * np.log(variance) + DIMENSIONS
    )
    weights = (vectors[:, : -LATENT - 1 : -1] * np.sqrt(leading - variance)).T
    return PrincipalComponents(x.mean(axis=0), leading, weights, float(np.sqrt(variance)), float(log_likelihood))


@pytest.fixture(scope="module")
def gaussian() -> Dataset:
    """Points of one Gaussian with standard deviations 1.5, 1, 0.4, 0.3 and 0.2, turned at random."""
    random = np.random.default_rng(0)
    turn, _ = np.linalg.qr(random.normal(size=(DIMENSIONS, DIMENSIONS)))
    x = (random.normal(size=(4000, DIMENSIONS)) * [1.5, 1.0, 0.4, 0.3, 0.2]) @ turn + random.normal(size=DIMENSIONS)
    x, labels = x.astype("float32"), np.zeros(4000, int)
    return labelled("gaussian", x, labels, x[:100], labels[:100], ("all",))


def test_the_closed_form_is_the_likelihood_of_the_model_that_it_describes(gaussian: Dataset) -> None:
    from scipy import stats

    best = fit(gaussian.train)
    covariance = best.weights.T @ best.weights + best.std**2 * np.eye(DIMENSIONS)
    exact = stats.multivariate_normal(best.mean, covariance).logpdf(gaussian.train).mean()
    assert best.log_likelihood == pytest.approx(exact, abs=1e-4)


def test_at_the_optimum_of_ppca_the_bound_is_the_likelihood(gaussian: Dataset, backend) -> None:
    """W' W is diagonal there, and so is the covariance of the posterior, which a VAE can then state exactly: no gap."""
    from genlab.models import losses

    best = fit(gaussian.train)
    x = np.tile(gaussian.train, (25, 1))  # 25 draws of each example's latent
    inverse = np.diag(1 / best.leading)  # of W' W + std^2 I
    mean = (x - best.mean) @ best.weights.T @ inverse
    log_variance = np.tile(2 * np.log(best.std) - np.log(best.leading), (len(x), 1))
    latent = mean + np.exp(0.5 * log_variance) * np.random.default_rng(1).normal(size=mean.shape)
    decoded = latent @ best.weights + best.mean
    as_given = [array.astype("float32") for array in (x, decoded, np.full(x.shape, np.log(best.std)))]
    reconstruction = float(losses.gaussian_negative_log_likelihood(*as_given))
    kl = float(np.sum(losses.kl_per_dimension(mean.astype("float32"), log_variance.astype("float32"))))
    assert -(reconstruction + kl) == pytest.approx(best.log_likelihood, abs=0.01)
    assert kl == pytest.approx(0.5 * np.log(best.leading / best.std**2).sum(), rel=1e-4)


def test_a_trained_linear_vae_reaches_the_likelihood_of_ppca(
    gaussian: Dataset, backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything but the two networks is the VAE as it is: at its optimum the bound is tight (Lucas et al. 2019, "Don't
    Blame the ELBO!"), the noise is that of probabilistic PCA and the KL is half the sum of log(eigenvalue / noise^2).
    """
    import keras

    from genlab.models import networks
    from genlab.training.lane import Lane

    def linear(inputs: int, outputs: int, seed: int, name: str) -> keras.Model:
        dense = keras.layers.Dense(outputs, kernel_initializer=keras.initializers.GlorotUniform(seed))
        return keras.Sequential([keras.layers.Input((inputs,)), dense], name=name)

    monkeypatch.setattr(
        networks, "encoder", lambda shape, outputs, width, seed, name, **_: linear(shape[0], outputs, seed, name)
    )
    monkeypatch.setattr(
        networks, "decoder", lambda latent_dim, shape, width, seed, name, **_: linear(latent_dim, shape[0], seed, name)
    )
    settings = {"latent_dim": LATENT, "learning_rate": 1e-2, "batch_size": 256}
    spec = make_spec(lanes=[{"model": "vae", "settings": settings}])
    lane = Lane(0, spec.lanes[0], gaussian, 0, "cpu")
    lane.advance(4500)
    lane.change_settings({"learning_rate": 1e-3})
    lane.advance(1500)
    lane.change_settings({"learning_rate": 1e-4})
    measured = lane.advance(2000)

    best = fit(gaussian.train)
    assert -measured["vae/loss"] == pytest.approx(best.log_likelihood, abs=0.01)
    assert measured["vae/decoder_std"] == pytest.approx(best.std, rel=0.01)
    assert measured["vae/kl"] == pytest.approx(0.5 * np.log(best.leading / best.std**2).sum(), abs=0.03)
    assert measured["vae/loss"] == pytest.approx(measured["vae/reconstruction"] + measured["vae/kl"], abs=1e-4)

    # What the decoder spans is what the principal components span: every angle between the two planes is small.
    decoder = lane.model.networks["decoder"].get_weights()[0]
    spanned, principal = (np.linalg.qr(weights.T)[0] for weights in (decoder, best.weights))
    assert np.linalg.svd(spanned.T @ principal)[1].min() > np.cos(np.radians(3))


@pytest.mark.parametrize("dataset", ["digits", "ring8"])
def test_the_importance_weighted_bound_is_just_below_the_exact_likelihood(dataset: str, backend) -> None:
    """With one latent dimension ln p(x) = ln ∫ p(x | z) p(z) dz is a sum over a fine grid, for either likelihood."""
    from scipy.special import logsumexp

    from genlab.datasets import load_dataset
    from genlab.evaluation.measuring import measure
    from genlab.evaluation.networks import BINARY_SEED, NetworkEvaluator
    from genlab.observing.feature_spaces import FeatureSpace
    from genlab.training.lane import Lane

    data = load_dataset(dataset, {})
    settings = {"latent_dim": 1}
    lane = Lane(0, make_spec(dataset=dataset, lanes=[{"model": "vae", "settings": settings}]).lanes[0], data, 0, "cpu")
    lane.advance(200)
    network_evaluator = NetworkEvaluator(lane, data, FeatureSpace("any", "1", lambda x: x), count=100, seed=0)
    measures = measure(METRICS["iwae_bound"], network_evaluator.likelihood_weights())
    found = {measure.result: measure for measure in measures}

    x = network_evaluator.test
    if dataset == "digits":
        x = (np.random.default_rng(BINARY_SEED).random(x.shape) < x).astype("float32")
        assert set(np.unique(x)) == {0, 1} and abs(x.mean() - network_evaluator.test.mean()) < 0.01
    grid, step = np.linspace(-6, 6, 2401, retstep=True)
    labels = np.zeros(len(grid), "int32")
    latent = grid[:, None].astype("float32")
    of_prior = -(grid**2) / 2 - np.log(2 * np.pi) / 2 + np.log(step)
    exact = np.mean(
        [
            logsumexp(lane.log_likelihood(np.repeat(one[None], len(grid), axis=0), latent, labels) + of_prior)
            for one in x
        ]
    )
    bound, elbo = found["bound"].value, found["elbo"].value
    assert elbo < bound < exact + 0.05
    assert bound == pytest.approx(exact, abs=0.3)
    assert found["bound"].space == "S = 100" + (", pixels drawn black or white" if dataset == "digits" else "")


def test_the_bound_of_a_known_mixture_stands_beside_its_own_density(backend) -> None:
    """ring8 is eight Gaussians far apart: its density at its own points is ln(1/8) - 1 - ln(2π std²), on average."""
    from genlab.datasets import load_dataset
    from genlab.evaluation.measuring import measure
    from genlab.evaluation.networks import NetworkEvaluator
    from genlab.observing.feature_spaces import FeatureSpace
    from genlab.training.lane import Lane

    data = load_dataset("ring8", {})
    lane = Lane(0, make_spec(lanes=[{"model": "vae"}]).lanes[0], data, 0, "cpu")
    lane.advance(1)
    evaluator = NetworkEvaluator(lane, data, FeatureSpace("any", "1", lambda x: x), count=10_000, seed=0)
    found = measure(METRICS["iwae_bound"], evaluator.likelihood_weights())
    exact = np.log(1 / 8) - 1 - np.log(2 * np.pi * 0.05**2)
    assert [measure.real_reference for measure in found if measure.better] == [pytest.approx(exact, abs=0.15)] * 2
    assert all(measure.value < measure.real_reference for measure in found if measure.better)
