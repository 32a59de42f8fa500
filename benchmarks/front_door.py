"""How soon the front page of a cold server moves, and what each page weighs; in Chromium, drawn in software.

    python benchmarks/front_door.py [ROUNDS]

Each round starts a server that nobody has visited and asks it for the front page: the time from the request until its
small picture moves, and until the time line does, which takes that one's place. The bytes are those that travel for one
cold visit of a page, messages of the WebSocket included. Needs Chromium and the development requirements, and a machine
with nothing else to do.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from genlab.ui.app_server import CHROMIUM_ARGUMENTS, ROOT, chromium_program, serving

LINE = '[data-testid="timeline"]'
PICTURE = "() => document.querySelector('.st-key-ahead img')?.naturalWidth > 0"
MOVED = f"() => Number(document.querySelector('{LINE}')?.dataset.step ?? 0) > 0"  # it begins at step 0
REST = 5000  # milliseconds after which a page has loaded what it loads by itself


def first_moving_frames(browser: Browser, runs: Path) -> tuple[float, float]:
    """Seconds from the request: until the small picture moves, and until the time line does."""
    with serving(runs) as server:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        began = time.monotonic()
        page.goto(server.address, wait_until="commit")
        page.wait_for_function(PICTURE, timeout=120_000)
        picture = time.monotonic() - began
        page.wait_for_function(MOVED, timeout=120_000)
        line = time.monotonic() - began
        page.close()
    return picture, line


def weight(browser: Browser, address: str) -> tuple[int, int]:
    """Bytes that travel for one cold visit: of files, and of messages."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    files: list[float] = []
    messages: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: files.append(event["encodedDataLength"]))
    page.on("websocket", lambda socket: socket.on("framereceived", lambda message: messages.append(len(message))))
    page.goto(address)
    page.wait_for_timeout(REST)
    page.context.close()
    return round(sum(files)), sum(messages)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=CHROMIUM_ARGUMENTS)
        measured = [first_moving_frames(browser, Path(folder) / f"runs{i}") for i in range(rounds)]
        for what, seconds in zip(("small picture", "time line"), zip(*measured)):
            print(
                f"{what} moves: {', '.join(f'{s:.2f}' for s in seconds)} s, median {statistics.median(seconds):.2f} s"
            )
        with serving(Path(folder) / "weighed") as server:
            for path in ["", *(page.stem for page in sorted((ROOT / "pages").glob("*.py")))]:
                files, messages = weight(browser, f"{server.address}/{path}")
                print(f"/{path}: {files + messages:,} bytes, {files:,} of files and {messages:,} of messages")
        browser.close()


if __name__ == "__main__":
    main()
