"""How soon the latent page shows what both models make of a place that is clicked, with the worker warm.

    python benchmarks/answers.py [CLICKS]

Trains a short run of digits, opens its latent page in Chromium and clicks on a plane; prints the seconds
from each click until the pictures of both lanes are others, and their median. The first click is not counted: the
worker reads the checkpoints for it. Needs Chromium, the development requirements and a quiet machine.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from genlab.runs import Store
from genlab.spec import make_spec
from genlab.training import backend
from genlab.training.recorder import record
from genlab.ui.app_server import CHROMIUM_ARGUMENTS, chromium_program, serving

CLICKS = 10
SETTLE_MILLISECONDS = 1500  # between an answer and the next click
SHOWN = """() => [0, 1].map((lane) => {
  const cell = document.querySelector(`[data-cell='${lane}-made']`)
  return cell?.querySelector("image")?.getAttribute("href") ?? ""
})"""
OTHERS = f"(before) => ({SHOWN})().every((made, lane) => made && made !== before[lane])"


def main(clicks: int) -> None:
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        store = Store(Path(folder))
        run = store.create(make_spec(dataset="digits", budget=200))
        backend.prepare()
        for _ in record(run, store):
            pass
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=CHROMIUM_ARGUMENTS)
        with serving(store.root) as server:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{server.address}/latent?run={run.id}")
            page.wait_for_function(OTHERS, arg=["", ""], timeout=120_000)
            plane = page.locator("[data-cell='1-latent']").bounding_box()
            assert plane
            seconds = []
            for _ in range(clicks + 1):
                page.wait_for_timeout(SETTLE_MILLISECONDS)
                before = page.evaluate(SHOWN)
                across, up = random.uniform(0.3, 0.7, size=2)
                began = time.monotonic()
                page.mouse.click(plane["x"] + across * plane["width"], plane["y"] + up * plane["height"])
                page.wait_for_function(OTHERS, arg=before, timeout=120_000)
                seconds.append(time.monotonic() - began)
        browser.close()
    seconds = seconds[1:]
    print(f"digits: {', '.join(f'{s:.2f}' for s in seconds)} s, median {statistics.median(seconds):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CLICKS)
