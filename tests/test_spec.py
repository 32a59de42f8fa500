"""A spec is complete or refused, in words."""

from __future__ import annotations

import pytest

from genlab.registry import DATASETS, MODELS
from genlab.spec import RunSpec, SpecError, live_names, make_spec


def test_the_default_run_is_a_gan_and_a_vae_on_ring8() -> None:
    spec = make_spec()
    assert spec.dataset == "ring8"
    assert [lane.model for lane in spec.lanes] == ["gan", "vae"]
    assert spec.budget == DATASETS["ring8"].steps


def test_every_default_is_filled_in_and_survives_json() -> None:
    spec = make_spec(dataset="digits")
    for lane in spec.lanes:
        assert set(lane.settings) == set(MODELS[lane.model].settings.model_fields)
    assert RunSpec.model_validate_json(spec.model_dump_json()) == spec


def test_a_preset_depends_on_the_kind_of_data_and_a_given_value_beats_it() -> None:
    preset = MODELS["gan"].defaults["images"]["latent_dim"]
    assert make_spec(dataset="ring8").lanes[0].settings["latent_dim"] == 2
    assert make_spec(dataset="digits").lanes[0].settings["latent_dim"] == preset
    lanes = [{"model": "gan", "settings": {"latent_dim": 5}}]
    assert make_spec(dataset="digits", lanes=lanes).lanes[0].settings["latent_dim"] == 5


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"dataset": "rng8"}, "There is no data set called 'rng8'. Did you mean 'ring8'?"),
        ({"lanes": [{"model": "wgann"}]}, "There is no model called 'wgann'"),
        ({"budget": -5}, "budget: Input should be greater than 0, not -5"),
        ({"budget": 0.5}, "A budget in steps is a whole number, not 0.5"),
        ({"budget": float("nan")}, "budget: Input should be a finite number"),
        ({"clock": "seconds"}, "say how many seconds"),
        ({"seed": -1}, "seed: Input should be greater than or equal to 0, not -1"),
        ({"lanes": []}, "lanes: List should have at least 1 item"),
        ({"lanes": [{"model": "gan"}] * 5}, "lanes: List should have at most 4 items"),
        ({"lanes": [{"model": "gan"}, {}]}, "model B model: Field required, not {}."),
        ({"lanes": [{"model": "vae", "settings": {"beta": -1}}]}, "Model A (VAE): beta: Input should be greater than"),
        ({"lanes": [{"model": "vae", "settings": {"bta": 1}}]}, "Model A (VAE): there is no setting called bta"),
        ({"dataset_settings": {"size": 3}}, "Data set ring8: size: Input should be greater than or equal to 100"),
        ({"colour": "red"}, "there is no setting called colour"),
    ],
)
def test_bad_input_is_refused_in_words(fields: dict, words: str) -> None:
    with pytest.raises(SpecError) as refusal:
        make_spec(**fields)
    assert words in str(refusal.value)


@pytest.mark.parametrize("name", list(MODELS))
def test_every_setting_says_what_it_does(name: str) -> None:
    settings = MODELS[name].settings
    for field in settings.model_fields.values():
        assert field.description and field.description.endswith(".")
    assert live_names(settings), "at least the learning rate may change while it trains"


@pytest.mark.parametrize("budget, chunk", [(3000, 25), (500, 5), (40, 1)])
def test_losses_are_recorded_about_a_hundred_times_or_more(budget: int, chunk: int) -> None:
    assert make_spec(budget=budget).chunk == chunk
