"""The rows of all runs in memory, of which only what has changed is read again; and a choice among them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from genlab.runs.atomic import write_bytes
from genlab.runs.folder import Run
from genlab.runs.notes import Notes, read_notes
from genlab.runs.store import RUN_ID, Store
from genlab.runs.summary import UNREADABLE, RunSummary, read_summary

SETTLED = 2_000_000_000  # nanoseconds: a file system may give two changes within less the same time
FILE = ".rows.json"
KEPT = TypeAdapter(list[tuple[int, RunSummary, Notes]])
WORTH_KEEPING = 100  # rows that are new: fewer are read from their folders as fast


@dataclass(frozen=True, slots=True)
class RunRow:
    """Attributes:
    words: in small letters, all that a search looks through.
    """

    summary: RunSummary
    notes: Notes
    words: str

    @property
    def id(self) -> str:
        return self.summary.id

    @property
    def title(self) -> str:
        """The name that it was given, else the data set; of a run that cannot be read, its id."""
        return self.notes.name or self.summary.dataset_title or self.summary.id


def make_row(summary: RunSummary, notes: Notes) -> RunRow:
    models = [word for lane in summary.lanes for word in (lane.model, lane.title, *lane.changed)]
    words = (
        summary.id,
        notes.name,
        notes.note,
        summary.dataset,
        summary.dataset_title,
        summary.state,
        *models,
        summary.group,
    )
    return RunRow(summary, notes, " ".join(words).lower().replace("_", " "))


class RunIndex:
    """The rows of a folder of runs, for all visitors of a server.

    They are kept in one file of that folder, too: a server that starts anew reads that instead of ten thousand.
    """

    def __init__(self, store: Store) -> None:
        self.store, self._file = store, store.root / FILE
        # By id: when a file of the run's folder was last replaced, in nanoseconds, and the row.
        self._rows: dict[str, tuple[int, RunRow]] = {}
        self._unkept = 0  # rows that the file lacks
        self._began = False
        self._lock = threading.Lock()

    def rows(self) -> list[RunRow]:
        """One for every run, newest first, damaged ones among them. What ended is read once; what is on its way each
        time. Files in a run's folder are replaced whole, which changes the time of the folder.
        """
        with self._lock:
            if not self._began:
                self._rows, self._began = self._load(), True
            before, self._rows, settled, rows = self._rows, {}, time.time_ns() - SETTLED, []
            for name, changed in self._folders():
                known = before.get(name)
                if known and known[0] == changed:
                    self._rows[name] = known
                    rows.append(known[1])
                    continue
                row = self._read(name)
                if not row.summary.active and row.summary.state != UNREADABLE and changed < settled:
                    self._rows[name] = changed, row
                    self._unkept += 1
                rows.append(row)
            if self._unkept >= WORTH_KEEPING:
                self._keep()
            return rows

    def _folders(self) -> list[tuple[str, int]]:
        """Name and time of each run folder, the newest name first."""
        found = []
        with suppress(FileNotFoundError), os.scandir(self.store.root) as entries:
            for entry in entries:
                try:
                    if RUN_ID.fullmatch(entry.name) and entry.is_dir():
                        found.append((entry.name, entry.stat().st_mtime_ns))
                except FileNotFoundError:  # moved to the bin just now
                    continue
        return sorted(found, reverse=True)

    def _read(self, name: str) -> RunRow:
        run = Run(self.store.root / name)
        return make_row(read_summary(run), read_notes(run))

    def _load(self) -> dict[str, tuple[int, RunRow]]:
        try:
            kept = KEPT.validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return {}
        return {summary.id: (changed, make_row(summary, notes)) for changed, summary, notes in kept}

    def _keep(self) -> None:
        """What is not kept now is read from its folders again."""
        kept = [(changed, row.summary, row.notes) for changed, row in self._rows.values()]
        with suppress(OSError):
            write_bytes(self._file, KEPT.dump_json(kept))
        self._unkept = 0


def _best_lane(row: RunRow) -> float:
    return max((lane.on_mode_share for lane in row.summary.lanes if lane.on_mode_share is not None), default=-1.0)


def _best_modes(row: RunRow) -> float:
    return max((lane.solid / lane.modes for lane in row.summary.lanes if lane.solid and lane.modes), default=-1.0)


# What rows are sorted by: what of them, and whether the largest comes first. Rows come newest first, and stay so where
# they are alike.
SORTS: dict[str, tuple[Callable[[RunRow], Any], bool]] = {
    "newest": (lambda row: row.id, True),
    "oldest": (lambda row: row.id, False),
    "name": (lambda row: row.title.lower(), False),
    "data set": (lambda row: row.summary.dataset_title.lower(), False),
    "models": (lambda row: [lane.title.lower() for lane in row.summary.lanes], False),
    "most modes": (_best_modes, True),
    "largest share on a mode": (_best_lane, True),
    "longest training": (lambda row: row.summary.seconds, True),
    "largest": (lambda row: row.summary.bytes, True),
}


@dataclass(frozen=True)
class Choice:
    """Which rows are wanted: those that hold every word of the search, of this data set, with this model, in this state
    ("" for any), and with a star if `starred`; and in which order, a key of SORTS.
    """

    search: str = ""
    dataset: str = ""
    model: str = ""
    state: str = ""
    starred: bool = False
    sort: str = "newest"

    def of(self, rows: list[RunRow]) -> list[RunRow]:
        words = self.search.lower().replace("_", " ").split()
        found = [
            row for row in rows if self._takes(row.summary, row.notes) and all(word in row.words for word in words)
        ]
        key, largest_first = SORTS[self.sort]
        return sorted(found, key=key, reverse=largest_first)

    def _takes(self, summary: RunSummary, notes: Notes) -> bool:
        return (
            self.dataset in ("", summary.dataset)
            and self.state in ("", summary.state)
            and (not self.model or any(lane.model == self.model for lane in summary.lanes))
            and (notes.star or not self.starred)
        )
