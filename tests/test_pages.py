"""Every page as Streamlit runs it, without a browser: empty, with runs, with nonsense in the address."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from genlab.runs import Run, Store
from genlab.runs.view import RunReader
from genlab.spec import make_spec
from genlab.ui import live

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages start the worker; these tests are about pages. The browser tests are about both."""
    monkeypatch.setattr("genlab.ui.worker_supervisor.ensure_worker", lambda: None)
    monkeypatch.setattr("genlab.ui.live.ensure_worker", lambda: None)


def shown(page: Path, store: Store, monkeypatch: pytest.MonkeyPatch, **address: str) -> AppTest:
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if page.name != "app.py":
        test.switch_page(str(page.relative_to(ROOT)))
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    return " ".join(
        str(element.value) for kind in ("markdown", "error", "title", "subheader") for element in test.get(kind)
    )


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
        assert "unreadable" in words(test) and damaged.id in words(test)


def test_a_run_in_the_address_fills_in_its_controls(
    session_store: Store, digits_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "train.py", session_store, monkeypatch, run=digits_run.id)
    assert test.selectbox(key="dataset").value == "digits"
    assert test.number_input(key="steps.digits").value == 6


@pytest.mark.parametrize("run", ["../../etc/passwd", "nope", "x" * 300])
def test_nonsense_in_the_address_gets_a_message_and_a_working_page(
    run: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run)
    assert "run" in test.error[0].value
    assert not test.button(key="train").disabled


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


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_lane_has_its_place_beside_or_below_the_others(count: int, store: Store) -> None:
    view = RunReader(store.create(make_spec(lanes=[{"model": "gan"}] * count))).read()
    cells, columns = live.cells(view, {}), 2 * live.lanes_a_row(view)
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
    assert not test.exception and "80 points in 2 columns" in words(test).replace("\\", "")
    test.button(key="use").click().run()
    assert not test.exception
    assert [path.name for path in (tmp_path / "data").glob("*.npz")] == ["a-b.npz"]
    assert test.query_params["dataset"] in ("a-b", ["a-b"])
    assert test.selectbox(key="dataset").value == "a-b"
    assert not test.button(key="train").disabled
