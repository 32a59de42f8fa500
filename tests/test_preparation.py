"""A run that was prepared while nobody waited: it begins at once, with the numbers that it has otherwise."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import numpy as np
import pytest
from helpers import PATIENCE, wait_until
from streamlit.testing.v1 import AppTest

from genlab.runs import Run, Store
from genlab.runs.history import History
from genlab.runs.speeds import describe_budget, read_speeds, write_speeds
from genlab.spec import RunSpec, make_spec

ROOT = Path(__file__).parents[1]
SMALL = [
    {"model": "gan", "settings": {"generator_width": 8, "discriminator_width": 8}},
    {"model": "vae", "settings": {"width": 8, "batch_size": 32}},
]


def small(**fields: object) -> RunSpec:
    return make_spec(**{"lanes": SMALL, "budget": 30, **fields})


def train(store: Store, spec: RunSpec, preparation: object = None) -> Run:
    from genlab.training.recorder import record

    run = store.create(spec)
    events = list(record(run, store, preparation))
    compiled = [event for event in events if "compiling" in getattr(event, "message", "")]
    assert len(compiled) == (0 if preparation else 2), "what was prepared is not built again"
    return run


def test_a_prepared_run_has_the_numbers_of_any_other(store: Store, backend) -> None:
    from genlab.training.preparation import Preparation

    preparation = Preparation(store)
    list(preparation.prepare(small(budget=1000, clock="examples")))
    preparation.time_steps()
    assert len(read_speeds(store, small())) == 2
    plain, prepared = train(store, small()), train(store, small(), preparation)
    for lane in (0, 1):
        one, other = plain.checkpoint(lane), prepared.checkpoint(lane)
        for name in set(one) - {"clock"}:  # which holds the seconds
            np.testing.assert_array_equal(one[name], other[name])
        assert prepared.frame_steps(lane)[0] == 0
        samples = [run.frame(lane, step).arrays["samples"] for run in (plain, prepared) for step in (0, 30)]
        np.testing.assert_array_equal(samples[0], samples[2])
        np.testing.assert_array_equal(samples[1], samples[3])
    first, second = (History(run).update().series(0, "generator/loss") for run in (plain, prepared))
    np.testing.assert_array_equal(first, second)
    assert prepared.spec() == small()


def test_only_the_run_that_was_prepared_gets_its_lanes_and_only_once(store: Store, backend) -> None:
    from genlab.training.preparation import Preparation

    preparation = Preparation(store)
    list(preparation.prepare(small()))
    assert preparation.take(small(seed=1)) is None
    assert preparation.take(small()) is None, "what is of no use is let go"
    list(preparation.prepare(small()))
    training = preparation.take(small(budget=7))
    assert training and training.spec.budget == 7 and [lane.step for lane in training.lanes] == [0, 0]
    assert preparation.take(small()) is None


def test_steps_that_are_timed_leave_no_trace(store: Store, backend) -> None:
    from genlab.datasets import load_dataset
    from genlab.training.lane import Lane
    from genlab.training.preparation import seconds_a_step

    settings = {"generator_width": 8, "discriminator_width": 8, "ema_decay": 0.9, "discriminator_dropout": 0.1}
    settings |= {"generator_normalization": "batch", "spectral_normalization": True, "instance_noise_steps": 5}
    spec = small(lanes=[{"model": "gan", "settings": settings}, {"model": "wgan", "settings": {"clip": 1e-5}}])
    lanes = [Lane(i, lane, load_dataset("ring8", {}), 0, "cpu") for i, lane in enumerate(spec.lanes)]
    before = [(lane.checkpoint(), lane.settings) for lane in lanes]
    seconds = seconds_a_step(lanes, chunk=25)
    assert all(1e-5 < value < 60 for value in seconds)
    for lane, (checkpoint, chosen) in zip(lanes, before, strict=True):
        after = lane.checkpoint()
        assert lane.settings == chosen and set(after) == set(checkpoint)
        for name in after:
            np.testing.assert_array_equal(after[name], checkpoint[name])


@pytest.mark.parametrize("downloads", [True, False])
def test_nothing_is_downloaded_for_a_run_that_nobody_asked_for(
    downloads: bool, store: Store, backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlab.registry import DATASETS
    from genlab.training.preparation import Preparation

    entry = dataclasses.replace(DATASETS["ring8"], downloads=lambda: downloads)
    monkeypatch.setitem(DATASETS._entries, "ring8", entry)
    preparation = Preparation(store)
    list(preparation.prepare(small()))
    assert (preparation.take(small()) is None) == downloads


@pytest.mark.parametrize("same", [True, False])
def test_a_run_that_is_asked_for_while_it_is_prepared_goes_on_with_that(same: bool, store: Store, backend) -> None:
    from genlab.training import worker
    from genlab.training.preparation import Preparation

    preparation = Preparation(store)
    store.submit(small(seed=0 if same else 1, budget=7))
    worker.prepare_run(small(), store, threading.Event(), preparation)
    assert (store.take_expected(settled=0) is None) == same, "what had to give way is expected again"
    assert preparation.take(small()) is not None


@pytest.mark.parametrize("pauses", [0, 2, 5])
def test_a_run_goes_on_from_wherever_its_preparation_was_left(pauses: int, store: Store, backend) -> None:
    """Its lanes are built once, and the first frames are there before it is compiled."""
    from genlab.training.loop import FrameBuilt, Stage, Training
    from genlab.training.preparation import Preparation

    preparation, spec = Preparation(store), small(budget=7)
    for pause, _ in enumerate(preparation.prepare(spec)):
        if pause == pauses:
            break
    training = preparation.take(spec)
    assert training
    lanes = list(training.lanes)
    events = list(training.events())
    assert all(before is after for before, after in zip(lanes, training.lanes, strict=False))
    assert len(training.lanes) == 2 and [lane.step for lane in training.lanes] == [7, 7]
    words = [
        event.message if isinstance(event, Stage) else "frame"
        for event in events
        if isinstance(event, Stage | FrameBuilt)
    ]
    assert words.index("frame") < words.index("training")
    assert all(words.index("frame") < at for at, word in enumerate(words) if "compiling" in word)
    plain = list(Training(spec, store.cache).events())
    frames = [
        [event.frame.arrays["samples"] for event in each if isinstance(event, FrameBuilt)] for each in (plain, events)
    ]
    for one, other in zip(*frames, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_preparation_that_was_left_for_a_question_is_ended_later(store: Store, backend) -> None:
    from genlab.training.preparation import Preparation

    preparation = Preparation(store)
    next(preparation.prepare(small()))
    list(preparation.prepare(small()))
    preparation.time_steps()
    assert len(read_speeds(store, small())) == 2
    training = preparation.take(small())
    assert training and training.prepared and training.compiled and len(training.lanes) == 2


def test_no_classifier_is_trained_for_a_run_that_nobody_asked_for(store: Store, backend) -> None:
    from genlab.training.preparation import Preparation

    preparation, spec = Preparation(store), small(dataset="digits")
    list(preparation.prepare(spec))
    preparation.time_steps()
    assert len(read_speeds(store, spec)) == 2, "its steps are timed all the same"
    training = preparation.take(spec)
    assert training and training.compiled and not training.prepared
    assert not list(store.cache.glob("classifier*"))


def test_the_worker_prepares_what_is_expected_and_trains_it_when_it_is_asked_for(store: Store, backend) -> None:
    from genlab.training import worker

    leaving = threading.Event()
    store.expect(small(budget=5))
    thread = threading.Thread(target=worker.work, args=(store, leaving))
    thread.start()
    try:
        wait_until(lambda: read_speeds(store, small()), "the steps to be timed")
        assert store.take_expected() is None
        run = store.submit(small())
        wait_until(lambda: run.state().state == "done", "the run")
    finally:
        leaving.set()
        thread.join()
    assert [lane.step for lane in run.state().lanes] == [30, 30]


def test_a_worker_goes_on_where_what_is_expected_cannot_be_built(
    store: Store, backend, capsys: pytest.CaptureFixture[str]
) -> None:
    from genlab.training import worker
    from genlab.training.preparation import Preparation

    bernoulli = make_spec(lanes=[{"model": "vae", "settings": {"likelihood": "bernoulli"}}])
    worker.prepare_run(bernoulli, store, threading.Event(), Preparation(store))
    assert "A Bernoulli likelihood is for pixels" in capsys.readouterr().err
    store.expect(bernoulli)
    (store.root / ".expected.json").write_text("{")
    assert store.take_expected(settled=0) is None


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"budget": 3000}, "About 30 s on this machine."),
        ({"budget": 30}, "About 1 s on this machine."),
        ({"budget": 30_000}, "About 5 min on this machine."),
        ({"budget": 1_000_000}, "About 2.8 h on this machine."),
        # 128 and 32 examples a batch: 1,000 steps of 2 ms, and 4,000 of 10 ms.
        ({"budget": 128_000, "clock": "examples"}, "About 40 s on this machine."),
        (
            {"budget": 60, "clock": "seconds"},
            "About 30,000 steps of model A and 6,000 steps of model B on this machine.",
        ),
    ],
)
def test_a_budget_is_described_by_what_it_takes_here(fields: dict, words: str) -> None:
    """Lanes train side by side, so the slower one counts: 10 ms a step."""
    assert describe_budget(small(**fields), [0.002, 0.01]) == words


def test_speeds_are_of_models_and_data_whatever_the_seed_and_budget(store: Store) -> None:
    write_speeds(store, small(), [0.002, 0.01])
    assert read_speeds(store, small(seed=9, budget=10)) == [0.002, 0.01]
    assert read_speeds(store, small(dataset="grid25")) == []
    next((store.cache / "speeds").iterdir()).write_text('{"seconds_a_step": [0.002]}')
    assert read_speeds(store, small()) == []


def test_the_train_page_says_what_the_budget_takes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    monkeypatch.setattr("genlab.ui.worker_supervisor.ensure_worker", lambda: None)
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).switch_page("pages/train.py").run()
    captions = [caption.value for caption in page.main.caption]
    assert "How long this takes here is not known yet." in captions
    assert store.take_expected(settled=60) is None, "a visitor may change more"
    expected = store.take_expected(settled=0)
    assert expected == make_spec()
    write_speeds(store, expected, [0.002, 0.01])
    captions = [caption.value for caption in page.run().main.caption]
    assert "About 30 s on this machine." in captions
    assert store.take_expected(settled=0) == make_spec(), "it is asked for again, for the next click to find it warm"
