"""Data whose modes have long names, on a laptop and on a phone."""

from __future__ import annotations

from itertools import combinations

import pytest
from helpers import wait_until
from patience import expect
from playwright.sync_api import Locator
from serving import Server

from genlab.runs import Run
from genlab.spec import make_spec

pytestmark = pytest.mark.browser

BOXES = """nodes => nodes.map((node) => {
  const { left, top, right, bottom } = node.getBoundingClientRect()
  return { left, top, right, bottom, words: node.textContent }
})"""


@pytest.fixture
def run(real_server: Server, visit) -> Run:
    made = real_server.store.submit(make_spec(dataset="survey", budget=25))
    visit(real_server).open()  # a visitor starts the worker
    wait_until(lambda: made.state().state == "done", "the run to end")
    return made


def overlapping(words: Locator, at_most: float) -> list[tuple[str, str]]:
    """Pairs that lie over each other by more pixels than these, in both directions."""
    return [
        (one["words"], other["words"])
        for one, other in combinations(words.evaluate_all(BOXES), 2)
        if min(one["right"], other["right"]) - max(one["left"], other["left"]) > at_most
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > at_most
    ]


@pytest.mark.parametrize("width", [1280, 390])
def test_names_of_modes_are_within_their_charts_and_apart(width: int, real_server: Server, run: Run, visit) -> None:
    page = visit(real_server).page
    page.set_viewport_size({"width": width, "height": 1200})
    page.goto(real_server.address(f"coverage?run={run.id}"))
    chart = page.locator(".genlab-figure", has=page.locator(".xtick text", has_text="smokes")).first
    ticks = chart.locator(".xtick text")
    expect(ticks).to_have_count(6)
    assert not overlapping(ticks, 0)
    bottom = chart.evaluate("node => node.getBoundingClientRect().bottom")
    # The box of a text is two pixels taller than its letters.
    assert all(box["bottom"] < bottom + 3 for box in ticks.evaluate_all(BOXES))

    page.goto(real_server.address(f"latent?run={run.id}"))
    for lane in (0, 1):
        labels = page.locator(f'[data-cell="{lane}-latent"] .annotation-text')
        expect(labels).to_have_count(6)
        wait_until(lambda labels=labels: not overlapping(labels, 4), "the labels to be moved apart")  # of 14 pixels
