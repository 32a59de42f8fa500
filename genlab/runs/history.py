"""The numbers a run has recorded, read as they grow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from genlab.runs.atomic import append_line
from genlab.runs.folder import Run
from genlab.runs.schema import upgrade_records


def append_record(run: Run, values: dict[str, Any]) -> None:
    """Append one line: lane, step, seconds, examples, and losses or metrics. Raises DiskFull."""
    append_line(run.path / "metrics.jsonl", values)


def finish_last_line(run: Run) -> None:
    """Close a line that a killed writer left unfinished, so that the next one starts on its own."""
    path = run.path / "metrics.jsonl"
    if path.is_file() and not path.read_bytes().endswith(b"\n") and path.stat().st_size:
        with path.open("ab") as file:
            file.write(b"\n")


class History:
    """metrics.jsonl in memory. `update` reads only what is new; a step that was recorded twice counts as last written.

    Attributes:
        skipped: lines that could not be read and are left out.
    """

    def __init__(self, run: Run) -> None:
        self._path: Path = run.path / "metrics.jsonl"
        self._offset = 0
        self._rows: dict[tuple[int, int], dict[str, Any]] = {}
        self.skipped = 0

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
                row = json.loads(line)
                values = {"seconds": row["seconds"], "examples": row["examples"]}
                values |= upgrade_records(row.get("losses", {}) | row.get("metrics", {}))
                self._rows.setdefault((int(row["lane"]), int(row["step"])), {}).update(values)
            except (ValueError, KeyError, TypeError, AttributeError):
                self.skipped += 1
        return self

    def series(self, lane: int, name: str, against: str = "step") -> tuple[np.ndarray, np.ndarray]:
        """One recorded number over "step", "seconds" or "examples": two arrays (n,), in the order of the steps."""
        pairs = [
            (step if against == "step" else row[against], row[name])
            for (of, step), row in sorted(self._rows.items())
            if of == lane and row.get(name) is not None
        ]
        at, values = zip(*pairs, strict=True) if pairs else ((), ())
        return np.array(at, dtype=float), np.array(values, dtype=float)
