"""Every page as Streamlit runs it, without a browser: empty, with runs, with nonsense in the address."""

from __future__ import annotations

import gc
import re
import shutil
from pathlib import Path

import pytest
import streamlit as st
from helpers import PATIENCE
from streamlit.testing.v1 import AppTest

from genlab.figures.base import lane_views
from genlab.registry import FIGURES
from genlab.runs import Run, Store
from genlab.runs.folder import LaneState, RunState
from genlab.runs.speeds import write_speeds
from genlab.runs.view import RunReader
from genlab.spec import make_spec
from genlab.ui import live
from genlab.ui.escape import JOINER, literal
from genlab.ui.run_label import run_label

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages start the worker; these tests are about pages. The browser tests are about both."""
    monkeypatch.setattr("genlab.ui.worker_supervisor.ensure_worker", lambda: None)
    for place in ("live", "compare_page"):
        monkeypatch.setattr(f"genlab.ui.{place}.ensure_worker", lambda: None)


def shown(page: Path, store: Store, monkeypatch: pytest.MonkeyPatch, **address: str) -> AppTest:
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    if page.name != "app.py":
        test.switch_page(str(page.relative_to(ROOT)))
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    """What stands on the page, as it is read."""
    kinds = ("markdown", "error", "title", "subheader")
    text = " ".join(str(element.value) for kind in kinds for element in test.get(kind))
    return text.replace("\\", "").replace(JOINER, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_page_stands_without_runs(page: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(page, store, monkeypatch)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_page_stands_with_runs_and_a_damaged_one(
    page: Path, store: Store, monkeypatch: pytest.MonkeyPatch, ring_run: Run
) -> None:
    store.create(ring_run.spec())
    damaged = store.create(ring_run.spec())
    (damaged.path / "spec.json").write_text("{")
    test = shown(page, store, monkeypatch)
    if page.stem == "runs":
        (rows,) = [part.proto.json for part in test.get("bidi_component") if '"rows"' in part.proto.json]
        assert "unreadable" in rows and damaged.id in rows


def test_a_run_in_the_address_fills_in_its_controls(
    session_store: Store, digits_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "train.py", session_store, monkeypatch, run=digits_run.id)
    assert test.selectbox(key="dataset").value == "digits"
    assert test.number_input(key="steps.digits").value == 6


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_control_begins_with_its_value_however_often_it_is_sent(
    page: Path, session_store: Store, digits_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two messages about a control that the browser has not fetched yet Streamlit sends the second alone, in which
    a value from the session is no longer set: the browser then begins with the default.
    """
    test = shown(page, session_store, monkeypatch, run=digits_run.id).run()
    for control in [*test.number_input, *test.toggle, *test.text_input]:
        assert control.proto.set_value or control.proto.default == control.value, control.key
    for control in test.selectbox:
        assert control.proto.set_value or control.options[control.proto.default] == control.proto.options[control.index]


def test_a_run_with_more_than_a_control_takes_is_shown_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line takes any number of steps."""
    run = store.create(make_spec(budget=100_000_000))
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id)
    assert test.number_input(key="steps.ring8").value == 100_000_000 and not test.button(key="train").disabled
    test.number_input(key="steps.ring8").set_value(99_000_000).run()
    assert literal("Steps: 99,000,000 are too many. Expected 1 to 1,000,000.") in [error.value for error in test.error]
    assert test.button(key="train").disabled


def test_a_run_is_called_the_same_wherever_one_is_chosen(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.create(make_spec(seed=3))
    run.write_state(RunState(state="done"))
    label = f"GAN, VAE · seed 3 · Ring of 8 Gaussians · {run.id}"
    coverage = shown(ROOT / "pages" / "coverage.py", store, monkeypatch)
    compare = shown(ROOT / "pages" / "compare.py", store, monkeypatch, runs=run.id)
    assert coverage.selectbox(key="coverage.run").options == [label] == compare.multiselect(key="compare.runs").options
    assert run_label("20260101-000000-000000") == "", "one that was deleted meanwhile"


@pytest.mark.parametrize("run", ["../../etc/passwd", "nope", "x" * 300])
def test_nonsense_in_the_address_gets_a_message_and_a_working_page(
    run: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run)
    assert "run" in test.error[0].value
    assert not test.button(key="train").disabled


@pytest.mark.parametrize(
    "key, value, said",
    [
        (
            "0.gan.points.generator_learning_rate",
            1000.0,
            "Model A (GAN): generator_learning_rate: Input should be less",
        ),
        ("1.vae.points.latent_dim", 0, "Model B (VAE): latent_dim: Input should be greater than or equal to 1, not 0."),
        ("steps.ring8", 0, "budget: Input should be greater than 0, not 0."),
        ("seed", -1, "seed: Input should be greater than or equal to 0, not -1."),
        ("data.ring8.size", 5, "size: Input should be greater than or equal to 100, not 5."),
    ],
)
def test_a_number_out_of_bounds_is_said_and_not_trained_with(
    key: str, value: float, said: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch)
    before = test.number_input(key=key).value
    test.number_input(key=key).set_value(value).run()
    assert any(literal(said) in error.value for error in test.error)
    assert all(test.button(key=button).disabled for button in ("train", "train-first"))
    test.number_input(key=key).set_value(before).run()
    assert not test.error and not test.button(key="train").disabled


def test_a_live_setting_out_of_bounds_is_not_sent_to_a_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.submit(make_spec())
    run.write_state(RunState(state="running"))
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id)
    test.number_input(key="1.vae.points.beta").set_value(-2.0).run()
    assert run.take_requests() == []
    said = "Model B goes on as it was. beta: Input should be greater than or equal to 0, not -2.0."
    assert test.toast[0].value == literal(said)
    test.number_input(key="1.vae.points.beta").set_value(4.0).run()
    assert [request["values"] for request in run.take_requests()] == [{"beta": 4.0}]


def test_train_queues_one_run_with_what_the_controls_say(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch)
    test.number_input(key="seed").set_value(7)
    test.number_input(key="1.vae.points.beta").set_value(4.0)
    test.button(key="train").click().run()
    assert not test.exception
    (run,) = store.runs()
    assert test.query_params["run"] in (run.id, [run.id])
    assert run.spec().seed == 7 and run.spec().lanes[1].settings["beta"] == 4.0
    assert run.state().state == "queued" and store.waiting() == [run.id]


@pytest.mark.parametrize("clock", ["steps", "seconds", "examples"])
def test_a_budget_is_in_the_chosen_unit_and_is_filled_in_again(
    clock: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch)
    test.selectbox(key="clock").set_value(clock).run()
    test.number_input(key=f"{clock}.ring8").set_value(40)
    test.button(key="train").click().run()
    (run,) = store.runs()
    assert (run.spec().clock, run.spec().budget) == (clock, 40)
    again = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id)
    assert again.selectbox(key="clock").value == clock
    assert again.number_input(key=f"{clock}.ring8").value == 40


def models(test: AppTest) -> list[str]:
    keys = [box.key for box in test.selectbox if box.key and box.key.startswith("model.")]
    assert keys == [f"model.{lane}" for lane in range(len(keys))]
    return [test.selectbox(key=key).value for key in keys]


def keys(test: AppTest) -> set[str | None]:
    return {button.key for button in test.button}


def test_models_are_added_and_removed_up_to_four_and_down_to_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch)
    assert models(test) == ["gan", "vae"]
    for count in (3, 4):
        test.button(key="add").click().run()
        assert len(models(test)) == count and not test.error
    assert "add" not in keys(test)
    test.button(key="train").click().run()
    for count in (3, 2, 1):
        test.button(key="remove.0").click().run()
        assert len(models(test)) == count
    assert "remove.0" not in keys(test) and "add" in keys(test)
    test.button(key="train").click().run()
    assert not test.exception
    assert [len(run.spec().lanes) for run in store.runs()] == [1, 4]


def test_models_after_one_that_is_removed_move_up_with_their_settings(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch)
    test.button(key="add").click().run()
    test.selectbox(key="model.2").set_value("vae").run()
    test.number_input(key="0.gan.points.batch_size").set_value(16)
    test.number_input(key="1.vae.points.beta").set_value(4.0)
    test.number_input(key="2.vae.points.beta").set_value(8.0)
    test.run()
    test.button(key="remove.0").click().run()
    assert models(test) == ["vae", "vae"]
    assert [test.number_input(key=f"{lane}.vae.points.beta").value for lane in (0, 1)] == [4.0, 8.0]
    test.button(key="remove.1").click().run()
    assert models(test) == ["vae"] and test.number_input(key="0.vae.points.beta").value == 4.0
    test.button(key="add").click().run()
    assert models(test) == ["vae", "vae"], "each place begins with a model of its own, as at first"
    assert test.number_input(key="1.vae.points.beta").value == 1.0, "what was removed is gone"


def test_what_was_chosen_is_there_again_after_a_visit_to_another_page(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch)
    test.button(key="add").click().run()
    test.selectbox(key="model.2").set_value("ae").run()
    test.number_input(key="seed").set_value(9)
    test.number_input(key="1.vae.points.beta").set_value(4.0).run()
    test.switch_page("pages/runs.py").run()
    test.switch_page("pages/train.py").run()
    assert not test.exception
    assert models(test) == ["gan", "vae", "ae"]
    assert test.number_input(key="seed").value == 9 and test.number_input(key="1.vae.points.beta").value == 4.0


@pytest.mark.parametrize("count", [1, 3, 4])
def test_a_run_of_any_number_of_models_fills_in_its_controls(
    count: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(lanes=[{"model": "vae", "settings": {"beta": lane + 2.0}} for lane in range(count)], budget=50)
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=store.create(spec).id)
    assert models(test) == ["vae"] * count
    test.button(key="train").click().run()
    assert store.runs()[0].spec() == spec


@pytest.mark.parametrize("count", [1, 3, 4])
def test_what_any_number_of_models_takes_is_said_and_prepared(
    count: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(lanes=[{"model": "vae", "settings": {}}] * count)
    write_speeds(store, spec, [0.001] * count)
    run = store.create(spec)
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id)
    assert store.take_expected(settled=0.0) == spec
    assert [caption.value for caption in test.caption if "on this machine" in caption.value] == [
        "About 3 s on this machine."
    ]
    monkeypatch.setattr("genlab.runs.memory.free_memory", lambda: 0.0)
    test.button(key="train").click().run()
    (message,) = [error.value for error in test.error]
    assert "GB of memory" in message and ("train fewer models at once" in message) == (count > 1)
    assert len(store.runs()) == 1


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_lane_has_its_place_beside_or_below_the_others(count: int, store: Store) -> None:
    view = RunReader(store.create(make_spec(lanes=[{"model": "gan"}] * count))).read()
    cells, columns = live.cells(lane_views(view)), 2 * live.lanes_a_row(lane_views(view))
    place, starts = 0, {}
    for cell in cells:
        assert place % columns + cell.span <= columns, "no cell breaks over two rows"
        starts[cell.name] = place % columns
        place += cell.span
    assert place % columns == 0, "the last row is full"
    for lane in range(count):
        assert starts[f"{lane}-title"] == starts[f"{lane}-samples"] == starts[f"{lane}-losses"] == 2 * (lane % 2)
    assert len({cell.name for cell in cells}) == len(cells)


def test_data_that_cannot_be_had_disables_train_and_says_why(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("GENLAB_DATA_DIR", "KERAS_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr("genlab.datasets.image_sets.reachable", lambda host: False)
    st.cache_data.clear()  # that another test could have it
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch, dataset="mnist")
    assert test.selectbox(key="dataset").value == "mnist"
    assert "ring8 or digits" in test.warning[0].value
    assert test.button(key="train").disabled


def test_settings_of_the_data_set_are_asked_for_and_put_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch)
    test.number_input(key="data.ring8.size").set_value(500)
    test.button(key="train").click().run()
    (run,) = store.runs()
    assert run.spec().dataset_settings["size"] == 500
    again = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id)
    assert again.number_input(key="data.ring8.size").value == 500


def test_data_of_ones_own_is_stored_and_chosen_on_the_train_page(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GENLAB_DATA_DIR", str(tmp_path / "data"))
    test = shown(ROOT / "pages" / "data.py", store, monkeypatch)
    rows = "\n".join(f"{i % 7},{i % 11 * 100}" for i in range(80))
    test.file_uploader(key="file").set_value(("a_b.csv", rows.encode(), "text/csv")).run()
    assert not test.exception and "80 points in 2 columns" in words(test)
    test.button(key="use").click().run()
    assert not test.exception
    assert [path.name for path in (tmp_path / "data").glob("*.npz")] == ["a-b.npz"]
    assert test.query_params["dataset"] in ("a-b", ["a-b"])
    assert test.selectbox(key="dataset").value == "a-b"
    assert not test.button(key="train").disabled


HOSTILE = (
    "[Log in](http://evil.example)",
    "<b>bold</b>",
    ":red[x]",
    "$x$",
    ":smile:",
    ":material/home:",
    "# a  \n```b",
)


def markdown(test: AppTest) -> list[str]:
    """All that a page hands over as Markdown: bodies, labels and help."""
    kinds = ("markdown", "error", "warning", "caption", "subheader", "title", "header", "info", "success", "toast")
    texts = [str(element.value) for kind in kinds for element in test.get(kind)]
    protos = [element.proto for kind in ("button", "page_link", "selectbox", "progress") for element in test.get(kind)]
    return texts + [getattr(proto, part, "") for proto in protos for part in ("label", "help", "text")]


def assert_as_it_is(test: AppTest, word: str) -> None:
    texts = markdown(test)
    assert not [text for text in texts if word in text], "as Markdown it would be more than words"
    assert any(literal(word) in text for text in texts), "it is shown"


@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize("page", ["train", "coverage"])
def test_words_in_the_address_are_shown_as_they_are(
    page: str, word: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_as_it_is(shown(ROOT / "pages" / f"{page}.py", store, monkeypatch, run=word), word)
    if page == "train":
        assert_as_it_is(shown(ROOT / "pages" / "train.py", store, monkeypatch, dataset=word), word)


@pytest.mark.parametrize("word", HOSTILE)
def test_words_of_a_run_are_shown_as_they_are(word: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.create(make_spec())
    lanes = [LaneState(), LaneState(state="failed", message=word)]
    run.write_state(RunState(state="stopped", message=word, lanes=lanes))
    assert_as_it_is(shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id), word)
    run.write_state(RunState(state="failed", message=word))
    assert_as_it_is(shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id), word)


@pytest.mark.parametrize("word", HOSTILE)
def test_words_of_an_own_file_are_shown_as_they_are(
    word: str, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GENLAB_DATA_DIR", str(tmp_path / "data"))
    test = shown(ROOT / "pages" / "data.py", store, monkeypatch)
    rows = "\n".join(f'{i},{i % 11},"{word}"' for i in range(80)) + "\n" + "\n".join(f"{i},3,b" for i in range(40))
    test.file_uploader(key="file").set_value((f"{word}.csv", rows.encode(), "text/csv")).run()
    assert not test.exception
    assert not [text for text in markdown(test) if word in text]


def test_what_streamlit_looks_for_in_text_is_broken_up() -> None:
    for word in ("http://evil.example", "www.evil.example", "me@evil.example", ":smile:", "a -> b", ":material/home:"):
        shown = re.sub(r"\\(?=[^\w\s])", "", literal(word))
        assert shown != word and shown.replace(JOINER, "") == word
    assert literal("device: CPU, 2 cores") == "device\\: CPU, 2 cores", "plain words stay plain"


def test_a_failed_run_shows_its_sentence_and_the_rest_behind_details(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.create(make_spec())
    run.write_state(RunState(state="failed", message="It broke."))
    assert not shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id).code
    (run.path / "error.txt").write_text("Traceback: <b>here</b>")
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id)
    assert "It broke." in words(test)
    assert "Details" in [expander.label for expander in test.expander]
    assert [code.value for code in test.code] == ["Traceback: <b>here</b>"]


def test_what_a_look_collects_is_not_all_the_code_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    gc.unfreeze()
    st.cache_resource.clear()
    shown(ROOT / "pages" / "train.py", store, monkeypatch, run=store.create(make_spec()).id)
    assert gc.get_freeze_count() > 100_000
    gc.unfreeze()


def test_a_run_behind_a_paused_one_says_when_that_makes_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    paused, run = store.create(make_spec()), store.submit(make_spec())
    status = {"state": "ready", "devices": {"cpu": "CPU"}, "run": paused.id}
    monkeypatch.setattr("genlab.ui.live.worker_status", lambda: status)
    page = ROOT / "pages" / "train.py"
    paused.write_state(RunState(state="running"))
    assert state_line(shown(page, store, monkeypatch, run=run.id)) == "queued · 1 run before it"
    paused.write_state(RunState(state="paused"))
    said = "queued · 1 run before it, which is paused and makes room after 60 s"
    monkeypatch.setattr(Run, "is_held", lambda run: True)
    assert state_line(shown(page, store, monkeypatch, run=run.id)) == said
    after = store.submit(make_spec())
    said = "queued · 2 runs before it, the first of which is paused and makes room after 60 s"
    assert state_line(shown(page, store, monkeypatch, run=after.id)) == said


def test_a_stopped_run_says_so_once(ring_run: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.place(Run(shutil.copytree(ring_run.path, store.root / ".copy")))
    state = run.state()
    state.state, state.message = "stopped", "Stopped. Resume goes on from here."
    run.write_state(state)
    line = state_line(shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id))
    assert re.fullmatch("stopped · Resume goes on from here. · step [0-9]+ of [0-9]+ · [0-9]+ s", line)


def state_line(test: AppTest) -> str:
    """The state of the run as it is read; a number stays with its unit."""
    (progress,) = test.get("progress")
    line = re.sub(r"[\\*]", "", progress.proto.text).replace(JOINER, "")
    assert not re.search(r"\d s\b", line)
    return line.replace("\N{NO-BREAK SPACE}", " ")


def test_a_step_beyond_the_end_and_a_picture_of_other_runs_are_said(
    session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ROOT / "pages" / "train.py"
    last = max(lane.step for lane in ring_run.state().lanes)
    test = shown(page, session_store, monkeypatch, run=ring_run.id, step=str(last), view="samples")
    assert not test.warning
    offered = live.pictures(RunReader(ring_run).read())
    other = next(entry.name for entry in FIGURES.values() if entry.belongs == "picture" and entry.name not in offered)
    test = shown(page, session_store, monkeypatch, run=ring_run.id, step=str(last + 1), view=other)
    said = [warning.value.replace("\\", "").replace(JOINER, "") for warning in test.warning]
    assert len(said) == 2 and said[0].startswith(f"The address says view={other}, where one of samples")
    assert said[1] == f"The address says step={last + 1}, where a step up to {last} was expected. It is ignored."


def test_a_step_that_a_run_has_not_reached_yet_may_be_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ROOT / "pages" / "train.py"
    for budget, clock, said in ((300, "steps", 1), (400, "steps", 0), (300, "seconds", 0)):
        run = store.submit(make_spec(budget=budget, clock=clock))
        assert len(shown(page, store, monkeypatch, run=run.id, step="400").warning) == said
