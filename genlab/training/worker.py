"""The process that trains: `python -m genlab.training.worker --runs DIR`.

It takes jobs from the queue of the folder for as long as whoever started it keeps its standard input open. When no run
waits to be trained, it measures those that somebody wants measured, and then prepares the one that a visitor looks at.
TensorFlow is imported while nobody waits yet, and stays warm.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from genlab.datasets.base import DataUnavailable
from genlab.runs import Run, RunUnreadable
from genlab.runs.atomic import write_json
from genlab.runs.bin import Bin
from genlab.runs.store import Store
from genlab.spec import RunSpec, SpecError

if TYPE_CHECKING:
    from genlab.training.preparation import Preparation

DISK_SECONDS = 5.0  # to wait, where the disk is full or the folder of runs cannot be reached
LEAVE_SECONDS = 60.0  # to write a checkpoint in, once asked to leave


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True)
    store = Store(parser.parse_args().runs)
    store.root.mkdir(parents=True, exist_ok=True)
    if hasattr(os, "nice"):
        os.nice(5)  # the page stays quick where both share few cores
    leaving = threading.Event()
    threading.Thread(target=_watch_input, args=(leaving,), daemon=True).start()
    lock = FileLock(store.root / ".worker.lock")
    while not leaving.is_set():  # one worker a folder; a second waits here until the first is gone
        try:
            with lock.acquire(timeout=0.5):
                work(store, leaving)
        except Timeout:
            continue


def work(store: Store, leaving: threading.Event) -> None:
    """Do what the queue holds until asked to leave."""
    write_status(store, {"state": "starting TensorFlow", "devices": {}, "pid": os.getpid()})
    from genlab.training import backend

    backend.prepare()
    ready = {"state": "ready", "devices": backend.devices(), "pid": os.getpid(), "run": ""}
    write_status(store, ready)
    store.recover()
    Bin(store).remove_expired()
    from genlab.training.preparation import Preparation

    preparation = Preparation(store)
    while not leaving.is_set():
        try:
            if run := store.take():
                write_status(store, ready | {"run": run.id})
                train_run(run, store, leaving, preparation)
                write_status(store, ready)
            elif run := store.take_evaluation():
                preparation.let_go()
                evaluate_run(run, store, leaving)
            elif spec := store.take_expected():
                prepare_run(spec, store, leaving, preparation)
            else:
                time.sleep(0.1)
        except OSError:
            # Not the end of the process: the next would load TensorFlow, and find the disk as full.
            traceback.print_exc()
            leaving.wait(DISK_SECONDS)


def write_status(store: Store, status: dict[str, Any]) -> None:
    """Say what the worker does; on a full disk, the last that fitted stands."""
    with suppress(OSError):
        write_json(store.root / ".worker.json", status)


def train_run(run: Run, store: Store, leaving: threading.Event, preparation: Preparation) -> None:
    """Train a run until it ends or the worker is to leave."""
    from genlab.training.recorder import record

    events = record(run, store, preparation)
    try:
        for _ in events:
            if leaving.is_set():
                break
    except Exception:
        traceback.print_exc()  # the run says that it failed and why; the next one trains all the same
    finally:
        events.close()


def prepare_run(spec: RunSpec, store: Store, leaving: threading.Event, preparation: Preparation) -> None:
    """Prepare a run that may be asked for next, unless another is asked for meanwhile."""
    from genlab.training.preparation import same_lanes

    def another_waits() -> bool:
        waiting = store.jobs.waiting()  # what is to be trained first
        if not waiting:
            return False
        return waiting[0].kind != "train" or not same_lanes(store.open(waiting[0].run).spec(), spec)

    try:
        for _ in preparation.prepare(spec):
            if leaving.is_set():
                return
            if another_waits():
                return store.return_expected(spec)
        if not store.jobs.waiting():
            preparation.time_steps()
    except Exception:
        traceback.print_exc()  # when it is asked for, the run itself says why it cannot be


def evaluate_run(run: Run, store: Store, leaving: threading.Event) -> None:
    """Measure a run until it is done or cancelled; let it wait again as soon as another waits to be trained."""
    from genlab.evaluation.evaluate import Progress, evaluate

    try:
        for event in evaluate(run, store.cache):
            if store.evaluation_stage(run) is None:
                return
            if leaving.is_set() or store.waiting():
                return store.return_evaluation(run)
            if isinstance(event, Progress):
                run.write_evaluation_progress(name=event.name, done=event.done, total=event.total)
    except Exception as error:
        # The run's folder says that it failed and why; the worker goes on.
        with suppress(OSError):
            if not isinstance(error, (DataUnavailable, RunUnreadable, SpecError)):
                run.write_error(traceback.format_exc())
            run.write_evaluation_progress(message=f"It could not be measured: {error}")
    store.cancel_evaluation(run)


def _watch_input(leaving: threading.Event) -> None:
    """When standard input closes, our parent is gone or wants us to go; a call that hangs is not waited for."""
    sys.stdin.buffer.read()
    leaving.set()
    time.sleep(LEAVE_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()
