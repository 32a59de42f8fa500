"""What one look at a run costs the server, and what it sends, while nothing changes: what a viewer of a paused or
waiting run costs, and a viewer of one that trains between two of its frames.

    python benchmarks/looks.py [SECONDS]

It trains a short run, opens its page in Chromium, and counts for so many seconds the looks, the bytes that the browser
receives and the processor time of the server. Needs Chromium and the development requirements.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from genlab.runs import Store
from genlab.spec import make_spec
from genlab.training import backend
from genlab.training.recorder import record
from genlab.ui.app_server import CHROMIUM_ARGUMENTS, chromium_program, serving

SETTLE_SECONDS = 25  # the worker starts beside the first page and takes the processor


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        run = store.create(make_spec(budget=300))
        backend.prepare()
        for _ in record(run, store):
            pass
        with run.lock():  # as whoever trains it would, so that a look finds it paused and goes on looking
            state = run.state()
            state.state = "paused"
            run.write_state(state)
            with serving(store.root) as server:
                look(f"{server.address}/train?run={run.id}", server.process, seconds)


def look(address: str, server: psutil.Process, seconds: float) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        received, sent = count(page)
        page.goto(address)
        page.locator("[data-cell=coverage] .main-svg").first.wait_for(timeout=60_000)
        page.wait_for_timeout(1000 * SETTLE_SECONDS)
        print(f"opening it: {sum(received) / 1000:.1f} kB received")
        received.clear()
        sent.clear()
        before = sum(server.cpu_times()[:2])
        page.wait_for_timeout(1000 * seconds)
        spent = sum(server.cpu_times()[:2]) - before
        looks = len(sent)
        print(f"{looks} looks in {seconds:.0f} s")
        print(f"a look: {sum(received) / looks / 1000:.1f} kB received, {1000 * spent / looks:.1f} ms of the server")
        browser.close()


def count(page: Page) -> tuple[list[int], list[int]]:
    """The sizes of what the page receives from now on, and of what it asks for, one entry a look."""
    received: list[int] = []
    sent: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(len(data))))
    return received, sent


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20)
