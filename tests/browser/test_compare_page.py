"""The compare page in a browser: runs of different length, of different data, one that begins, nonsense addresses."""

from __future__ import annotations

import re

import pytest
from helpers import wait_until
from patience import choose, expect
from playwright.sync_api import Page
from serving import LONGEST, Server

from genlab.runs import Run
from genlab.spec import make_spec

pytestmark = pytest.mark.browser

SHORT, LONG = 300, 900  # steps


@pytest.fixture
def ended(server: Server, visit) -> dict[str, Run]:
    """Runs that have ended, the same for all tests of this file."""
    wanted = {
        "short": make_spec(budget=SHORT, seed=100),
        "long": make_spec(budget=LONG, seed=101),
        "moons": make_spec(dataset="moons", lanes=[{"model": "vae"}], budget=100, seed=100),
    }
    there = {(run.spec().dataset, run.spec().seed, run.spec().budget): run for run in server.store.runs()}
    keys = {name: (spec.dataset, spec.seed, spec.budget) for name, spec in wanted.items()}
    runs = {name: there.get(keys[name]) or server.store.submit(spec) for name, spec in wanted.items()}
    visit(server).open()  # starts the worker
    wait_until(lambda: all(run.state().state == "done" for run in runs.values()), "the runs to be trained")
    return runs


@pytest.fixture
def opened(server: Server, visit):
    def open_page(query: str) -> Page:
        page = visit(server).page
        page.goto(server.address(f"compare?{query}"))
        return page

    return open_page


def attribute(page: Page, name: str) -> str:
    """As it is now: "" without a time line, which is made anew where other lanes are compared."""
    line = page.get_by_test_id("timeline")
    found = line.evaluate_all("(lines, name) => lines.map((each) => each.dataset[name])", name)
    return (found[0] if found else "") or ""


def holds_all_frames(page: Page, *runs: Run) -> None:
    steps = {step for run in runs for lane in range(len(run.spec().lanes)) for step in run.frame_steps(lane)}
    wait_until(lambda: attribute(page, "frames") == str(len(steps)), "all frames")


def heading(page: Page, lane: int) -> str:
    return page.locator(f'[data-cell="{lane}-title"]').get_by_role("heading").inner_text()


def test_lanes_stand_in_the_order_of_the_runs_that_the_address_names(opened, ended):
    page = opened(f"runs={ended['short'].id},{ended['long'].id}:1")
    for lane, words in enumerate(("GAN", "VAE · seed 100", "VAE · seed 101")):
        heading_of = page.locator(f'[data-cell="{lane}-title"]').get_by_role("heading")
        expect(heading_of).to_have_text(re.compile(f"^{words}"))


def test_runs_of_different_length_move_together_on_one_clock(opened, ended):
    short, long = ended["short"], ended["long"]
    page = opened(f"runs={short.id},{long.id}")
    holds_all_frames(page, short, long)
    assert attribute(page, "step") == str(LONG)
    for lane, words in enumerate(("GAN · seed 100", "GAN · seed 101", "VAE · seed 100", "VAE · seed 101")):
        assert heading(page, lane).startswith(words)
    for name in ("0-samples", "3-latent", "solid_modes-0-1-2-3", "recorded-vae/kl-2-3", "coverage"):
        expect(page.locator(f'[data-cell="{name}"]')).to_be_visible()
    for words in ("Settings that differ", "budget", f"{SHORT} steps", f"{LONG} steps", "Share on a mode"):
        expect(page.get_by_text(words).filter(visible=True).first).to_be_visible()
    # In the middle of the longer run, the shorter one shows its end.
    at_the_end = heading(page, 0)
    middle = next(step for step in long.frame_steps(0) if step > SHORT)
    while int(attribute(page, "step")) > middle:
        before = attribute(page, "step")
        page.keyboard.press("ArrowLeft")
        wait_until(lambda seen=before: attribute(page, "step") != seen, "an earlier frame")
    assert heading(page, 0) == at_the_end
    expect(page).to_have_url(re.compile(rf"step={middle}\b"))
    page.reload()
    holds_all_frames(page, short, long)
    expect(page.get_by_test_id("timeline")).to_have_attribute("data-step", str(middle))
    # Another clock has other moments, and the line stays where it is.
    page.get_by_label("Against").select_option("seconds")
    expect(page.get_by_role("slider", name="Place on the time line")).to_have_attribute(
        "aria-valuetext", re.compile(r"^[\d.]+ s$")
    )
    expect(page.get_by_test_id("timeline")).to_have_attribute("data-step", str(middle))


def test_curves_stand_over_each_other_or_side_by_side(opened, ended):
    page = opened(f"runs={ended['short'].id}:0,{ended['long'].id}:0")
    together, beside = page.locator('[data-cell="recorded-generator/loss-0-1"]'), page.locator('[data-cell="1-losses"]')
    expect(together).to_be_visible()
    expect(beside).to_have_count(0)
    page.get_by_text("Curves side by side").click()
    expect(beside).to_be_visible()
    expect(together).to_have_count(0)
    expect(page).to_have_url(re.compile("curves=beside"))


def test_runs_of_different_data_say_why_samples_cannot_be_compared(opened, ended):
    page = opened(f"runs={ended['moons'].id},{ended['short'].id}")
    expect(page.get_by_text("These lanes learned different data: Two moons; Ring of 8 Gaussians")).to_be_visible()
    for name in ("coverage-0", "coverage-1", "0-samples", "2-samples"):
        expect(page.locator(f'[data-cell="{name}"]')).to_be_visible()
    expect(page.locator("table")).to_have_count(3)  # settings, and the measures of each data set


def test_one_press_trains_the_same_with_another_seed(server, opened, ended):
    # Long enough that it is still on its way when the page is looked at.
    server.store.submit(make_spec(budget=LONGEST, seed=7))
    running = server.store.runs()[0]
    page = opened(f"runs={running.id}")
    wait_until(lambda: int(attribute(page, "step") or 0) > 0, "a frame")
    page.get_by_role("button", name="The same with seed 8").click()
    expect(page).to_have_url(re.compile(rf"runs={running.id}(,|%2C)\d"))
    new = server.store.runs()[0]
    assert new.spec().seed == 8 and new.spec().lanes == running.spec().lanes and new.id != running.id
    expect(page.get_by_text("queued").first).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("GAN · seed 8"))).to_be_visible()
    step = int(attribute(page, "step") or 0)
    wait_until(lambda: int(attribute(page, "step") or 0) > step and attribute(page, "live") == "true", "newer frames")


def test_runs_and_lanes_are_added_and_taken_away_on_the_page(opened, ended):
    page = opened("")
    expect(page.get_by_text("Choose two to four runs").first).to_be_visible()
    expect(page.get_by_role("link", name="See all runs")).to_be_visible()
    for name in ("short", "long"):
        choose(page.get_by_role("combobox").first, re.compile(ended[name].id))
        expect(page).to_have_url(re.compile(ended[name].id))
    expect(page.locator('[data-cell="3-title"]')).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="VAE · seed 100", exact=True).click()
    expect(page.locator('[data-cell="3-title"]')).to_have_count(0)
    expect(page.locator('[data-cell="2-title"]')).to_be_visible()


def test_nonsense_in_the_address_is_said_and_ignored(opened, ended):
    run = ended["short"].id
    page = opened(f"runs={run},nope,../..,{run}:9,{run}:x&clock=days&curves=%3Cb%3E&step=never")
    told = (
        "no run called nope",
        "'../..' is not the name",
        "a lane from 0 to 1",
        "with a colon and the number of a lane",
    )
    for words in (*told, "clock=days", "one of together, beside", "step=never"):
        expect(page.get_by_text(words).filter(visible=True).first).to_be_visible()
    holds_all_frames(page, ended["short"])
    assert heading(page, 1).startswith("VAE")
    expect(opened("runs=,,:,").get_by_role("link", name="See all runs")).to_be_visible()
