"""What an experiment is: a claim, runs that may show it, a prediction to make, and a verdict computed from the runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from genlab.runs.view import RunView
from genlab.spec import RunSpec, make_spec

Outcome = Literal["seen", "not seen", "unclear"]
Kind = Literal["toy", "pictures", "table"]
Group = Literal["coverage", "quality", "stability", "latent space", "evaluation", "data"]
GROUPS: tuple[Group, ...] = ("coverage", "quality", "stability", "latent space", "evaluation", "data")


class Unclear(Exception):
    """The runs do not say whether the claim holds; the message says why."""


@dataclass(frozen=True)
class Verdict:
    """What the runs of an experiment say.

    Attributes:
        evidence: the numbers it was computed from, by what they are, for people.
        reason: why it is unclear; "" otherwise.
    """

    outcome: Outcome
    evidence: dict[str, float] = field(default_factory=dict)
    reason: str = ""


class Measured:
    """The numbers that a run has recorded, for a verdict. All raise Unclear where there are none."""

    def __init__(self, view: RunView) -> None:
        self.view = view

    def last(self, lane: int, name: str) -> float:
        """A number of the lane's last frame, such as "solid" or "on_mode_share"."""
        frame = self.view.frames[lane]
        value = frame.metrics.get(name) if frame else None
        if value is None:
            raise Unclear(f"{self.view.title(lane)} has not recorded {name}.")
        return float(value)

    def curve(self, lane: int, name: str) -> np.ndarray:
        """A number at every step where it was recorded, (n,), such as "generator/loss"."""
        values = self.view.history.series(lane, name)[1]
        if len(values) < 4:
            raise Unclear(f"{self.view.title(lane)} has recorded {name} at {len(values)} steps, and 4 are needed.")
        return values

    def mean(self, lane: int, name: str, begin: float = 0.75, end: float = 1.0) -> float:
        """The mean of a curve over a part of its length, the last quarter unless given."""
        values = self.curve(lane, name)
        first = min(int(begin * len(values)), len(values) - 1)
        return float(values[first : max(first + 1, int(end * len(values)))].mean())

    def array(self, lane: int, name: str) -> np.ndarray:
        """An array of the lane's last frame, such as "samples" or "latent"."""
        frame = self.view.frames[lane]
        if frame is None or name not in frame.arrays:
            raise Unclear(f"{self.view.title(lane)} has not recorded {name}.")
        return frame.arrays[name]


@dataclass(frozen=True)
class Experiment:
    """A claim as the registry knows it.

    Attributes:
        claim: one sentence.
        heard: who makes it, or where it is usually made.
        question: put to the viewer before the runs; each of the two or three `answers` has the verdict that it expects.
        runs: a seed -> the specs of its runs; none of an experiment that is computed at once.
        judge: what those runs have recorded, in their order -> whether the claim shows; raises Unclear.
        explanation: what the measurement says, and what of the claim it corrects.
        leaves_out: what the claim, or this experiment, does not say.
        try_next: what to change, in one sentence.
        picture: the figure that is worth watching in the first place of each lane.
        asks: what is measured of each lane once a run has ended, beside what every frame says: a name in
        `genlab.experiments.measuring`; its numbers are kept with the last frame.
        tuned_on: the seeds that its settings and its limits were chosen with.
        draw: of an experiment without runs, what it computes, as a figure.
    """

    name: str
    title: str
    group: Group
    kind: Kind
    claim: str
    heard: str
    question: str
    answers: dict[str, Outcome]
    runs: Callable[[int], list[RunSpec]]
    judge: Callable[[Sequence[Measured]], Verdict]
    explanation: str
    leaves_out: str
    try_next: str
    picture: str = "samples"
    asks: str = ""
    tuned_on: tuple[int, ...] = (0,)
    draw: Callable[[], go.Figure] | None = None

    @property
    def words(self) -> int:
        """Of all that its card says."""
        said = (self.claim, self.heard, self.explanation, self.leaves_out, self.try_next)
        return sum(len(text.split()) for text in said)


def one_run(**fields: Any) -> Callable[[int], list[RunSpec]]:
    """A seed -> one run of that seed with these fields of a spec."""
    return lambda seed: [make_spec(**fields, seed=seed)]


def judged(holds: bool, **evidence: float) -> Verdict:
    """Seen or not; the names of the evidence as words."""
    numbers = {name.replace("_", " "): float(value) for name, value in evidence.items()}
    return Verdict("seen" if holds else "not seen", numbers)


def verdict(experiment: Experiment, views: Sequence[RunView], asked: int) -> Verdict:
    """What these runs of an experiment say; unclear where one of the `asked` is missing or did not end."""
    reason = incomplete(views, asked)
    if reason:
        return Verdict("unclear", reason=reason)
    try:
        return experiment.judge([Measured(view) for view in views])
    except Unclear as error:
        return Verdict("unclear", reason=str(error))


def incomplete(views: Sequence[RunView], asked: int) -> str:
    """Why runs cannot be judged, or ""."""
    if len(views) < asked:
        return f"There are {len(views)} of its {asked} runs."
    for view in views:
        state = view.state
        failed = [view.title(i) for i, lane in enumerate(state.lanes) if lane.state == "failed"]
        if state.state == "failed" or failed:
            what = ", ".join(failed) or "The run"
            message = state.message or next((lane.message for lane in state.lanes if lane.message), "")
            return f"{what} failed. {message}".strip()
        if not all(view.frames):
            return f"Run {view.id} has recorded nothing of one of its models: it is {state.state}."
        if view.progress() < 1:
            return f"Run {view.id} is {state.state} at {view.progress():.0%} of its budget, and is judged at its end."
    return ""
