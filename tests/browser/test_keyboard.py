"""Every page by the keyboard alone: what can be pressed has its turn under Tab, and is seen to have it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helpers import wait_until
from patience import expect
from PIL import Image
from playwright.sync_api import Page

from genlab.spec import make_spec

pytestmark = pytest.mark.browser
MOST = 300  # controls of a page
LOOKS = 5  # at a control, before its focus counts as not seen: what is on the screen may lag
AROUND = 6  # pixels about a control, in which a focus is drawn
STEPS, SEED = 400, 815
PAGES = {
    "front": "",
    "train": "train?run={run}",
    "train-new": "train",
    "experiments": "experiments",
    "experiment": "experiments?experiment=mode-drop&guess=0&state=recorded",
    "compare": "compare?runs={run}:0,{run}:1",
    "coverage": "coverage?run={run}",
    "samples": "samples?run={run}&show=time",
    "latent": "latent?run={run}",
    "how_it_works": "how_it_works?run={run}",
    "talks": "talks",
    "talk": "train?run={run}&talk=1&screen=samples",
    "data": "data",
    "runs": "runs",
}
# What a mouse may press, by its pointer, without an element that takes the focus in or around it.
UNREACHABLE = """() => {
  const focusable = "a[href], button, input, select, textarea, summary, label, [tabindex]"
  const stage = document.querySelector("dialog[open]") ?? document.body
  const name = (node) => `${node.tagName} ${node.getAttribute("class")} "${node.textContent.slice(0, 30)}"`
  return [...stage.querySelectorAll("*")]
    .filter((node) => getComputedStyle(node).cursor === "pointer" && node.checkVisibility({ visibilityProperty: true }))
    .filter((node) => getComputedStyle(node.parentElement).cursor !== "pointer")
    .filter((node) => !node.closest(focusable) && !node.querySelector(focusable))
    .map(name)
}"""
# What has a turn under Tab, and its number: one for all buttons of a choice, within which arrows move.
CONTROLS = """() => {
  const stage = document.querySelector("dialog[open]") ?? document.body
  const all = [...stage.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
  const shown = all.filter((node) => {
    const { width, height } = node.getBoundingClientRect()
    const there = width && height && node.checkVisibility({ visibilityProperty: true })
    return node.tabIndex >= 0 && !node.disabled && there
  })
  const choice = (node) => {
    if (node.type === "radio") return node.name
    return node.closest("[data-testid=stButtonGroup], [role=radiogroup]") ?? node
  }
  const choices = [...new Set(shown.map(choice))]
  shown.forEach((node) => (node.dataset.turn = choices.indexOf(choice(node))))
  const first = choices.map((one) => shown.find((node) => choice(node) === one))
  return first.map((node) => `${node.tagName} ${node.getAttribute("aria-label") ?? node.textContent}`.slice(0, 60))
}"""
# The control that has the focus: its number, and the box of what shows it, which for an invisible input is around it.
FOCUSED = """() => {
  const node = document.activeElement
  if (!node || node === document.body) return null
  let shown = node
  while (shown.getBoundingClientRect().width < 8 || getComputedStyle(shown).opacity === "0") shown = shown.parentElement
  const label = node.closest("label") ?? shown
  const { x, y, width, height } = label.getBoundingClientRect()
  return { turn: node.dataset.turn ?? null, tag: node.outerHTML.slice(0, 120), box: { x, y, width, height } }
}"""


@pytest.mark.parametrize("name", PAGES)
def test_every_control_is_reached_by_tab_with_a_visible_focus(name, server, visit):
    spec = make_spec(budget=STEPS, seed=SEED)
    run = next((run for run in server.store.runs() if run.spec() == spec), None) or server.store.submit(spec)
    visit(server).open()  # starts the worker
    wait_until(lambda: run.state().state == "done", "the run to be trained")
    page = visit(server, reduced_motion="reduce").page
    page.goto(server.address(PAGES[name].format(run=run.id)))
    settle(page)
    assert page.evaluate(UNREACHABLE) == []
    controls = page.evaluate(CONTROLS)
    assert controls
    before, reached, unseen, last = picture(page), set(), [], None
    for _ in range(MOST):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or (focused["turn"] in reached - {None, last}):
            break
        last = focused["turn"]
        reached.add(last)
        page.mouse.move(0, 0)
        if not any(differs(before, picture(page), focused["box"]) for _ in range(LOOKS)):
            unseen.append(focused["tag"])
    missed = [words for turn, words in enumerate(controls) if str(turn) not in reached]
    assert not missed and not unseen


def settle(page: Page) -> None:
    """Wait until all is there, in a window in which nothing needs to be scrolled."""
    expect(page.get_by_test_id("stMainBlockContainer")).to_be_visible()
    lines = page.get_by_test_id("timeline")
    page.wait_for_timeout(1500)
    for i in range(lines.count()):
        expect(lines.nth(i)).not_to_have_attribute("data-frames", "0")
    if page.locator("dialog[open]").count() == 0:
        missing = "[...document.querySelectorAll('[data-testid=stMain], [data-testid=stSidebarContent]')]"
        height = page.evaluate(f"Math.max(...{missing}.map((node) => node.scrollHeight))")
        page.set_viewport_size({"width": 1280, "height": max(800, height + 50)})
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_timeout(1500)


def picture(page: Page) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)


def differs(before: np.ndarray, now: np.ndarray, box: dict[str, float]) -> bool:
    """Whether anything in or about a box looks different."""
    left, top = (max(0, int(box[side]) - AROUND) for side in ("x", "y"))
    right, bottom = int(box["x"] + box["width"]) + AROUND, int(box["y"] + box["height"]) + AROUND
    part = (slice(top, bottom), slice(left, right))
    return bool((np.abs(before[part] - now[part]).max(axis=-1, initial=0) > 40).sum() >= 20)
