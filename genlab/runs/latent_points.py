"""The points that are drawn in the latent space of a lane, kept with the run: asked for by a page, made by the worker.

latent/LANE-points.npz in the folder of a run says where each point is and what it is of; latent/LANE-tsne.npz and
latent/LANE-umap.npz hold planes of the same latents that take a while to find. Each belongs to one checkpoint. What is
asked for is a small file in the folder of runs, which goes once the answer is there; whoever removes it cancels.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from genlab.runs.atomic import as_npz, write_bytes, write_json
from genlab.runs.folder import Run

Part = Literal["points", "tsne", "umap"]
Plane = Literal["tsne", "umap"]
KEPT_SECONDS = 3600.0  # a request of a visitor who has left
LOST = (
    "The process that was to find this ended before it had. Ask again; if it ends again, there is too little memory "
    "for it here."
)


@dataclass(frozen=True)
class Request:
    """One part that is asked for.

    Attributes:
        asked, started: when, nanoseconds since 1970; started is 0 while it waits.
        message: why there is none, "" unless it failed.
    """

    run: str
    lane: int
    part: Part
    asked: int = field(default_factory=time.time_ns)
    started: int = 0
    message: str = ""

    @property
    def name(self) -> str:
        return f"{self.run}.{self.lane}.{self.part}.json"

    @property
    def waits(self) -> bool:
        return not self.started and not self.message


class PointRequests:
    """What is asked for in a folder of runs."""

    def __init__(self, root: Path) -> None:
        self._folder = root / ".latent"

    def ask(self, run: Run, lane: int, part: Part) -> Request:
        """Ask for a part, anew where it failed. Raises OSError."""
        for path in self._folder.glob("*.json"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()
        request = Request(run.id, lane, part)
        write_json(self._folder / request.name, asdict(request))
        return request

    def find(self, run: Run, lane: int, part: Part) -> Request | None:
        """What was asked for and is neither there nor cancelled."""
        return self._read(self._folder / Request(run.id, lane, part).name)

    def end(self, run: str, lane: int, part: Part) -> None:
        """It is there, or nobody wants it any more."""
        (self._folder / Request(run, lane, part).name).unlink(missing_ok=True)

    def start(self, request: Request) -> Request:
        """Say that it is being made, unless it was cancelled. Raises OSError."""
        return self._change(request, started=time.time_ns())

    def refuse(self, request: Request, message: str) -> None:
        """Say why there is none, unless it was cancelled. Raises OSError."""
        self._change(request, message=message)

    def waiting(self, *parts: Part) -> list[Request]:
        """Those of these parts that nobody has begun, the oldest first."""
        found = [request for request in map(self._read, self._folder.glob("*.json")) if request]
        return sorted((each for each in found if each.waits and each.part in parts), key=lambda each: each.asked)

    def recover(self) -> None:
        """Say of what a lost worker had begun that there is no answer; for the next one, before it begins anything."""
        for request in map(self._read, self._folder.glob("*.json")):
            if request and request.started and not request.message:
                with suppress(OSError):
                    self.refuse(request, LOST)

    def _change(self, request: Request, started: int = 0, message: str = "") -> Request:
        changed = replace(request, started=started or request.started, message=message)
        if (self._folder / request.name).exists():
            write_json(self._folder / request.name, asdict(changed))
        return changed

    @staticmethod
    def _read(path: Path) -> Request | None:
        try:
            request = Request(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return request if request.name == path.name else None


def checkpoint_time(run: Run, lane: int) -> int:
    """What tells the newest checkpoint of a lane from another; 0 where there is none."""
    try:
        return (run.path / "checkpoints" / f"{lane}.npz").stat().st_mtime_ns
    except OSError:
        return 0


def keep(run: Run, lane: int, part: Part, arrays: dict[str, np.ndarray], checkpoint: int) -> None:
    """Keep a part of a lane as this checkpoint has it. Raises OSError."""
    content = as_npz(arrays | {"checkpoint": np.array(checkpoint)})
    write_bytes(_place(run, lane, part), content)


def kept(run: Run, lane: int, part: Part, *names: str) -> dict[str, np.ndarray] | None:
    """Arrays of a part, of these names or all, those alone that it has; None if it is not there, or of another
    checkpoint.
    """
    try:
        with _place(run, lane, part).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if int(file["checkpoint"]) != checkpoint_time(run, lane):
                return None
            return {name: file[name] for name in names or file.files if name in file.files}
    except Exception:  # a file that is not there, or damaged: an archive fails in many ways
        return None


def _place(run: Run, lane: int, part: Part) -> Path:
    return run.path / "latent" / f"{lane}-{part}.npz"
