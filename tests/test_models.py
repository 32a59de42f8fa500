"""The contract of every model: trained for a few real steps on every kind of data."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from genlab.registry import MODELS
from genlab.runs import Store
from genlab.runs.history import History
from genlab.spec import live_names, make_spec

KINDS = {"points": "ring8", "images": "digits"}
EVERY = [(model, dataset) for model in MODELS for dataset in KINDS.values()]


@pytest.fixture(scope="module")
def make_lane(backend):
    """A compiled lane of a model on a data set."""
    from genlab.datasets import load_dataset
    from genlab.training.lane import Lane

    def make(model: str, dataset: str, seed: int = 0, **settings):
        spec = make_spec(dataset=dataset, lanes=[{"model": model, "settings": settings}])
        return Lane(0, spec.lanes[0], load_dataset(dataset, spec.dataset_settings), seed, "cpu")

    return make


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_says_what_it_is(model: str) -> None:
    family = MODELS[model]
    assert family.title and family.curves
    assert any(year in family.build.__doc__ for year in map(str, range(1980, 2030))), "the docstring names the paper"
    for name in live_names(family.settings):
        assert isinstance(family.settings.model_fields[name].default, int | float)
    for kind in KINDS:
        assert family.resolve({}, kind), "every preset is within the bounds of its settings"


@pytest.mark.parametrize("model, dataset", EVERY)
def test_a_few_steps_give_finite_losses_and_samples_of_the_right_shape(model: str, dataset: str, make_lane) -> None:
    lane = make_lane(model, dataset)
    losses = lane.advance(3)
    assert all(np.isfinite(value) for value in losses.values())
    assert set(lane.family.curves.values()) <= set(losses), "a curve is drawn of a number that is recorded"
    assert (lane.step, lane.examples) == (3, 3 * lane.settings.batch_size)
    latent = lane.model.draw_prior(np.random.default_rng(0), 5)
    assert latent.shape == (5, lane.model.latent_dim) and latent.dtype == np.float32
    samples = lane.sample(latent)
    shape = (2,) if dataset == "ring8" else (8, 8, 1)
    assert samples.shape == (5, *shape) and np.isfinite(samples).all()
    if dataset == "digits":
        assert samples.min() >= 0 and samples.max() <= 1
    if lane.encode:
        mean, log_variance = lane.encode(samples)
        assert mean.shape == log_variance.shape == (5, lane.model.latent_dim)
    if lane.score:
        score = lane.score(samples)
        assert score.shape == (5,) and score.min() >= 0 and score.max() <= 1


@pytest.mark.parametrize("model, dataset", EVERY)
def test_each_phase_moves_exactly_its_own_networks(model: str, dataset: str, make_lane, backend) -> None:
    from genlab.datasets import load_dataset

    lane = make_lane(model, dataset)
    networks = lane.model.networks

    def weights() -> dict[str, list[np.ndarray]]:
        return {name: [variable.numpy() for variable in network.variables] for name, network in networks.items()}

    for phase in lane.model.phases:
        alone = [dataclasses.replace(phase, repeats=1)]
        train = backend.compile_steps(
            alone, networks, lane.model.seed, load_dataset(dataset, {}).train, lane.settings.batch_size, "cpu"
        )
        before = weights()
        train(1)
        after = weights()
        moved = {
            name for name in networks if any((a != b).any() for a, b in zip(before[name], after[name], strict=True))
        }
        assert moved == set(phase.updates)


@pytest.mark.parametrize("model, dataset", EVERY)
def test_resuming_equals_never_having_stopped(model: str, dataset: str, make_lane) -> None:
    straight, halted, resumed = (make_lane(model, dataset) for _ in range(3))
    straight.advance(4)
    expected = straight.advance(4)
    halted.advance(4)
    resumed.restore(halted.checkpoint())
    assert (resumed.step, resumed.examples) == (4, 4 * resumed.settings.batch_size)
    assert resumed.advance(4) == expected
    latent = straight.model.draw_prior(np.random.default_rng(0), 5)
    np.testing.assert_array_equal(resumed.sample(latent), straight.sample(latent))


@pytest.mark.parametrize("model", list(MODELS))
def test_the_seed_decides_everything_and_the_chunks_nothing(model: str, make_lane) -> None:
    latent = np.random.default_rng(0).standard_normal((5, 2), dtype="float32")
    once, chunked, other = make_lane(model, "ring8"), make_lane(model, "ring8"), make_lane(model, "ring8", seed=1)
    once.advance(6)
    for steps in (1, 2, 3):
        chunked.advance(steps)
    other.advance(6)
    np.testing.assert_array_equal(once.sample(latent), chunked.sample(latent))
    assert (once.sample(latent) != other.sample(latent)).any()


@pytest.mark.parametrize("model", list(MODELS))
def test_live_settings_act_from_the_next_step_on(model: str, make_lane) -> None:
    lane = make_lane(model, "ring8")
    rates = [name for name in live_names(type(lane.settings)) if name.endswith("learning_rate")]
    lane.change(dict.fromkeys(rates, 0.0))
    before = [w for network in lane.model.networks.values() for w in network.get_weights()]
    lane.advance(2)
    after = [w for network in lane.model.networks.values() for w in network.get_weights()]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="cannot change while"):
        lane.change({"latent_dim": 3})
    with pytest.raises(ValueError, match="less than or equal to 1"):
        lane.change({rates[0]: 7.0})


def test_steps_of_a_phase_can_be_none_or_many(make_lane) -> None:
    lane = make_lane("gan", "ring8", generator_steps=0, discriminator_steps=2)
    generator = lane.model.networks["generator"]
    before = generator.get_weights()
    losses = lane.advance(2)
    assert losses["generator/loss"] == 0.0
    for a, b in zip(before, generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_vae_learns_how_noisy_its_data_is(make_lane) -> None:
    """Points of one Gaussian of standard deviation 0.05 a mode cannot be told apart better than to that noise."""
    lane = make_lane("vae", "ring8")
    start = lane.advance(1)["vae/decoder_std"]
    lane.advance(2500)
    end = lane.advance(100)["vae/decoder_std"]
    assert start == pytest.approx(0.5 * np.sqrt(0.5), rel=0.02)  # half the data's: a ring of radius 1 has variance 1/2
    assert end < 0.6 * start


def test_a_checkpoint_of_other_networks_is_refused(make_lane) -> None:
    small, large = make_lane("gan", "ring8", width=8), make_lane("gan", "ring8", width=16)
    with pytest.raises(ValueError, match="belongs to other networks"):
        large.restore(small.checkpoint())


@pytest.mark.slow
@pytest.mark.parametrize("dataset, steps", [("ring8", 3000), ("digits", None)])
def test_the_presets_cover_the_modes(dataset: str, steps: int | None, session_store: Store, backend) -> None:
    from helpers import train_fully

    run = session_store.create(make_spec(dataset=dataset, budget=steps))
    train_fully(session_store, run)
    gan, vae = (run.newest_frame(lane).metrics for lane in (0, 1))
    if dataset == "ring8":
        assert gan["solid"] == vae["solid"] == 8
        assert gan["on_mode_share"] >= 0.7 and vae["on_mode_share"] >= 0.5
        assert sum(lane.seconds for lane in run.state().lanes) < 25
    else:
        assert gan["solid"] >= 9 and vae["solid"] >= 9
    assert len(History(run).update().series(0, "generator/loss")[0]) >= 100
