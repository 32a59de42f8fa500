"""The front page in a browser: its recording plays by itself, says that it is one, and leads to the same live."""

from __future__ import annotations

import re

import pytest
from helpers import wait_until
from patience import box_at_rest, expect
from playwright.sync_api import Page
from serving import ENDLESS, Server, TrainPage

from genlab.recordings import recordings
from genlab.spec import make_spec

pytestmark = pytest.mark.browser
RACE = recordings()["race"]


@pytest.fixture
def front(server, visit):
    """Opens the front page of a server."""

    def opened(query: str = "", **options: str) -> Page:
        page = visit(server, **options).page
        page.goto(server.address(query))
        wait_until(lambda: number(page, "frames") > 20, "the frames of the recording")
        return page

    return opened


def number(page: Page, name: str) -> int:
    line = page.get_by_test_id("timeline")
    return int((line.get_attribute(f"data-{name}") or 0) if line.count() else 0)


def test_a_recorded_race_plays_at_once_and_says_that_it_is_recorded(front):
    page = front()
    drawn, step = number(page, "drawn"), number(page, "step")
    wait_until(lambda: number(page, "drawn") > drawn + 5 and number(page, "step") != step, "it to play")
    expect(page.locator(".st-key-ahead")).to_be_hidden()
    expect(page.get_by_text(RACE.label)).to_be_visible()
    expect(page.get_by_text(RACE.look)).to_be_visible()
    # Both models' samples are in sight at 1280x800.
    for lane in (0, 1):
        box = box_at_rest(page.locator(f'[data-cell="{lane}-samples"]'))
        assert box["y"] + box["height"] < 800
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("button", name="Play in a loop").click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert number(page, "step") == RACE.spec["budget"], "it ends at its last step"


def test_who_wants_no_motion_sees_the_end_and_may_play_it(front):
    page = front(reduced_motion="reduce")
    assert number(page, "step") == RACE.spec["budget"]
    play = page.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_visible()
    play.click()
    wait_until(lambda: 0 < number(page, "step") < RACE.spec["budget"], "it to play")


def test_a_card_opens_its_recording(front):
    page = front()
    cards = page.locator(".st-key-cards img")
    expect(cards).to_have_count(len(recordings()) - 1)
    wait_until(lambda: cards.evaluate_all("all => all.every((one) => one.naturalWidth > 0)"), "the small pictures")
    wine = recordings()["wine"]
    page.get_by_role("link", name=wine.title, exact=True).click()
    expect(page).to_have_url(re.compile(r"\?recording=wine$"))
    expect(page.get_by_text(wine.label)).to_be_visible()
    wait_until(lambda: number(page, "step") > 0, "it to play")


def test_nonsense_in_the_address_is_said_and_ignored(front):
    page = front("?recording=none%3Cb%3E")
    expect(page.get_by_role("alert").filter(has_text="recording=none<b>")).to_be_visible()
    expect(page.get_by_text(RACE.label)).to_be_visible()


def test_the_same_is_trained_live_and_the_recording_goes_on_until_its_first_frame(server: Server, front):
    busy = server.store.submit(make_spec(budget=ENDLESS))  # so that the new run has to wait
    page = front()
    wait_until(lambda: busy.state().state == "running", "another run to train")
    page.get_by_role("button", name="Train the same live").click()
    expect(page).to_have_url(re.compile(r"/train\?run="))
    run = TrainPage(page, server).run()
    assert RACE.is_of(run.spec().model_dump()) and run.state().state == "queued"
    expect(page.get_by_text(RACE.label)).to_be_visible()
    drawn = number(page, "drawn")
    wait_until(lambda: number(page, "drawn") > drawn + 5, "the recording to play while the run waits")
    expect(page.locator(".st-key-seed input")).to_have_value(str(RACE.spec["seed"]))
    server.store.stop(busy)
    TrainPage(page, server).is_now("running|done")
    expect(page.get_by_text("Recorded run")).to_have_count(0)
    expect(page.locator('[data-cell="0-losses"]')).to_be_visible()
