"""Makes docs/race.webp and docs/coverage.png: starts genlab and takes pictures of the front page in a real browser,
moment by moment; then trains the default run, measures it, and takes a picture of that.

    python docs/screenshot.py [PORT]

Needs Chromium and the development requirements.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from genlab.ui.app_server import CHROMIUM_ARGUMENTS, ROOT, chromium_program, serving

SIZE = (960, 518)  # pixels of the moving picture ...
MILLISECONDS, LAST_MILLISECONDS = 150, 2000  # ... and how long its moments stand


def main(port: int) -> None:
    with tempfile.TemporaryDirectory() as runs, serving(Path(runs), port) as server:
        take_pictures(server.address, ROOT / "docs")


def take_pictures(address: str, folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=CHROMIUM_ARGUMENTS)
        picture_of_the_race(browser.new_page(viewport={"width": 1280, "height": 800}), address, folder / "race.webp")
        page = browser.new_page(viewport={"width": 1280, "height": 1150}, device_scale_factor=1.5)
        page.goto(f"{address}/train")
        page.get_by_role("button", name="Train").first.click()
        expect(page.get_by_text("done", exact=True)).to_be_visible(timeout=300_000)
        page.goto(f"{address}/coverage")
        page.get_by_role("button", name="Measure").click()
        expect(page.get_by_role("button", name="Measure again")).to_be_visible(timeout=300_000)
        page.wait_for_timeout(3000)  # for the last redraw of every chart
        page.mouse.move(0, 0)
        page.screenshot(path=folder / "coverage.png")
        browser.close()


def picture_of_the_race(page: Page, address: str, path: Path) -> None:
    """The front page as it plays, every second moment: its recording is moved on by hand, so that none is missed."""
    page.goto(address)
    line = page.get_by_test_id("timeline")
    expect(line).to_have_attribute("data-drawn", re.compile(r"\d\d"), timeout=60_000)
    expect(page.get_by_text("device:")).to_be_visible(timeout=120_000)
    page.keyboard.press("Home")
    page.wait_for_timeout(1000)
    pictures = []
    for _ in range(0, int(line.get_attribute("data-frames") or 0), 2):
        shot = page.screenshot(clip={"x": 0, "y": 0, "width": 1280, "height": 690})
        pictures.append(Image.open(io.BytesIO(shot)).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS))
        for _ in range(2):
            page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    times = [MILLISECONDS] * (len(pictures) - 1) + [LAST_MILLISECONDS]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=times, loop=0, quality=60, method=6)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8599)
