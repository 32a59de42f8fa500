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

from genlab.runs.schema import upgrade_spec

FOLDER = Path(__file__).parent
INDEX = FOLDER / "index.json"
EXPERIMENTS = "experiments"  # the folder of their recordings, with an index of its own


@dataclass(frozen=True)
class Recording:
    """Attributes:
    look: one sentence that says what to look at.
    spec: of the run, complete.
    run: what it was, in words: models, data and budget.
    made: the day, "2026-11-26".
    genlab: the version that made it.
    folder: where its files are, below this one; "" for here.
    """

    name: str
    title: str
    look: str
    spec: dict[str, Any]
    run: str
    made: str
    genlab: str
    folder: str = ""

    @property
    def label(self) -> str:
        return f"Recorded run: {self.run}. Made on {self.made} with genlab {self.genlab}."

    def read(self) -> bytes:
        return (FOLDER / self.folder / f"{self.name}.recording").read_bytes()

    def picture(self, still: bool = False) -> Path:
        return FOLDER / self.folder / f"{self.name}{'.still' if still else ''}.webp"

    @property
    def place(self) -> str:
        """Names it among all recordings: "digits", or "experiments/mode-drop"."""
        return f"{self.folder}/{self.name}" if self.folder else self.name

    @property
    def spec_of_today(self) -> dict[str, Any]:
        """The spec with the settings that came later, as they were before there was a choice."""
        return upgrade_spec(self.spec)

    def is_of(self, spec: dict[str, Any]) -> bool:
        """Whether a run of this spec is the same, on whatever device."""
        return {**self.spec_of_today, "device": ""} == {**spec, "device": ""}


@cache
def recordings() -> dict[str, Recording]:
    """All recordings by name; the first is the front door's."""
    return _described(INDEX)


def recording_at(place: str) -> Recording | None:
    """The recording of this place, None if there is none."""
    folder, _, name = place.rpartition("/")
    return {"": recordings, EXPERIMENTS: experiment_recordings}.get(folder, dict)().get(name)


def recording_of(spec: dict[str, Any]) -> Recording | None:
    """The recorded run of the same spec, None if there is none."""
    return next((recording for recording in recordings().values() if recording.is_of(spec)), None)


@cache
def experiment_recordings() -> dict[str, Recording]:
    """A recorded run of each experiment that has one, by the name of the experiment."""
    return _described(FOLDER / EXPERIMENTS / "index.json")


def _described(index: Path) -> dict[str, Recording]:
    if not index.is_file():
        return {}
    return {values["name"]: Recording(**values) for values in json.loads(index.read_text(encoding="utf-8"))}
