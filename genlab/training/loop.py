"""The training loop: a generator of events. Its reader records or shows them, and stops a run by reading no further."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from genlab.datasets import Dataset, load_dataset
from genlab.metrics.base import Diverged
from genlab.observing.frames import FrameBuilder
from genlab.observing.mode_assignment import make_mode_assigner
from genlab.registry import DATASETS, MODELS
from genlab.runs.folder import Frame
from genlab.runs.next_step import LaneStep
from genlab.spec import RunSpec
from genlab.training import backend
from genlab.training.lane import Lane
from genlab.training.next_step import explain_step

FRAME_SECONDS = 0.3  # at least so long between frames ...
FRAME_SHARE = 0.1  # ... and at most this share of the time spent on them ...
FRAMES = 20  # ... but at least so many over the budget, so that a run on a fast machine can be replayed too
ROUND_SECONDS = 0.15  # each lane's turn when the lanes share seconds


@dataclass(frozen=True)
class Stage:
    """What the run is doing, in words for people: "starting" until the first step, "running" from then on."""

    state: Literal["starting", "running"]
    message: str


@dataclass(frozen=True)
class ChunkTrained:
    """A lane has trained one chunk: where it is, and the mean over the chunk of each recorded number, by
    "phase/log".
    """

    lane: int
    step: int
    seconds: float
    examples: int
    losses: dict[str, float]


@dataclass(frozen=True)
class FrameBuilt:
    frame: Frame
    seconds: float
    examples: int


@dataclass(frozen=True)
class LaneEnded:
    lane: int
    state: Literal["done", "failed"]
    message: str


@dataclass(frozen=True)
class RoundCompleted:
    """Every lane that still trains has come equally far. The moment to pause, stop or change settings."""


Event = Stage | ChunkTrained | FrameBuilt | LaneEnded | RoundCompleted


class Training:
    """The lanes of one run and the clock they share.

    Attributes:
        prepared: whether all that frames need is there; else that is done while the first events are read.
        compiled: likewise, whether the lanes can train.
        single_step: makes the next round one step of each lane, followed by frames.
    """

    def __init__(
        self, spec: RunSpec, cache: Path, checkpoints: list[dict[str, np.ndarray] | None] | None = None
    ) -> None:
        self.spec = spec
        self.cache = cache
        self.checkpoints = checkpoints or [None] * len(spec.lanes)
        self.prepared = self.compiled = False
        self.lanes: list[Lane] = []
        self.dataset: Dataset
        self._data: backend.TrainingData | None = None
        self.frame_builder: FrameBuilder
        self.single_step = False
        self._diverged: set[int] = set()  # lanes, by index

    def prepare(self) -> Iterator[Stage]:
        """Load the data and build the lanes, saying what comes next; whoever reads no further can go on later from
        there. Raises DataUnavailable, UnknownName, and ValueError for a device or checkpoint that does not fit.
        """
        if self.prepared:
            return
        backend.prepare()
        spec = self.spec
        if self._data is None:
            yield Stage("starting", "loading the data set")
            self.dataset = load_dataset(spec.dataset, spec.dataset_settings)
            self._data = backend.TrainingData(self.dataset.train, self.dataset.train_labels, spec.device)
        for index, lane_spec in enumerate(spec.lanes[len(self.lanes) :], len(self.lanes)):
            yield Stage("starting", f"building {MODELS[lane_spec.model].title} ({index + 1} of {len(spec.lanes)})")
            lane = Lane(index, lane_spec, self.dataset, spec.seed, spec.device, self._data)
            if (checkpoint := self.checkpoints[index]) is not None:
                lane.restore(checkpoint)
            self.lanes.append(lane)
        if self.dataset.modes.centres is None and self.dataset.modes.assign is None:
            yield Stage("starting", f"preparing the classifier that names the modes of {DATASETS[spec.dataset].title}")
        self.frame_builder = FrameBuilder(self.dataset, make_mode_assigner(self.dataset, self.cache), spec.seed)
        self.prepared = True

    def compile(self) -> Iterator[Stage]:
        """Compile the training call of each lane that has been built, saying which comes next."""
        if self.compiled:
            return
        for lane in self.lanes:
            yield Stage("starting", f"compiling {lane.family.title} ({lane.index + 1} of {len(self.lanes)})")
            lane.compile()
        self.compiled = True

    def events(self) -> Iterator[Event]:
        """Train, yielding what happens. Raises what `prepare` raises."""
        yield from self.prepare()
        yield Stage("starting", "drawing the first frame")
        yield from self._frames()
        yield from self.compile()  # not sooner: whoever waits looks at the first frame meanwhile
        yield Stage("running", "training")
        yield RoundCompleted()
        with ThreadPoolExecutor(len(self.lanes), thread_name_prefix="lane") as threads:
            yield from self._rounds(threads)

    def explain(self) -> tuple[list[LaneStep], dict[str, np.ndarray]]:
        """What the next step of each lane will do; arrays are called LANE-UPDATE-NAME. The lanes stay as they are."""
        found: list[LaneStep] = []
        arrays: dict[str, np.ndarray] = {}
        active = self._active()
        for lane in self.lanes:
            if lane not in active:
                found.append(LaneStep(step=lane.step, message="It trains no further."))
                continue
            try:
                step, drawn = explain_step(lane, self.frame_builder.surface, self._expected_steps(lane))
            except Diverged as error:
                found.append(LaneStep(step=lane.step, message=str(error)))
                continue
            found.append(step)
            arrays |= {f"{lane.index}-{name}": array for name, array in drawn.items()}
        return found, arrays

    def _rounds(self, threads: ThreadPoolExecutor) -> Iterator[Event]:
        last_frames, frame_seconds = time.perf_counter(), 0.0
        round_end = min(self._clock(lane) for lane in self.lanes)
        last_part = int(FRAMES * round_end / self.spec.budget)
        while active := self._active():
            round_end = self._next_round_end(round_end)
            yield from self._advance(active, round_end, threads)
            now = time.perf_counter()
            due = now - last_frames > max(FRAME_SECONDS, frame_seconds / FRAME_SHARE)
            part = int(FRAMES * round_end / self.spec.budget)
            if due or part > last_part or self.single_step or not self._active():
                yield from self._frames()
                last_frames, last_part = time.perf_counter(), part
                frame_seconds = last_frames - now
            self.single_step = False
            yield RoundCompleted()

    def _active(self) -> list[Lane]:
        budget = self.spec.budget
        return [lane for lane in self.lanes if lane.index not in self._diverged and self._clock(lane) < budget]

    def _clock(self, lane: Lane) -> float:
        return self.spec.used(lane)

    def _next_round_end(self, round_end: float) -> float:
        """Where on the clock the next round ends: the next multiple of its length, wherever single steps have led."""
        if self.single_step:
            return round_end
        if self.spec.clock == "seconds":
            return round_end + ROUND_SECONDS  # not a multiple: rounding could give the same end again
        round_length = self.spec.chunk
        if self.spec.clock == "examples":
            round_length *= max(lane.settings.batch_size for lane in self.lanes)
        return (round_end // round_length + 1) * round_length

    def _advance(self, lanes: list[Lane], round_end: float, threads: ThreadPoolExecutor) -> Iterator[Event]:
        """Train lanes up to the end of the round, or for one step, side by side: each in a thread, as a small network
        keeps no more than one core busy. No lane reads what another writes, so each has the numbers that it has alone.
        """
        rounds = [threads.submit(self._advance_lane, lane, round_end) for lane in lanes]
        wait(rounds)  # all of them: whoever reads an event may leave, and a checkpoint is between steps
        for events in rounds:
            yield from events.result()

    def _advance_lane(self, lane: Lane, round_end: float) -> list[Event]:
        """One lane's part of `_advance`, run in its thread."""
        target = min(round_end, self.spec.budget)
        steps, events = self._steps_to(lane, target), list[Event]()
        while steps > 0:
            try:
                losses = lane.advance(steps, self._expected_steps(lane))
            except Diverged as error:
                self._diverged.add(lane.index)
                return [*events, LaneEnded(lane.index, "failed", str(error))]
            events.append(ChunkTrained(lane.index, lane.step, lane.seconds, lane.examples, losses))
            steps = 0 if self.single_step else self._steps_to(lane, target)
        if self._clock(lane) >= self.spec.budget:
            events.append(LaneEnded(lane.index, "done", ""))
        return events

    def _steps_to(self, lane: Lane, target: float) -> int:
        if self.single_step:
            return 1
        missing = target - self._clock(lane)
        if missing <= 0:
            return 0
        if self.spec.clock == "steps":
            return int(missing)
        if self.spec.clock == "examples":
            return math.ceil(missing / lane.settings.batch_size)
        return self.spec.chunk

    def _expected_steps(self, lane: Lane) -> float:
        """The steps that a lane will have made at the end of the budget, in seconds at its pace so far: unknown before
        the first.
        """
        budget = self.spec.budget
        if self.spec.clock == "steps":
            return budget
        if self.spec.clock == "examples":
            return budget / lane.settings.batch_size
        return lane.step * budget / lane.seconds if lane.step else math.inf

    def _frames(self) -> Iterator[Event]:
        for lane in self.lanes:
            if lane.index in self._diverged:
                continue
            try:
                yield FrameBuilt(self.frame_builder.build(lane), lane.seconds, lane.examples)
            except Diverged as error:
                self._diverged.add(lane.index)
                yield LaneEnded(lane.index, "failed", str(error))


def train(spec: RunSpec, cache: Path) -> Iterator[Event]:
    """Train a run from its first step to its last, one event at a time, writing nothing but the classifier's cache. The
    same spec gives the same numbers on the same machine.
    """
    yield from Training(spec, cache).events()
