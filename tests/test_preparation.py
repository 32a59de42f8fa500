"""A run that was prepared while nobody waited: it begins at once, with the numbers that it has otherwise."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from helpers import wait_until
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
    for _ in record(run, store, preparation):
        pass
    return run


def test_a_prepared_run_has_the_numbers_of_any_other(store: Store, backend) -> None:
    from genlab.training.preparation import Preparation

    preparation = Preparation(store)
    list(preparation.prepare(small(budget=1000, clock="examples")))
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


def test_no_classifier_is_trained_for_a_run_that_nobody_asked_for(store: Store, backend) -> None:
    from genlab.training.preparation import Preparation

    preparation = Preparation(store)
    list(preparation.prepare(small(dataset="digits")))
    assert preparation.take(small(dataset="digits")) is None and not store.cache.exists()


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
    assert store.take_expected() is None


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
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600).switch_page("pages/train.py").run()
    captions = [caption.value for caption in page.sidebar.caption]
    assert "How long this takes here is not known yet." in captions
    expected = store.take_expected()
    assert expected == make_spec()
    write_speeds(store, expected, [0.002, 0.01])
    captions = [caption.value for caption in page.run().sidebar.caption]
    assert "About 30 s on this machine." in captions
    assert store.take_expected() == make_spec(), "it is asked for again, for the next click to find it warm"
