"""How soon the front page of a cold server moves, and what each page weighs; in Chromium, drawn in software.

    python benchmarks/front_door.py [ROUNDS]

Each round starts a server that nobody has visited and asks it for the front page: the time from the request until its
small picture moves, and until the time line does, which takes that one's place. The bytes are those that travel for one
cold visit of a page, messages of the WebSocket included. Needs Chromium and the development requirements, and a machine
with nothing else to do.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from first_content import PORT, ROOT, start
from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
LINE = '[data-testid="timeline"]'
PICTURE = "() => document.querySelector('.st-key-ahead img')?.naturalWidth > 0"
MOVED = f"() => Number(document.querySelector('{LINE}')?.dataset.step ?? 0) > 0"  # it begins at step 0
REST = 5000  # milliseconds after which a page has loaded what it loads by itself


def first_moving_frames(browser: Browser, runs: Path) -> tuple[float, float]:
    """Seconds from the request: until the small picture moves, and until the time line does."""
    server = start(runs)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    began = time.monotonic()
    page.goto(f"http://localhost:{PORT}/", wait_until="commit")
    page.wait_for_function(PICTURE, timeout=120_000)
    picture = time.monotonic() - began
    page.wait_for_function(MOVED, timeout=120_000)
    line = time.monotonic() - began
    page.close()
    server.terminate()
    server.wait()
    return picture, line


def weight(browser: Browser, path: str) -> tuple[int, int]:
    """Bytes that travel for one cold visit: of files, and of messages."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    files: list[float] = []
    messages: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: files.append(event["encodedDataLength"]))
    page.on("websocket", lambda socket: socket.on("framereceived", lambda message: messages.append(len(message))))
    page.goto(f"http://localhost:{PORT}/{path}")
    page.wait_for_timeout(REST)
    page.context.close()
    return round(sum(files)), sum(messages)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        measured = [first_moving_frames(browser, Path(folder) / f"runs{i}") for i in range(rounds)]
        for what, seconds in zip(("small picture", "time line"), zip(*measured)):
            print(
                f"{what} moves: {', '.join(f'{s:.2f}' for s in seconds)} s, median {statistics.median(seconds):.2f} s"
            )
        server = start(Path(folder) / "weighed")
        for path in ["", *(page.stem for page in sorted((ROOT / "pages").glob("*.py")))]:
            files, messages = weight(browser, path)
            print(f"/{path}: {files + messages:,} bytes, {files:,} of files and {messages:,} of messages")
        server.terminate()
        server.wait()
        browser.close()


if __name__ == "__main__":
    main()
