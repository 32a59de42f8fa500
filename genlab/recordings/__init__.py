"""Recorded runs that come with genlab, to be played where nothing has been trained: docs/make_recordings.py makes them.

A recording is one file, NAME.recording, which `genlab.figures.recording` makes; NAME.webp is its small moving picture
and NAME.still.webp the last moment of that. index.json lists what they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
INDEX = FOLDER / "index.json"


@dataclass(frozen=True)
class Recording:
    """Attributes:
    look: one sentence that says what to look at.
    spec: of the run, complete.
    run: what it was, in words: models, data and budget.
    made: the day, "2026-11-26".
    genlab: the version that made it.
    """

    name: str
    title: str
    look: str
    spec: dict[str, Any]
    run: str
    made: str
    genlab: str

    @property
    def label(self) -> str:
        return f"Recorded run: {self.run}. Made on {self.made} with genlab {self.genlab}."

    def read(self) -> bytes:
        return (FOLDER / f"{self.name}.recording").read_bytes()

    def picture(self, still: bool = False) -> Path:
        return FOLDER / f"{self.name}{'.still' if still else ''}.webp"

    def is_of(self, spec: dict[str, Any]) -> bool:
        """Whether a run of this spec is the same, on whatever device."""
        return {**self.spec, "device": ""} == {**spec, "device": ""}


@cache
def recordings() -> dict[str, Recording]:
    """All recordings by name; the first is the front door's."""
    described = json.loads(INDEX.read_text(encoding="utf-8"))
    return {values["name"]: Recording(**values) for values in described}
