"""The diagnosis names what was broken on purpose, and nothing else."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from genlab.evaluation.diagnosis import CHECKS, Finding, diagnose
from genlab.runs import Run, Store
from genlab.runs.evaluation import Evaluation, LaneEvaluation, Measure
from genlab.runs.history import History, append_record
from genlab.runs.metadata import describe_spec
from genlab.runs.view import RunReader, RunView


@pytest.fixture
def healthy(ring_run: Run, store: Store) -> RunView:
    """A finished run whose lanes hold held-out real data for samples, and whose curves nobody recorded."""
    view = RunReader(ring_run).read()
    frames = []
    for frame in view.frames:
        arrays = frame.arrays | {"samples": view.reference["samples"], "mode_share": view.reference["mode_share"]}
        arrays.pop("kl", None)
        frames.append(frame.model_copy(update={"arrays": arrays}))
    return dataclasses.replace(view, frames=frames, history=History(store.create(view.spec)))


def with_arrays(view: RunView, **arrays: np.ndarray) -> RunView:
    """The first lane with other arrays in its frame."""
    first = view.frames[0].model_copy(update={"arrays": view.frames[0].arrays | arrays})
    return dataclasses.replace(view, frames=[first, *view.frames[1:]])


def measured(**values: float) -> Evaluation:
    """Measures of the first lane, given as metric__result."""
    measures = [
        Measure(metric=metric, result=result, label="", count=500, value=value)
        for (metric, _, result), value in ((name.partition("__"), value) for name, value in values.items())
    ]
    return Evaluation(samples=500, seed=0, lanes=[LaneEvaluation(lane=0, model="gan", step=60, measures=measures)])


def sharp(ratio: float, high: float) -> dict[str, float]:
    """Measures of samples beside real images that have 30 % of their power in high frequencies."""
    names = ("laplacian_ratio", "high_frequency_share", "real_high_frequency_share")
    return dict(zip((f"sharpness__{name}" for name in names), (ratio, high, 0.3), strict=True))


def only(findings: list[Finding], name: str) -> Finding:
    assert [finding.name for finding in findings] == [name]
    assert findings[0].lane == 0 and findings[0].evidence and findings[0].sentence.endswith(".")
    return findings[0]


def test_nothing_is_said_of_real_data_nor_of_what_is_not_known(healthy: RunView, store: Store) -> None:
    assert diagnose(healthy) == []
    untrained = RunReader(store.create(healthy.spec)).read()
    assert diagnose(untrained) == [] and diagnose(untrained, measured()) == []


def test_nothing_is_said_at_the_beginning(healthy: RunView) -> None:
    state = healthy.state.model_copy(deep=True)
    for lane in state.lanes:
        lane.step = 5
    point = np.zeros_like(healthy.frames[0].arrays["samples"])
    assert diagnose(dataclasses.replace(with_arrays(healthy, samples=point), state=state)) == []
    assert diagnose(with_arrays(healthy, samples=point))


@pytest.mark.parametrize("dropped", [[0], [2, 5], [0, 1, 3, 6, 7]])
def test_dropped_modes_are_named_and_no_others(healthy: RunView, dropped: list[int]) -> None:
    share = healthy.reference["mode_share"].copy()
    share[dropped] = 0
    finding = only(diagnose(with_arrays(healthy, mode_share=share / share.sum())), "modes-dropped")
    names = ", ".join(str(healthy.reference["names"][mode]) for mode in dropped)
    assert f"drops {len(dropped)} of 8 modes: {names}." in finding.sentence


def test_a_mode_that_is_missed_by_chance_is_not_called_dropped(healthy: RunView) -> None:
    share = healthy.reference["mode_share"].copy()
    share[3] = 0
    view = with_arrays(healthy, mode_share=share)
    few = view.frames[0].model_copy(update={"metrics": view.frames[0].metrics | {"samples": 40}})
    assert diagnose(dataclasses.replace(view, frames=[few, view.frames[1]])) == []


def test_samples_that_are_nowhere_drop_no_modes(healthy: RunView) -> None:
    only(diagnose(with_arrays(healthy, mode_share=0.2 * healthy.reference["mode_share"])), "off-the-modes")


def test_a_collapse_to_a_point_is_seen(healthy: RunView) -> None:
    samples = 1 + 0.01 * np.random.default_rng(0).normal(size=(1000, 2)).astype("float32")
    assert "1.4%" in only(diagnose(with_arrays(healthy, samples=samples)), "collapsed-to-a-point").evidence


def test_posterior_collapse_names_its_dimensions(healthy: RunView) -> None:
    finding = only(diagnose(with_arrays(healthy, kl=np.array([1.2, 0.001, 0.8, 0.002]))), "posterior-collapse")
    assert "dimensions 2, 4 (of 4)" in finding.sentence
    only(diagnose(with_arrays(healthy, kl=np.array([0.001, 2.0]))), "posterior-collapse")
    only(diagnose(with_arrays(healthy, kl=np.array([0.03, 0.01]))), "posterior-collapse")  # a mean point, no more
    assert diagnose(with_arrays(healthy, kl=np.array([0.3, 0.01]))) == []


@pytest.mark.parametrize(
    "name, sick, well",
    [
        (
            "discriminator-too-strong",
            {"discriminator_accuracy__accuracy_held_out": 0.99, "discriminator_accuracy__accuracy_fake": 0.98},
            {"discriminator_accuracy__accuracy_held_out": 0.99, "discriminator_accuracy__accuracy_fake": 0.6},
        ),
        (
            "prior-holes",
            {"hole_map__hole_share": 0.4, "hole_map__chance": 0.01},
            {"hole_map__hole_share": 0.4, "hole_map__chance": 0.35},
        ),
        (
            "prior-holes",
            {"aggregated_posterior_gap__discrepancy": 0.5, "aggregated_posterior_gap__p_value": 0.005},
            {"aggregated_posterior_gap__discrepancy": 0.01, "aggregated_posterior_gap__p_value": 0.005},
        ),
        ("blur", sharp(0.4, 0.1), sharp(0.95, 0.3)),
        ("blur", sharp(0.4, 0.1), sharp(0.64, 0.3)),  # four fifths of the contrast
        (
            "memorisation",
            {"memorisation__memorised": 1, "memorisation__share_within_1": 0.9},
            {"memorisation__memorised": 0, "memorisation__share_within_1": 0.01},
        ),
    ],
)
def test_measures_are_put_into_words(healthy: RunView, name: str, sick: dict[str, Any], well: dict[str, Any]) -> None:
    only(diagnose(healthy, measured(**sick)), name)
    assert diagnose(healthy, measured(**well)) == []


def test_a_small_gradient_is_an_ailment_beside_a_sure_discriminator_alone(healthy: RunView) -> None:
    """A Wasserstein critic with small weights gives small gradients too, and Adam learns from them."""
    small = {"generator_gradient__norm": 1e-5}
    sure = {"discriminator_accuracy__accuracy_held_out": 0.99, "discriminator_accuracy__accuracy_fake": 0.98}
    names = {finding.name for finding in diagnose(healthy, measured(**small, **sure))}
    assert names == {"discriminator-too-strong", "generator-gradient-vanishing"}
    assert diagnose(healthy, measured(**small)) == []


def test_a_discriminator_of_codes_is_not_called_one_of_examples(healthy: RunView) -> None:
    sure = {"discriminator_accuracy__accuracy_held_out": 0.99, "discriminator_accuracy__accuracy_fake": 0.98}
    lanes = [healthy.spec.lanes[0].model_copy(update={"model": "aae"}), healthy.spec.lanes[1]]
    evaluation = measured(**sure)
    evaluation.lanes[0].model = "aae"
    spec = healthy.spec.model_copy(update={"lanes": lanes})
    view = dataclasses.replace(healthy, spec=spec, metadata=describe_spec(spec))
    assert diagnose(view, evaluation) == []


def test_what_was_measured_earlier_says_nothing_of_a_newer_frame(healthy: RunView) -> None:
    evaluation = measured(memorisation__memorised=1, memorisation__share_within_1=0.9)
    only(diagnose(healthy, evaluation), "memorisation")
    evaluation.lanes[0].step = 30
    assert diagnose(healthy, evaluation) == []


def test_a_mode_of_which_the_classifier_is_unsure_in_real_data_too_is_not_dropped(healthy: RunView) -> None:
    share = healthy.reference["mode_share"].copy()
    share[3] *= 0.15
    reference = healthy.reference | {"judged_share": share, "on_mode_share": np.array(share.sum())}
    view = with_arrays(healthy, mode_share=share)
    only(diagnose(view), "modes-dropped")
    assert diagnose(dataclasses.replace(view, reference=reference)) == []


def test_a_collapse_on_one_mode_of_many_is_no_collapse_to_a_point(healthy: RunView) -> None:
    """grid25 has modes of 0.025, which is 3.5 % of the spread of its points."""
    samples = 1 + 0.025 * np.random.default_rng(0).normal(size=(1000, 2)).astype("float32")
    assert diagnose(with_arrays(healthy, samples=samples)) == []


def recorded(store: Store, view: RunView, **curves: np.ndarray) -> RunView:
    run = store.create(view.spec)
    for step, values in enumerate(zip(*curves.values(), strict=True)):
        losses = dict(zip((name.replace("__", "/") for name in curves), values, strict=True))
        append_record(run, {"lane": 0, "step": step, "seconds": step, "examples": step, "losses": losses})
    return dataclasses.replace(view, history=History(run).update())


def test_curves_tell_of_a_discriminator_that_wins(healthy: RunView, store: Store) -> None:
    accuracy = np.linspace(0.5, 1, 50)
    curves = {"discriminator__accuracy_real": accuracy, "discriminator__accuracy_fake": accuracy}
    only(diagnose(recorded(store, healthy, **curves)), "discriminator-too-strong")


def test_a_flat_loss_is_told_from_one_that_says_something(healthy: RunView, store: Store) -> None:
    random = np.random.default_rng(0)
    on_mode, noise = np.linspace(0, 0.9, 80), 0.05 * random.normal(size=80)
    only(
        diagnose(recorded(store, healthy, generator__loss=0.7 + noise, on_mode_share=on_mode)),
        "loss-flat-while-samples-improve",
    )
    falling = np.linspace(3, 0, 80) + noise
    assert diagnose(recorded(store, healthy, generator__loss=falling, on_mode_share=on_mode)) == []
    assert diagnose(recorded(store, healthy, generator__loss=0.7 + noise, on_mode_share=0 * on_mode + 0.5)) == []


def test_every_check_is_listed_once() -> None:
    assert len({check.__name__ for check in CHECKS}) == len(CHECKS) == 10
