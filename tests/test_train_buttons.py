"""The buttons above a run on the train page: on a run that was deleted meanwhile, and on a fork."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from test_pages import ROOT, no_worker, shown  # noqa: F401

from genlab.runs import Run, Store
from genlab.runs.bin import Bin
from genlab.runs.checkpoints import keep
from genlab.runs.folder import LaneState, RunState
from genlab.runs.forks import Change
from genlab.runs.history import append_record
from genlab.spec import make_spec

TRAIN = ROOT / "pages" / "train.py"


def reached(run: Run, state: str, step: int) -> None:
    """As if its lanes had trained so far, and kept a checkpoint there."""
    lanes = range(len(run.spec().lanes))
    run.write_state(RunState(state=state, lanes=[LaneState(state="running", step=step) for _ in lanes]))
    checkpoint = {"clock": np.array([step, step / 1000, step * 256], "float64")}
    keep(run, [checkpoint for _ in lanes])
    for lane in lanes:
        run.write_checkpoint(lane, checkpoint)


@pytest.mark.parametrize("button", ["pause", "step", "stop"])
def test_what_is_asked_of_a_run_that_was_deleted_in_another_tab_gets_a_message(
    button: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.create(make_spec())
    reached(run, "running", 40)
    test = shown(TRAIN, store, monkeypatch, run=run.id)
    run.write_state(RunState(state="stopped"))
    Bin(store).delete(run)
    test.button(key=button).click().run()
    assert not test.exception and "is in the bin" in said(test)
    assert not run.path.exists(), "it is in the bin, whole"


def said(test: AppTest) -> str:
    return " ".join(str(element.value).replace("\\", "") for kind in ("error", "toast") for element in test.get(kind))


def test_reset_takes_a_fork_back_to_where_it_was_forked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = store.create(make_spec(budget=100))
    reached(parent, "done", 60)
    fork = store.fork(parent, 60, Change(1, "beta", 4.0))
    store.take()
    reached(fork, "stopped", 80)
    test = shown(TRAIN, store, monkeypatch, run=fork.id)
    assert "step 60" in test.button(key="reset").help
    test.button(key="reset").click().run()
    assert not test.exception and not test.error
    again = store.runs()[0]
    assert again.id not in (fork.id, parent.id) and again.spec() == fork.spec()
    assert again.metadata().forked_from == fork.metadata().forked_from
    assert [lane.step for lane in again.state().lanes] == [60, 60]
    assert [request["verb"] for request in again.take_requests()] == ["pause"]


def test_the_dialog_forks_the_step_that_it_named_or_says_which_it_would_be(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.create(make_spec(budget=100))
    reached(run, "running", 40)
    reached(run, "running", 60)
    test = shown(TRAIN, store, monkeypatch, run=run.id)
    test.session_state["fork.step"] = 75
    test.run()
    assert "goes on from step 60" in marked(test)
    (run.path / "checkpoints" / "at-000000060.npz").unlink()  # as for one that is more needed
    reached(run, "running", 80)
    test.button(key="fork-now").click().run()
    assert not test.exception and len(store.runs()) == 1
    (warning,) = test.warning
    assert "step 60 is not kept any more" in warning.value and "step 40" in warning.value
    test.button(key="fork-now").click().run()
    assert store.runs()[0].metadata().forked_from.step == 40


def test_a_fork_goes_on_with_what_its_run_had_there_and_the_controls_show_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.create(make_spec(budget=60))
    there = {"clock": np.array([40, 0.04, 40 * 256], "float64")}
    keep(run, [there, {**there, "setting.beta": np.array(4.0)}])
    append_record(run, {"lane": 1, "step": 50, "seconds": 1.0, "examples": 50, "changed": {"beta": 2.0}})
    reached(run, "done", 60)
    test = shown(TRAIN, store, monkeypatch, run=run.id)
    assert test.number_input(key="1.vae.points.beta").value == 2.0
    test.session_state["fork.step"] = 45
    test.run()
    assert "with the settings this one had there: change one of them, or none" in marked(test)
    assert test.number_input(key=f"fork.{run.id}.40.budget").value == 60, "as far as the run that is forked"
    test.selectbox(key="fork.lane").set_value(1).run()
    test.selectbox(key="fork.setting").set_value("beta").run()
    test.button(key="fork-now").click().run()
    assert not test.exception
    fork = store.runs()[0]
    assert fork.spec().lanes[1].settings["beta"] == 4.0 and fork.metadata().forked_from.lane is None
    assert test.number_input(key="1.vae.points.beta").value == 4.0
    test.number_input(key="1.vae.points.beta").set_value(2.0).run()  # what the browser showed before it heard of it
    assert fork.take_requests() == [] and test.number_input(key="1.vae.points.beta").value == 4.0
    assert test.number_input(key="steps.ring8").value == fork.spec().budget == 60


def test_a_fork_trains_as_far_as_the_dialog_is_told_or_says_why_it_cannot(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.create(make_spec(budget=60))
    reached(run, "done", 60)
    keep(run, [{"clock": np.array([60, 0.06, 60 * 256], "float64")}] * 2)
    test = shown(TRAIN, store, monkeypatch, run=run.id)
    test.session_state["fork.step"] = 60
    test.run()
    budget = f"fork.{run.id}.60.budget"
    assert test.number_input(key=budget).value == 120, "the run was at its end, so for as long again"
    for wrong, words in ((60, "leaves nothing to train"), (2_000_000, "too many")):
        test.number_input(key=budget).set_value(wrong).run()
        test.button(key="fork-now").click().run()
        assert words in " ".join(error.value for error in test.error) and len(store.runs()) == 1
    test.number_input(key=budget).set_value(100).run()
    test.button(key="fork-now").click().run()
    assert not test.exception and store.runs()[0].spec().budget == 100
    assert test.number_input(key="steps.ring8").value == 100


def marked(test: AppTest) -> str:
    return " ".join(element.value for element in test.markdown)
