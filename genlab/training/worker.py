"""The process that trains: `python -m genlab.training.worker --runs DIR`.

It takes jobs from the queue of the folder for as long as whoever started it keeps its standard input open. Questions
about trained models it answers at once, while a run trains between two of its chunks. When no run waits to be trained,
it draws samples that somebody wants as a file, measures the runs that somebody wants measured, and then prepares the
one that a visitor looks at. TensorFlow is imported while nobody waits yet, and stays warm.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from genlab.datasets.base import DataUnavailable
from genlab.runs import Run, RunUnreadable
from genlab.runs.atomic import write_json
from genlab.runs.bin import Bin
from genlab.runs.store import Store
from genlab.spec import RunSpec, SpecError
from genlab.training.release import release_memory

if TYPE_CHECKING:
    from genlab.latent.answers import Answerer
    from genlab.training.preparation import Preparation

# Keras looks for these, takes them where they are, and works without: half of the time that importing it takes.
UNUSED = ("pandas", "sklearn")
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
    gc.disable()  # to look again and again through what imports make, none of it garbage, took a fifth of their time
    with without(*UNUSED):
        from genlab.training import backend

    backend.prepare()
    ready = {"state": "ready", "devices": backend.devices(), "pid": os.getpid(), "run": ""}
    write_status(store, ready)
    gc.enable()
    gc.collect()
    gc.freeze()
    store.recover()
    Bin(store).remove_expired()
    from genlab.latent.answers import Answerer
    from genlab.training.preparation import Preparation

    preparation, answerer = Preparation(store), Answerer(store)
    while not leaving.is_set():
        try:
            answerer.answer_all()
            if run := store.take():
                write_status(store, ready | {"run": run.id})
                train_run(run, store, leaving, preparation, answerer)
                release_memory()
                write_status(store, ready)
            elif run := store.take_samples():
                draw_samples(run, store)
            elif run := store.take_evaluation():
                preparation.let_go()
                evaluate_run(run, store, leaving, answerer)
                release_memory()
            elif spec := store.take_expected():
                prepare_run(spec, store, leaving, preparation)
            else:
                time.sleep(0.1)
        except OSError:
            # Not the end of the process: the next would load TensorFlow, and find the disk as full.
            traceback.print_exc()
            leaving.wait(DISK_SECONDS)


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Inside the block, imports do not find these packages, unless they have been imported before."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: Python's own sign for "there is none"
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


def write_status(store: Store, status: dict[str, Any]) -> None:
    """Say what the worker does; on a full disk, the last that fitted stands."""
    with suppress(OSError):
        write_json(store.root / ".worker.json", status)


def train_run(run: Run, store: Store, leaving: threading.Event, preparation: Preparation, answerer: Answerer) -> None:
    """Train a run until it ends or the worker is to leave; between two chunks, answer what is asked of others."""
    from genlab.experiments.measuring import asked_of
    from genlab.training.recorder import record

    events = record(run, store, preparation, asked_of(run))
    try:
        for _ in events:
            if leaving.is_set():
                break
            answerer.answer_all()
    except Exception:
        traceback.print_exc()  # the run says that it failed and why; the next one trains all the same
    finally:
        events.close()


def prepare_run(spec: RunSpec, store: Store, leaving: threading.Event, preparation: Preparation) -> None:
    """Prepare a run that may be asked for next, until anything is asked for meanwhile. If it is that run, it goes on
    from what was prepared of it.
    """
    from genlab.training.preparation import same_lanes

    def is_asked_for() -> bool:
        waiting = store.jobs.waiting()  # what is to be trained first
        return bool(waiting) and waiting[0].kind == "train" and same_lanes(store.open(waiting[0].run).spec(), spec)

    try:
        for _ in preparation.prepare(spec):
            if leaving.is_set() or is_asked_for():
                return
            if store.jobs.waiting() or store.questions.waiting() or store.latent_points.waiting("points"):
                return store.return_expected(spec)
        if not store.jobs.waiting():
            preparation.time_steps()
    except Exception:
        traceback.print_exc()  # when it is asked for, the run itself says why it cannot be


def draw_samples(run: Run, store: Store) -> None:
    """Draw all samples that are asked for as files; where that fails, the page is told why."""
    from genlab.latent import sampled, trained
    from genlab.runs import drawings

    for drawing in drawings.asked(run):
        try:
            model = trained.load(run, drawing.lane)
            suffix = ".csv" if model.dataset.kind == "points" else ".zip"
            sampled.write_samples(model, drawing.count, drawing.seed, drawings.place(run, drawing, suffix))
        except Exception as error:
            if not run.path.is_dir():  # deleted meanwhile
                break
            with suppress(OSError):
                drawings.refuse(run, drawing, f"The samples could not be drawn: {error}")
    store.end_samples(run)


def evaluate_run(run: Run, store: Store, leaving: threading.Event, answerer: Answerer) -> None:
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
            answerer.answer_all()
    except Exception as error:
        # The run's folder says that it failed and why, unless it was deleted meanwhile; the worker goes on.
        with suppress(OSError, RunUnreadable):
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
