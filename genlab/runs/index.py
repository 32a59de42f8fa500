"""The rows of all runs in memory, of which only what has changed is read again; and a choice among them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from genlab.runs.folder import Run
from genlab.runs.notes import FILE as NOTES
from genlab.runs.notes import Notes, load_notes
from genlab.runs.store import RUN_ID, Store
from genlab.runs.summary import SOURCES, RunSummary, load_summary, read_summary

SETTLED = 2_000_000_000  # nanoseconds: a file system may give two changes within less the same time


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
    words = (summary.id, notes.name, notes.note, summary.dataset, summary.dataset_title, summary.state, *models)
    return RunRow(summary, notes, " ".join(words).lower().replace("_", " "))


class RunIndex:
    """The rows of a folder of runs, for all visitors of a server."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._rows: dict[str, tuple[tuple[int, ...], RunRow]] = {}
        self._lock = threading.Lock()

    def rows(self) -> list[RunRow]:
        """One for every run, newest first, damaged ones among them. What ended is read once; what is on its way each
        time.
        """
        with self._lock:
            before, self._rows, settled, rows = self._rows, {}, time.time_ns() - SETTLED, []
            for entry in self._folders():
                try:
                    stamp = _stamp(entry)
                except OSError:  # moved to the bin just now
                    continue
                known = before.get(entry.name)
                if not known or known[0] != stamp:
                    known = stamp, self._read(entry.path, [stamp[2], stamp[4]])
                if not known[1].summary.active and max(stamp[0], stamp[1], stamp[3]) < settled:
                    self._rows[entry.name] = known
                rows.append(known[1])
            return rows

    def _folders(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.store.root) as entries:
                runs = [entry for entry in entries if RUN_ID.fullmatch(entry.name) and entry.is_dir()]
        except FileNotFoundError:
            return []
        return sorted(runs, key=lambda entry: entry.name, reverse=True)

    def _read(self, folder: str, sizes: list[int]) -> RunRow:
        summary = load_summary(folder, sizes) or read_summary(Run(self.store.root / os.path.basename(folder)))
        return make_row(summary, load_notes(f"{folder}/{NOTES}"))


def _stamp(entry: os.DirEntry[str]) -> tuple[int, ...]:
    """What changes with a run: when a file of its folder was replaced; when the files that a summary is made from were
    changed, and their bytes.
    """
    stamp = [os.stat(entry.path).st_mtime_ns]
    for name in SOURCES:
        try:
            status = os.stat(f"{entry.path}/{name}")
            stamp += [status.st_mtime_ns, status.st_size]
        except OSError:
            stamp += [0, -1]
    return tuple(stamp)


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
