"""While nobody waits, the worker builds and compiles the run that a visitor may start next, and times its steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from genlab.observing.mode_assignment import has_classifier
from genlab.registry import DATASETS
from genlab.runs.speeds import write_speeds
from genlab.runs.store import Store
from genlab.spec import RunSpec
from genlab.training.lane import Lane
from genlab.training.loop import Training
from genlab.training.release import release_memory

CALIBRATION_SECONDS = 0.4  # of training, in which the steps are counted


class Preparation:
    """A training that has not begun, its lanes built and compiled as far as there was time; none at first, and none any
    more once it was taken.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._training: Training | None = None
        self._drawn = self._timed = False
        self._dataset: object = None  # as it was registered: a visitor's own may come to hold other data

    def prepare(self, spec: RunSpec) -> Iterator[None]:
        """Prepare this run in place of what was prepared before, pausing where another job may go first: whoever reads
        no further can go on later from there. Nothing is downloaded for it, and no classifier trained. Raises what
        `Training.prepare` raises, and Diverged.
        """
        dataset = DATASETS[spec.dataset]
        if dataset.downloads():
            return
        if not self._is_of(spec):
            self.let_go()
            self._training, self._dataset = Training(spec, self._store.cache), dataset
            self._drawn = self._timed = False
        training = self._training
        assert training
        try:
            for _ in training.prepare():
                # It pauses behind its last lane only where a classifier is next.
                if len(training.lanes) == len(spec.lanes) and not has_classifier(training.dataset, self._store.cache):
                    break
                yield
            if training.prepared and not self._drawn:
                for lane in training.lanes:
                    training.frame_builder.build(lane)  # compiles what a frame asks of it
                    yield
                self._drawn = True
            for _ in training.compile():
                yield
        except Exception:
            self.let_go()
            raise

    def time_steps(self) -> None:
        """Keep how long the steps of what is prepared take here, unless that was done. Raises Diverged."""
        if self._training and not self._timed:
            training, self._training = self._training, None  # of no use if its numbers grow beyond bounds
            speeds = seconds_a_step(training.lanes, training.spec.largest_chunk)
            with suppress(OSError):  # a full disk is no reason to prepare it again
                write_speeds(self._store, training.spec, speeds)
            self._training, self._timed = training, True

    def take(self, spec: RunSpec) -> Training | None:
        """The training of which all or a part was prepared, if it is of this run; what is not of use is let go."""
        training = self._training
        if training is None or not self._is_of(spec):
            self.let_go()
            return None
        self._training = None
        training.spec = spec
        return training

    def let_go(self) -> None:
        """Keep nothing prepared, and free its memory."""
        if self._training:
            self._training = None
            release_memory()

    def _is_of(self, spec: RunSpec) -> bool:
        return (
            self._training is not None
            and self._dataset is DATASETS[spec.dataset]
            and same_lanes(self._training.spec, spec)
        )


def same_lanes(one: RunSpec, other: RunSpec) -> bool:
    """Whether two runs differ at most in how long they train."""
    budget = {"clock", "budget"}
    return one.model_dump(exclude=budget) == other.model_dump(exclude=budget)


def seconds_a_step(lanes: list[Lane], chunk: int) -> list[float]:
    """Seconds that a step of each lane takes here while all of them train side by side, at most so many steps a call.
    The lanes are left as they were. Raises Diverged.
    """
    before = [lane.checkpoint() for lane in lanes]
    try:
        with ThreadPoolExecutor(len(lanes)) as threads:
            return list(threads.map(lambda lane: _seconds_a_step(lane, chunk), lanes))
    finally:
        for lane, checkpoint in zip(lanes, before, strict=True):
            lane.restore(checkpoint)


def _seconds_a_step(lane: Lane, chunk: int) -> float:
    """By one call that takes long enough; a fast lane is timed as it trains, by several calls of a chunk each."""
    lane.advance(1)  # the first call takes longer
    steps, calls = 1, 1
    while True:
        began = time.perf_counter()
        for _ in range(calls):
            lane.advance(steps)
        seconds = time.perf_counter() - began
        if seconds > CALIBRATION_SECONDS / 2:
            return seconds / (steps * calls)
        if steps < chunk:
            steps = min(2 * steps, chunk)
        else:
            calls *= 2
