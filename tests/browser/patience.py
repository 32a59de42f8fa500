"""Waits for a page that is drawn anew: Streamlit then holds an old and a new element beside each other for a moment.

Playwright gives up at once where two elements fit. Here it is asked again until one is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import playwright.sync_api as playwright
from helpers import PATIENCE, wait_until
from playwright.sync_api import Locator, Page

playwright.expect.set_options(timeout=PATIENCE * 1000)
ASKED_OF_ONE = (
    "bounding_box",
    "click",
    "evaluate",
    "fill",
    "focus",
    "get_attribute",
    "inner_text",
    "input_value",
    "press",
)


def until_one_fits(asked: Callable[..., Any]) -> Callable[..., Any]:
    """The same, asked again for as long as two elements fit."""

    @wraps(asked)
    def patient(*values: Any, **options: Any) -> Any:
        answers: list[Any] = []

        def is_answered() -> bool:
            try:
                answers.append(asked(*values, **options))
            except (AssertionError, playwright.Error) as error:
                if "strict mode violation" not in str(error):
                    raise
            return bool(answers)

        wait_until(is_answered, "one element to be left")
        return answers[-1]

    return patient


for name in ASKED_OF_ONE:
    setattr(Locator, name, until_one_fits(getattr(Locator, name)))


class expect:
    """Playwright's `expect`, as patient."""

    def __init__(self, subject: Page | Locator, message: str | None = None) -> None:
        self.asked = playwright.expect(subject, message)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return until_one_fits(getattr(self.asked, name))


def choose(box: Locator, option: str | re.Pattern[str], offered: Sequence[str] = ()) -> None:
    """Choose what an open list offers: it closes again where the page is drawn anew, and is opened once more then.

    offered: all that it has to offer, if that is looked at.
    """
    listed = box.page.get_by_role("option", name=option, exact=True)

    def is_chosen() -> bool:
        if not listed.count():
            box.click()
            box.page.wait_for_timeout(500)
        if offered and box.page.get_by_role("option").all_inner_texts() != list(offered):
            return False
        try:
            listed.click(timeout=2000)
        except playwright.TimeoutError:
            return False
        return True

    wait_until(is_chosen, f"{option} to be offered{f' among {offered}' if offered else ''}")


def box_at_rest(element: Locator) -> dict[str, float]:
    """Where an element is, in pixels of the window, once it stays there: what comes above it may still push it down."""
    boxes: list[Any] = [None]

    def rests() -> bool:
        element.page.wait_for_timeout(250)
        boxes.append(element.bounding_box())
        return boxes[-1] is not None and boxes[-1] == boxes[-2]

    wait_until(rests, "the page to rest")
    return dict(boxes[-1])
