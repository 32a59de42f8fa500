"""Talks that were written: ordered moments of runs with captions, each talk a small file in the folder of runs.

A file may come from anywhere: it is checked whole when it is read, and its words are only ever shown as text.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from genlab.runs.atomic import write_json
from genlab.spec import MAXIMUM_LANES

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
MAXIMUM_MOMENTS = 100
MAXIMUM_BYTES = 500_000  # of a file
Screen = Literal["words", "data", "models", "samples", "reconstructions", "losses", "latent", "coverage", "verdict"]
Recorded = Annotated[str, StringConstraints(pattern=r"^(([a-z0-9][a-z0-9-]{0,63}/)?[a-z0-9][a-z0-9-]{0,63})?$")]
Place = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}(:[0-9]{1,3})?$")]


class TalkUnreadable(ValueError):
    """A talk that there is not, or that cannot be read; the message says why and what to do."""


class Moment(BaseModel):
    """One screen of a talk.

    Attributes:
        id: names it within the talk.
        runs: whose lanes are shown: ids of runs, or with a colon and a number single lanes of them; none for words
            alone.
        recording: the place of a recorded run that is shown, where there are no runs.
        step: where their time line stands; None for its end.
        caption: its first line is the title of the screen, the others stand below.
    """

    model_config = ConfigDict(extra="forbid")
    id: str = Field(default_factory=lambda: uuid4().hex[:8], pattern=r"^[0-9a-f]{8}$")
    runs: list[Place] = Field(default_factory=list, max_length=MAXIMUM_LANES)
    recording: Recorded = ""
    step: int | None = Field(None, ge=0, le=10**12)
    screen: Screen = "words"
    caption: str = Field("", max_length=1000)

    def lanes(self) -> list[tuple[str, int | None]]:
        """Each run with the lane that is named, None for all of its lanes."""
        named = (place.partition(":") for place in self.runs)
        return [(run, int(lane) if colon else None) for run, colon, lane in named]


class Talk(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=120)
    moments: list[Moment] = Field(default_factory=list, max_length=MAXIMUM_MOMENTS)

    def place_of(self, moment_id: str) -> int:
        """Raises TalkUnreadable where there is no such moment any more."""
        for place, moment in enumerate(self.moments):
            if moment.id == moment_id:
                return place
        raise TalkUnreadable("This moment is not in the talk any more. Reload the page.")

    def changed(self, moment_id: str, **values: object) -> Talk:
        """The talk with other values in one moment. Raises TalkUnreadable, and ValidationError for nonsense."""
        place = self.place_of(moment_id)
        moment = Moment(**{**self.moments[place].model_dump(), **values})
        return self.model_copy(update={"moments": [*self.moments[:place], moment, *self.moments[place + 1 :]]})

    def moved(self, moment_id: str, by: int) -> Talk:
        """The talk with one moment so many places later, as far as there are places."""
        place = self.place_of(moment_id)
        moments = list(self.moments)
        moments.insert(max(0, place + by), moments.pop(place))
        return self.model_copy(update={"moments": moments})

    def without(self, moment_id: str) -> Talk:
        place = self.place_of(moment_id)
        return self.model_copy(update={"moments": [*self.moments[:place], *self.moments[place + 1 :]]})


class Talks:
    """The talks of a folder of runs."""

    def __init__(self, runs: Path) -> None:
        self.root = runs / ".talks"

    def names(self) -> list[str]:
        return sorted(path.stem for path in self.root.glob("*.json") if NAME.fullmatch(path.stem))

    def read(self, name: str) -> Talk:
        """Raises TalkUnreadable."""
        path = self._path(name)
        try:
            if path.stat().st_size > MAXIMUM_BYTES:
                raise TalkUnreadable(f"The talk {name} is larger than {MAXIMUM_BYTES:,} bytes, so it is not read.")
            return Talk(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise TalkUnreadable(f"There is no talk called {name}. The page Talks lists those there are.") from None
        except (OSError, TypeError, ValidationError, json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise TalkUnreadable(
                f"The file of the talk {name} does not describe a talk. Mend {path.name} in {self.root.name}, or "
                "delete it."
            ) from None

    def write(self, name: str, talk: Talk) -> None:
        """Keep a talk, whole. Raises TalkUnreadable for a name that is none, OSError."""
        write_json(self._path(name), talk.model_dump())

    def create(self, title: str) -> str:
        """A new talk without moments; returns its name, made from the title. Raises ValidationError, OSError."""
        talk = Talk(title=" ".join(title.split()))
        base = re.sub(r"[^a-z0-9]+", "-", talk.title.lower()).strip("-")[:50] or "talk"
        taken, name, number = set(self.names()), base, 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        self.write(name, talk)
        return name

    def delete(self, name: str) -> None:
        """Raises TalkUnreadable for a name that is none, OSError."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise TalkUnreadable(
                f"'{name[:60]}' is not the name of a talk: small letters, digits and hyphens, at most 60 of them."
            )
        return self.root / f"{name}.json"
