"""Samples that somebody asked to have as a file: what was asked for, and the file that answers it, in the run's folder.

What is asked for is a small file, LANE-COUNT-SEED.json; the worker puts the samples beside it, or the reason why there
are none into it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from genlab.runs.atomic import write_json
from genlab.runs.folder import Run

MAXIMUM = 100_000  # samples in a file
KEPT = 4  # files of a run: the newest


@dataclass(frozen=True)
class Drawing:
    """Which lane, counted from 0, how many samples, and the seed they are drawn with."""

    lane: int
    count: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.lane}-{self.count}-{self.seed}"


def _folder(run: Run) -> Path:
    return run.path / "samples"


def ask(run: Run, drawing: Drawing) -> None:
    """Write down what is asked for. Raises DiskFull."""
    write_json(_folder(run) / f"{drawing.name}.json", asdict(drawing) | {"message": ""})


def asked(run: Run) -> Iterator[Drawing]:
    """What is asked for and not answered. What does not read as that is passed over."""
    for path in sorted(_folder(run).glob("*.json")):
        with suppress(OSError, ValueError, TypeError, KeyError):
            values = json.loads(path.read_text())
            drawing = Drawing(int(values["lane"]), int(values["count"]), int(values["seed"]))
            if not values["message"] and answer(run, drawing) is None:
                yield drawing


def answer(run: Run, drawing: Drawing) -> Path | None:
    """The file of samples; None where there is none."""
    paths = (_folder(run) / f"{drawing.name}{suffix}" for suffix in (".csv", ".zip"))
    return next((path for path in paths if path.is_file()), None)


def reason(run: Run, drawing: Drawing) -> str:
    """Why there are no samples; "" if none is known."""
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads((_folder(run) / f"{drawing.name}.json").read_text())["message"])
    return ""


def place(run: Run, drawing: Drawing, suffix: str) -> Path:
    """Where to put the samples; the oldest files make room for them."""
    files = sorted((*_folder(run).glob("*.csv"), *_folder(run).glob("*.zip")), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) - KEPT + 1)]:
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
    return _folder(run) / f"{drawing.name}{suffix}"


def refuse(run: Run, drawing: Drawing, message: str) -> None:
    """Say why there are no samples. Raises DiskFull."""
    write_json(_folder(run) / f"{drawing.name}.json", asdict(drawing) | {"message": message})
