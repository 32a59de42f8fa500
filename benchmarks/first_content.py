"""How soon a cold server shows its train page, how soon after a click on Train there is a picture of both models, and
how often a second the page changes while they train.

    python benchmarks/first_content.py [ROUNDS]

Prints the seconds from the first request to the first words for each of some cold starts, and their median; then from
a click on Train to the first picture, on a page that is opened anew for each and left alone until its run is prepared;
then how often a second the time line is drawn, over windows of two seconds of a run on ring8. It takes a
Chromium and a quiet machine.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from genlab.runs import Store
from genlab.spec import make_spec
from genlab.ui.app_server import chromium_program, serving

WINDOWS, WINDOW = 6, 2.0  # seconds
PREPARED = 12_000  # milliseconds: the worker has compiled and timed what the page shows
# Of the run itself: a recording that plays until then is not live.
DRAWN = """() => document.querySelector("[data-testid='timeline'][data-live='true']")
  && [0, 1].every((lane) => document.querySelector(`[data-cell='${lane}-samples'] .main-svg`)
  && document.querySelector(`[data-cell='${lane}-title']`).textContent.includes("on a mode"))"""
UPDATES = "() => Number(document.querySelector('[data-testid=timeline]')?.dataset.drawn ?? 0)"


def first_content(browser: Browser, runs: Path) -> float:
    with serving(runs) as server:
        page = browser.new_page()
        began = time.monotonic()
        page.goto(f"{server.address}/train")
        page.get_by_role("heading", name="Two models, the same data, side by side").wait_for(timeout=120_000)
        seconds = time.monotonic() - began
        page.close()
    return seconds


def first_pictures(browser: Browser, runs: Path, clicks: int) -> list[float]:
    seconds = []
    with serving(runs) as server:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        for _ in range(clicks):
            page.goto(f"{server.address}/train")
            page.get_by_text("device: CPU").wait_for(timeout=120_000)
            page.wait_for_timeout(PREPARED)
            began = time.monotonic()
            page.locator(".st-key-train button").click()
            page.wait_for_function(DRAWN, timeout=120_000)
            seconds.append(time.monotonic() - began)
            page.locator(".st-key-stop button").first.click()
            page.locator(".st-key-resume button").first.wait_for(timeout=120_000)
        page.close()
    return seconds


def updates_a_second(browser: Browser, runs: Path) -> list[float]:
    rates = []
    with serving(runs) as server:
        run = Store(runs).submit(make_spec(budget=10**8))
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{server.address}/train?run={run.id}")
        page.wait_for_function(f"({UPDATES})() >= 5", timeout=240_000)
        for _ in range(WINDOWS):
            before, began = page.evaluate(UPDATES), time.monotonic()
            page.wait_for_timeout(1000 * WINDOW)
            rates.append((page.evaluate(UPDATES) - before) / (time.monotonic() - began))
        page.close()
    return rates


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=["--no-sandbox", "--disable-gpu"])
        seconds = [first_content(browser, Path(folder) / f"runs{i}") for i in range(rounds)]
        print(f"first content: {', '.join(f'{s:.2f}' for s in seconds)} s, median {statistics.median(seconds):.2f} s")
        seconds = first_pictures(browser, Path(folder) / "clicked", rounds)
        print(f"first picture: {', '.join(f'{s:.2f}' for s in seconds)} s, median {statistics.median(seconds):.2f} s")
        rates = updates_a_second(browser, Path(folder) / "live")
        print(f"updates a second: {', '.join(f'{r:.1f}' for r in rates)}, median {statistics.median(rates):.1f}")
        browser.close()


if __name__ == "__main__":
    main()
