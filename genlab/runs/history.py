"""The numbers a run has recorded, read as they grow."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np

from genlab.runs.atomic import append_line
from genlab.runs.folder import Run
from genlab.runs.schema import upgrade_records

CLOCKS = ("step", "seconds", "examples")


def append_record(run: Run, values: dict[str, Any]) -> None:
    """Append one line: lane, step, seconds, examples, and losses or metrics. Raises DiskFull."""
    append_line(run.path / "metrics.jsonl", values)


def rewind(run: Run, lane: int, step: int, seconds: float, examples: int) -> None:
    """Take a lane back to a place on its clock: a line says so, and its later frames go.

    The line comes first, so that a frame whose numbers are given up never counts; and it is appended, since a reader
    that has read those numbers would not see a file that is rewritten without them. Raises DiskFull.
    """
    last = History(run).update().last_step(lane)
    later = [frame for frame in run.frame_steps(lane) if frame > step]
    if later or (last is not None and last > step):
        place = {"step": step, "seconds": round(seconds, 4), "examples": examples}
        append_record(run, {"lane": lane, **place, "rewound": True})
    for frame in later:
        run.remove_frame(lane, frame)


def finish_last_line(run: Run) -> None:
    """Close a line that a killed writer left unfinished, so that the next one starts on its own."""
    path = run.path / "metrics.jsonl"
    if path.is_file() and not path.read_bytes().endswith(b"\n") and path.stat().st_size:
        with path.open("ab") as file:
            file.write(b"\n")


class _Curves:
    """The numbers of one lane: a row a step, rising, and a column a name, NaN where a step has none. It grows by
    doubling, so that a row costs the same however many there are.
    """

    def __init__(self) -> None:
        self.count = 0
        self.columns = {name: column for column, name in enumerate(CLOCKS)}
        self._table = np.full((256, 16), np.nan)

    def write(self, values: dict[str, float]) -> None:
        """Add a row, or add to the last one if that is of the same step. Rows of later steps were given up."""
        step = values["step"]
        self.rewind(step)
        if not self.count or self["step"][-1] < step:
            self.count += 1
            if self.count > len(self._table):
                self._table = np.concatenate([self._table, np.full_like(self._table, np.nan)])
            self._table[self.count - 1] = np.nan
        for name, value in values.items():
            column = self.columns.setdefault(name, len(self.columns))
            if column >= self._table.shape[1]:
                self._table = np.concatenate([self._table, np.full_like(self._table, np.nan)], axis=1)
            self._table[self.count - 1, column] = value

    def rewind(self, step: float) -> None:
        """Drop the rows of later steps."""
        if self.count and self["step"][-1] > step:
            self.count = int(np.searchsorted(self["step"], step, side="right"))

    def __getitem__(self, name: str) -> np.ndarray:
        """A column (rows,) as it is, not a copy."""
        return self._table[: self.count, self.columns[name]]


class History:
    """metrics.jsonl in memory. `update` reads only what is new. A step that was recorded twice counts as last written;
    what a resumed run gave up does not count.

    Attributes:
        skipped: lines that could not be read and are left out.
        rewound: (lane, step) of each time that a lane was taken back to a checkpoint.
        changed: (lane, step, settings) of each time that settings changed while a lane trained, with their new values.
        trains: (lane, step, phases) of each time that it was said which phases of a lane shall train, and no others.
    """

    def __init__(self, run: Run) -> None:
        self._path: Path = run.path / "metrics.jsonl"
        self._offset = 0
        self._lanes: dict[int, _Curves] = {}
        self.skipped = 0
        self.rewound: list[tuple[int, int]] = []
        self.changed: list[tuple[int, int, dict[str, Any]]] = []
        self.trains: list[tuple[int, int, list[str]]] = []

    def begin_with(self, past: History, step: int) -> None:
        """Take over what another run recorded up to a step, before anything is read: that of a fork's parent."""
        for lane, curves in past._lanes.items():
            self._lanes[lane] = copy.deepcopy(curves)
            self._lanes[lane].rewind(step)
        self.trains = [said for said in past.trains if said[1] <= step]  # a fork goes on with them

    @property
    def read_bytes(self) -> int:
        """How much of the file has been read: while it is the same, nothing is new."""
        return self._offset

    def update(self) -> History:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return self
        self._offset += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                self._add(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                self.skipped += 1
        return self

    def _add(self, row: dict[str, Any]) -> None:
        lane, place = int(row["lane"]), {name: float(row[name]) for name in CLOCKS}
        recorded = upgrade_records(row.get("losses", {}) | row.get("metrics", {}))
        curves = self._lanes.setdefault(lane, _Curves())
        if row.get("rewound"):
            self.rewound.append((lane, int(row["step"])))
            self.changed = [change for change in self.changed if change[0] != lane or change[1] <= place["step"]]
            self.trains = [said for said in self.trains if said[0] != lane or said[1] <= place["step"]]
            return curves.rewind(place["step"])
        if "changed" in row:
            self.changed.append((lane, int(row["step"]), dict(row["changed"])))
        if "trains" in row:
            self.trains.append((lane, int(row["step"]), [str(name) for name in row["trains"]]))
        curves.write(place | {name: value for name, value in recorded.items() if isinstance(value, int | float)})

    def last_step(self, lane: int) -> int | None:
        """The step of the lane's newest numbers; None if it has none."""
        curves = self._lanes.get(lane)
        return int(curves["step"][-1]) if curves and curves.count else None

    def names(self, lane: int) -> list[str]:
        """What is recorded of a lane, apart from the clocks, in the order it first was."""
        curves = self._lanes.get(lane)
        return [name for name in curves.columns if name not in CLOCKS] if curves else []

    def column(self, lane: int, name: str) -> np.ndarray:
        """One recorded number, or a clock, at every step that has anything: (rows,), NaN where it is missing."""
        curves = self._lanes.get(lane)
        if not curves or name not in curves.columns:
            return np.full(curves.count if curves else 0, np.nan)
        return curves[name].copy()

    def series(self, lane: int, name: str, against: str = "step") -> tuple[np.ndarray, np.ndarray]:
        """One recorded number over "step", "seconds" or "examples": two arrays (n,), in the order of the steps."""
        values = self.column(lane, name)
        has = ~np.isnan(values)
        return self.column(lane, against)[has], values[has]
