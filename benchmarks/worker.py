"""The worker: how soon it is ready, how much memory it takes, and whether that grows from run to run.

    python benchmarks/worker.py [--parts ready memory growth] [--rounds 5] [--runs 50]

- `ready`: seconds from the start of the process until it takes runs, and of the processor, over some starts.
- `memory`: the most that it takes while it trains the default run on MNIST, and what it holds after that.
- `growth`: what it holds after each of many short runs on ring8 and on digits in turns, from the sixth to the last.

It takes a quiet machine, and Linux for the memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from genlab.runs import Run, Store
from genlab.runs.folder import ACTIVE
from genlab.spec import RunSpec, make_spec
from genlab.ui.worker_supervisor import start_worker

SETTLED = 5  # runs, after which a worker has loaded what it needs
MEGABYTE = 1e6


@contextmanager
def working(store: Store) -> Iterator[psutil.Process]:
    """A worker on this folder, from its start."""
    process = start_worker(store.root)
    try:
        yield psutil.Process(process.pid)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(60)


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.01)


def is_ready(store: Store) -> bool:
    try:
        return json.loads((store.root / ".worker.json").read_text())["state"] == "ready"
    except (OSError, ValueError):
        return False


def train(store: Store, spec: RunSpec) -> Run:
    run = store.submit(spec)
    wait_for(lambda: run.state().state not in ACTIVE)
    assert run.state().state == "done", run.state().message
    return run


def measure_start(folder: Path, rounds: int) -> None:
    clock, processor = [], []
    for i in range(rounds):
        began = time.monotonic()
        with working(store := Store(folder / f"start{i}")) as process:
            wait_for(lambda store=store: is_ready(store))
            clock.append(time.monotonic() - began)
            processor.append(sum(process.cpu_times()[:2]))
    print(f"ready after {statistics.median(clock):.1f} s, {statistics.median(processor):.1f} s of the processor")


def measure_memory(folder: Path) -> None:
    with working(store := Store(folder / "memory")) as process:
        wait_for(lambda: is_ready(store))
        before = process.memory_info().rss
        train(store, make_spec(dataset="mnist", budget=100))
        status = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
        most, after = 1024 * int(status["VmHWM"].split()[0]), process.memory_info().rss
    print(f"MNIST: {before / MEGABYTE:.0f} MB before, at most {most / MEGABYTE:.0f}, {after / MEGABYTE:.0f} after")


def measure_growth(folder: Path, runs: int) -> None:
    held = []
    with working(store := Store(folder / "growth")) as process:
        wait_for(lambda: is_ready(store))
        for i in range(runs):
            train(store, make_spec(dataset=("ring8", "digits")[i % 2], budget=50, seed=i))
            held.append(process.memory_info().rss / MEGABYTE)
    print("held after each run, MB:", " ".join(f"{value:.0f}" for value in held))
    print(f"from run {SETTLED + 1} to {runs}: {held[-1] / held[SETTLED] - 1:+.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = ["ready", "memory", "growth"]
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if "ready" in given.parts:
            measure_start(Path(folder), given.rounds)
        if "memory" in given.parts:
            measure_memory(Path(folder))
        if "growth" in given.parts:
            measure_growth(Path(folder), given.runs)


if __name__ == "__main__":
    main()
