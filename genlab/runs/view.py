"""A run at one moment: what the figures draw and the pages show, read from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlab.runs.changes import values_in_turn
from genlab.runs.folder import Frame, LaneState, Run, RunState, RunUnreadable
from genlab.runs.formats import format_budget
from genlab.runs.history import History
from genlab.runs.metadata import ForkedFrom, RunMetadata
from genlab.spec import LETTERS, RunSpec


@dataclass(frozen=True)
class RunView:
    """Attributes:
    metadata: what the run kept of its data set and models; today's registries are not asked.
    frames: the newest frame of each lane, None before its first.
    frame_steps: of each lane, the steps at which it has a frame, ascending.
    reference: the real data (see `Run.reference`), None before training has begun.
    recorded: bytes of the history; while it and the steps of the frames are the same, there is nothing new to draw.
    """

    id: str
    spec: RunSpec
    state: RunState
    history: History
    reference: dict[str, np.ndarray] | None
    frames: list[Frame | None]
    frame_steps: list[list[int]]
    metadata: RunMetadata
    recorded: int

    def title(self, lane: int) -> str:
        """The model's name; with the lane's letter where two lanes train the same model."""
        models = [spec.model for spec in self.spec.lanes]
        title = self.metadata.lanes[lane].title
        return f"{title} {LETTERS[lane]}" if models.count(models[lane]) > 1 else title

    def described(self, lanes: Sequence[int] | None = None) -> str:
        """All lanes, or these, the data, the budget and the seed: GAN and VAE on Digits, 2,500 steps each, seed 0."""
        titles = [self.title(lane) for lane in (range(len(self.spec.lanes)) if lanes is None else lanes)]
        budget = format_budget(self.spec)
        return f"{' and '.join(titles)} on {self.dataset_title}, {budget} each, seed {self.spec.seed}"

    @property
    def dataset_title(self) -> str:
        return self.metadata.dataset.title

    def abilities(self, lane: int) -> list[str]:
        """What the lane's model can do, such as "encode"."""
        return self.metadata.lanes[lane].abilities

    def curves(self, lane: int) -> dict[str, str]:
        """What to draw as the lane's losses, by label; every recorded loss, where the run kept no choice of them."""
        recorded = {name.partition("/")[0]: name for name in self.history.names(lane) if name.endswith("/loss")}
        return self.metadata.lanes[lane].curves or recorded

    def lane_state(self, lane: int) -> LaneState:
        """How far a lane is. Its newest numbers may be later than the state, which is not written at every step."""
        state = self.state.lanes[lane] if lane < len(self.state.lanes) else LaneState()
        last = self.history.last_step(lane)
        if last is None or last <= state.step:
            return state
        seconds, examples = (self.history.column(lane, clock)[-1].item() for clock in ("seconds", "examples"))
        return state.model_copy(update={"step": last, "seconds": seconds, "examples": int(examples)})

    def settings_now(self, lane: int) -> dict[str, Any]:
        """The settings of a lane with all changes that were made while it trained."""
        settings = self.spec.lanes[lane].settings
        changed = values_in_turn(settings, self.history.changed, lane)
        return settings | {name: values[-1] for name, values in changed.items()}

    def progress(self) -> float:
        """Share of the budget that the slowest lane still training has used, in [0, 1]."""
        lanes = [lane for lane in self.state.lanes if lane.state != "failed"]
        used = [self.spec.used(lane) for lane in lanes]
        return min(1.0, min(used, default=0) / self.spec.budget)


class RunReader:
    """Follows one run: every `read` gives what is new since the last. Of a fork, `with_past` is what its parent did
    until then, where that is still there.
    """

    def __init__(self, run: Run, with_past: bool = False) -> None:
        self.run = run
        self._spec, self._metadata = run.spec(), run.metadata()
        self._history = History(run)
        self._past: RunReader | None = None
        if with_past and self._metadata.forked_from:
            self._begin_with(self._metadata.forked_from)
        self._reference: dict[str, np.ndarray] | None = None
        self._frames: list[Frame | None] = [None] * len(self._spec.lanes)
        self._looked_at = [-1] * len(self._spec.lanes)  # the newest frame of each lane, also one that cannot be read
        self._frame_steps: list[list[int]] = [[] for _ in self._spec.lanes]

    def _begin_with(self, forked_from: ForkedFrom) -> None:
        with suppress(RunUnreadable):
            past = RunReader(Run(self.run.path.parent / forked_from.run), with_past=True)
            view = past.read()
            if len(view.spec.lanes) == len(self._spec.lanes):
                self._past = past
                self._history.begin_with(view.history, forked_from.step)
                self._before = [[step for step in steps if step < forked_from.step] for steps in view.frame_steps]

    def frame(self, lane: int, step: int) -> Frame:
        """A frame of the run, or of its past. Raises RunUnreadable."""
        if self._past and step in self._before[lane] and step not in self.run.frame_steps(lane):
            return self._past.frame(lane, step)
        return self.run.frame(lane, step)

    def read(self) -> RunView:
        """Raises RunUnreadable."""
        state = self.run.state()
        if self._reference is None:
            self._reference = self.run.reference()
        steps_of_frames = self.run.steps_of_frames()
        for lane in range(len(self._frames)):
            steps = steps_of_frames.get(lane, [])
            before = [step for step in self._before[lane] if not steps or step < steps[0]] if self._past else []
            self._frame_steps[lane] = before + steps
            newest = steps[-1] if steps else -1
            if newest != self._looked_at[lane]:
                self._looked_at[lane] = newest
                self._frames[lane] = self.run.newest_of(lane, steps)
        path = self.run.path / "metrics.jsonl"
        recorded = path.stat().st_size if path.is_file() else 0
        history = self._history.update()
        return RunView(
            self.run.id,
            self._spec,
            state,
            history,
            self._reference,
            list(self._frames),
            list(self._frame_steps),
            self._metadata,
            recorded,
        )
