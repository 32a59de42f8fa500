"""The process that trains: `python -m genlab.training.worker --runs DIR`.

It takes runs from the queue of the folder, oldest first, for as long as whoever started it keeps its standard input
open. When none waits to be trained, it measures those that somebody wants measured.
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

from filelock import FileLock, Timeout

from genlab.runs import Run
from genlab.runs.atomic import write_json
from genlab.runs.evaluation_queue import EvaluationQueue
from genlab.runs.store import Store

LEAVE_SECONDS = 5.0  # to write a checkpoint in, once asked to leave


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
    """Train what is queued until asked to leave."""
    status_file = store.root / ".worker.json"
    write_json(status_file, {"state": "starting TensorFlow", "devices": {}, "pid": os.getpid()})
    from genlab.training import backend
    from genlab.training.recorder import record

    backend.prepare()
    ready = {"state": "ready", "devices": backend.devices(), "pid": os.getpid(), "run": ""}
    write_json(status_file, ready)
    measuring = EvaluationQueue(store)
    measuring.forget()
    while not leaving.is_set():
        run = store.take()
        if run is None:
            if to_measure := measuring.take():
                evaluate_run(to_measure, store, measuring, leaving)
            else:
                time.sleep(0.1)
            continue
        write_json(status_file, ready | {"run": run.id})
        events = record(run, store)
        try:
            for _ in events:
                if leaving.is_set():
                    break
        except Exception:
            traceback.print_exc()  # the run says that it failed and why; the next one trains all the same
        finally:
            events.close()
            write_json(status_file, ready)


def evaluate_run(run: Run, store: Store, measuring: EvaluationQueue, leaving: threading.Event) -> None:
    """Measure a run until it is done or cancelled; put it back as soon as another waits to be trained."""
    from genlab.evaluation.evaluate import Progress, evaluate

    try:
        for event in evaluate(run, store.cache):
            if measuring.stage(run) is None:
                return
            if leaving.is_set() or store.waiting():
                return measuring.put_back(run)
            if isinstance(event, Progress):
                measuring.tell(run, name=event.name, done=event.done, total=event.total)
    except Exception as error:
        traceback.print_exc()  # the run's folder says that it failed and why; the worker goes on
        with suppress(OSError):
            measuring.tell(run, message=f"It could not be measured: {error}")
    measuring.cancel(run)


def _watch_input(leaving: threading.Event) -> None:
    """When standard input closes, our parent is gone or wants us to go; a call that hangs is not waited for."""
    sys.stdin.buffer.read()
    leaving.set()
    time.sleep(LEAVE_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()
