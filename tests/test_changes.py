"""Settings that were changed while a run trained: what lists, comparisons and the controls say of them."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import ROOT, no_worker, shown  # noqa: F401

from genlab.runs import Run, Store
from genlab.runs.changes import changes_in_words, values_in_turn
from genlab.runs.comparison import ComparedLane, differing_settings
from genlab.runs.folder import RunState
from genlab.runs.history import append_record
from genlab.runs.summary import read_summary
from genlab.runs.view import RunReader
from genlab.spec import make_spec

BETA, RATE = "1.vae.points.beta", "0.gan.points.generator_learning_rate"


def change(run: Run, lane: int, step: int, **values: float) -> None:
    append_record(run, {"lane": lane, "step": step, "seconds": step / 100, "examples": step, "changed": values})


@pytest.fixture
def steered(store: Store) -> Run:
    """A run that trains, whose beta went from 1 to 4 and then to 2."""
    run = store.submit(make_spec())
    run.write_state(RunState(state="running"))
    change(run, 1, 10, beta=4.0)
    change(run, 1, 20, beta=2.0)
    return run


@pytest.fixture
def page(store: Store, steered: Run, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return shown(ROOT / "pages" / "train.py", store, monkeypatch, run=steered.id)


def test_values_in_turn_are_those_of_a_lane_from_the_first_to_the_last() -> None:
    changed = [
        (0, 5, {"a": 2.0}),
        (1, 5, {"a": 9.0}),
        (0, 7, {"a": 3.0, "b": 1}),
        (0, 7, {"a": 4.0}),
        (0, 9, {"a": 4.0}),
    ]
    assert values_in_turn({"a": 1.0, "b": 1}, changed, 0) == {"a": [1.0, 2.0, 4.0]}, "b stayed what it was"
    assert changes_in_words({"a": 1.0, "b": 1}, changed, 0) == {"a": "1 → 2 → 4"}
    assert values_in_turn({"a": 1.0}, [(0, 5, {"a": 2.0}), (0, 6, {"a": 1.0})], 0) == {"a": [1.0, 2.0, 1.0]}
    assert values_in_turn({"a": 1.0}, [], 0) == {}


def test_the_list_of_runs_and_a_comparison_name_what_was_changed(steered: Run, store: Store) -> None:
    assert [lane.changed for lane in read_summary(steered).lanes] == [{}, {"beta": "1 → 4 → 2"}]
    plain = store.create(make_spec(seed=1))
    views = [RunReader(run).read() for run in (steered, plain)]
    assert [view.settings_now(1)["beta"] for view in views] == [2.0, 1.0]
    rows = differing_settings([ComparedLane(view, 1) for view in views], ["steered", "plain"])
    assert {"setting": "beta", "steered": "1 → 4 → 2", "plain": "1"} in rows


def test_controls_show_the_values_that_a_run_trains_with(page: AppTest) -> None:
    assert page.number_input(key=BETA).value == 2.0
    assert page.number_input(key=RATE).value == pytest.approx(1e-3)


def test_what_a_browser_says_before_it_hears_of_a_new_value_is_nobodys_wish(page: AppTest, steered: Run) -> None:
    change(steered, 1, 30, beta=3.0)
    page.run()
    assert page.number_input(key=BETA).value == 3.0
    page.number_input(key=BETA).set_value(2.0).run()  # what it showed until now
    assert steered.take_requests() == [] and page.number_input(key=BETA).value == 3.0
    page.number_input(key=BETA).set_value(5.0).run()
    assert [request["values"] for request in steered.take_requests()] == [{"beta": 5.0}]


def test_a_value_can_be_set_back_to_what_the_run_began_with(page: AppTest, steered: Run) -> None:
    page.number_input(key=BETA).set_value(1.0).run()
    assert [request["values"] for request in steered.take_requests()] == [{"beta": 1.0}]
    assert page.number_input(key=BETA).value == 1.0, "it does not jump back while it is on its way"
    change(steered, 1, 30, beta=1.0)
    page.run()
    assert page.number_input(key=BETA).value == 1.0


def test_controls_follow_what_another_visitor_changes_and_nothing_else(page: AppTest, steered: Run) -> None:
    page.number_input(key="seed").set_value(5).run()
    change(steered, 0, 30, generator_learning_rate=5e-4)
    page.run()
    assert page.number_input(key=RATE).value == pytest.approx(5e-4)
    assert page.number_input(key=BETA).value == 2.0 and page.number_input(key="seed").value == 5
    page.selectbox(key="model.0").set_value("wgan").run()
    change(steered, 0, 40, generator_learning_rate=1e-4)
    page.run()
    assert not page.exception and page.selectbox(key="model.0").value == "wgan", "chosen for another run"


def test_what_is_on_its_way_stays_though_the_same_value_is_still_in_force(page: AppTest, steered: Run) -> None:
    page.number_input(key=BETA).set_value(4.0).run()
    page.number_input(key=BETA).set_value(2.0).run()  # what it is until the worker has taken the first of them
    change(steered, 1, 30, beta=4.0)
    page.run()
    assert page.number_input(key=BETA).value == 2.0


def test_a_value_that_never_arrives_gives_way_to_the_one_in_force(
    page: AppTest, steered: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.number_input(key=BETA).set_value(9.0).run()
    change(steered, 1, 30, beta=5.0)
    page.run()
    assert page.number_input(key=BETA).value == 9.0
    monkeypatch.setattr("genlab.ui.model_controls.ON_ITS_WAY_SECONDS", 0.0)
    steered.write_state(RunState(state="queued"))
    page.run()
    assert page.number_input(key=BETA).value == 9.0, "nobody takes requests yet"
    steered.write_state(RunState(state="running"))
    page.run()
    assert page.number_input(key=BETA).value == 5.0


def test_what_is_chosen_for_the_next_run_stays_until_this_one_is_resumed(page: AppTest, steered: Run) -> None:
    steered.write_state(RunState(state="stopped"))
    page.run()
    page.number_input(key=BETA).set_value(3.0).run()
    page.switch_page("pages/runs.py").run()
    page.switch_page("pages/train.py")
    page.query_params["run"] = steered.id
    for _ in range(2):
        page.run()
        assert page.number_input(key=BETA).value == 3.0
    page.selectbox(key="dataset").set_value("digits").run()
    page.selectbox(key="dataset").set_value("ring8").run()
    assert page.number_input(key=BETA).value == 3.0
    steered.write_state(RunState(state="running"))
    page.run()
    assert page.number_input(key=BETA).value == 2.0, "what it trains with"


def test_a_summary_that_was_kept_is_made_again_where_the_history_is_another(store: Store) -> None:
    run = store.create(make_spec())
    run.write_state(RunState(state="done"))
    assert read_summary(run).lanes[1].changed == {}
    change(run, 1, 10, beta=4.0)
    assert read_summary(run).lanes[1].changed == {"beta": "1 → 4"}
