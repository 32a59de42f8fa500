"""While nobody waits, the worker builds and compiles the run that a visitor may start next, and times its steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from genlab.datasets import load_dataset
from genlab.observing.mode_assignment import has_mode_assigner
from genlab.registry import DATASETS
from genlab.runs.speeds import write_speeds
from genlab.runs.store import Store
from genlab.spec import RunSpec
from genlab.training.lane import Lane
from genlab.training.loop import Training

CALIBRATION_SECONDS = 0.4  # of training, in which the steps are counted


class Preparation:
    """A training that has not begun, its lanes compiled; none at first, and none any more once it was taken."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._training: Training | None = None
        self._dataset: object = None  # as it was registered: a visitor's own may come to hold other data

    def prepare(self, spec: RunSpec) -> Iterator[None]:
        """Prepare this run in place of what was prepared before, pausing where another job may go first: whoever reads
        no further gives it up. Nothing is trained for it but steps that are undone, so where the classifier of a data
        set is missing, the run has to wait for that itself. Raises what `Training.prepare` raises, and Diverged.
        """
        if self._fits(spec):
            return
        self._training = None
        if not has_mode_assigner(load_dataset(spec.dataset, spec.dataset_settings), self._store.cache):
            return
        training, dataset = Training(spec, self._store.cache), DATASETS[spec.dataset]
        for _ in training.prepare():
            yield
        for lane in training.lanes:
            training.frame_builder.build(lane)  # compiles what a frame asks of it
            yield
        write_speeds(self._store, spec, seconds_a_step(training.lanes, spec.chunk))
        self._training, self._dataset = training, dataset

    def take(self, spec: RunSpec) -> Training | None:
        """The training that was prepared, if it is of this run; what is not of use is let go."""
        training = self._training if self._fits(spec) else None
        self._training = None
        if training:
            training.spec = spec
        return training

    def _fits(self, spec: RunSpec) -> bool:
        return (
            self._training is not None
            and self._dataset is DATASETS[spec.dataset]
            and _without_budget(self._training.spec) == _without_budget(spec)
        )


def _without_budget(spec: RunSpec) -> dict[str, object]:
    """All of a spec that its lanes are built from."""
    return spec.model_dump(exclude={"clock", "budget"})


def seconds_a_step(lanes: list[Lane], chunk: int) -> list[float]:
    """Seconds that a step of each lane takes here while all of them train side by side, so many steps a call. The lanes
    are left as they were. Raises Diverged.
    """
    before = [lane.checkpoint() for lane in lanes]
    try:
        with ThreadPoolExecutor(len(lanes)) as threads:
            return list(threads.map(lambda lane: _seconds_a_step(lane, chunk), lanes))
    finally:
        for lane, checkpoint in zip(lanes, before, strict=True):
            lane.restore(checkpoint)


def _seconds_a_step(lane: Lane, chunk: int) -> float:
    lane.advance(1)  # the first call takes longer
    began, steps = time.perf_counter(), 0
    while steps == 0 or time.perf_counter() - began < CALIBRATION_SECONDS:
        lane.advance(chunk)
        steps += chunk
    return (time.perf_counter() - began) / steps
