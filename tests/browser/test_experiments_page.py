"""The experiments page in a browser: from a prediction to a verdict, live and recorded, right, wrong and by a link."""

from __future__ import annotations

import re
from typing import Any

import pytest
from helpers import wait_until
from patience import box_at_rest, expect
from playwright.sync_api import Page

from genlab.experiments.outcomes import outcomes
from genlab.registry import EXPERIMENTS

pytestmark = pytest.mark.browser
FAIR = EXPERIMENTS["fair-fight"]
TIGHTER, NOT_TIGHTER = FAIR.answers


@pytest.fixture
def experiments(server: Any, visit: Any) -> Any:
    """Opens the page with this query."""

    def opened(query: str = "") -> Page:
        page = visit(server).page
        page.goto(server.address("experiments" + query))
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        return page

    return opened


def test_nothing_says_how_it_ends_before_a_prediction_was_made(experiments: Any) -> None:
    page = experiments(f"?experiment={FAIR.name}")
    expect(page.get_by_role("button", name=TIGHTER)).to_be_visible()
    expect(page.get_by_text(re.compile("seen in . of . seeds"))).to_have_count(0)
    page.get_by_role("button", name=TIGHTER).click()
    expect(page.get_by_role("button", name="Run it here")).to_be_visible()
    expect(page.get_by_text(re.compile("seen in . of . seeds"))).to_have_count(0)
    page.get_by_role("button", name="Play the recording").click()
    expect(page.get_by_text(re.compile("seen in . of . seeds"))).to_be_visible()


def test_an_experiment_is_played_live_from_prediction_to_verdict(experiments: Any, server: Any) -> None:
    """Both lanes of the played training make the same samples, so neither is tighter: the claim is not seen."""
    page = experiments()
    page.get_by_role("link", name=FAIR.title).click()
    expect(page.get_by_text(FAIR.question)).to_be_visible()
    page.get_by_role("button", name=NOT_TIGHTER).click()
    page.get_by_role("button", name="Run it here").click()
    place = page.locator('[class*="st-key-verdict-"]')
    expect(place).to_be_visible()
    began = box_at_rest(place)
    expect(page.get_by_text("Not seen this time.")).to_be_visible()
    assert box_at_rest(place) == began, "the verdict has its place from the start"
    expect(page.get_by_text("Your prediction was right.")).to_be_visible()
    expect(page.get_by_text(re.compile("GAN on a mode"))).to_be_visible()
    (run,) = [run for run in server.store.runs() if run.metadata().grouped]
    grouped = run.metadata().grouped
    assert grouped and (grouped.experiment, grouped.seed) == (FAIR.name, 0)
    assert f"runs={run.id}" in page.url and "state=live" in page.url
    page.get_by_role("button", name="All experiments").click()
    expect(page.get_by_text("Your predictions: 1 of 1 right.")).to_be_visible()
    expect(page.get_by_text("here 0 of 1")).to_be_visible()


def test_a_recorded_experiment_plays_and_says_that_it_is_recorded(experiments: Any) -> None:
    page = experiments(f"?experiment={FAIR.name}")
    page.get_by_role("button", name=TIGHTER).click()
    page.get_by_role("button", name="Play the recording").click()
    expect(page.get_by_text(re.compile("Recorded run: GAN and VAE"))).to_be_visible()
    line = page.get_by_test_id("timeline")
    wait_until(lambda: line.count() and int(line.get_attribute("data-frames") or 0) > 10, "the frames of the recording")
    expect(page.get_by_text("Recorded outcome, not of a run here.")).to_be_visible()
    expect(page.get_by_text("Your prediction was right.")).to_be_visible()
    verdict = box_at_rest(page.locator('[class*="st-key-verdict-"]'))
    assert verdict["y"] + verdict["height"] < box_at_rest(line)["y"], "to be read without scrolling"


def test_a_wrong_prediction_is_called_so_and_counted(experiments: Any) -> None:
    page = experiments(f"?experiment={FAIR.name}")
    page.get_by_role("button", name=NOT_TIGHTER).click()
    page.get_by_role("button", name="Play the recording").click()
    expect(page.get_by_text("Your prediction was not what happened.")).to_be_visible()
    expect(page.get_by_text("Your predictions: 0 of 1 right.")).to_be_visible()


def test_a_link_opens_an_experiment_at_its_verdict_and_counts_as_nobodys_prediction(experiments: Any) -> None:
    page = experiments("?experiment=mode-drop&state=verdict&guess=1")
    expect(page.get_by_text("Seen.", exact=True)).to_be_visible()
    recorded = outcomes()["mode-drop"][0].evidence["GAN solid modes"]
    expect(page.get_by_text(f"GAN solid modes {recorded:.0f}")).to_be_visible()
    expect(page.get_by_text("Your prediction was right.")).to_be_visible()
    expect(page.get_by_text("Your predictions")).to_have_count(0)


def test_change_this_and_see_opens_the_train_page_with_its_settings(experiments: Any) -> None:
    page = experiments("?experiment=mode-drop&state=verdict")
    page.get_by_role("button", name=re.compile("Change this and see")).click()
    expect(page).to_have_url(re.compile("/train"))
    expect(page.locator(".st-key-steps-ring8 input")).to_have_value("1600")
