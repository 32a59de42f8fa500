"""The worker as a real process: killed, told to leave, and started again."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from helpers import PATIENCE, wait_until

from genlab.runs import Store
from genlab.runs.history import History
from genlab.spec import make_spec
from genlab.training.worker import without

SMALL = [
    {"model": "gan", "settings": {"generator_width": 8, "discriminator_width": 8}},
    {"model": "vae", "settings": {"width": 8}},
]


@pytest.fixture
def start_worker(store: Store) -> Iterator[Callable[[], subprocess.Popen]]:
    started = []

    def start() -> subprocess.Popen:
        command = [sys.executable, "-m", "genlab.training.worker", "--runs", str(store.root)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.stdin.close()
        process.kill()
        process.wait()


def test_a_killed_worker_loses_nothing_and_the_next_goes_on(store: Store, start_worker) -> None:
    worker = start_worker()
    run = store.submit(make_spec(lanes=SMALL, budget=10**8))
    wait_until(lambda: run.newest_frame(1) is not None and run.newest_frame(1).step > 100, "a few frames")
    assert run.state().state == "running"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    wait_until(lambda: run.state().state == "interrupted", "the run to be seen as interrupted")
    for lane in (0, 1):
        steps = run.frame_steps(lane)
        assert len(steps) > 1 and all(run.frame(lane, step).metrics["samples"] == 2500 for step in steps)
    recorded = History(run).update().series(0, "generator/loss")[0]
    assert len(recorded) and History(run).update().skipped == 0

    # The next worker trains the next run, and goes on with this one when asked.
    worker = start_worker()
    following = store.submit(make_spec(lanes=SMALL, budget=20))
    wait_until(lambda: following.state().state == "done", "the next run")
    assert json.loads((store.root / ".worker.json").read_text())["devices"]["cpu"].startswith("CPU")
    store.resume(run)
    wait_until(lambda: run.state().state == "running", "the interrupted run to go on")
    wait_until(lambda: run.newest_frame(0).step > recorded[-1], "it to pass where it was killed")

    # Told to leave, it keeps a checkpoint and says so.
    worker.stdin.close()
    assert worker.wait(timeout=PATIENCE) == 0
    assert run.state().state == "interrupted" and "Resume goes on from here" in run.state().message
    left_at = run.state().lanes[0].step
    assert run.checkpoint(0)["clock"][0] == left_at
    losses = History(run).update().series(0, "generator/loss")
    assert (losses[0][1:] - losses[0][:-1] == 25).all(), "the curve joins: no step twice, none missing"


def test_a_paused_run_gives_way_to_those_that_wait(store: Store, start_worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_PAUSE_SECONDS", "1")
    start_worker()
    paused = store.submit(make_spec(lanes=SMALL, budget=100), paused=True)
    wait_until(lambda: paused.state().state == "paused", "the pause")
    waiting = store.submit(make_spec(lanes=SMALL, budget=20))
    wait_until(lambda: waiting.state().state == "done", "the run that waited")
    assert paused.state().state == "stopped"
    store.resume(paused)
    wait_until(lambda: paused.state().state == "done", "the paused run, resumed")


def test_packages_that_are_left_out_are_not_found_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    import fractions  # imported before: it stays

    monkeypatch.delitem(sys.modules, "this", raising=False)
    with without("this", "fractions"):
        with pytest.raises(ImportError):
            importlib.import_module("this")
        assert importlib.import_module("fractions") is fractions
    assert "this" not in sys.modules and importlib.util.find_spec("this")


def test_a_worker_starts_without_what_keras_can_do_without(store: Store) -> None:
    """They take half of the time of its start, and 130 MB."""
    program = """
import sys, threading
from pathlib import Path
from genlab.runs import Store
from genlab.training import worker
leaving = threading.Event()
leaving.set()
worker.work(Store(Path(sys.argv[1])), leaving)
assert "tensorflow" in sys.modules
print([name for name in worker.UNUSED if name in sys.modules])
"""
    words = [sys.executable, "-c", program, str(store.root)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == "[]"
