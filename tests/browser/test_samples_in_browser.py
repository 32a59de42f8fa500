"""The samples page in a real browser: draw, truncate, choose a neighbour, and swipe by the keyboard."""

from __future__ import annotations

import re

import pytest
from helpers import wait_until
from patience import box_at_rest, expect
from playwright.sync_api import Locator, Page
from serving import Server, newest_answer

from genlab.runs import Run
from genlab.spec import make_spec

pytestmark = pytest.mark.browser


@pytest.fixture
def run(real_server: Server, visit) -> Run:
    lanes = [{"model": "gan", "settings": {"conditional": True}}, {"model": "vae"}]
    made = real_server.store.submit(make_spec(dataset="digits", budget=25, lanes=lanes))
    visit(real_server).open()  # a visitor starts the worker
    wait_until(lambda: made.state().state == "done", "the run to end")
    return made


def pictures(page: Page, name: str) -> Locator:
    return page.locator(f'[data-cell="{name}"] image')


def show(page: Page, view: str) -> None:
    page.locator(".st-key-address-show").get_by_role("radio", name=view, exact=True).click()


def test_draw_truncate_find_neighbours_and_swipe(real_server: Server, run: Run, visit) -> None:
    page = visit(real_server).page
    page.goto(real_server.address(f"samples?run={run.id}&seed=3"))
    for name in ("real-samples", "0-samples", "1-samples"):
        expect(pictures(page, name)).to_have_count(1)
    expect(page.locator('[data-cell="1-title"]')).to_contain_text("at step 25")
    drawn = pictures(page, "1-samples").get_attribute("href")
    place = box_at_rest(page.locator('[data-cell="1-samples"]'))

    slider = page.locator(".st-key-address-truncation").get_by_role("slider")
    slider.focus()
    slider.press("End")
    expect(pictures(page, "1-samples")).not_to_have_attribute("href", drawn)
    expect(page).to_have_url(re.compile(r"truncation=0\.25"))
    assert box_at_rest(page.locator('[data-cell="1-samples"]')) == place, "nothing shifts when an answer comes"
    assert newest_answer(real_server)["0-samples"].shape == (64, 8, 8, 1)

    show(page, "Neighbours")
    strip = page.locator('[data-cell="0-nearest"]')
    expect(strip).to_contain_text("sample")
    wait_until(lambda: "0-distances" in newest_answer(real_server), "the neighbours")
    expect(page.locator('[data-cell="0-title"]')).to_contain_text("sample 0: nearest at")

    def choose_the_tenth() -> bool:
        """What is told while the page is drawn anew may be lost, as a visitor's click may."""
        box = box_at_rest(page.locator('[data-cell="0-choose"] image').first)
        page.mouse.click(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 1.5 / 8)
        page.wait_for_timeout(1000)
        return page.locator(".st-key-address-sample input").input_value() == "10"

    wait_until(choose_the_tenth, "sample 10 to be chosen")
    nearest = newest_answer(real_server)["0-distances"][10, 0]
    expect(page.locator('[data-cell="0-title"]')).to_contain_text(f"sample 10: nearest at {nearest:.3g}")
    expect(strip).to_contain_text(f"{nearest:.3g}")

    show(page, "A and B")
    divider = page.get_by_role("slider", name="Divider between A and B")
    expect(divider).to_have_attribute("aria-valuenow", "50")
    expect(page.locator(".genlab-swipe-heads")).to_contain_text(re.compile(r"GAN · step 25.*VAE · step 25", re.DOTALL))
    divider.focus()
    divider.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuetext", "A 51 percent, B 49 percent")
    divider.press("Home")
    stage = page.locator(".genlab-swipe-stage")
    box = box_at_rest(stage)
    expect(divider).to_have_attribute("aria-valuenow", "0")
    page.mouse.move(box["x"] + 5, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 50)
    page.mouse.up()
    expect(divider).to_have_attribute("aria-valuenow", "75")
    first = page.locator(".st-key-samples-a-step").get_by_role("slider")
    first.focus()
    first.press("Home")
    expect(page.locator(".genlab-swipe-heads")).to_contain_text("GAN · step 0")
    expect(page).to_have_url(re.compile(r"a=0(:|%3A)0"))
    expect(divider).to_have_attribute("aria-valuenow", "75")

    page.goto(real_server.address(f"samples?run={run.id}&show=time&draw=5&draws=2"))
    expect(page.locator('[data-cell="0-time"]')).to_have_attribute("aria-label", "GAN: draws 5 to 6 from step 0 to 25")
