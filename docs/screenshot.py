"""Makes docs/train.png and docs/coverage.png: starts genlab, trains the default run in a real browser, takes its
picture, measures it, and takes a picture of that.

    python docs/screenshot.py [PORT]

Needs Chromium and the development requirements.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def main(port: int) -> None:
    address = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory() as runs:
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            "--server.headless=true",
            f"--server.port={port}",
        ]
        server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "GENLAB_RUNS_DIR": runs})
        try:
            wait_until_healthy(f"{address}/_stcore/health")
            take_pictures(address, ROOT / "docs")
        finally:
            server.terminate()
            server.wait()


def wait_until_healthy(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{address} did not answer within 30 s.")


def take_pictures(address: str, folder: Path) -> None:
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1.5)
        page.goto(f"{address}/train")
        page.get_by_role("button", name="Train").first.click()
        expect(page.get_by_text("done", exact=True)).to_be_visible(timeout=300_000)
        page.wait_for_timeout(3000)  # for the last redraw of every chart
        page.mouse.move(0, 0)
        page.screenshot(path=folder / "train.png")
        page.goto(f"{address}/coverage")
        page.set_viewport_size({"width": 1280, "height": 1150})
        page.get_by_role("button", name="Measure").click()
        expect(page.get_by_role("button", name="Measure again")).to_be_visible(timeout=300_000)
        page.wait_for_timeout(3000)
        page.mouse.move(0, 0)
        page.screenshot(path=folder / "coverage.png")
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8599)
