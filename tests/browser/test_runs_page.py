"""The runs page in a browser: search, filter, sort, pages; name, note and star; delete and undo, the bin; a choice of
runs to compare; and a run that is on its way.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from helpers import wait_until
from patience import choose, expect
from playwright.sync_api import Browser, Locator, Page
from serving import Server

from genlab.runs import Run
from genlab.runs.bin import Bin
from genlab.runs.folder import LaneState, RunState
from genlab.runs.notes import Notes, read_notes, write_notes
from genlab.spec import make_spec

pytestmark = pytest.mark.browser

MADE = (("ring8", "gan"), ("moons", "vae"), ("grid25", "wgan"))  # data set and model, the oldest first


@pytest.fixture(scope="module")
def listing_server(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("listing") / "runs")
    yield server
    server.stop()


@pytest.fixture
def made(listing_server: Server) -> tuple[Server, dict[str, Run]]:
    """Runs that have ended, by data set, and no others."""
    store = listing_server.store
    for path in [*(run.path for run in store.runs()), store.root / ".bin"]:
        shutil.rmtree(path, ignore_errors=True)
    return listing_server, {dataset: ended(listing_server, dataset, model) for dataset, model in MADE}


def ended(server: Server, dataset: str, model: str) -> Run:
    run = server.store.create(make_spec(dataset=dataset, lanes=[{"model": model}]))
    run.write_state(RunState(state="done", lanes=[LaneState(state="done", step=9, seconds=2.0)]))
    return run


def opened(server: Server, visit) -> Page:
    page = visit(server).page
    page.goto(server.address("runs"))
    expect(page.locator(".run-row").first).to_be_visible()
    return page


def row(page: Page, run: Run) -> Locator:
    return page.locator(f'.run-row[data-run="{run.id}"]')


def test_rows_are_searched_and_filtered(made, visit):
    server, runs = made
    write_notes(runs["moons"], Notes("For the talk"))
    page = opened(server, visit)
    rows = page.locator(".run-row")
    expect(rows).to_have_count(3)
    search = page.get_by_label("Search")
    search.fill("TALK")
    expect(rows).to_have_count(1)
    expect(row(page, runs["moons"])).to_contain_text("For the talk")
    search.fill("nothing is like this")
    expect(page.get_by_text("No run is like that.")).to_be_visible()
    search.fill("")
    expect(rows).to_have_count(3)
    choose(page.locator(".st-key-runs-model input"), re.compile("VAE"))
    expect(rows).to_have_count(1)
    expect(row(page, runs["moons"])).to_be_visible()


def test_rows_are_sorted_and_come_page_by_page(made, visit):
    server, runs = made
    more = [ended(server, "ring8", "gan") for _ in range(14)]
    page = opened(server, visit)
    newest = [run.id for run in [*runs.values(), *more]][::-1]
    wait_until(lambda: shown(page) == newest[:15], "the newest runs")
    page.locator(".st-key-runs-page").get_by_role("button", name="Page 2", exact=True).click()
    wait_until(lambda: shown(page) == newest[15:], "the second page")
    choose(page.locator(".st-key-runs-sort input"), re.compile("oldest"))
    wait_until(lambda: shown(page) == newest[:2][::-1], "the second page of the oldest")


def shown(page: Page) -> list[str]:
    """The ids of the rows, from the top."""
    return page.locator(".run-row").evaluate_all("rows => rows.map((row) => row.dataset.run)")


def test_name_note_and_star_are_kept(made, visit):
    server, runs = made
    run = runs["ring8"]
    page = opened(server, visit)
    row(page, run).get_by_role("button", name="write a note").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("<b>mine</b> *")
    dialog.get_by_label("Note").fill("what it was for")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    row(page, run).get_by_role("button", name="star").click()
    wait_until(lambda: read_notes(run) == Notes("<b>mine</b> *", "what it was for", True), "the notes to be written")
    page.reload()
    expect(row(page, run).get_by_role("link", name="<b>mine</b> *")).to_be_visible()
    expect(row(page, run)).to_contain_text("what it was for")
    expect(row(page, run).get_by_role("button", name="star")).to_have_attribute("aria-pressed", "true")


def test_runs_are_deleted_and_taken_back(made, visit):
    server, runs = made
    page = opened(server, visit)
    for dataset in ("ring8", "moons"):
        row(page, runs[dataset]).get_by_role("checkbox").check()
    expect(page.get_by_role("button", name="2 chosen")).to_be_visible()
    page.locator(".st-key-delete button").first.click()
    expect(page.locator(".run-row")).to_have_count(1)
    assert {one.run.id for one in Bin(server.store).runs()} == {runs["ring8"].id, runs["moons"].id}
    page.locator(".st-key-undo button").first.click()
    expect(page.locator(".run-row")).to_have_count(3)
    assert not Bin(server.store).runs()
    # From the bin one by one, also in another visit.
    row(page, runs["grid25"]).get_by_role("checkbox").check()
    expect(page.get_by_role("button", name="1 chosen")).to_be_visible()
    page.locator(".st-key-delete button").first.click()
    expect(row(page, runs["grid25"])).to_have_count(0)
    page.reload()
    page.get_by_text("Bin: 1 run").click()
    page.get_by_role("button", name="Take back").click()
    expect(row(page, runs["grid25"])).to_be_visible()
    assert len(server.store.runs()) == 3


def test_two_runs_are_chosen_and_compared_and_a_title_opens_its_run(made, visit):
    server, runs = made
    page = opened(server, visit)
    compare = page.locator(".st-key-compare button").first
    expect(compare).to_be_disabled()
    for dataset in ("moons", "ring8"):
        row(page, runs[dataset]).get_by_role("checkbox").check()
    expect(compare).to_be_enabled()
    compare.click()
    expect(page).to_have_url(re.compile(rf"/compare\?runs={runs['moons'].id}(,|%2C){runs['ring8'].id}"))
    page.goto(server.address("runs"))
    row(page, runs["moons"]).get_by_role("link").click()
    expect(page).to_have_url(re.compile(rf"/train\?run={runs['moons'].id}"))


def test_every_button_of_a_row_is_reached_and_pressed_by_keyboard(made, visit):
    server, runs = made
    run = runs["moons"]
    page = opened(server, visit)
    row(page, run).get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="1 chosen")).to_be_visible()
    page.keyboard.press("Tab")
    expect(row(page, run).get_by_role("link")).to_be_focused()
    page.keyboard.press("Tab")
    star = row(page, run).get_by_role("button", name="star")
    expect(star).to_be_focused()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()  # also in the row that took the place of the one that was pressed
    expect(row(page, run).get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(row(page, run)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_choices_that_come_faster_than_the_server_answers_all_count(made, visit):
    server, _ = made
    page = opened(server, visit)
    page.evaluate(
        """async () => {
          for (const box of document.querySelectorAll(".run-row input")) {
            box.click()
            await new Promise((resolve) => setTimeout(resolve, 30))
          }
        }"""
    )
    expect(page.get_by_role("button", name="3 chosen")).to_be_visible()
    expect(page.locator(".run-row input:checked")).to_have_count(3)
    page.get_by_role("button", name="3 chosen").click()
    expect(page.locator(".run-row input:checked")).to_have_count(0)
    expect(page.locator(".st-key-delete button").first).to_be_disabled()


def test_a_run_that_was_deleted_in_another_tab_is_said_to_be_gone(made, visit):
    server, runs = made
    page = opened(server, visit)
    Bin(server.store).delete(runs["moons"])
    row(page, runs["moons"]).get_by_role("button", name="star").click()
    expect(page.get_by_text("is in the bin. Below the list")).to_be_visible()
    expect(page.locator(".run-row")).to_have_count(2)
    assert not runs["moons"].path.exists()


def test_a_run_on_its_way_moves_in_its_row_while_a_note_is_written(server, visit):
    run = visit(server).watch()
    page = opened(server, visit)
    now = row(page, run).locator(".run-now")
    expect(now).to_contain_text("running")
    moves(now)
    row(page, run).get_by_role("button", name="write a note").click()
    name = page.get_by_role("dialog").get_by_label("Name")
    name.fill("on its way")
    moves(now)
    server.store.stop(run)
    expect(row(page, run).locator(".state")).to_contain_text("stopped")
    expect(name).to_have_value("on its way")  # the end of the run draws the page anew
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(row(page, run).get_by_role("link", name="on its way")).to_be_visible()


def moves(row: Locator) -> None:
    before = row.inner_text()
    wait_until(lambda: row.inner_text() != before, "the row to move on")
