"""How fast the time line replays, what a viewer costs the server, how soon a run opens; in Chromium, drawn in software.

    python benchmarks/timeline.py [--part replay|viewer|open|memory|pages] [--minutes 30]

It trains short runs, or lengthens what they recorded, and prints what it measured as lines of JSON. Needs Chromium and
the development requirements, and a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from genlab.runs import Run, Store
from genlab.runs.folder import Frame
from genlab.runs.history import append_record
from genlab.spec import make_spec
from genlab.training import backend
from genlab.training.recorder import record
from genlab.ui.app_server import CHROMIUM_ARGUMENTS, AppServer, chromium_program, serving

FRAMES = 120
OPENED = 100  # frames of the run that is opened: about 5 MB
SECONDS = 5.0  # of one replay or one watch
REPEATS = 5
PASSES = 7  # from the first moment to the last, after one that warms up
WRITTEN = 3.2  # frames a second of the run that is watched, about as many as training writes
CHANGES = 20  # of the page, in one tab
VISITED = ("Compare", "Mode coverage", "Runs", "Train")
LINE = '[data-testid="timeline"]'


def main(parts: list[str], minutes: float) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=CHROMIUM_ARGUMENTS)
        store = Store(Path(folder))
        backend.prepare()
        points = lengthened(store, make_spec(budget=300))
        with serving(store.root) as server:
            warm_up(browser, server, points)
            if "replay" in parts:
                four = lengthened(
                    store, make_spec(budget=300, lanes=[{"model": m} for m in ("gan", "vae", "wgan", "ae")])
                )
                pictures = lengthened(store, make_spec(dataset="digits", budget=FRAMES))
                for name, run in {
                    "points, 2 lanes": points,
                    "pictures, 2 lanes": pictures,
                    "points, 4 lanes": four,
                }.items():
                    say("replay", name, replay(browser, server, run))
            if "open" in parts:
                run = lengthened(store, make_spec(budget=300, seed=1), OPENED)
                say("open", "points, 2 lanes", open_warm(browser, server, run))
            if "viewer" in parts:
                for rows in (0, 60_000):
                    say("viewer", f"a run with {rows:,} steps recorded before", viewer(browser, server, store, rows))
            if "memory" in parts:
                say("memory", f"{minutes:g} minutes of replay in a loop", memory(browser, server, points, minutes))
            if "pages" in parts:
                say("pages", f"{CHANGES} page changes", page_changes(browser, server, points))
        browser.close()


def say(part: str, what: str, figures: dict[str, Any]) -> None:
    print(json.dumps({"part": part, "what": what, **figures}), flush=True)


def lengthened(store: Store, spec: Any, frames: int = FRAMES) -> Run:
    """A short run that is trained, its last frame written again, moved a little, until there are so many."""
    run = store.create(spec)
    for _ in record(run, store):
        pass
    random = np.random.default_rng(0)
    for lane in range(len(spec.lanes)):
        last = run.newest_frame(lane)
        assert last is not None
        for step in run.frame_steps(lane):
            run.remove_frame(lane, step)
        for i in range(frames):
            run.write_frame(moved(last, round((i + 1) * spec.budget / frames), random))
    return run


def moved(frame: Frame, step: int, random: np.random.Generator) -> Frame:
    arrays = dict(frame.arrays)
    for name, array in arrays.items():
        if array.dtype.kind == "f" and array.ndim > 1:
            arrays[name] = (array + random.normal(0, 0.02, array.shape)).astype("float32")
        elif array.dtype == np.uint8 and array.ndim == 4:
            arrays[name] = random.permutation(array)
    return Frame(lane=frame.lane, step=step, metrics=frame.metrics, arrays=arrays)


def opened(browser: Browser, server: AppServer, run: Run, frames: int = FRAMES) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{server.address}/train?run={run.id}")
    page.wait_for_function(f"Number(document.querySelector('{LINE}')?.dataset.frames) >= {frames}", timeout=120_000)
    return page


def warm_up(browser: Browser, server: AppServer, run: Run) -> None:
    """The worker starts beside the first page and takes the processor; the second page finds it ready."""
    opened(browser, server, run).close()
    time.sleep(25)


NOTE_DRAWINGS = """line => {
    window.drawings = []
    const note = () => window.drawings.push(performance.now())
    new MutationObserver(note).observe(line, { attributeFilter: ["data-drawn"] })
}"""


def replay(browser: Browser, server: AppServer, run: Run) -> dict[str, Any]:
    """Frames drawn a second from the first moment to the last, at eight times the speed."""
    page = opened(browser, server, run)
    page.get_by_label("Speed").select_option("8")
    page.locator(LINE).evaluate(NOTE_DRAWINGS)
    rates = []
    for _ in range(PASSES + 1):
        page.get_by_role("button", name="Play", exact=True).click()
        time.sleep(0.1)
        page.get_by_role("button", name="Play", exact=True).wait_for()  # it says "Pause" while it plays
        times = page.evaluate("window.drawings.splice(0)")
        rates.append(1000 * (len(times) - 1) / (times[-1] - times[0]))
    page.close()
    return {"frames a second": round(float(np.median(rates[1:])), 1), "of each": [round(rate, 1) for rate in rates[1:]]}


def drawn(page: Page) -> int:
    return int(page.locator(LINE).get_attribute("data-drawn") or 0)


def open_warm(browser: Browser, server: AppServer, run: Run) -> dict[str, Any]:
    """Seconds from the request to all frames held and drawn, by a browser that has the scripts."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page, seconds = context.new_page(), []
    for _ in range(REPEATS + 1):
        began = time.monotonic()
        page.goto(f"{server.address}/train?run={run.id}")
        page.wait_for_function(f"Number(document.querySelector('{LINE}')?.dataset.frames) >= {OPENED}", polling=20)
        seconds.append(time.monotonic() - began)
        page.goto("about:blank")
    context.close()
    size = sum(path.stat().st_size for path in (run.path / "frames").iterdir())
    return {"seconds": round(float(np.median(seconds[1:])), 2), "MB stored": round(size / 1e6, 2)}


def viewer(browser: Browser, server: AppServer, store: Store, rows: int) -> dict[str, Any]:
    """One viewer of a run that gets a frame of each lane `WRITTEN` times a second: updates drawn a second, the share of
    a core that the server spends; then of the same run with nothing new.
    """
    run = store.create(make_spec(budget=10**6))
    source = next(other for other in store.runs() if other.id != run.id and other.newest_frame(0) is not None)
    run.write_reference(source.reference() or {})
    frames = [source.newest_frame(lane) for lane in (0, 1)]
    for step in range(25, rows + 1, 25):
        for lane in (0, 1):
            place = {"step": step, "seconds": step / 1000, "examples": step * 256}
            losses = {name: 1 + 0.1 * np.sin(step / 100) for name in ("generator/loss", "discriminator/loss")}
            append_record(run, {"lane": lane, **place, "losses": losses})
    random, step, result = np.random.default_rng(0), rows, {}
    with run.lock():  # as whoever trains it would
        state = run.state()
        state.state = "running"

        def advance() -> None:
            nonlocal step
            step += 25
            for lane, frame in enumerate(frames):
                assert frame is not None
                run.write_frame(moved(frame, step, random))
                append_record(run, {"lane": lane, "step": step, "seconds": step / 1000, "examples": step * 256})
            run.write_state(state)

        advance()
        page = opened(browser, server, run, frames=1)
        for name, moving in (("with new frames", True), ("with nothing new", False)):
            time.sleep(2)
            spent, before, began = sum(server.process.cpu_times()[:2]), drawn(page), time.monotonic()
            for count in range(1, round(2 * SECONDS * WRITTEN) + 1):
                if moving:
                    advance()
                else:
                    run.write_state(state)
                time.sleep(max(0.0, began + count / WRITTEN - time.monotonic()))
            seconds = time.monotonic() - began
            result[name] = {
                "drawn a second": round((drawn(page) - before) / seconds, 2),
                "of a core": round((sum(server.process.cpu_times()[:2]) - spent) / seconds, 4),
            }
        page.close()
        state.state = "stopped"
        run.write_state(state)
    return result


def memory(browser: Browser, server: AppServer, run: Run, minutes: float) -> dict[str, Any]:
    """Megabytes of the tab's JavaScript and of the server while a replay loops, at the first minute and at the last."""
    page = opened(browser, server, run)
    page.get_by_role("button", name="Play in a loop").click()
    page.get_by_role("button", name="Play", exact=True).click()
    rows = []
    for _ in range(round(minutes) + 1):
        rows.append(megabytes(page, server))
        time.sleep(60)
    page.close()
    return {"tab MB": [row[0] for row in rows], "server MB": [row[1] for row in rows]}


def page_changes(browser: Browser, server: AppServer, run: Run) -> dict[str, Any]:
    """The same over page changes in one tab, at the first page and after each round."""
    page = opened(browser, server, run)
    rows = [megabytes(page, server)]
    for _ in range(CHANGES // len(VISITED)):
        for name in VISITED:
            page.get_by_role("link", name=name, exact=True).click()
            time.sleep(SECONDS)
        rows.append(megabytes(page, server))
    page.close()
    return {"tab MB": [row[0] for row in rows], "server MB": [row[1] for row in rows]}


def megabytes(page: Page, server: AppServer) -> tuple[float, float]:
    """Of the tab's JavaScript after a collection, and of the server."""
    page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
    heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    return round(heap, 1), round(server.process.memory_info().rss / 1e6, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    names = ["replay", "open", "viewer", "memory", "pages"]
    parser.add_argument("--part", action="append", choices=names)
    parser.add_argument("--minutes", type=float, default=30)
    arguments = parser.parse_args()
    main(arguments.part or names, arguments.minutes)
