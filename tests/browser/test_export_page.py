"""The export button in a browser: what it makes is downloaded, and what needs TensorFlow is named with its command."""

from __future__ import annotations

import io
import shlex
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from helpers import wait_until
from patience import choose, expect
from playwright.sync_api import Locator, Page
from serving import Server

from genlab.runs import Run
from genlab.spec import make_spec

pytestmark = pytest.mark.browser
STEPS, SEED = 200, 400


@pytest.fixture
def ended(server: Server, visit) -> Run:
    """A run that has ended, the same for all tests of this file."""
    mine = [run for run in server.store.runs() if run.spec().seed == SEED]
    run = mine[0] if mine else server.store.submit(make_spec(budget=STEPS, seed=SEED))
    visit(server).open(f"?run={run.id}").is_now("done")
    return run


def opened(page: Page) -> Locator:
    """The export of the page."""
    page.locator(".st-key-export button").first.click()
    body = page.get_by_test_id("stPopoverBody")
    expect(body).to_be_visible()
    return body


def downloaded(body: Locator) -> tuple[str, bytes]:
    body.get_by_role("button", name="Make").click()
    button = body.get_by_role("button", name="Download")
    expect(button).to_be_visible()
    with body.page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def command(body: Locator) -> list[str]:
    expect(body.get_by_test_id("stCode")).to_have_count(1)  # while it is drawn anew, the one before is there too
    return shlex.split(body.get_by_test_id("stCode").last.inner_text().replace("\n", " ").strip())


def test_what_is_asked_for_is_made_and_downloaded(server: Server, visit, ended: Run) -> None:
    page = visit(server).page
    page.goto(server.address(f"train?run={ended.id}"))
    body = opened(page)
    choose(body.get_by_role("combobox", name="Format"), "Curves, CSV")
    choose(body.get_by_role("combobox", name="Model"), "VAE")
    # While it is drawn anew the one before is there too, which Playwright refuses where one is asked for.
    expect(body.get_by_test_id("stCode").filter(has_text="--to csv")).to_have_count(1)
    name, content = downloaded(body)
    assert name == f"ring8-{ended.id}.csv"
    table = pd.read_csv(io.BytesIO(content))
    assert set(table["model"]) == {"vae"} and table["step"].max() == STEPS
    choose(body.get_by_role("combobox", name="Format"), "Keras models")
    expect(body.get_by_role("button", name="Make")).to_have_count(0)
    words = command(body)
    assert words[:5] == ["genlab", "export", ended.id, "--to", "keras"]


def test_every_page_that_shows_a_run_exports_it(server: Server, visit, ended: Run) -> None:
    page = visit(server).page
    for path in (f"compare?runs={ended.id}:1", f"coverage?run={ended.id}", "coverage"):
        page.goto(server.address(path))
        body = opened(page)
        choose(body.get_by_role("combobox", name="Format"), "The run")
        wait_until(lambda body=body: command(body)[3:5] == ["--to", "zip"], "the command of the zip")
        shown = command(body)[2]
        assert shown == ended.id or path == "coverage"
    name, content = downloaded(body)
    assert name.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert f"{shown}/spec.json" in archive.namelist()
    page.goto(server.address("data"))
    expect(opened(page)).to_contain_text("Open a run")


def test_an_export_is_of_the_moment_that_is_shown(server: Server, visit, ended: Run) -> None:
    page = visit(server).page
    step = ended.frame_steps(0)[1]
    page.goto(server.address(f"train?run={ended.id}&step={step}"))
    body = opened(page)
    choose(body.get_by_role("combobox", name="Format"), "Samples, moving")
    body.get_by_text(f"At step {step:,}").click()
    body.get_by_text("Dark", exact=True).click()
    wait_until(lambda: command(body)[-3:] == ["--step", str(step), "--dark"], "the step in the command")
    assert downloaded(body)[1].startswith(b"GIF89a")
