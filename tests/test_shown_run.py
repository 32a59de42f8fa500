"""The run that a page shows: carried along from page to page, and named by each address."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import PATIENCE
from streamlit.testing.v1 import AppTest

from genlab.runs import Run, Store
from genlab.runs.bin import Bin
from genlab.runs.folder import RunState
from genlab.spec import make_spec
from genlab.ui.escape import literal

ROOT = Path(__file__).parents[1]
LISTS = {"latent": "latent.run", "coverage": "coverage.run", "samples": "samples.run", "how_it_works": "explained.run"}


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("worker_supervisor", "live", "coverage_page"):
        monkeypatch.setattr(f"genlab.ui.{place}.ensure_worker", lambda: None)


def done(store: Store, seed: int) -> Run:
    run = store.create(make_spec(seed=seed))
    run.write_state(RunState(state="done"))
    return run


def shown(page: str, store: Store, monkeypatch: pytest.MonkeyPatch, **address: str) -> AppTest:
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    return moved(AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE), page, **address)


def moved(test: AppTest, page: str, **address: str) -> AppTest:
    """The same visitor on another page."""
    test.switch_page(f"pages/{page}.py")
    test.query_params.clear()
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def named(test: AppTest, name: str = "run") -> str | None:
    """What the address says: a test has lists where it was not set by the test."""
    value = test.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def links(test: AppTest) -> dict[str, str]:
    """What the links of the frame carry along."""
    return {link.proto.page: link.proto.query_string for link in test.get("page_link")}


@pytest.mark.parametrize("page", LISTS)
def test_a_page_shows_the_run_that_was_looked_at_last_and_names_it(
    page: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = done(store, 1), done(store, 2)
    test = moved(shown("train", store, monkeypatch, run=run.id), page)
    assert test.selectbox(key=LISTS[page]).value == run.id == named(test)


@pytest.mark.parametrize("page", LISTS)
def test_a_page_that_is_opened_first_shows_the_newest_run_and_keeps_to_it(
    page: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, run = done(store, 1), done(store, 2)
    test = shown(page, store, monkeypatch)
    newer = done(store, 3)
    assert named(test) == run.id
    assert moved(test, page).selectbox(key=LISTS[page]).value == run.id
    test.selectbox(key=LISTS[page]).set_value(older.id).run()
    assert named(test) == older.id and named(moved(test, page)) == older.id
    assert named(shown(page, store, monkeypatch)) == newer.id, "of another visitor"


def test_links_to_pages_that_show_a_run_carry_it_along(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = done(store, 1)
    test = shown("latent", store, monkeypatch)
    carry = {page for page, query in links(test).items() if query == f"run={run.id}"}
    assert carry == {"train", *LISTS}
    assert not any(query for page, query in links(test).items() if page not in carry)
    moved(test, "train", run=run.id)
    assert links(test)["train"] == "", "from the run to a page that begins anew"
    moved(test, "runs")
    assert links(test)["train"] == f"run={run.id}"


def test_a_run_that_is_gone_is_not_carried_along(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    newest, run = done(store, 1), done(store, 2)
    test = shown("latent", store, monkeypatch, run=run.id)
    run.path.rename(store.root / ".gone")
    assert named(moved(test, "coverage")) == newest.id and not test.error
    assert named(moved(test, "coverage", run="nope")) == "nope" and "no run called nope" in test.error[0].value


def test_the_data_set_in_the_address_follows_the_control_until_there_is_a_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown("train", store, monkeypatch, dataset="moons")
    assert test.selectbox(key="dataset").value == "moons"
    test.selectbox(key="dataset").set_value("wine").run()
    assert named(test, "dataset") == "wine" == test.selectbox(key="dataset").value
    test.query_params["dataset"] = "moons"  # as Back has it
    assert test.run().selectbox(key="dataset").value == "moons"
    test.button(key="train").click().run()
    (run,) = store.runs()
    assert named(test) == run.id and named(test, "dataset") is None and run.spec().dataset == "moons"
    test.selectbox(key="dataset").set_value("wine").run()
    assert named(test, "dataset") is None and test.selectbox(key="dataset").value == "wine"


def test_a_run_in_the_address_has_a_data_set_of_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    test = shown("train", store, monkeypatch, run=done(store, 1).id, dataset="moons")
    assert test.selectbox(key="dataset").value == "ring8" and named(test, "dataset") is None
    said = [error.value for error in shown("train", store, monkeypatch, run="nope", dataset="xx").error]
    assert len(said) == 2 and "no run called nope" in said[0] and "no data set called" in said[1]


def test_a_run_in_the_bin_is_said_to_be_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run, bin = done(store, 1), Bin(store)
    deleted = bin.delete(run)
    for page in ("train", "latent"):
        (error,) = shown(page, store, monkeypatch, run=run.id).error
        assert error.value == literal(
            f"Run {run.id} is in the bin. Below the list on the Runs page it can be taken back."
        )
    bin.restore(deleted)
    assert not shown("train", store, monkeypatch, run=run.id).error
    bin.delete(run)
    bin.empty()
    assert "no run called" in shown("train", store, monkeypatch, run=run.id).error[0].value
