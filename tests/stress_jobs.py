"""Two processes create, take, stop and resume runs at random on one store, and are killed at random.

    python tests/stress_jobs.py --seconds 60

Each process writes what it did to a log of its own, a line before and a line after. In the end no created run may be
missing or unreadable, none may have been trained by two at once, and every one must end once somebody takes what waits.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from genlab.runs import QueueFull, RunUnreadable, Store
from genlab.runs.folder import ACTIVE, SILENT_SECONDS
from genlab.spec import make_spec

TRAINING_SECONDS = 0.01
KEPT_BUSY = 40  # runs, beyond which a process makes no more: they are what the others act on


def act(root: Path, seed: int) -> None:
    """Do one thing after another, for ever."""
    store, chance = Store(root), random.Random(seed)
    log = (root.parent / f"log-{os.getpid()}").open("a", buffering=1)

    def say(*words: object) -> None:
        log.write(" ".join(map(str, words)) + "\n")

    mine = []
    while True:
        deed = chance.choice(("create", "create", "take", "take", "take", "stop", "resume", "resume"))
        try:
            if deed == "create":
                mine.append(store.submit(make_spec(seed=len(mine))).id)
                say("created", mine[-1])
            elif deed == "take":
                if run := store.take():
                    train(store, run, say)
            elif runs := store.runs()[:KEPT_BUSY]:
                run = chance.choice(runs)
                getattr(store, deed)(run)
        except QueueFull:
            pass


def train(store: Store, run: Any, say: Any) -> None:
    """What a worker does, without a model: hold the run, write states, obey a stop. A file shows who is at it."""
    guard = run.path / f"training-{os.getpid()}"
    if any(alive(int(path.name.partition("-")[2])) for path in run.path.glob("training-*")):
        say("twice", run.id)
    guard.touch()
    with run.lock().acquire(timeout=600):  # a reader holds it for a moment, to see whether anybody does
        state = run.written_state()
        state.state = "running"
        run.write_state(state)
        time.sleep(TRAINING_SECONDS)
        stopped = any(request["verb"] == "stop" for request in run.take_requests())
        state.state = "stopped" if stopped else "done"
        run.write_state(state)
        guard.unlink()
        say("trained", run.id)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def stress(folder: Path, seconds: float, seed: int, created: int = 0, trained: int = 0) -> dict[str, Any]:
    """Keep two processes acting, killing one of them now and then; then take what waits and look at every run.

    They act for so many seconds, and as much longer as it takes until so many runs are created and trained.
    """
    root, chance = folder / "runs", random.Random(seed)
    root.mkdir()
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        command = [sys.executable, __file__, "--act", str(root), "--seed", str(chance.randrange(2**31))]
        processes.append(subprocess.Popen(command))

    def said() -> list[list[str]]:
        return [line.split() for log in folder.glob("log-*") for line in log.read_text().splitlines()]

    def count(word: str) -> int:
        return sum(words[0] == word for words in said())

    killed = 0
    for _ in range(2):
        start()
    try:
        began = time.monotonic()
        while time.monotonic() - began < seconds or count("created") < created or count("trained") < trained:
            assert all(process.poll() is None for process in processes), "a process ended by itself: see its error"
            if not said():
                began = time.monotonic()  # the time counts from when they act
                time.sleep(0.02)
                continue
            time.sleep(chance.uniform(0.3, 1.2))
            victim = processes.pop(chance.randrange(2))
            victim.kill()
            victim.wait()
            killed += 1
            start()
    finally:
        for process in processes:
            process.kill()
            process.wait()
    store = Store(root)
    time.sleep(SILENT_SECONDS + 0.1)  # from then on what nobody holds reads as interrupted
    store.recover()
    while store.take():
        pass
    lost, endless = [], []
    for run in {words[1] for words in said()} | {run.id for run in store.runs()}:
        try:
            state = store.open(run).state().state
            if state == "queued":
                endless.append(run)
            elif state not in ACTIVE:
                store.resume(store.open(run))  # whatever became of it, it can go on
                assert store.take().id == run
        except RunUnreadable:
            lost.append(run)
    return {
        "created": len(store.runs()),
        "trained": count("trained"),
        "killed": killed,
        "lost": lost,
        "twice": [words[1] for words in said() if words[0] == "twice"],
        "queued for ever": endless,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--act", type=Path)
    given = parser.parse_args()
    if given.act:
        act(given.act, given.seed)
    else:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(stress(Path(folder), given.seconds, given.seed)))
