"""What visitors ask of the trained models of a run, and the answers: small files, one of each for a visitor.

A question is VISITOR.json until the worker takes it and VISITOR.taken from then on; its answer is VISITOR.npz. So a
newer question of the same visitor takes the place of one that waits, and of an answer that nobody needs any more.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from genlab.runs.atomic import as_json, as_npz, write_bytes
from genlab.runs.draws import Draw

VISITOR = re.compile(r"[0-9a-f]{8,64}")
KEPT_SECONDS = 3600.0  # a file of a visitor who has left
LOST = "The process that was to answer ended before it had. Ask again; if it ends again, the model is too large for it."
Kind = Literal["place", "item", "between", "along", "samples"]


class Question(BaseModel):
    """One question about all lanes of a run.

    Attributes:
        kind: "place": what each lane makes of a place in the plane of its latent space; "item": what each makes of a
            held-out example; "between": ways from one example to another; "along": from a place along one dimension;
            "samples": fresh samples.
        place: in the plane, across and up.
        items: held-out examples, counted from 0.
        dimension: of the latent, counted from 0.
        label: the class that a conditional model is asked for, where no example says one.
        draw: which samples.
        asked: when, nanoseconds since 1970; it tells one question from the next.
    """

    run: str
    kind: Kind
    place: tuple[float, float] = (0.0, 0.0)
    items: list[int] = Field(default_factory=list, max_length=2)
    dimension: int = 0
    label: int = 0
    draw: Draw | None = None
    asked: int = Field(default_factory=time.time_ns)

    def asks_the_same(self, other: Question) -> bool:
        """Whether it is the same question, asked at another time."""
        return self.model_dump(exclude={"asked"}) == other.model_dump(exclude={"asked"})


@dataclass(frozen=True)
class Answer:
    """Attributes:
    message: why there is none, "" if there is.
    messages: why a lane has no part in it, by the lane.
    steps: by the lane, the step that its model is of.
    arrays: "LANE-NAME"; see `genlab.latent.answers`.
    """

    message: str
    messages: dict[int, str]
    steps: dict[int, int]
    arrays: dict[str, np.ndarray]

    def of_lane(self, lane: int) -> dict[str, np.ndarray]:
        start = f"{lane}-"
        return {name.removeprefix(start): array for name, array in self.arrays.items() if name.startswith(start)}


class Questions:
    """The questions in a folder of runs."""

    def __init__(self, root: Path) -> None:
        self._folder = root / ".questions"

    def ask(self, visitor: str, question: Question) -> None:
        """Let a question wait, in place of an older one of the visitor. Raises OSError, ValueError for another name."""
        if not VISITOR.fullmatch(visitor):
            raise ValueError(f"A visitor is called by 8 to 64 of 0-9 and a-f, not '{visitor[:70]}'.")
        for path in self._folder.glob("*.*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()
        write_bytes(self._folder / f"{visitor}.json", as_json(question.model_dump()))

    def cancel(self, visitor: str) -> None:
        """Ask nothing any more."""
        (self._folder / f"{visitor}.json").unlink(missing_ok=True)

    def waiting(self) -> bool:
        return any(self._folder.glob("[0-9a-f]*.json"))

    def take(self) -> Iterator[tuple[str, Question]]:
        """Visitors and what they ask, the oldest first; what does not read as a question is dropped."""
        paths = {path: _changed(path) for path in self._folder.glob("[0-9a-f]*.json")}
        for path in sorted(paths, key=lambda path: paths[path]):
            taken = path.with_suffix(".taken")
            try:
                path.replace(taken)
            except OSError:  # cancelled just now
                continue
            try:
                question = Question(**json.loads(taken.read_text()))
            except (OSError, ValueError, TypeError):
                taken.unlink(missing_ok=True)
                continue
            yield path.stem, question

    def answer(self, visitor: str, question: Question, answer: Answer) -> None:
        """Write an answer down. Raises OSError."""
        about = {
            "asked": question.asked,
            "message": answer.message,
            "messages": answer.messages,
            "steps": answer.steps,
        }
        content = as_npz({**answer.arrays, "about": np.array(json.dumps(about))}, compress=False)
        write_bytes(self._folder / f"{visitor}.npz", content)
        (self._folder / f"{visitor}.taken").unlink(missing_ok=True)

    def answered(self, visitor: str, question: Question) -> Answer | None:
        """The answer to this very question; None if it is not there yet."""
        try:
            with (self._folder / f"{visitor}.npz").open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            about = json.loads(str(arrays.pop("about")))
            if about["asked"] != question.asked:
                return None
            messages, steps = ({int(lane): of for lane, of in about[name].items()} for name in ("messages", "steps"))
            return Answer(about["message"], messages, steps, arrays)
        except Exception:  # a file that is not there, or is no answer: a damaged archive fails in many ways
            return None

    def recover(self) -> None:
        """Say of what a lost worker had taken that it has no answer; for the next one, before it takes anything."""
        for taken in self._folder.glob("[0-9a-f]*.taken"):
            with suppress(OSError, ValueError, TypeError):
                question = Question(**json.loads(taken.read_text()))
                self.answer(taken.stem, question, Answer(LOST, {}, {}, {}))
            taken.unlink(missing_ok=True)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
