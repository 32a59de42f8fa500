"""Runs that somebody wants measured: the worker takes one when nothing waits to be trained.

One empty file a wish, named so that the oldest comes first. The worker renames what it takes; whoever removes the file
cancels it, under either name. How far it is stands in the run's folder.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from genlab.runs.atomic import write_bytes, write_json
from genlab.runs.folder import Run
from genlab.runs.store import Store

TAKEN = "taken."
ENDED = "The process that measured this run ended before it was done. Nothing of the run has changed: measure it again."


class EvaluationQueue:
    """The wishes for measures in a folder of runs."""

    def __init__(self, store: Store) -> None:
        self._folder = store.root / ".measuring"
        self._store = store

    def ask(self, run: Run) -> None:
        """Have a run measured, unless it is to be already."""
        if self.stage(run) is None:
            (run.path / "measuring.json").unlink(missing_ok=True)
            write_bytes(self._folder / f"{time.time_ns():020d}.{run.id}", b"")

    def cancel(self, run: Run) -> None:
        for ticket in self._tickets(run.id):
            ticket.unlink(missing_ok=True)

    def stage(self, run: Run) -> Literal["waiting", "measuring"] | None:
        """What becomes of the wish; None if there is none, or it is done."""
        tickets = self._tickets(run.id)
        if not tickets:
            return None
        return "measuring" if any(ticket.name.startswith(TAKEN) for ticket in tickets) else "waiting"

    def progress(self, run: Run) -> dict[str, Any]:
        """What the worker says of it: name, done and total while it measures, message if it could not."""
        try:
            return json.loads((run.path / "measuring.json").read_text())
        except (OSError, ValueError):
            return {}

    # For the worker

    def forget(self) -> None:
        """Drop, and say so, what a worker had taken that is gone. It may have ended it: nobody tries again unasked."""
        for ticket in self._folder.glob(f"{TAKEN}*"):
            ticket.unlink(missing_ok=True)
            run = self._run_of(ticket)
            if run.path.is_dir():
                self.tell(run, message=ENDED)

    def take(self) -> Run | None:
        """The run that has waited longest; None if none waits."""
        for ticket in sorted(self._folder.glob("[0-9]*")):
            with suppress(FileNotFoundError):  # cancelled just now
                ticket.rename(ticket.with_name(TAKEN + ticket.name))
                return self._run_of(ticket)
        return None

    def put_back(self, run: Run) -> None:
        """Let it wait again, at its old place."""
        for ticket in self._tickets(run.id):
            with suppress(FileNotFoundError):
                ticket.rename(ticket.with_name(ticket.name.removeprefix(TAKEN)))

    def tell(self, run: Run, **news: Any) -> None:
        write_json(run.path / "measuring.json", news)

    def _run_of(self, ticket: Path) -> Run:
        return Run(self._store.root / ticket.name.removeprefix(TAKEN).split(".", 1)[1])

    def _tickets(self, run_id: str) -> list[Path]:
        return list(self._folder.glob(f"*.{run_id}"))
