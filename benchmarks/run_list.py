"""How fast many runs are listed and filtered, and what memory the server takes: python benchmarks/run_list.py [RUNS]

It makes so many run folders (10,000 unless given), without training, and asks for the page of runs in the process that
serves it, as Streamlit runs it: first cold, then with a filter and a search. Then a server of its own is visited with
Chromium: the seconds from the request to the first row, and from a filter to its rows. Linux only.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from genlab.runs import Run, Store
from genlab.runs.folder import Frame, LaneState, RunState
from genlab.runs.index import Choice, RunIndex
from genlab.runs.notes import Notes, write_notes
from genlab.runs.summary import keep_summary
from genlab.spec import make_spec
from genlab.ui.app_server import AppServer, chromium_program, serving

PATTERNS = [  # data set and models; every tenth run is of one of them
    ("ring8", "gan", "vae"),
    ("grid25", "wgan-gp", "vae"),
    ("moons", "gan", "gan"),
    ("ring8", "vae", "wae"),
    ("spirals", "wgan", "bigan"),
    ("ring8", "aae", "vae-gan"),
    ("unbalanced", "gan", "wgan-gp"),
    ("circles", "ae", "vae"),
    ("pinwheel", "gan", "ae"),
    ("checkerboard", "vae", "vae"),
]


def make_run(store: Store, pattern: int) -> Run:
    """A run that has ended, with made-up frames."""
    dataset, *models = PATTERNS[pattern]
    settings = [{"batch_size": 64}, {}] if pattern % 2 else [{}, {}]
    lanes = [{"model": model, "settings": values} for model, values in zip(models, settings, strict=True)]
    run = store.create(make_spec(dataset=dataset, lanes=lanes, seed=pattern))
    random = np.random.default_rng(pattern)
    angle = random.integers(0, 8, 600) * np.pi / 4
    real = (2 * np.stack([np.cos(angle), np.sin(angle)], 1) + random.normal(0, 0.05, (600, 2))).astype("float32")
    run.write_reference({"samples": real, "extent": np.array(2.7)})
    for lane in range(2):
        metrics = {"solid": 8 - lane, "modes": 8, "on_mode_share": 0.9 - lane * 0.1 - pattern * 0.05}
        samples = real + random.normal(0, 0.05 + 0.1 * lane, (600, 2)).astype("float32")
        run.write_frame(Frame(lane=lane, step=3000, metrics=metrics, arrays={"samples": samples}))
    ended = [LaneState(state="done", step=3000, seconds=4.2, examples=384_000)] * 2
    run.write_state(RunState(state="done", lanes=ended))
    if pattern == 3:
        write_notes(run, Notes("for the talk", "the one where it collapses", star=True))
    keep_summary(run)
    return run


def make_runs(store: Store, count: int) -> None:
    """Copies of ten runs under ids of their own: what a list reads is copied, what it does not is linked."""
    made = [make_run(store, pattern) for pattern in range(len(PATTERNS))]
    for number in range(count - len(made)):
        run = made[number % len(made)]
        copy = store.root / f"20260101-{number // 3600:02d}{number // 60 % 60:02d}{number % 60:02d}-{number:06d}"
        (copy / "frames").mkdir(parents=True)
        for path in run.path.rglob("*"):
            target = copy / path.relative_to(run.path)
            if path.suffix == ".json":
                target.write_text(path.read_text().replace(run.id, copy.name))
            elif path.is_file():
                os.link(path, target)


def timed(what: str, seconds: float) -> None:
    print(f"{what:52} {seconds:6.2f} s", flush=True)


def in_this_process(store: Store) -> None:
    start = time.perf_counter()
    index = RunIndex(store)
    rows = index.rows()
    timed(f"{len(rows):,} rows read from their folders", time.perf_counter() - start)
    time.sleep(2.1)  # what changed just now is read once more
    index.rows()
    start = time.perf_counter()
    rows = index.rows()
    timed("the same again", time.perf_counter() - start)
    for choice in (
        Choice(dataset="ring8", model="vae", sort="largest share on a mode"),
        Choice(search="talk batch"),
    ):
        start = time.perf_counter()
        found = choice.of(rows)
        timed(f"{len(found):,} of them found and sorted", time.perf_counter() - start)


def in_a_browser(store: Store) -> None:
    program = chromium_program()
    if program is None:
        return print("Without Chromium the page is not timed.")
    with serving(store.root) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        visit(browser.new_page(viewport={"width": 1280, "height": 800}), server)
        browser.close()


def visit(page: Page, server: AppServer) -> None:
    rows = page.locator(".run-row")
    page.goto(f"{server.address}/train")
    expect(page.locator(".st-key-frame")).to_contain_text("device: ", timeout=120_000)  # the worker is there
    time.sleep(3)
    start = time.perf_counter()
    page.locator(".st-key-frame").get_by_role("link", name="Runs").click()
    rows.nth(14).wait_for(timeout=60_000)
    timed("from the link to the page's rows, first visit", time.perf_counter() - start)
    time.sleep(3)
    for name, key, words in (
        ("a filter", "runs-data-set", "Two"),
        ("a filter beside it", "runs-model", "GAN"),
    ):
        before = page.locator(".st-key-runs-toolbar").inner_text()
        page.locator(f".st-key-{key} input").click()
        option = page.get_by_role("option").filter(has_text=words).first
        option.wait_for()
        start = time.perf_counter()
        option.click()
        expect(page.locator(".st-key-runs-toolbar")).not_to_have_text(before)
        page.wait_for_function(
            "before => document.querySelector('.st-key-runs-toolbar').innerText !== before && "
            "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'",
            arg=before,
        )
        timed(f"{name}, from the press to its rows", time.perf_counter() - start)
    print(f"{'memory of the server':52} {server.process.memory_info().rss / 1e6:6.0f} MB")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "runs")
        start = time.perf_counter()
        make_runs(store, count)
        timed(f"{count:,} run folders made", time.perf_counter() - start)
        kept = sum(len(json.dumps(json.loads((run.path / "summary.json").read_text()))) for run in store.runs()[:10])
        print(f"{'a summary':52} {kept / 10:6.0f} bytes")
        in_this_process(store)
        in_a_browser(store)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
