"""Pictures of every page, in both themes, as on a laptop and on a phone, to be looked at.

    python docs/screenshots.py FOLDER

Starts genlab on an empty folder of runs, trains two short ones, and opens each page. Needs Chromium and the development
requirements.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright
from screenshot import ARGUMENTS, BROWSERS, ROOT, wait_until_healthy

from genlab.runs import Run, Store
from genlab.spec import make_spec
from genlab.training import backend
from genlab.training.recorder import record
from genlab.ui.frame import PAGES

SIZES = {"laptop": (1280, 800), "phone": (390, 844)}
SETTLE_SECONDS = 2  # for the last chart of a page


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as runs:
        points, pictures = trained(Store(Path(runs)))
        with socket.socket() as probe:
            probe.bind(("localhost", 0))
            port = probe.getsockname()[1]
        flags = [f"--server.port={port}", "--server.headless=true", "--server.fileWatcherType=none"]
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *flags],
            cwd=ROOT,
            env={**os.environ, "GENLAB_RUNS_DIR": runs},
        )
        try:
            address = f"http://localhost:{port}"
            wait_until_healthy(f"{address}/_stcore/health")
            take(address, folder, addresses(points, pictures))
        finally:
            server.terminate()
            server.wait()


def trained(store: Store) -> tuple[Run, Run]:
    backend.prepare()
    runs = [store.create(make_spec(budget=1500)), store.create(make_spec(dataset="digits", budget=400))]
    for run in runs:
        for _ in record(run, store):
            pass
    return runs[0], runs[1]


def addresses(points: Run, pictures: Run) -> dict[str, str]:
    """By the name of its picture, the address of each page, with a run where it shows one."""
    pages = {Path(path).stem: "" if path == "app.py" else Path(path).stem for path in PAGES}
    named = {f"{name}-empty" if name == "train" else name: path for name, path in pages.items()}
    named |= {"train": f"train?run={points.id}", "train-pictures": f"train?run={pictures.id}&step=100"}
    named |= {"coverage": f"coverage?run={points.id}"}
    if "compare" in named:
        named["compare"] = f"compare?runs={points.id},{pictures.id}"
    return named


def take(address: str, folder: Path, pages: dict[str, str]) -> None:
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for size, (width, height) in SIZES.items():
            for theme in ("light", "dark"):
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
                page = context.new_page()
                for name, path in pages.items():
                    page.goto(f"{address}/{path}")
                    settle(page)
                    page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
                    report(page, f"{name}, {size}, {theme}")
                context.close()
        browser.close()


def settle(page: Page) -> None:
    """Wait until nothing is still loading, and a time line has its frames."""
    expect(page.get_by_test_id("stMainBlockContainer")).to_be_visible(timeout=120_000)
    page.wait_for_timeout(1000)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=120_000)
    lines = page.get_by_test_id("timeline")
    for i in range(lines.count()):
        expect(lines.nth(i)).not_to_have_attribute("data-frames", "0", timeout=120_000)
    page.wait_for_timeout(1000 * SETTLE_SECONDS)


def report(page: Page, name: str) -> None:
    """Say of a page whether anything is wider than the window, which a picture of its top does not show."""
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    print(f"{name}: {'wider than the window' if wide else 'fits'}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
