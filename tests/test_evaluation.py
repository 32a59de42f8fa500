"""Evaluation: what was spoiled on purpose is seen, every number has that of real data, and training does not notice."""

from __future__ import annotations

import dataclasses
import threading
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers import train_fully
from scipy.ndimage import gaussian_filter

from genlab.datasets import Dataset, load_dataset
from genlab.evaluation.diagnosis import diagnose
from genlab.metrics.modes import SOLID
from genlab.registry import METRICS
from genlab.runs import Run, Store
from genlab.runs.evaluation import Evaluation, LaneEvaluation
from genlab.runs.history import History
from genlab.runs.view import RunReader, RunView
from genlab.spec import make_spec

if TYPE_CHECKING:
    from genlab.evaluation.samples import SampleEvaluator

# An encoder is asked what it does with held-out data, for which real data itself has no value.
WITHOUT_REFERENCE = ("kl_per_dimension", "active_units", "generator_gradient")
KNOWN_DENSITY = ("iwae_bound", "log_likelihood")  # for which it has one where the data's density is known
MEASURED = ("Mode coverage", "Sharpness", "Precision, recall", "Memorisation")


@dataclasses.dataclass
class Bench:
    """A data set that is measured against one half of its held-out data; the other half stands for a perfect model."""

    dataset: Dataset
    samples: np.ndarray
    labels: np.ndarray
    evaluator: SampleEvaluator

    def measure(self, samples: np.ndarray) -> LaneEvaluation:
        samples = self.prepared(samples)
        share = self.evaluator.mode_share(samples).tolist()
        measured = LaneEvaluation(lane=0, model="gan", step=60, mode_share=share)
        references = {reference.place: {} for reference in self.evaluator.references()}
        for name, step in self.evaluator.steps(samples, references):
            if name.startswith(MEASURED):
                measured.measures += step()
        return measured

    @staticmethod
    def prepared(samples: np.ndarray) -> np.ndarray:
        from genlab.evaluation.samples import prepared

        return prepared(samples)


@pytest.fixture(scope="module")
def bench(session_store: Store, backend):
    from genlab.evaluation.samples import SampleEvaluator, halves
    from genlab.observing.feature_spaces import feature_spaces
    from genlab.observing.mode_assignment import make_mode_assigner

    @cache
    def make(name: str) -> Bench:
        dataset = load_dataset(name, {"size": 1000} if name == "ring8" else {})
        mode_assigner = make_mode_assigner(dataset, session_store.cache)
        half = halves(len(dataset.test))[1]
        evaluator = SampleEvaluator(dataset, mode_assigner, feature_spaces(dataset, session_store.cache), len(half))
        return Bench(dataset, dataset.test[half], dataset.test_labels[half], evaluator)

    return make


@pytest.fixture
def diagnosed(ring_run: Run, digits_run: Run, store: Store):
    """The diagnosis of samples by their measures, as if a lane of a real run had made them."""

    def of(name: str, samples: np.ndarray, found: LaneEvaluation) -> dict[str, str]:
        from genlab.observing.frames import as_stored

        view: RunView = RunReader(ring_run if name == "ring8" else digits_run).read()
        frame = view.frames[0].model_copy(
            update={"arrays": {"samples": as_stored(samples), "mode_share": np.array(found.mode_share)}}
        )
        view = dataclasses.replace(view, frames=[frame, None], history=History(store.create(view.spec)))
        findings = diagnose(view, Evaluation(samples=len(samples), seed=0, lanes=[found]))
        return {finding.name: finding.sentence for finding in findings}

    return of


@pytest.mark.parametrize("name", ["ring8", "digits"])
def test_a_perfect_model_has_what_real_data_has_and_no_ailment(name: str, bench, diagnosed) -> None:
    real = bench(name)
    found = real.measure(real.samples)
    assert found.value("precision_recall_density_coverage", "coverage") == pytest.approx(0.97, abs=0.03)
    assert found.value("memorisation", "memorised") == 0
    assert diagnosed(name, real.samples, found) == {}


@pytest.mark.parametrize("name, dropped", [("ring8", [1]), ("ring8", [0, 2, 5, 6]), ("digits", [2, 4, 9])])
def test_modes_dropped_on_purpose_are_seen_and_named(name: str, dropped: list[int], bench, diagnosed) -> None:
    real = bench(name)
    samples = real.samples[~np.isin(real.labels, dropped)]
    samples = np.resize(samples, (len(real.samples), *samples.shape[1:]))
    perfect, found = real.measure(real.samples), real.measure(samples)
    solid = next(each for each in found.measures if each.result == "solid")
    modes = len(real.dataset.modes.names)
    assert solid.value == modes - len(dropped)
    kept = 1 - real.dataset.modes.shares[dropped].sum()
    for result in ("recall", "coverage"):
        before, now = (each.value("precision_recall_density_coverage", result) for each in (perfect, found))
        assert now < before * (kept + 0.5 * (1 - kept)), f"{result} falls with the share of the modes that are left"
    lost = np.flatnonzero(np.array(found.mode_share) < SOLID * real.dataset.modes.shares)
    assert lost.tolist() == dropped
    names = ", ".join(real.dataset.modes.names[mode] for mode in dropped)
    assert f"drops {len(dropped)} of {modes} modes: {names}." in diagnosed(name, samples, found)["modes-dropped"]


def test_blur_lowers_sharpness_and_precision_but_not_class_coverage(bench, diagnosed) -> None:
    real = bench("digits")
    blurred = gaussian_filter(real.samples, (0, 0.6, 0.6, 0))
    perfect, found = real.measure(real.samples), real.measure(blurred)
    assert found.value("sharpness", "laplacian_ratio") < 0.6 * perfect.value("sharpness", "laplacian_ratio")
    before, now = (each.value("precision_recall_density_coverage", "precision") for each in (perfect, found))
    assert now < before - 0.02, "four standard errors"
    assert found.value("mode_coverage", "solid") == 10
    assert set(diagnosed("digits", blurred, found)) == {"blur"}


@pytest.mark.parametrize("name", ["ring8", "digits"])
def test_a_copy_of_the_training_set_is_called_one(name: str, bench, diagnosed) -> None:
    real = bench(name)
    copies = real.dataset.train[: len(real.samples)]
    found = real.measure(copies)
    assert found.value("memorisation", "share_within_1") == 1
    assert set(diagnosed(name, copies, found)) == {"memorisation"}


def test_images_without_labels_are_seen_in_pixels_and_by_a_random_network(backend, tmp_path) -> None:
    from genlab.datasets.bins import unlabelled
    from genlab.evaluation.gallery import gallery
    from genlab.observing.feature_spaces import feature_spaces
    from genlab.observing.mode_assignment import make_mode_assigner

    digits = load_dataset("digits", {})
    dataset = unlabelled("mine", digits.train, digits.test)
    pixels, convolution = feature_spaces(dataset, tmp_path)
    assert (pixels.name, convolution.name) == ("pixels-pca-50", "random-convolution-64")
    again = feature_spaces(dataset, tmp_path)[1]
    np.testing.assert_array_equal(convolution.features(digits.test[:9]), again.features(digits.test[:9]))
    assert pixels.features(digits.test[:9]).shape == (9, 50) and convolution.features(digits.test[:9]).shape == (9, 64)
    zeros = digits.test[digits.test_labels == 0]
    mode_assigner = make_mode_assigner(dataset, tmp_path)
    arrays = gallery(
        dataset, mode_assigner, pixels, pixels, np.resize(zeros, (400, 8, 8, 1)), np.zeros(len(dataset.modes.names))
    )
    assert len(arrays["over_filled"]) == len(arrays["over_z"]) >= 1 and arrays["over_z"].min() > 3
    assert len(arrays["under_filled"]) >= 5 and arrays["under_z"].max() < -3


@pytest.fixture(scope="module", params=["ring_run", "digits_run"])
def evaluated(request: pytest.FixtureRequest, session_store: Store):
    """The events of measuring a real run, and what is in its folder after."""
    from genlab.evaluation.evaluate import evaluate

    run = request.getfixturevalue(request.param)
    events = list(evaluate(run, session_store.cache, samples=150))
    found, arrays = run.evaluation(), run.evaluation_arrays()
    for name in ("evaluation.json", "evaluation.npz"):
        (run.path / name).unlink()
    return request.param, events, found, arrays


def test_everything_that_applies_is_measured_and_has_what_real_data_gets(evaluated) -> None:
    from genlab.evaluation.measuring import INTERVAL

    name, _, found, arrays = evaluated
    assert [lane.message for lane in found.lanes] == ["", ""] and [lane.model for lane in found.lanes] == ["gan", "vae"]
    measured = {each.metric for lane in found.lanes for each in lane.measures}
    of_others = {metric.name for metric in METRICS.values() if metric.needs in ("tables", "log densities")}
    assert measured == set(METRICS) - of_others - {"sharpness" if name == "ring_run" else "hole_map"}
    without = WITHOUT_REFERENCE + (KNOWN_DENSITY if name == "digits_run" else ())
    intervals = set()
    for lane in found.lanes:
        for measure in lane.measures:
            result = METRICS[measure.metric].result(measure.result)
            assert measure.title.startswith(result.label) and measure.title.endswith(f"N = {measure.count:,}")
            assert "FID" not in measure.title
            if result.reference and measure.metric not in without:
                assert measure.real_reference is not None or measure.value is None, measure.title
            else:
                assert measure.real_reference is None, measure.title
            has_interval = result.has_interval and measure.value is not None
            assert (measure.low is not None) == has_interval, measure.title
            if has_interval:
                assert measure.low <= measure.value <= measure.high
                intervals.add(measure.interval)
    assert intervals == {INTERVAL}, "95 % means one thing"
    gan, vae = found.lanes
    assert gan.value("discriminator_accuracy", "accuracy_train") is not None and vae.kl and not gan.kl
    space = "coordinates" if name == "ring_run" else "digits-classifier-64"
    assert gan.find("frechet_distance", "distance").title == f"Fréchet distance, {space}, N = 150"
    assert {f"{lane}-{kind}" for lane in (0, 1) for kind in ("samples", "copied", "lost_modes")} <= set(arrays)
    assert len(arrays["0-samples"]) == len(arrays["0-copied"]) == 32


def test_the_mode_coverage_of_real_data_is_that_of_a_perfect_sampler(bench) -> None:
    """(K - 1) / 2n of the reverse KL in the mean, and what the held-out data itself is off by."""
    for name, modes in (("ring8", 8), ("digits", 10)):
        evaluator = bench(name).evaluator
        (reference,) = (reference for reference in evaluator.references() if reference.place[0] == "mode_coverage")
        references = reference.measure()
        perfect = (modes - 1) / (2 * evaluator.samples)
        assert 0.7 * perfect < references["reverse_kl"] < 3 * perfect
        assert references["captured"] == references["solid"] == modes


@pytest.mark.parametrize("name", ["ring8", "digits"])
def test_real_data_is_measured_on_what_neither_classifier_nor_space_has_seen(name: str, bench) -> None:
    """Both columns are compared with the same real examples, as many of them; held-out ones, each in one half."""
    from genlab.evaluation.samples import halves

    real = bench(name)
    evaluator, test = real.evaluator, real.prepared(real.dataset.test)
    first, second = halves(len(test))
    assert sorted([*first, *second]) == list(range(len(test))) and len(first) - len(second) in (0, 1)
    np.testing.assert_array_equal(evaluator.real.examples, test[first])
    np.testing.assert_array_equal(evaluator.stand_in.examples, test[second[: evaluator.count]])
    assert evaluator.count == len(test) // 2
    references = {reference.place: reference.measure() for reference in evaluator.references()}
    samples = real.prepared(real.samples)
    for name, step in evaluator.steps(samples, references):
        for measure in step():
            if measure.metric == "mode_coverage":
                continue  # of which real data is drawn anew, with replacement
            assert measure.count <= evaluator.count, name
            if measure.real_reference is not None:
                assert measure.value == pytest.approx(measure.real_reference), (
                    "what stands for samples is measured alike"
                )


def test_halves_of_held_out_data_are_as_alike_as_two_draws_are() -> None:
    """Of 900 examples in ten equal classes two draws of 450 differ in a class by √(2 · 450 · 0.1 · 0.9) in the mean."""
    from genlab.evaluation.samples import halves

    labels = np.repeat(np.arange(10), 90)
    counts = [np.bincount(labels[half], minlength=10) for half in halves(900)]
    assert 4 < np.std(counts[0] - counts[1]) < 15, "9 is expected; stratified halves would have 0"


def test_progress_counts_up_to_its_end(evaluated) -> None:
    *progress, last = evaluated[1]
    done = [event.done for event in progress[2:]]
    assert done == list(range(len(done))) and {event.total for event in progress[2:]} == {len(done)}
    assert last.evaluation.lanes


def test_real_data_is_measured_once(session_store: Store, evaluated, request: pytest.FixtureRequest) -> None:
    from genlab.evaluation.evaluate import evaluate

    run = request.getfixturevalue(evaluated[0])
    names = []
    for event in evaluate(run, session_store.cache, samples=150):
        names.append(event.name)
        if len(names) == 4:
            break  # whoever reads the events may stop at any
    assert not any(name.startswith("real data") for name in names)
    assert run.evaluation() is None, "nothing is written by half"


def test_measuring_does_not_change_training(store: Store, backend) -> None:
    from genlab.evaluation.evaluate import evaluate

    ends = []
    for measured in (False, True):
        run = store.create(make_spec(dataset="ring8", budget=10))
        train_fully(store, run)
        if measured:
            before = run.checkpoint(0)
            for event in evaluate(run, store.cache, samples=60):
                if getattr(event, "name", "") == "VAE: reconstructions":
                    break
            np.testing.assert_equal(run.checkpoint(0), before)
        run.write_spec(make_spec(**{**run.spec().model_dump(), "budget": 20}))
        train_fully(store, run)
        ends.append([run.checkpoint(lane) for lane in (0, 1)])
    for without, with_ in zip(*ends, strict=True):
        for name in set(without) - {"clock"}:
            np.testing.assert_array_equal(without[name], with_[name])


def test_a_lane_that_cannot_be_measured_says_why(store: Store, backend) -> None:
    from genlab.evaluation.evaluate import NOT_TRAINED, evaluate

    run = store.create(make_spec(dataset="ring8", budget=10))
    list(evaluate(run, store.cache, samples=60))
    assert [lane.message for lane in run.evaluation().lanes] == [NOT_TRAINED] * 2


def test_the_worker_measures_until_it_is_cancelled_or_something_waits_to_be_trained(
    store: Store, backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlab.evaluation import evaluate
    from genlab.latent.answers import Answerer
    from genlab.training.worker import evaluate_run

    run = store.create(make_spec())

    def work(during) -> list[int]:
        """Which of three steps were taken, if `during` happens in the second."""
        taken = []

        def steps(*_):
            for done in range(3):
                taken.append(done)
                if done == 1:
                    during()
                yield evaluate.Progress("something", done, 3)

        monkeypatch.setattr(evaluate, "evaluate", steps)
        store.request_evaluation(run)
        assert store.take_evaluation().id == run.id
        evaluate_run(run, store, threading.Event(), Answerer(store))
        return taken

    def fail() -> None:
        raise ValueError("no room")

    assert work(lambda: None) == [0, 1, 2] and store.evaluation_stage(run) is None
    assert run.evaluation_progress() == {"name": "something", "done": 2, "total": 3}
    assert work(lambda: store.cancel_evaluation(run)) == [0, 1] and store.evaluation_stage(run) is None
    assert work(fail) == [0, 1] and store.evaluation_stage(run) is None
    assert "no room" in run.evaluation_progress()["message"]
    assert work(lambda: store.submit(make_spec())) == [0, 1] and store.evaluation_stage(run) == "waiting"


@pytest.mark.slow
def test_the_minimax_loss_vanishes_where_the_non_saturating_one_does_not(store: Store, backend) -> None:
    """Goodfellow et al. 2014, section 3: against a discriminator that wins, only one of the two still teaches."""
    from genlab.evaluation.evaluate import evaluate

    hopeless = {"generator_offset": 3, "generator_learning_rate": 1e-5, "discriminator_steps": 10}
    lanes = [{"model": "gan", "settings": hopeless | {"loss": loss}} for loss in ("minimax", "non-saturating")]
    run = store.create(make_spec(lanes=lanes, budget=300))
    train_fully(store, run)
    list(evaluate(run, store.cache, samples=200))
    findings = diagnose(RunReader(run).read(), run.evaluation())
    names = [{finding.name for finding in findings if finding.lane == lane} for lane in (0, 1)]
    assert {"discriminator-too-strong", "generator-gradient-vanishing"} <= names[0]
    assert "discriminator-too-strong" in names[1] and "generator-gradient-vanishing" not in names[1]
