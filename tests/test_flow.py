"""Flow matching: its integration and density against closed forms, and against the known density of data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from genlab.datasets import load_dataset
from genlab.figures.base import draw, lane_views
from genlab.metrics.modes import WITHIN, assign_modes, mixture_log_density, mode_coverage
from genlab.models.flow import heun_times
from genlab.registry import FIGURES
from genlab.runs import Store
from genlab.runs.memory import estimate_memory
from genlab.runs.view import RunReader
from genlab.spec import make_spec

TURN = np.array([[0.5, -1.2], [0.7, -0.3]], "float32")
NONE = np.zeros(500, "int32")


def lane_of(dataset: str, dataset_settings: dict[str, Any], **settings: Any) -> Any:
    from genlab.training.lane import Lane

    spec = make_spec(
        dataset=dataset, dataset_settings=dataset_settings, lanes=[{"model": "flow", "settings": settings}]
    )
    return Lane(0, spec.lanes[0], load_dataset(dataset, spec.dataset_settings), 0, "cpu")


@pytest.fixture
def linear(backend, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A flow whose velocity is A x at any time: it takes a draw z of the prior to exp(A) z."""
    import keras

    from genlab.models import flow, networks

    def velocity(shape: tuple[int, ...], *_: Any, **__: Any) -> Any:
        x, time = keras.layers.Input(shape), keras.layers.Input((1,))
        dense = keras.layers.Dense(2, use_bias=False, kernel_initializer=keras.initializers.Constant(TURN.T))
        return keras.Model([x, time], dense(x))

    monkeypatch.setattr(networks, "velocity", velocity)
    monkeypatch.setattr(flow, "gaussian_velocity", lambda x, *_: 0.0 * x)
    return lambda steps: lane_of("ring8", {}, integration_steps=steps)


def test_samples_codes_and_densities_of_a_linear_flow_are_those_of_its_closed_form(linear: Any) -> None:
    from scipy.linalg import expm

    lane, carried = linear(20), expm(TURN.astype(float))
    latent = np.random.default_rng(0).normal(size=(500, 2)).astype("float32")
    samples = lane.sample(latent, NONE)
    np.testing.assert_allclose(samples, latent @ carried.T, atol=2e-3)
    np.testing.assert_allclose(lane.encode(samples, NONE)[0], latent, atol=2e-3)
    exact = stats.multivariate_normal(cov=carried @ carried.T).logpdf(samples)
    np.testing.assert_allclose(lane.log_density(samples, NONE), exact, atol=0.01)


def test_the_error_falls_with_the_square_of_the_steps_as_heuns_does(linear: Any) -> None:
    from scipy.linalg import expm

    latent = np.random.default_rng(0).normal(size=(500, 2)).astype("float32")
    errors = [np.abs(linear(n).sample(latent, NONE) - latent @ expm(TURN.astype(float)).T).max() for n in (2, 4, 8)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.4) and errors[1] / errors[2] == pytest.approx(4, rel=0.3)


@pytest.fixture
def no_network(backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network of a flow says 0."""
    import keras

    from genlab.models import networks

    def nothing(shape: tuple[int, ...], *_: Any, **__: Any) -> Any:
        x, time = keras.layers.Input(shape), keras.layers.Input((1,))
        zero = keras.initializers.Constant(0.0)
        return keras.Model([x, time], keras.layers.Dense(2, use_bias=False, kernel_initializer=zero)(x))

    monkeypatch.setattr(networks, "velocity", nothing)


def test_without_its_network_a_flow_makes_a_gaussian_of_the_datas_mean_and_variance(no_network: None) -> None:
    """The lines from N(0, I) to N(m, s^2 I) take z to m + s z."""
    train = load_dataset("unbalanced", {}).train
    latent = np.random.default_rng(0).normal(size=(500, 2)).astype("float32")
    made = lane_of("unbalanced", {}, integration_steps=50).sample(latent, NONE)
    expected = train.mean(axis=0) + np.sqrt(train.var(axis=0).mean()) * latent
    np.testing.assert_allclose(made, expected, atol=5e-3)


def test_with_the_true_velocity_of_a_mixture_likelihoods_and_samples_are_those_of_the_mixture(
    no_network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of Gaussians N(m, s^2 I) it is their mean of m + c (x - t m), weighted by how likely x is of each at time t."""
    from keras import ops

    from genlab.models import flow

    dataset = load_dataset("ring8", {})
    modes, x = dataset.modes, dataset.test[:1000]
    centres, square = modes.centres.astype("float32"), modes.std**2

    def true_velocity(x: Any, time: Any, *_: Any) -> Any:
        variance = time**2 * square + (1 - time) ** 2
        away = x[:, None] - time[:, None] * centres
        shares = ops.softmax(-ops.sum(away**2, axis=-1) / (2 * variance), axis=-1)
        slope = (time * square - (1 - time)) / variance
        return ops.sum(shares[..., None] * (centres + slope[:, None] * away), axis=1)

    monkeypatch.setattr(flow, "gaussian_velocity", true_velocity)
    lane = lane_of("ring8", {})
    exact = mixture_log_density(x, modes.centres, modes.std, modes.shares)
    np.testing.assert_allclose(lane.log_density(x, np.zeros(len(x), "int32")), exact, atol=0.02)
    latent = np.random.default_rng(0).normal(size=(2000, 2)).astype("float32")
    made = lane.sample(latent, np.zeros(2000, "int32"))
    covered = mode_coverage(assign_modes(made, modes.centres, modes.std), modes.shares)
    assert covered["solid"] == 8 and covered["on_mode_share"] == pytest.approx(WITHIN, abs=0.005)


@pytest.mark.parametrize("noise, steps", [(0.05, 5000), (0.2, 3000)])
def test_a_trained_flow_says_the_likelihood_of_a_known_density_within_5_hundredths_of_a_nat(
    noise: float, steps: int, backend
) -> None:
    """On eight Gaussians far apart, and on eight that overlap a little; the data's own density is the most there can
    be.
    """
    lane = lane_of("ring8", {"noise": noise})
    lane.advance(steps, steps)
    dataset = load_dataset("ring8", {"noise": noise})
    modes, x = dataset.modes, dataset.test[:1000]
    said = lane.log_density(x, np.zeros(len(x), "int32"))
    exact = mixture_log_density(x, modes.centres, modes.std, modes.shares)
    assert said.mean() == pytest.approx(exact.mean(), abs=0.05)
    assert np.corrcoef(said, exact)[0, 1] > 0.95, "and of each point, not on average alone"
    # The mean of p / q over draws of q is the mass of p: q is the ring a little wider, and a square all around.
    random, reach = np.random.default_rng(1), 2.5
    wide = modes.centres[random.integers(0, 8, 2400)] + 1.5 * noise * random.normal(size=(2400, 2))
    drawn = np.concatenate([wide, random.uniform(-reach, reach, (600, 2))]).astype("float32")
    proposed = (
        0.8 * np.exp(mixture_log_density(drawn, modes.centres, 1.5 * noise, modes.shares)) + 0.2 / (2 * reach) ** 2
    )
    mass = np.exp(lane.log_density(drawn, np.zeros(len(drawn), "int32"))) / proposed
    assert mass.mean() == pytest.approx(1, abs=0.04), "it is a density"

    again = lane.reconstruct(x, np.zeros(len(x), "int32"))
    assert np.abs(again - x).mean() < 0.02, "back and forth"
    # All lines start at z whatever their end, so the first velocity is E[x] - z, towards the middle of the ring.
    latent = lane.model.draw_prior(np.random.default_rng(0), 500)
    paths = lane.paths(latent, NONE)
    velocity = (paths[:, 1] - paths[:, 0]) / heun_times(1 / 20)
    np.testing.assert_allclose(velocity.mean(axis=0), -latent.mean(axis=0), atol=0.05)
    assert (velocity * latent).sum() / (latent**2).sum() == pytest.approx(-1, abs=0.08)


@pytest.mark.parametrize(
    "dataset, shape", [("ring8", (100, 9, 2)), ("digits", (8, 9, 8, 8, 1)), ("wine", (100, 9, 13))]
)
def test_a_run_keeps_paths_that_end_at_its_samples_and_draws_them(
    dataset: str, shape: tuple[int, ...], session_store: Store, backend
) -> None:
    from genlab.training.recorder import record

    lanes = [{"model": "flow", "settings": {"width": 8}}]
    run = session_store.create(make_spec(dataset=dataset, lanes=lanes, budget=4))
    assert estimate_memory(run.spec()) > 0
    list(record(run, session_store))
    (lane,) = lane_views(RunReader(run).read())
    paths = lane.arrays["paths"]
    assert paths.shape == shape
    np.testing.assert_allclose(paths[:, -1], lane.arrays["samples"][: len(paths)], atol=1e-6)
    for name in ("paths", "latent"):
        assert draw(FIGURES[name], [lane]).data
    if dataset == "ring8":
        lines = draw(FIGURES["paths"], [lane]).data[1]
        np.testing.assert_allclose(lines.x[:2], paths[0, :2, 0])
