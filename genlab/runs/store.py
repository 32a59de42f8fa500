"""The folder of all runs: make, find, list, queue."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from uuid import uuid4

from genlab.runs.atomic import write_bytes
from genlab.runs.folder import ACTIVE, Run, RunState, RunUnreadable
from genlab.spec import RunSpec

MAXIMUM_WAITING = 8
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class QueueFull(Exception):
    """Too many runs wait; the message says how many."""


class Store:
    """All runs under one folder: GENLAB_RUNS_DIR, else `runs` in the current folder, unless given."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or Path(os.environ.get("GENLAB_RUNS_DIR", "runs"))).resolve()
        self._queue = self.root / ".queue"

    @property
    def cache(self) -> Path:
        """Where what is made once for a data set is kept."""
        return self.root / ".cache"

    def create(self, spec: RunSpec) -> Run:
        """A new run folder, not yet queued."""
        run = Run(self.root / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:4]}")
        run.write_spec(spec)
        run.write_state(RunState(message="waiting for its turn"))
        return run

    def open(self, run_id: str) -> Run:
        """The run of this name. Raises RunUnreadable if the name is nonsense or there is none."""
        if not RUN_ID.fullmatch(run_id):
            raise RunUnreadable(f"'{run_id[:60]}' is not the name of a run. The Runs page lists those there are.")
        run = Run(self.root / run_id)
        if not run.path.is_dir():
            raise RunUnreadable(f"There is no run called {run_id}. The Runs page lists those there are.")
        return run

    def runs(self) -> list[Run]:
        """All run folders, newest first, readable or not."""
        if not self.root.is_dir():
            return []
        return [Run(path) for path in sorted(self.root.iterdir(), reverse=True) if RUN_ID.fullmatch(path.name)]

    # The queue: one empty file a waiting run, named so that the oldest comes first

    def submit(self, spec: RunSpec, paused: bool = False) -> Run:
        """Make a run and queue it; `paused` stops it at step 0, to be watched from there. Raises QueueFull."""
        self._check_room()
        run = self.create(spec)
        if paused:
            run.request("pause")
        self._enqueue(run)
        return run

    def resume(self, run: Run) -> None:
        """Queue a run again, to go on from its last checkpoint. Raises QueueFull, RunUnreadable."""
        state = run.state()
        if state.state in ACTIVE:
            return run.request("resume")
        self._check_room()
        run.take_requests()  # what was asked of the process that is gone
        state.state, state.message = "queued", "waiting for its turn"
        run.write_state(state)
        self._enqueue(run)

    def stop(self, run: Run) -> None:
        """Stop a run, or take it from the queue. Raises RunUnreadable."""
        state = run.state()
        tickets = self._tickets(run.id)
        if state.state == "queued" and tickets:
            for ticket in tickets:
                ticket.unlink(missing_ok=True)
            state.state, state.message = "stopped", "Taken from the queue before it began."
            return run.write_state(state)
        run.request("stop")

    def waiting(self) -> list[str]:
        """Ids of the queued runs, oldest first."""
        return [ticket.name.split(".", 1)[1] for ticket in self._tickets()]

    def take(self) -> Run | None:
        """The oldest queued run, marked as starting; None if none waits.

        It is marked before it leaves the queue, so that a worker killed in between leaves a run that can be resumed.
        """
        for ticket in self._tickets():
            run = Run(self.root / ticket.name.split(".", 1)[1])
            try:
                state = run.state()
                queued = state.state == "queued"
                if queued:
                    state.state, state.message = "starting", "loading"
                    run.write_state(state)
            except RunUnreadable:
                queued = False
            ticket.unlink(missing_ok=True)
            if queued:
                return run
        return None

    def _enqueue(self, run: Run) -> None:
        write_bytes(self._queue / f"{time.time_ns():020d}.{run.id}", b"")

    def _tickets(self, run_id: str = "*") -> list[Path]:
        return sorted(self._queue.glob(f"[0-9]*.{run_id}"))

    def _check_room(self) -> None:
        if len(self._tickets()) >= MAXIMUM_WAITING:
            raise QueueFull(
                f"{MAXIMUM_WAITING} runs wait already, which is as many as may. Try again when one has finished, "
                "or stop one of them."
            )
