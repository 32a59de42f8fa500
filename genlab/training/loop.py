"""The one loop. It yields what happens; whoever reads it records, shows or counts it, and decides when to stop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from genlab.datasets import Dataset, load_dataset
from genlab.metrics.base import Diverged
from genlab.observing.frames import FrameBuilder
from genlab.observing.mode_assignment import make_mode_assigner
from genlab.registry import DATASETS
from genlab.runs.folder import Frame
from genlab.spec import RunSpec
from genlab.training import backend
from genlab.training.lane import Lane

FRAME_SECONDS = 0.34  # at least so long between frames ...
FRAME_SHARE = 0.1  # ... and at most this share of the time spent on them
SECONDS_A_ROUND = 0.15  # each lane's turn when the lanes share seconds


@dataclass(frozen=True)
class Stage:
    """What is being done, in words, before the first step and from it on."""

    state: Literal["starting", "running"]
    message: str


@dataclass(frozen=True)
class ChunkTrained:
    """A lane has trained one chunk: where it is, and its mean losses over the chunk."""

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
        lanes: built while the first events are read.
        single: if set, the next round is one step of each lane, followed by frames.
    """

    def __init__(
        self, spec: RunSpec, cache: Path, checkpoints: list[dict[str, np.ndarray] | None] | None = None
    ) -> None:
        self.spec = spec
        self.budget = spec.budget
        self.cache = cache
        self.checkpoints = checkpoints or [None] * len(spec.lanes)
        self.lanes: list[Lane] = []
        self.frame_builder: FrameBuilder
        self.single = False
        self._ended: set[int] = set()
        self._threads = ThreadPoolExecutor(len(spec.lanes), thread_name_prefix="lane")

    def events(self) -> Iterator[Event]:
        """Raises DataUnavailable, UnknownName, and ValueError for a device or checkpoint that does not fit."""
        backend.prepare()
        spec = self.spec
        yield Stage("starting", "loading the data set")
        dataset = load_dataset(spec.dataset, spec.dataset_settings)
        if dataset.modes.centres is None and dataset.modes.assign is None:
            yield Stage("starting", f"preparing the classifier that names the modes of {DATASETS[spec.dataset].title}")
        self.frame_builder = FrameBuilder(dataset, make_mode_assigner(dataset, self.cache), spec.seed)
        yield from self._build(dataset)
        yield Stage("starting", "drawing the first frame")
        yield from self._frames()
        yield Stage("running", "training")
        yield RoundCompleted()
        framed, cost = time.perf_counter(), 0.0
        mark = min(self._clock(lane) for lane in self.lanes)
        while active := self._active():
            mark = self._next_mark(mark)
            yield from self._advance(active, mark)
            began = time.perf_counter()
            over = not self._active()
            if over or self.single or began - framed > max(FRAME_SECONDS, cost / FRAME_SHARE):
                yield from self._frames()
                framed = time.perf_counter()
                cost = framed - began
            self.single = False
            yield RoundCompleted()

    def _build(self, dataset: Dataset) -> Iterator[Event]:
        data = backend.TrainingData(dataset.train, dataset.train_labels, self.spec.device)
        for index, lane_spec in enumerate(self.spec.lanes):
            lane = Lane(index, lane_spec, dataset, self.spec.seed, self.spec.device, data)
            yield Stage("starting", f"compiling {lane.family.title} ({index + 1} of {len(self.spec.lanes)})")
            lane.compile()
            checkpoint = self.checkpoints[index]
            if checkpoint is not None:
                lane.restore(checkpoint)
            self.lanes.append(lane)

    def _active(self) -> list[Lane]:
        return [lane for lane in self.lanes if lane.index not in self._ended and self._clock(lane) < self.budget]

    def _clock(self, lane: Lane) -> float:
        return self.spec.used(lane)

    def _next_mark(self, mark: float) -> float:
        """Where on the clock the round that starts at `mark` ends: on a grid that single steps do not move."""
        if self.single:
            return mark
        if self.spec.clock == "seconds":
            return mark + SECONDS_A_ROUND  # no grid: dividing by a fraction may round to the mark itself, for ever
        grid = self.spec.chunk
        if self.spec.clock == "examples":
            grid *= max(lane.settings.batch_size for lane in self.lanes)
        return (mark // grid + 1) * grid

    def _advance(self, lanes: list[Lane], mark: float) -> Iterator[Event]:
        """Train lanes up to the mark, or for one step, side by side: each in a thread, since a small network keeps no
        more than one core busy. No lane reads what another writes, so each has the numbers that it has alone.
        """
        for events in self._threads.map(lambda lane: list(self._advance_lane(lane, mark)), lanes):
            yield from events

    def _advance_lane(self, lane: Lane, mark: float) -> Iterator[Event]:
        target = min(mark, self.budget)
        steps = self._steps_to(lane, target)
        while steps > 0:
            try:
                losses = lane.advance(steps)
            except Diverged as error:
                self._ended.add(lane.index)
                yield LaneEnded(lane.index, "failed", str(error))
                return
            yield ChunkTrained(lane.index, lane.step, lane.seconds, lane.examples, losses)
            steps = 0 if self.single else self._steps_to(lane, target)
        if self._clock(lane) >= self.budget:
            yield LaneEnded(lane.index, "done", "")

    def _steps_to(self, lane: Lane, target: float) -> int:
        if self.single:
            return 1
        missing = target - self._clock(lane)
        if missing <= 0:
            return 0
        if self.spec.clock == "steps":
            return int(missing)
        if self.spec.clock == "examples":
            return -(-int(missing) // lane.settings.batch_size)
        return self.spec.chunk

    def _frames(self) -> Iterator[Event]:
        for lane in self.lanes:
            if lane.index in self._ended:
                continue
            try:
                yield FrameBuilt(self.frame_builder.build(lane), lane.seconds, lane.examples)
            except Diverged as error:
                self._ended.add(lane.index)
                yield LaneEnded(lane.index, "failed", str(error))


def train(spec: RunSpec, cache: Path) -> Iterator[Event]:
    """Train a run from its first step to its last, one event at a time, writing nothing but the classifier's cache. The
    same spec gives the same numbers on the same machine.
    """
    yield from Training(spec, cache).events()
