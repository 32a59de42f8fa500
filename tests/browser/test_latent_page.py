"""The latent page in a real browser: a place is pointed at, and an example is projected into a GAN."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers import wait_until
from patience import box_at_rest, expect
from playwright.sync_api import Page
from serving import Server, newest_answer

from genlab.runs import Run
from genlab.spec import make_spec

pytestmark = pytest.mark.browser


@pytest.fixture
def run(real_server: Server, visit) -> Run:
    made = real_server.store.submit(make_spec(dataset="digits", budget=25))
    visit(real_server).open()  # a visitor starts the worker
    wait_until(lambda: made.state().state == "done", "the run to end")
    return made


def value(page: Page, key: str) -> float:
    return float(page.locator(f".st-key-latent-{key} input").input_value())


def test_a_place_is_pointed_at_and_an_example_is_projected(real_server: Server, run: Run, visit) -> None:
    page = visit(real_server).page
    page.goto(real_server.address(f"latent?run={run.id}"))
    titles = [page.locator(f'[data-cell="{lane}-title"]') for lane in (0, 1)]
    made = [page.locator(f'[data-cell="{lane}-made"]') for lane in (0, 1)]
    for lane in (0, 1):
        expect(titles[lane]).to_contain_text("at step 25")
        expect(made[lane].locator("image")).to_have_attribute("href", re.compile("^data:"))
    pictures = [cell.locator("image").get_attribute("href") for cell in made]
    assert value(page, "across") == value(page, "up") == 0

    plane = page.locator('[data-cell="1-latent"]')

    def is_told() -> bool:  # a press while the plane is drawn anew may be lost, as a visitor's may
        box = box_at_rest(plane)
        page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.35 * box["height"])
        page.wait_for_timeout(1000)
        return value(page, "across") > 0.3 and value(page, "up") > 0.3

    wait_until(is_told, "the place that was pointed at")
    for lane in (0, 1):
        expect(made[lane].locator("image")).not_to_have_attribute("href", pictures[lane])
    place = [value(page, "across"), value(page, "up")]

    def is_answered() -> bool:
        found = newest_answer(real_server)
        return all(np.allclose(found[f"{lane}-places"][0], place, atol=0.006) for lane in (0, 1))

    wait_until(is_answered, "the answer about this place")

    page.locator(".st-key-latent-kind").get_by_role("radio", name="Example", exact=True).click()
    box = page.locator(".st-key-latent-item0 input")
    box.fill("7")
    box.press("Tab")
    expect(titles[0]).to_contain_text(re.compile(r"projection, mean squared error 0\.\d"))
    expect(titles[1]).to_contain_text(re.compile(r"reconstruction, mean squared error 0\.\d"))
    wait_until(lambda: "0-originals" in newest_answer(real_server), "the example")
    expect(made[0]).to_contain_text("what comes back")
