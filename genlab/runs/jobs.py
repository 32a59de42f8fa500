"""The one queue of jobs, for training, drawing samples and evaluating: who waits for the worker, and what it claimed.

A waiting job is one file in .jobs/waiting; whoever renames it to .jobs/claimed has it, and nobody else. What follows
from a job is written in the folder of its run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from genlab.runs.atomic import write_json

Kind = Literal["train", "sample", "evaluate"]
KINDS: tuple[Kind, ...] = ("train", "sample", "evaluate")  # what is to be trained goes first
LOCK_SECONDS = 20.0


@dataclass(frozen=True)
class Job:
    """One thing that a worker shall do with a run.

    Attributes:
        priority: of two jobs of a kind the one with the higher goes first, of two with the same the older.
        owner: who asked for it, "" if nobody says.
        group: what it is a part of, such as a sweep or an experiment; "" if of nothing.
        created: when it was asked for, nanoseconds since 1970.
    """

    kind: Kind
    run: str
    priority: int = 0
    owner: str = ""
    group: str = ""
    created: int = field(default_factory=time.time_ns)

    @property
    def file_name(self) -> str:
        return f"{self.kind}.{self.priority}.{self.created:020d}.{self.run}.json"

    @property
    def order(self) -> tuple[int, int, int]:
        return KINDS.index(self.kind), -self.priority, self.created


class JobQueue:
    """The jobs in a folder of runs. `lock` is held by whoever changes a job and the state of its run together."""

    def __init__(self, root: Path) -> None:
        self._root = root / ".jobs"
        self._waiting, self._claimed = self._root / "waiting", self._root / "claimed"

    def lock(self) -> Any:
        """A context in which no other process adds, claims or withdraws a job. Raises OSError after 20 seconds."""
        self._root.mkdir(parents=True, exist_ok=True)
        try:
            return FileLock(self._root / ".lock").acquire(timeout=LOCK_SECONDS)
        except Timeout:
            raise OSError("Another process keeps the queue of jobs locked. Try again; if it lasts, end it.") from None

    def add(self, job: Job) -> None:
        """Let a job wait. One that a lost process had claimed of the same kind and run is dropped. Raises DiskFull."""
        self.drop(job.run, job.kind)
        write_json(self._waiting / job.file_name, asdict(job))

    def waiting(self, kind: Kind | None = None) -> list[Job]:
        """The jobs that wait, the next first."""
        return [job for job in self._jobs(self._waiting) if kind in (None, job.kind)]

    def stage(self, run_id: str, kind: Kind) -> Literal["waiting", "claimed"] | None:
        """Where a job of this kind is; None if the run has none."""
        for stage, folder in (("waiting", self._waiting), ("claimed", self._claimed)):
            if any(job.run == run_id and job.kind == kind for job in self._jobs(folder)):
                return stage  # type: ignore[return-value]
        return None

    def claim(self, kind: Kind) -> Job | None:
        """Take the next job of a kind; None if none waits."""
        self._claimed.mkdir(parents=True, exist_ok=True)
        for job in self.waiting(kind):
            with suppress(FileNotFoundError):  # claimed or withdrawn by another process just now
                (self._waiting / job.file_name).rename(self._claimed / job.file_name)
                return job
        return None

    def claimed(self) -> list[Job]:
        return list(self._jobs(self._claimed))

    def release(self, job: Job) -> None:
        """Let a claimed job wait again, at its old place; one that was dropped stays so."""
        with suppress(FileNotFoundError):
            (self._claimed / job.file_name).rename(self._waiting / job.file_name)

    def end(self, job: Job) -> None:
        """Forget a claimed job that is done, or waits again."""
        (self._claimed / job.file_name).unlink(missing_ok=True)

    def drop(self, run_id: str, kind: Kind) -> None:
        """Forget the jobs of a kind of a run, waiting or claimed."""
        for folder in (self._waiting, self._claimed):
            for job in self._jobs(folder):
                if job.run == run_id and job.kind == kind:
                    (folder / job.file_name).unlink(missing_ok=True)

    def _jobs(self, folder: Path) -> Iterator[Job]:
        """In their order. What does not read as a job is passed over."""
        jobs = []
        for path in folder.glob("[a-z]*.json"):
            with suppress(OSError, ValueError, TypeError, AttributeError):
                job = Job(**json.loads(path.read_text()))
                if job.kind in KINDS and job.file_name == path.name:
                    jobs.append(job)
        yield from sorted(jobs, key=lambda job: job.order)
