"""The mode coverage page in a real browser: a run is measured, meanwhile reloaded, cancelled and measured again."""

from __future__ import annotations

import re
import zipfile

import pytest
from helpers import wait_until
from patience import expect
from playwright.sync_api import Page
from serving import Server

from genlab.runs import Run
from genlab.runs.tables import REAL_DATA
from genlab.spec import make_spec

pytestmark = pytest.mark.browser
MEASURED = 180_000  # milliseconds that measuring may take


@pytest.fixture
def run(real_server: Server, visit) -> Run:
    """A GAN and a VAE that have trained on digits so briefly that they lose classes."""
    made = real_server.store.submit(make_spec(dataset="digits", budget=25))
    visit(real_server).open()  # a visitor starts the worker
    wait_until(lambda: made.state().state == "done", "the run to end")
    return made


def pressed(page: Page, button: str) -> None:
    page.locator(f".st-key-{button} button").first.click()


def test_a_run_is_measured_from_the_page(real_server: Server, run: Run, visit) -> None:
    page = visit(real_server).page
    page.goto(real_server.address(f"coverage?run={run.id}"))
    progress, cancel = page.get_by_test_id("stProgress"), page.locator(".st-key-cancel-measure button")
    for chart in ("coverage", "trade_off", "solid_modes"):
        expect(page.locator(f'[data-cell="{chart}"] .main-svg').first).to_be_visible()
    expect(page.get_by_text("not measured yet")).to_be_visible()

    pressed(page, "measure")
    expect(progress).to_contain_text(re.compile(r"\d+ of \d+"))
    page.reload()
    expect(progress).to_contain_text(re.compile(r"\d+ of \d+"))
    cancel.click()
    expect(page.locator(".st-key-measure button").first).to_be_visible()
    assert run.evaluation() is None, "Nothing is written by half."

    pressed(page, "measure")
    table = page.locator("table").first
    expect(table).to_contain_text(REAL_DATA, timeout=MEASURED)
    expect(table).to_contain_text("Fréchet distance, digits-classifier-64, N = 449")
    expect(table).to_contain_text(re.compile(r"[\d.]+ \([\d.]+ to [\d.]+\)"))
    for lane in (0, 1):
        gallery = page.locator(f'[data-cell="{lane}-0"]')
        gallery.scroll_into_view_if_needed()
        expect(gallery.locator("image, .main-svg").first).to_be_visible()
    expect(page.get_by_text("Measure again")).to_be_visible()
    assert run.evaluation().lanes[0].measures


def test_nonsense_in_the_address_is_named_and_harmless(real_server: Server, run: Run, visit) -> None:
    page = visit(real_server).page
    for named in ("nonsense", "..%2F..%2Fetc", "%00"):
        page.goto(real_server.address(f"coverage?run={named}"))
        expect(page.get_by_test_id("stAlert")).to_be_visible()
        expect(page.locator('[data-cell="coverage"] .main-svg').first).to_be_visible()


def test_samples_are_drawn_by_the_worker_and_saved_by_the_browser(real_server: Server, run: Run, visit) -> None:
    page = visit(real_server).page
    page.goto(real_server.address(f"coverage?run={run.id}"))
    page.get_by_role("button", name="Samples of VAE").click()
    box = page.get_by_label("How many").last
    box.fill("30")
    box.press("Tab")
    page.get_by_role("button", name="Draw").click()
    save = page.get_by_role("button", name="Save the pictures")
    expect(save).to_be_visible()
    with page.expect_download() as download:
        save.click()
    assert download.value.suggested_filename == f"samples-{run.id}-1-30-0.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert len(archive.namelist()) == 30
