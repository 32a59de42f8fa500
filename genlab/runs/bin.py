"""Deleted runs: moved whole to .bin/TIME/ID in the folder of runs, where they can be taken back for a week."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from genlab.runs.folder import ACTIVE, Run, RunUnreadable
from genlab.runs.store import BIN, Store

KEPT_SECONDS = 7 * 24 * 3600.0


class RunBusy(Exception):
    """A run that cannot be deleted now; the message says why and what to do."""


@dataclass(frozen=True)
class Deleted:
    """Attributes:
    run: in the bin.
    deleted: when, seconds since 1970.
    """

    run: Run
    deleted: float


class Bin:
    """The bin of a folder of runs."""

    def __init__(self, store: Store) -> None:
        self.store, self.root = store, store.root / BIN

    def delete(self, run: Run) -> Deleted:
        """Move a run to the bin; returns it as it lies there. Raises RunBusy if it is on its way or being measured,
        RunUnreadable if it is gone, OSError.
        """
        self.remove_expired()  # a server may run for months
        with self.store.jobs.lock():
            self.store.open(run.id)
            self._check_idle(run)
            self.store.cancel_evaluation(run)
            place = self.root / f"{time.time_ns():020d}"
            place.mkdir(parents=True)
            try:
                return _in_bin(run.path.rename(place / run.id))
            except OSError:
                place.rmdir()
                raise

    def _check_idle(self, run: Run) -> None:
        try:
            state = run.state().state
        except RunUnreadable:  # a damaged run can be deleted, too
            state = "running" if run.is_held() else "failed"
        if state in ACTIVE:
            raise RunBusy(f"Run {run.id} is {state}, so it stays. Stop it first, then delete it.")
        if (run.path / ".lock").exists() and run.is_held():  # its last checkpoint is written after its state
            raise RunBusy(f"Run {run.id} is just being written, so it stays. Delete it in a moment.")
        if self.store.evaluation_stage(run) == "claimed":
            raise RunBusy(f"Run {run.id} is being measured, so it stays. Cancel that first, or wait until it is done.")

    def restore(self, deleted: Deleted) -> Run:
        """Move a run back, as it was. Raises RunUnreadable if it is not in the bin any more or there is one of its
        name, OSError.
        """
        run = Run(self.store.root / deleted.run.id)
        with self.store.jobs.lock():
            if not deleted.run.path.is_dir():
                raise RunUnreadable(f"Run {run.id} is no longer in the bin.")
            if run.path.exists():
                raise RunUnreadable(f"There is a run called {run.id} already. Delete that first.")
            deleted.run.path.rename(run.path)
            deleted.run.path.parent.rmdir()
        return run

    def runs(self) -> list[Deleted]:
        """What is in the bin, what was deleted last first."""
        found = []
        for place in sorted(self._places(), reverse=True):
            with suppress(FileNotFoundError):  # removed or taken back meanwhile
                found += [_in_bin(path) for path in place.iterdir()]
        return found

    def find(self, run_id: str) -> Deleted | None:
        """The run of this name that was deleted last; None if there is none in the bin."""
        return next((deleted for deleted in self.runs() if deleted.run.id == run_id), None)

    def empty(self, seconds: float = 0.0) -> None:
        """Remove for good what has been in the bin for so long. Raises OSError."""
        with self.store.jobs.lock():
            for place in self._places():
                if time.time() - int(place.name) / 1e9 >= seconds:
                    place.rename(place.with_name(f".{place.name}"))  # what is half removed cannot be taken back
        for place in self.root.glob(".[0-9]*"):
            shutil.rmtree(place, ignore_errors=True)

    def remove_expired(self) -> None:
        """Remove what has been in the bin for a week, as far as that can be done."""
        with suppress(OSError):
            self.empty(KEPT_SECONDS)

    def _places(self) -> list[Path]:
        return list(self.root.glob("[0-9]*"))


def _in_bin(path: Path) -> Deleted:
    return Deleted(Run(path), int(path.parent.name) / 1e9)
