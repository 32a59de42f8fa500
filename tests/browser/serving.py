"""What the browser tests drive: a server of their own, and its train page."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import psutil
from helpers import PATIENCE, wait_until
from patience import expect
from playwright.sync_api import Locator, Page

from genlab.runs import Run, Store
from genlab.runs.folder import ACTIVE
from genlab.spec import make_spec

ROOT = Path(__file__).parents[2]
PLAYED = Path(__file__).with_name("played")
ENDLESS = 100_000_000  # steps: a run that only the test ends
LONGEST = 1_000_000  # steps: as many as the page takes, 20 minutes of played training on any machine
CHARTS = ("0-samples", "0-latent", "0-losses", "1-samples", "1-latent", "1-losses", "coverage")


class Server:
    """`streamlit run app.py` on a port, with folders of its own beside each other for runs and for data.

    Its worker trains, or, if `played`, plays made-up training without TensorFlow: see `played/`.
    """

    def __init__(self, runs: Path, port: int | None = None, played: bool = True) -> None:
        self.store = Store(runs)
        self.data = runs.parent / "data"
        self.port = port or free_port()
        self.log = runs.with_suffix(".log")
        options = {"port": self.port, "headless": "true", "fileWatcherType": "none", "showEmailPrompt": "false"}
        flags = [word for name, value in options.items() for word in (f"--server.{name}", str(value))]
        path = [str(PLAYED), str(ROOT)] if played else [str(ROOT)]
        folders = {"GENLAB_RUNS_DIR": str(runs), "GENLAB_DATA_DIR": str(self.data)}
        with self.log.open("ab") as log:
            self.process = psutil.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", *flags],
                cwd=ROOT,
                env={**os.environ, **folders, "PYTHONPATH": os.pathsep.join(path)},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        wait_until(self.healthy, "the server to answer")

    def healthy(self) -> bool:
        assert self.process.poll() is None, f"The server ended: {self.log.read_text()[-3000:]}"
        try:
            with urllib.request.urlopen(self.address("_stcore/health"), timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def address(self, path: str) -> str:
        return f"http://localhost:{self.port}/{path}"

    def worker(self) -> psutil.Process | None:
        """The worker process, once a visitor has come."""
        children = [c for c in self.process.children() if c.status() != psutil.STATUS_ZOMBIE]
        assert len(children) <= 1, f"One worker is enough: {[child.cmdline() for child in children]}"
        return children[0] if children else None

    def quieten(self) -> None:
        """Stop every run and wait until none is active."""
        for run in self.store.runs():
            if run.state().state in ACTIVE:
                self.store.stop(run)
        wait_until(lambda: not self.active(), "every run to stop")

    def active(self) -> list[Run]:
        return [run for run in self.store.runs() if run.state().state in ACTIVE]

    def stop(self) -> None:
        """End the server as a service manager does; the worker leaves with it."""
        worker = self.worker()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
            if worker:
                psutil.wait_procs([worker], PATIENCE)
                assert not worker.is_running(), "The worker outlived its server."
        finally:
            for process in (self.process, worker):
                if process and process.is_running():
                    process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def newest_answer(server: Server) -> dict[str, np.ndarray]:
    """The arrays that the worker answered last: other tests may have asked before."""
    path = max((server.store.root / ".questions").glob("*.npz"), key=lambda file: file.stat().st_mtime_ns)
    with np.load(path) as file:
        return dict(file)


class TrainPage:
    """One visitor's tab with the train page: what is on it, by the words of the page."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.state = page.get_by_test_id("stProgress")
        self.train = page.locator(".st-key-train button")
        self.exceptions = page.get_by_test_id("stException")

    def open(self, query: str = "") -> TrainPage:
        self.page.goto(self.server.address("train" + query))
        expect(self.train).to_be_visible()
        return self

    def begin(self, steps: int, seed: int = 0) -> Run:
        """Press Train with so many steps; returns the run that the address then names."""
        self.open()
        for field, value in (("steps-ring8", steps), ("seed", seed)):
            box = self.page.locator(f".st-key-{field} input")
            box.fill(str(value))
            box.press("Tab")
            expect(box).to_have_value(str(value))
        before = self.page.url
        self.train.click()
        expect(self.page).not_to_have_url(before)
        expect(self.page).to_have_url(re.compile(r"[?&]run="))
        return self.run()

    def watch(self) -> Run:
        """Open an endless run that is queued already, and wait until it trains."""
        run = self.server.store.submit(make_spec(budget=ENDLESS))
        self.open(f"?run={run.id}")
        self.is_now("running")
        return run

    def run(self) -> Run:
        return self.server.store.open(self.page.url.partition("run=")[2].partition("&")[0])

    def is_now(self, state: str) -> None:
        expect(self.state).to_contain_text(re.compile(rf"^\s*{state}\b"))

    def step(self) -> int:
        """The step that the page shows."""
        expect(self.state).to_contain_text(re.compile(r"step [\d,]+"))
        return int(re.search(r"step ([\d,]+)", self.state.inner_text()).group(1).replace(",", ""))

    def reaches(self, step: int) -> None:
        wait_until(lambda: self.step() >= step, f"step {step} on the page")

    def press(self, button: str) -> None:
        self.page.locator(f".st-key-{button.lower()} button").first.click()  # with help there is a second, hidden

    def cell(self, name: str) -> Locator:
        return self.page.locator(f'[data-cell="{name}"]')

    def updates(self, name: str) -> int:
        """How often a chart was drawn."""
        return int(self.cell(name).get_attribute("data-updates") or 0)
