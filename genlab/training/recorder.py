"""Runs the loop into a run folder, and does what the requests in that folder ask for."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import keras
import numpy as np
from filelock import Timeout
from pydantic import ValidationError

import genlab
from genlab.datasets.base import Dataset, DataUnavailable, fingerprint
from genlab.models.flows import known_flow
from genlab.runs.atomic import DiskFull
from genlab.runs.checkpoints import CheckpointKeeper, forget_later
from genlab.runs.data import load_run_dataset
from genlab.runs.folder import PAUSE_SECONDS, LaneState, Run, RunState, RunUnreadable, StateName
from genlab.runs.history import History, append_record, finish_last_line, rewind
from genlab.runs.metadata import new_metadata
from genlab.runs.next_step import NextStep, write_next_step
from genlab.runs.store import Store
from genlab.runs.summary import keep_summary
from genlab.runs.thinning import most_redundant
from genlab.spec import SpecError, describe_errors
from genlab.training import backend
from genlab.training.lane import Lane
from genlab.training.loop import ChunkTrained, Event, FrameBuilt, LaneEnded, RoundCompleted, Stage, Training
from genlab.training.preparation import Preparation

CHECKPOINT_SECONDS = 10.0
STATE_SECONDS = 0.2  # how often state.json is rewritten while training
STOPPED = "Stopped. Resume goes on from here."
INTERRUPTED = "Training ended before the run did. Resume goes on from here."
NO_MEMORY = "There is not enough memory for this run. Choose a smaller model."
LET_GO = "Paused for long while others waited, so it made room for them. Resume queues it to go on from here."
RESERVE_BYTES = 16_384  # freed on a full disk, so that there is room to say so
MAXIMUM_FRAMES = 300  # of a lane, however long its run
Measurement = Callable[[Lane, Dataset], dict[str, float]]


def record(
    run: Run,
    store: Store,
    preparation: Preparation | None = None,
    measure: Measurement | None = None,
) -> Generator[Event]:
    """Train a run from its start or its last checkpoint, yielding each event after it is written down. If it is the one
    that was prepared, it begins at once.

    Whatever ends it, the state says so: done, stopped, failed, or interrupted if the reader of this generator closes
    it. Where in the program an error arose is kept in the run. Raises RunUnreadable if another process trains the run.

    measure: asked of each lane that has come to its end; its numbers are kept with the last frame.
    """
    with _held(run):
        recorder = _Recorder(run, store, preparation, measure)
        reserve = run.path / ".reserve"
        try:
            run.write(reserve.name, os.urandom(RESERVE_BYTES))
            yield from recorder.events()
        except GeneratorExit:
            recorder.end("interrupted", INTERRUPTED)
            raise
        except KeyboardInterrupt:
            recorder.end("interrupted", INTERRUPTED, between_steps=False)
            raise
        except DiskFull as error:
            reserve.unlink(missing_ok=True)
            recorder.end("stopped", str(error))
        except (DataUnavailable, SpecError) as error:
            _keep_traceback(run)
            # What cannot go on has not failed for that: it stays as it was, and can be tried again.
            recorder.end("stopped" if recorder.state.lanes else "failed", str(error))
        except MemoryError:
            _keep_traceback(run)
            recorder.end("stopped", NO_MEMORY, between_steps=False)
        except (RunUnreadable, ValueError) as error:
            _keep_traceback(run)
            recorder.end("failed", str(error), between_steps=False)
        except Exception as error:
            _keep_traceback(run)
            first_line = (str(error).splitlines() or [""])[0]
            recorder.end("failed", f"{type(error).__name__}: {first_line}", between_steps=False)
            raise
        finally:
            reserve.unlink(missing_ok=True)


def _keep_traceback(run: Run) -> None:
    with suppress(OSError, RunUnreadable):
        run.write_error(traceback.format_exc())


@contextmanager
def _held(run: Run) -> Iterator[None]:
    """Hold the run's lock. Raises RunUnreadable if another process trains it."""
    try:
        lock = run.lock().acquire(timeout=5)
    except Timeout:
        raise RunUnreadable(f"Run {run.id} is trained by another process just now. Stop it there first.") from None
    with lock:
        yield


class _Recorder:
    def __init__(
        self,
        run: Run,
        store: Store,
        preparation: Preparation | None,
        measure: Measurement | None,
    ) -> None:
        self.run, self.store, self.preparation, self.measure = run, store, preparation, measure
        self.state = RunState(state="starting", message="reading the run")
        self.training: Training | None = None
        self.stopped = ""  # why, once it is
        self._ready = False  # every lane is built
        self._written = self._checkpointed = 0.0
        self._frames: dict[int, dict[int, float]] = {}  # by lane: training seconds by the step of each frame

    def events(self) -> Iterator[Event]:
        with suppress(RunUnreadable):
            self.state.lanes = self.run.written_state().lanes
        self._write_state()
        spec = self.run.runnable_spec()
        if self.run.metadata().dataset.fingerprint:
            load_run_dataset(self.run, spec)  # refuses other data than the run was trained on
        finish_last_line(self.run)
        checkpoints = [self.run.checkpoint(lane) for lane in range(len(spec.lanes))]
        self._rewind(checkpoints)
        keeper = CheckpointKeeper(self.run, spec, self.state.lanes)
        self.run.forget_error()
        self.state.device = backend.describe(spec.device)
        prepared = self.preparation.take(spec) if self.preparation else None
        if prepared is None or any(checkpoints):
            prepared = Training(spec, self.store.cache, checkpoints)
        self.training = prepared
        for event in self.training.events():
            self._write(event)
            yield event
            if isinstance(event, RoundCompleted):
                if time.monotonic() - self._checkpointed > CHECKPOINT_SECONDS:
                    self._checkpoint()
                if all(lane.state != "failed" for lane in self.state.lanes):
                    keeper.look(self.training.lanes)
                yield from self._handle_requests()
                if self.stopped:
                    return self.end("stopped", self.stopped)
        failed = [lane for lane in self.state.lanes if lane.state == "failed"]
        if len(failed) == len(self.state.lanes):
            return self.end("failed", " ".join(lane.message for lane in failed))
        self._measure()
        for lane in self.state.lanes:
            lane.state = "failed" if lane in failed else "done"  # one that was done before a resume, too
        self.end("done", "")

    def _measure(self) -> None:
        """Add what is asked of each trained lane to the numbers of its last frame."""
        if not self.measure or not self.training:
            return
        self.state.message = "measuring"
        self._write_state()
        for lane in self.training.lanes:
            frame = self.run.newest_frame(lane.index)
            if frame and self.state.lanes[lane.index].state != "failed":
                frame.metrics |= self.measure(lane, self.training.frame_builder.dataset)
                self.run.write_frame(frame)

    def _rewind(self, checkpoints: list[dict[str, np.ndarray] | None]) -> None:
        """Take every lane back to its checkpoint: what was recorded later is given up, as it will be done again."""
        self.state.lanes = []
        for lane, checkpoint in enumerate(checkpoints):
            step, seconds, examples = (0, 0.0, 0) if checkpoint is None else checkpoint["clock"].tolist()
            rewind(self.run, lane, int(step), seconds, int(examples))
            self.state.lanes.append(LaneState(step=int(step), seconds=seconds, examples=int(examples)))
        forget_later(self.run, self.state.lanes)
        self._write_state()
        history = History(self.run).update()
        for lane in range(len(checkpoints)):
            steps = self.run.frame_steps(lane)
            at = history.column(lane, "step"), history.column(lane, "seconds")
            self._frames[lane] = dict(zip(steps, np.interp(steps, *at) if len(at[0]) else steps, strict=True))

    def end(self, state: StateName, message: str, between_steps: bool = True) -> None:
        """Say how the run ended, and keep a checkpoint if there is anything to keep: what an error left in the middle
        of a step is not. Never raises for a full disk, nor for a folder that was removed.
        """
        self.state.state, self.state.message = state, message
        with suppress(OSError, RunUnreadable):  # readers see that nobody holds the run, and call it interrupted
            self._write_state()
        if between_steps:
            with suppress(OSError, RunUnreadable):  # the last checkpoint that fitted stays
                self._checkpoint()
        keep_summary(self.run)

    def _write(self, event: Event) -> None:
        if isinstance(event, Stage):
            self.state.state, self.state.message = event.state, event.message
            if self.training and self.training.prepared and not self._ready:
                self._ready = True
                self.run.write_reference(self.training.frame_builder.reference())
                self._describe(self.training)
                for lane in self.training.lanes:
                    self.state.lanes[lane.index] = LaneState(
                        state="running", step=lane.step, seconds=lane.seconds, examples=lane.examples
                    )
            self._write_state()
        elif isinstance(event, ChunkTrained):
            place = {"step": event.step, "seconds": round(event.seconds, 4), "examples": event.examples}
            append_record(self.run, {"lane": event.lane, **place, "losses": event.losses})
            self.state.lanes[event.lane] = LaneState(state="running", **place)
            if time.monotonic() - self._written > STATE_SECONDS:
                self._write_state()
        elif isinstance(event, FrameBuilt):
            frame = event.frame
            self._write_state()  # a reader never sees a frame later than its lane
            self._make_room(frame.lane, frame.step, event.seconds)
            self.run.write_frame(frame)
            place = {"step": frame.step, "seconds": round(event.seconds, 4), "examples": event.examples}
            append_record(self.run, {"lane": frame.lane, **place, "metrics": frame.metrics})
        elif isinstance(event, LaneEnded):
            ended = self.state.lanes[event.lane]
            ended.state, ended.message = event.state, event.message
            self._write_state()

    def _describe(self, training: Training) -> None:
        """Keep what the run was trained on, and with: it may be shown where none of that is left."""
        dataset, metadata, old = training.frame_builder.dataset, new_metadata(training.spec), self.run.metadata()
        metadata.created, metadata.forked_from, metadata.grouped = old.created, old.forked_from, old.grouped
        described = metadata.dataset
        described.shape, described.modes = list(dataset.train.shape[1:]), list(dataset.modes.names)
        described.fingerprint = fingerprint(dataset) if described.own else ""
        for lane, kept in zip(training.lanes, metadata.lanes, strict=False):
            kept.parameters = lane.parameters()
            if not known_flow(kept.model):
                kept.flow = lane.flow(described.shape)
        metadata.versions = {"genlab": genlab.__version__, **_versions(), "device": self.state.device}
        self.run.write_metadata(metadata)

    def _make_room(self, lane: int, step: int, seconds: float) -> None:
        """Before a frame is written, remove others as long as there would be too many."""
        frames = self._frames.setdefault(lane, {})
        frames[step] = seconds
        while len(frames) > MAXIMUM_FRAMES:
            steps = sorted(frames)
            redundant = steps[most_redundant(np.array([frames[at] for at in steps]))]
            self.run.remove_frame(lane, redundant)
            del frames[redundant]

    def _write_state(self) -> None:
        self.run.write_state(self.state)
        self._written = time.monotonic()

    def _checkpoint(self) -> None:
        for lane in self.training.lanes if self.training else ():
            # The weights of a lane that diverged are of no use; the checkpoint before stays.
            if self.state.lanes[lane.index].state != "failed" and lane.step:
                self.run.write_checkpoint(lane.index, lane.checkpoint())
        self._checkpointed = time.monotonic()

    def _handle_requests(self) -> Iterator[Event]:
        """Do what is asked; while paused, wait here."""
        paused_since = 0.0
        while True:
            step = False
            for request in self.run.take_requests():
                verb = request.get("verb")
                if verb == "stop":
                    self.stopped = STOPPED
                elif verb == "pause" and not paused_since:
                    paused_since = time.monotonic()
                    self._pause()
                elif verb == "resume":
                    paused_since = 0.0
                elif verb == "step":
                    step = True
                elif verb in ("settings", "phases"):
                    self._change(request)
                elif verb == "explain":
                    self._explain(request)
            if step and not self.stopped:
                return self._single_step()
            if self.stopped or not paused_since:
                break
            if time.monotonic() - paused_since > PAUSE_SECONDS and self.store.jobs.waiting():
                self.stopped = LET_GO
                break
            if time.monotonic() - self._written > 1:
                self._write_state()
            yield RoundCompleted()
            time.sleep(0.03)
        if self.state.state == "paused" and not self.stopped:
            self.state.state, self.state.message = "running", "training"
            self._write_state()

    def _pause(self) -> None:
        self.state.state, self.state.message = "paused", ""
        self._write_state()
        self._checkpoint()

    def _single_step(self) -> None:
        """Let the loop make one step, and ask it to pause right after."""
        assert self.training
        self.training.single_step = True
        self.run.request("pause")

    def _explain(self, request: dict[str, Any]) -> None:
        """Write down what the next step will do; nothing is changed by it."""
        assert self.training
        found, arrays = self.training.explain()
        with suppress(KeyError, TypeError, ValueError, DiskFull):  # whoever asked is told that there is no answer
            write_next_step(self.run, NextStep(asked=int(request["asked"]), lanes=found), arrays)

    def _change(self, request: dict[str, Any]) -> None:
        """Change live settings of a lane, or which of its phases train; what cannot be is said in the message of the
        run and changes nothing.
        """
        assert self.training
        try:
            lane = self.training.lanes[int(request["lane"])]
            place = {"step": lane.step, "seconds": round(lane.seconds, 4), "examples": lane.examples}
            if request["verb"] == "phases":
                lane.train_only(names := [str(name) for name in request["names"]])
                append_record(self.run, {"lane": lane.index, **place, "trains": names})
            else:
                lane.change_settings(dict(request["values"]))
                append_record(self.run, {"lane": lane.index, **place, "changed": request["values"]})
            self._checkpoint()
        except ValidationError as error:
            self.state.message = describe_errors(error)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            self.state.message = f"A change was not understood: {error}"


def _versions() -> dict[str, str]:
    name = keras.backend.backend()
    return {"keras": keras.__version__, "backend": f"{name} {sys.modules[name].__version__}"}
