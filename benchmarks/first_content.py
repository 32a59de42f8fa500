"""How soon a cold server shows its train page, how soon after a click on Train there is a picture of both models, and
how often a second the page changes while they train.

    python benchmarks/first_content.py [ROUNDS]

Prints the seconds from the first request to the first words for each of some cold starts, and their median; then from
a click on Train to the first picture, on a page that is opened anew for each and left alone until its run is prepared;
then the updates of the losses a second, over windows of two seconds of a run on ring8. It takes a Chromium and a quiet
machine.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from genlab.runs import Store
from genlab.spec import make_spec

ROOT = Path(__file__).parents[1]
PORT = 8699
WINDOWS, WINDOW = 6, 2.0  # seconds
PREPARED = 12_000  # milliseconds: the worker has compiled and timed what the page shows
DRAWN = """() => [0, 1].every((lane) => document.querySelector(`[data-cell='${lane}-samples'] .main-svg`)
  && document.querySelector(`[data-cell='${lane}-title']`).textContent.includes("on a mode"))"""
UPDATES = "() => Number(document.querySelector('[data-cell=\"0-losses\"]').dataset.updates)"


def start(runs: Path) -> subprocess.Popen[bytes]:
    """A server that nobody has visited yet, once it answers."""
    flags = ("--server.headless", "true", "--server.port", str(PORT), "--server.fileWatcherType", "none")
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *flags],
        cwd=ROOT,
        env={**os.environ, "GENLAB_RUNS_DIR": str(runs)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while True:
        with suppress(OSError):
            urllib.request.urlopen(f"http://localhost:{PORT}/_stcore/health", timeout=2).close()
            return server
        time.sleep(0.05)


def first_content(browser: Browser, runs: Path) -> float:
    server = start(runs)
    page = browser.new_page()
    began = time.monotonic()
    page.goto(f"http://localhost:{PORT}/train")
    page.get_by_role("heading", name="Two models, the same data, side by side").wait_for(timeout=120_000)
    seconds = time.monotonic() - began
    page.close()
    server.terminate()
    server.wait()
    return seconds


def first_pictures(browser: Browser, runs: Path, clicks: int) -> list[float]:
    server = start(runs)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    seconds = []
    for _ in range(clicks):
        page.goto(f"http://localhost:{PORT}/train")
        page.get_by_text("device: CPU").wait_for(timeout=120_000)
        page.wait_for_timeout(PREPARED)
        began = time.monotonic()
        page.locator(".st-key-train button").click()
        page.wait_for_function(DRAWN, timeout=120_000)
        seconds.append(time.monotonic() - began)
        page.locator(".st-key-stop button").first.click()
        page.locator(".st-key-resume button").first.wait_for(timeout=120_000)
    page.close()
    server.terminate()
    server.wait()
    return seconds


def updates_a_second(browser: Browser, runs: Path) -> list[float]:
    server = start(runs)
    run = Store(runs).submit(make_spec(budget=10**8))
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"http://localhost:{PORT}/train?run={run.id}")
    page.locator('[data-cell="0-losses"][data-updates="5"]').wait_for(timeout=240_000)
    rates = []
    for _ in range(WINDOWS):
        before, began = page.evaluate(UPDATES), time.monotonic()
        page.wait_for_timeout(1000 * WINDOW)
        rates.append((page.evaluate(UPDATES) - before) / (time.monotonic() - began))
    page.close()
    server.terminate()
    server.wait()
    return rates


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        seconds = [first_content(browser, Path(folder) / f"runs{i}") for i in range(rounds)]
        print(f"first content: {', '.join(f'{s:.2f}' for s in seconds)} s, median {statistics.median(seconds):.2f} s")
        seconds = first_pictures(browser, Path(folder) / "clicked", rounds)
        print(f"first picture: {', '.join(f'{s:.2f}' for s in seconds)} s, median {statistics.median(seconds):.2f} s")
        rates = updates_a_second(browser, Path(folder) / "live")
        print(f"updates a second: {', '.join(f'{r:.1f}' for r in rates)}, median {statistics.median(rates):.1f}")
        browser.close()


if __name__ == "__main__":
    main()
