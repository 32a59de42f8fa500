"""The folder of all runs: make, find, list, queue.

A run and its job change together under the lock of the queue. Of the two, the state is written first where a run leaves
the queue, and last where it enters: whoever is killed in between leaves a run that reads as interrupted.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal
from uuid import uuid4

import numpy as np

from genlab.runs.atomic import write_json
from genlab.runs.drawings import Drawing, ask
from genlab.runs.folder import ACTIVE, GONE, Run, RunState, RunUnreadable
from genlab.runs.forks import Change, Fork, make_fork
from genlab.runs.jobs import Job, JobQueue, Kind
from genlab.runs.latent_points import PointRequests
from genlab.runs.metadata import Grouped, new_metadata
from genlab.runs.questions import Questions
from genlab.spec import RunSpec, make_spec

MAXIMUM_WAITING = 8
LOOKED_THROUGH = 100  # runs, the newest, for one on the same data
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
WAITING = "waiting for its turn"
BIN = ".bin"  # in the folder of runs: see bin.py
IN_BIN = "Run {} is in the bin. Below the list on the Runs page it can be taken back."
EXPECTED = ".expected.json"
SETTLED_SECONDS = 0.7  # a visitor who changes several settings is waited for
EVALUATION_ENDED = (
    "The process that measured this run ended before it was done. Nothing of the run has changed: measure it again."
)


class QueueFull(Exception):
    """Too many runs wait; the message says how many."""


class Store:
    """All runs under one folder: GENLAB_RUNS_DIR, else `runs` in the current folder, unless given."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or Path(os.environ.get("GENLAB_RUNS_DIR", "runs"))).resolve()
        self.jobs = JobQueue(self.root)
        self.questions = Questions(self.root)
        self.latent_points = PointRequests(self.root)

    @property
    def cache(self) -> Path:
        """Where what is made once for a data set is kept."""
        return self.root / ".cache"

    def create(self, spec: RunSpec, fork: Fork | None = None, grouped: Grouped | None = None) -> Run:
        """A new run folder, not yet queued; of a fork, with what that goes on from. It is filled under another name, so
        that it is there whole or not at all.

        Its id is the time in UTC, to the microsecond: ids sort by time. Two made in the same microsecond do not
        collide, since a folder that holds anything is never renamed over.
        """
        draft = Run(self.root / f".new-{uuid4().hex}")
        try:
            draft.path.mkdir(parents=True)
            draft.write_spec(spec)
            metadata = new_metadata(spec)
            metadata.grouped = grouped
            if fork:
                metadata.dataset, metadata.forked_from = fork.dataset, fork.forked_from
                fork.write_checkpoints(draft)
            draft.write_metadata(metadata)
            draft.write_state(RunState(message=WAITING, lanes=fork.places() if fork else []))
            return self.place(draft)
        finally:
            shutil.rmtree(draft.path, ignore_errors=True)

    def place(self, draft: Run, wanted: str = "") -> Run:
        """Give a draft, a folder of a run under another name, its place: under the id that is wanted, if it is one and
        free, else under a new one. Raises OSError.
        """
        ids = [wanted] if RUN_ID.fullmatch(wanted) else []
        while True:
            run = Run(self.root / (ids.pop() if ids else new_id()))
            if run.path.exists():
                continue
            try:
                draft.path.rename(run.path)
                return run
            except OSError:
                if not run.path.exists():  # else another process was as quick
                    raise

    def open(self, run_id: str) -> Run:
        """The run of this name. Raises RunUnreadable if the name is nonsense or there is none."""
        if not RUN_ID.fullmatch(run_id):
            raise RunUnreadable(f"'{run_id[:60]}' is not the name of a run. The Runs page lists those there are.")
        run = Run(self.root / run_id)
        if not run.path.is_dir():
            in_bin = any(self.root.glob(f"{BIN}/[0-9]*/{run_id}"))
            raise RunUnreadable((IN_BIN if in_bin else GONE).format(run_id))
        return run

    def runs(self) -> list[Run]:
        """All run folders, newest first, readable or not."""
        if not self.root.is_dir():
            return []
        return [Run(path) for path in sorted(self.root.iterdir(), reverse=True) if RUN_ID.fullmatch(path.name)]

    def reference_like(self, run: Run) -> dict[str, np.ndarray] | None:
        """The real data of the newest other run on the same data set with the same settings: what a run that has not
        begun will be compared with. None if there is none among the newest 100.
        """
        spec = run.spec()
        for other in self.runs()[:LOOKED_THROUGH]:
            with suppress(RunUnreadable):
                theirs = other.spec()
                same = (theirs.dataset, theirs.dataset_settings) == (spec.dataset, spec.dataset_settings)
                if same and (reference := other.reference()):
                    return reference
        return None

    # Training

    def submit(
        self,
        spec: RunSpec,
        paused: bool = False,
        instead_of: Run | None = None,
        fork: Fork | None = None,
        grouped: Grouped | None = None,
    ) -> Run:
        """Make a run and queue it; `paused` stops it at step 0, to be watched from there. The run that it is made
        instead of is stopped, unless the new one cannot be queued. Raises QueueFull, OSError.
        """
        with self.jobs.lock():
            self._check_room(instead_of)
            run = self.create(spec, fork, grouped)
            if paused:
                run.request("pause")
            self.jobs.add(Job("train", run.id))
            if instead_of:
                with suppress(RunUnreadable):
                    self._stop(instead_of)
            return run

    def fork(self, run: Run, step: int | None = None, change: Change | None = None, budget: float | None = None) -> Run:
        """Make a run that goes on from a checkpoint of another, and queue it; see `make_fork`. Raises SpecError,
        RunUnreadable, QueueFull, OSError.
        """
        fork = make_fork(run, step, change, budget)
        return self.submit(fork.spec, fork=fork)

    def resume(self, run: Run) -> None:
        """Queue a run again, to go on from its last checkpoint. Raises QueueFull, RunUnreadable, OSError, and SpecError
        for a run that this genlab cannot build.
        """
        with self.jobs.lock():
            state = run.state()
            if state.state in ACTIVE:
                return run.request("resume")
            run.runnable_spec()
            self._check_room()
            run.take_requests()  # what was asked of the process that is gone
            state.state, state.message = "queued", WAITING
            run.write_state(state)
            self.jobs.add(Job("train", run.id))

    def stop(self, run: Run) -> None:
        """Stop a run, or take it from the queue; one that has ended stays as it is. Raises RunUnreadable, OSError."""
        with self.jobs.lock():
            self._stop(run)

    def _stop(self, run: Run) -> None:
        state = run.state()
        if state.state == "queued" and self.jobs.stage(run.id, "train") == "waiting":
            state.state, state.message = "stopped", "Taken from the queue before it began."
            run.write_state(state)
            self.jobs.drop(run.id, "train")
        elif state.state in ACTIVE:
            run.request("stop")

    def waiting(self) -> list[str]:
        """Ids of the runs that wait to be trained, the next first."""
        return [job.run for job in self.jobs.waiting("train")]

    def take(self) -> Run | None:
        """The next run to be trained, marked as starting; None if none waits. Raises OSError, with the run still
        queued, where it cannot be marked.
        """
        with self.jobs.lock():
            while job := self.jobs.claim("train"):
                run = Run(self.root / job.run)
                try:
                    state = run.written_state()
                    queued = state.state == "queued"
                    if queued:
                        state.state, state.message = "starting", "loading"
                        run.write_state(state)
                except RunUnreadable:
                    queued = False
                except OSError:
                    self.jobs.release(job)
                    raise
                self.jobs.drop(job.run, "train")
                if queued:
                    return run
            return None

    def expect(self, spec: RunSpec) -> None:
        """Say which run may be asked for next, so that a worker with nothing to do prepares it; the last one counts.
        Raises OSError.
        """
        write_json(self.root / EXPECTED, spec.model_dump())

    def take_expected(self, settled: float = SETTLED_SECONDS) -> RunSpec | None:
        """The run that may be asked for next, once, if it has been the same for so many seconds."""
        path, taken = self.root / EXPECTED, self.root / f"{EXPECTED}.taken"
        with suppress(OSError, ValueError, TypeError):
            if time.time() - path.stat().st_mtime >= settled:
                path.replace(taken)
                return make_spec(**json.loads(taken.read_text()))
        return None

    def return_expected(self, spec: RunSpec) -> None:
        """Expect a run again that was taken and not prepared, unless another is expected by now. Raises OSError."""
        if not (self.root / EXPECTED).exists():
            self.expect(spec)

    # Samples as files

    def request_samples(self, run: Run, drawing: Drawing) -> None:
        """Have samples drawn into a file of the run. Raises OSError."""
        with self.jobs.lock():
            ask(run, drawing)
            if self.samples_stage(run) is None:
                self.jobs.add(Job("sample", run.id))

    def samples_stage(self, run: Run) -> Literal["waiting", "claimed"] | None:
        """Whether samples wait or are drawn; None if nobody asked for any, or they are there."""
        return self.jobs.stage(run.id, "sample")

    def take_samples(self) -> Run | None:
        """The next run to draw samples of; None if none waits. Whoever takes it ends it with `end_samples`."""
        return self._take("sample")

    def end_samples(self, run: Run) -> None:
        self.jobs.drop(run.id, "sample")

    # Evaluation

    def request_evaluation(self, run: Run) -> None:
        """Have a run measured, unless it is to be already. Raises OSError."""
        with self.jobs.lock():
            if self.evaluation_stage(run) is None:
                run.forget_evaluation_progress()
                self.jobs.add(Job("evaluate", run.id))

    def cancel_evaluation(self, run: Run) -> None:
        self.jobs.drop(run.id, "evaluate")

    def evaluation_stage(self, run: Run) -> Literal["waiting", "claimed"] | None:
        """Whether it waits or is being measured; None if nobody asked for it, or it is done."""
        return self.jobs.stage(run.id, "evaluate")

    def take_evaluation(self) -> Run | None:
        """The next run to be measured; None if none waits. Whoever takes it cancels or returns it in the end."""
        return self._take("evaluate")

    def _take(self, kind: Kind) -> Run | None:
        with self.jobs.lock():
            while job := self.jobs.claim(kind):
                run = Run(self.root / job.run)
                if run.path.is_dir():
                    return run
                self.jobs.drop(job.run, kind)
            return None

    def return_evaluation(self, run: Run) -> None:
        """Let a run that was taken wait again, at its old place, unless it was cancelled."""
        with self.jobs.lock():
            for job in self.jobs.claimed():
                if (job.kind, job.run) == ("evaluate", run.id):
                    self.jobs.release(job)

    def recover(self) -> None:
        """Deal with what a lost worker had claimed; for the next one, before it takes anything. A run that had not
        begun waits again. What was being measured is dropped, and says so: it may have ended the worker.
        """
        self.questions.recover()
        self.latent_points.recover()
        with self.jobs.lock():
            for job in self.jobs.claimed():
                run = Run(self.root / job.run)
                with suppress(RunUnreadable, OSError):
                    if job.kind == "train" and (state := run.written_state()).state == "queued":
                        self.jobs.release(job)
                        run.write_state(state)  # whoever has read it as interrupted meanwhile sees that it is not
                    elif job.kind == "evaluate" and run.path.is_dir():
                        run.write_evaluation_progress(message=EVALUATION_ENDED)
                self.jobs.end(job)

    def _check_room(self, without: Run | None = None) -> None:
        waiting = [run_id for run_id in self.waiting() if not without or run_id != without.id]
        if len(waiting) >= MAXIMUM_WAITING:
            raise QueueFull(
                f"{MAXIMUM_WAITING} runs wait already, which is as many as may. Try again when one has finished, "
                "or stop one of them."
            )


def new_id() -> str:
    """The time in UTC, to the microsecond."""
    nanoseconds = time.time_ns()
    second = time.strftime("%Y%m%d-%H%M%S", time.gmtime(nanoseconds // 10**9))
    return f"{second}-{nanoseconds // 1000 % 10**6:06d}"
