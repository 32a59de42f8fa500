"""Pictures of every page, in both themes, as on a laptop, in a lecture hall and on a phone, to be looked at.

    python docs/screenshots.py FOLDER [PAGE]...

Starts genlab on an empty folder of runs and on one with a few short runs that it trains, and opens each page, or those
named, as it is then, while a run trains, and while one is paused or waits; says of each what does not fit, what can
hardly be read, and what moves while a run trains. Of a page that is longer than its window there is a picture of the
whole, too. Needs Chromium and the development requirements.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from genlab.evaluation.evaluate import evaluate
from genlab.runs import Run, Store
from genlab.runs.bin import Bin
from genlab.runs.folder import ACTIVE, StateName
from genlab.runs.talks import Moment, Talk, Talks
from genlab.spec import make_spec
from genlab.training import backend
from genlab.training.recorder import record
from genlab.ui.app_server import CHROMIUM_ARGUMENTS, chromium_program, serving
from genlab.ui.frame import PAGES

SIZES = {"laptop": (1280, 800), "hall": (1920, 1080), "phone": (390, 844)}
TALK = "modes"
TALK_SCREENS = ("data", "model-0", "model-1", "samples", "reconstructions", "losses", "latent", "coverage", "verdict")
EXPERIMENT = "mode-drop"
FAULTS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
SETTLES, SETTLE_MILLISECONDS = 12, 700  # looks whether a page still changes, and between two
# Each theme with the sizes of one window, which is opened in the first of them.
LOOKS: list[tuple[Literal["light", "dark"], tuple[str, ...]]] = [
    ("light", ("laptop", "hall")),
    ("light", ("phone",)),
    ("dark", ("laptop", "hall")),
    ("dark", ("phone",)),
]
ENDLESS = 10_000_000  # steps
PATIENCE = 120_000  # milliseconds
WATCHED_MILLISECONDS = 8000  # of a page while its run trains: whether anything moves on it
UNDRAWN = ".genlab-figure[data-updates='0']:visible"
HEIGHT_MISSING = """() => {
  const main = document.querySelector("[data-testid=stMain]")
  return main.scrollHeight - main.clientHeight
}"""
# What the browser itself counts as a shift: something that was there stands at least three pixels elsewhere.
SHIFTS = """(milliseconds) => new Promise((resolve) => {
  const found = []
  const name = (node) => node.getAttribute?.("class") ?? ""
  const words = (node) => `${node.nodeName} ${name(node)} "${node.textContent?.trim().slice(0, 40)}"`
  const way = (from, to) => `${to.x - from.x}, ${to.y - from.y} pixels`
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      for (const { node, previousRect, currentRect } of entry.sources)
        if (node) found.push(`moved by ${way(previousRect, currentRect)}: ${words(node)}`)
  })
  observer.observe({ type: "layout-shift" })
  setTimeout(() => {
    observer.disconnect()
    resolve([...new Set(found)])
  }, milliseconds)
})"""


@dataclass(frozen=True)
class Shown:
    """Attributes:
    path: the address of the page.
    press: what is pressed on it, one after another, as selectors.
    frames: whether its time lines have frames.
    moves: whether its run trains, so that it is watched for a while.
    """

    path: str
    press: tuple[str, ...] = ()
    frames: bool = True
    moves: bool = False


@dataclass(frozen=True)
class Trained:
    """The runs of which pictures are taken; `deleted` lies in the bin."""

    points: Run
    pictures: Run
    table: Run
    lanes: Run
    deleted: Run


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as runs, chromium() as browser:
        if pages := named(empty(), names):
            with serving(Path(runs)) as server:
                take(browser, server.address, folder, pages)
        store = Store(Path(runs))
        runs_there = trained(store)
        write_talk(Talks(store.root), runs_there)
        with serving(store.root) as server:
            if pages := named(at_rest(runs_there), names):
                take(browser, server.address, folder, pages)
            with on_its_way(store, server.address, browser, "running") as run:
                waiting = [store.submit(spec) for spec in (make_spec(dataset="moons", budget=ENDLESS), make_spec())]
                if pages := named(training(run, runs_there.points, *waiting), names):
                    take(browser, server.address, folder, pages)
            with on_its_way(store, server.address, browser, "paused", "digits") as run:
                if pages := named(paused(run), names):
                    take(browser, server.address, folder, pages)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def named(pages: dict[str, Shown], names: list[str]) -> dict[str, Shown]:
    """Those of the pages that are asked for, each by its name or by the first word of it; all without a name."""
    return {name: shown for name, shown in pages.items() if not names or {name, name.partition("-")[0]} & set(names)}


def trained(store: Store) -> Trained:
    backend.prepare()
    four = [{"model": model} for model in ("gan", "wgan-gp", "vae", "ae")]
    specs = [
        make_spec(budget=1500),
        make_spec(dataset="digits", budget=400),
        make_spec(dataset="survey", budget=400),
        make_spec(lanes=four, budget=400),
        make_spec(budget=50, seed=1),
    ]
    runs = [store.create(spec) for spec in specs]
    for run in runs:
        for _ in record(run, store):
            pass
    for run in runs[:3]:
        for _ in evaluate(run, store.cache):
            pass
    Bin(store).delete(runs[-1])
    return Trained(*runs)


@contextmanager
def on_its_way(store: Store, address: str, browser: Browser, state: StateName, dataset: str = "ring8") -> Iterator[Run]:
    """A run in this state; every run that is on its way is stopped in the end."""
    page = browser.new_page()
    page.goto(f"{address}/train")  # starts the worker
    run = store.submit(make_spec(dataset=dataset, budget=ENDLESS))
    while run.state().state != "running":
        page.wait_for_timeout(100)
    page.wait_for_timeout(5000)
    if state == "paused":
        run.request("pause")
        while run.state().state != "paused":
            page.wait_for_timeout(100)
    yield run
    for active in store.runs():
        if active.state().state in ACTIVE:
            store.stop(active)
    page.close()


def write_talk(talks: Talks, runs: Trained) -> None:
    moments = [
        Moment(runs=[runs.points.id], step=300, screen="samples", caption="After 300 steps\nThe same draws all along"),
        Moment(runs=[f"{runs.points.id}:0", f"{runs.pictures.id}:1"], screen="latent"),
        Moment(runs=[runs.deleted.id], screen="coverage", caption="What became of it"),
        Moment(caption="What to take home"),
    ]
    talks.write(TALK, Talk(title="When does a GAN drop modes?", moments=moments))
    talks.write("empty", Talk(title="Without a moment"))


def empty() -> dict[str, Shown]:
    """By the name of its picture, each page where nothing was trained."""
    pages = {Path(path).stem: "" if path == "app.py" else Path(path).stem for path in PAGES}
    return {f"{name}-empty": Shown(path) for name, path in pages.items() if name not in ("app", "data", "experiments")}


def at_rest(runs: Trained) -> dict[str, Shown]:
    """Each page with runs that have ended."""
    points, pictures = runs.points.id, runs.pictures.id
    pages = {"app": "", "app-pictures": "?recording=shapes", "data": "data", "runs": "runs", "talks": "talks"}
    pages |= {"train": f"train?run={points}", "train-pictures": f"train?run={pictures}&step=100"}
    pages |= {"train-lanes": f"train?run={runs.lanes.id}", "train-table": f"train?run={runs.table.id}"}
    pages["train-nonsense"] = f"train?run={points}&step=soon&clock=moon"
    experiment = f"experiments?experiment={EXPERIMENT}"
    pages |= {"experiments": "experiments", "experiments-asked": experiment}
    pages |= {f"experiments-{state}": f"{experiment}&guess=0&state={state}" for state in ("recorded", "verdict")}
    pages["experiments-drawn"] = "experiments?experiment=dirac&state=recorded"
    pages |= {"compare-different": f"compare?runs={points},{pictures}", "compare-choose": "compare"}
    pages["compare"] = f"compare?runs={points},{runs.lanes.id}:1,{runs.lanes.id}:2"
    for name, run in (("points", points), ("pictures", pictures), ("table", runs.table.id)):
        pages[f"coverage-{name}"] = f"coverage?run={run}"
        pages[f"latent-{name}"] = f"latent?run={run}"
        pages[f"how_it_works-{name}"] = f"how_it_works?run={run}"
        for show in ("fresh", "time", "swipe", "neighbours") if name != "table" else ("fresh",):
            pages[f"samples-{show}-{name}"] = f"samples?run={run}&show={show}"
    pages["coverage-unmeasured"] = f"coverage?run={runs.lanes.id}"
    pages["how_it_works-glossary"] = f"how_it_works?run={points}#glossary"
    pages |= {"talks-written": f"talks?edit={TALK}", "talks-begun": "talks?edit=empty", "talks-gone": "talks?talk=none"}
    shown = {name: Shown(path) for name, path in pages.items()}
    for menu in ("talk-menu", "export", "link", "inside"):
        shown[f"train-{menu}"] = Shown(pages["train"], (f".st-key-{menu} button",))
    shown["train-fork"] = Shown(pages["train"], (".genlab-controls [data-icon=fork]",))
    shown["runs-bin"] = Shown("runs", (".st-key-bin summary",))
    shown["runs-note"] = Shown("runs", ("[data-do=edit]",))
    shown["data-paint"] = Shown("data", (".st-key-way button:nth-of-type(2)",))
    kinds = ("item", "between", "along", "selected", "holes")
    for place, kind in enumerate(kinds, start=2):
        of = "points" if kind in ("selected", "holes") else "pictures"
        shown[f"latent-{kind}"] = Shown(pages[f"latent-{of}"], (f".st-key-latent-kind button:nth-of-type({place})",))
    talks = {screen: f"train?run={points}&talk=1&screen={screen}" for screen in TALK_SCREENS}
    talks |= {
        f"lanes-{screen}": f"train?run={runs.lanes.id}&talk=1&screen={screen}" for screen in ("samples", "losses")
    }
    talks |= {"pictures": f"train?run={pictures}&talk=1&screen=samples", "recorded": "train?talk=1"}
    talks |= {"pictures-data": f"train?run={pictures}&talk=1&screen=data"}
    talks |= {"pictures-given": f"train?run={pictures}&talk=1&screen=reconstructions", "given": f"talks?talk={TALK}"}
    talks |= {"deleted": f"talks?talk={TALK}&moment={Talks(runs.points.path.parent).read(TALK).moments[2].id}"}
    return shown | {f"talk-{name}": Shown(path) for name, path in talks.items()}


def training(run: Run, other: Run, waiting: Run, played: Run) -> dict[str, Shown]:
    """Pages while a run trains, and those of runs that wait for it, the second of which there is a recording of."""
    pages = {name: f"{name}?run={run.id}" for name in ("train", "coverage", "how_it_works")}
    pages |= {"latent": f"latent?run={other.id}", "samples": f"samples?run={other.id}", "runs": "runs"}
    pages |= {"compare": f"compare?runs={other.id},{run.id}", "talk": f"train?run={run.id}&talk=1&screen=samples"}
    shown = {f"{name}-running": Shown(path, moves=True) for name, path in pages.items()}
    shown["train-waiting"] = Shown(f"train?run={waiting.id}", frames=False)
    shown["train-waiting-played"] = Shown(f"train?run={played.id}")
    return shown


def paused(run: Run) -> dict[str, Shown]:
    """A paused run of pictures, and its next step."""
    path, slowly = f"train?run={run.id}", (".st-key-inside button", ".st-key-slowly button")
    further = [".st-key-slow-next button"] * 8  # to the gradients of the generator
    return {
        "train-paused": Shown(path),
        "train-slow": Shown(path, slowly),
        "train-slow-gradients": Shown(path, (*slowly, *further)),
    }


def take(browser: Browser, address: str, folder: Path, pages: dict[str, Shown]) -> None:
    for name, shown in pages.items():
        for theme, sizes in LOOKS:
            page = browser.new_page(viewport=as_viewport(*SIZES[sizes[0]]), color_scheme=theme)
            page.goto(f"{address}/{shown.path}")
            settle(page, shown.frames)
            for selector in shown.press:
                page.locator(selector).filter(visible=True).first.click(timeout=PATIENCE)
                page.mouse.move(0, 0)
                settle(page, shown.frames)
            for size in sizes:
                width, height = SIZES[size]
                if size != sizes[0]:
                    page.set_viewport_size(as_viewport(width, height))
                    settle(page, shown.frames)
                page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
                report(page, f"{name}, {size}, {theme}")
                if shown.moves and theme == "light":
                    tell(page.evaluate(SHIFTS, WATCHED_MILLISECONDS))
                missing = page.evaluate(HEIGHT_MISSING)
                if missing > 0 and size == sizes[0]:
                    page.set_viewport_size(as_viewport(width, height + missing))
                    settle(page, shown.frames)
                    page.screenshot(path=folder / f"{name}-{size}-{theme}-whole.png")
            page.close()


def as_viewport(width: int, height: int) -> ViewportSize:
    return {"width": width, "height": height}


def settle(page: Page, frames: bool) -> None:
    """Wait until nothing is still loading, time lines that have frames have got them, and nothing changes; of what a
    run changes again and again, not for ever.
    """
    expect(page.locator(".st-key-frame")).to_be_visible(timeout=PATIENCE)
    before = None
    for _ in range(SETTLES):
        page.wait_for_timeout(SETTLE_MILLISECONDS)
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
        for loading in ("stSkeleton", "stSpinner"):
            expect(page.get_by_test_id(loading)).to_have_count(0, timeout=PATIENCE)
        lines = page.get_by_test_id("timeline")
        for i in range(lines.count() if frames else 0):
            expect(lines.nth(i)).to_have_attribute("data-frames", re.compile("[1-9]"), timeout=PATIENCE)
        expect(page.locator(UNDRAWN)).to_have_count(0, timeout=PATIENCE)
        now = page.evaluate("document.body.innerHTML.length")
        if now == before:
            return
        before = now


def report(page: Page, name: str) -> None:
    """Say of a page what a picture of its top does not show: whether anything is wider than the window, and what
    `screenshots.js` finds.
    """
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    print(f"{name}: {'wider than the window' if wide else 'fits'}", flush=True)
    tell(page.evaluate(FAULTS))


def tell(faults: list[str]) -> None:
    for fault in faults:
        print(f"    {fault}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
