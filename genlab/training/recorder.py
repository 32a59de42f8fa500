"""Runs the loop into a run folder, and does what the requests in that folder ask for."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from filelock import Timeout
from pydantic import ValidationError

from genlab.datasets.base import DataUnavailable
from genlab.runs.atomic import DiskFull, write_bytes
from genlab.runs.folder import Frame, LaneState, Run, RunState, RunUnreadable, StateName
from genlab.runs.history import append_record, finish_last_line
from genlab.runs.store import Store
from genlab.spec import describe_errors
from genlab.training import backend
from genlab.training.loop import ChunkTrained, Event, FrameBuilt, LaneEnded, RoundCompleted, Stage, Training

CHECKPOINT_SECONDS = 10.0
STATE_SECONDS = 0.2  # how often state.json is rewritten while training
STOPPED = "Stopped. Resume goes on from here."
LET_GO = "Paused for long while others waited, so it made room for them. Resume queues it to go on from here."
RESERVE_BYTES = 16_384  # freed on a full disk, so that there is room to say so
KEPT_FRAMES = 300
PAUSE_SECONDS = float(os.environ.get("GENLAB_PAUSE_SECONDS", "60"))  # how long a paused run may keep others waiting


def record(run: Run, store: Store) -> Generator[Event]:
    """Train a run from its start or its last checkpoint, yielding each event after it is written down.

    Whatever ends it, the state says so: done, stopped, failed, or interrupted if the reader of this generator closes
    it. Raises RunUnreadable if another process trains the run.
    """
    with _held(run):
        recorder = _Recorder(run, store)
        reserve = run.path / ".reserve"
        try:
            write_bytes(reserve, os.urandom(RESERVE_BYTES))
            yield from recorder.events()
        except GeneratorExit:
            recorder.end("interrupted", "Training ended before the run did. Resume goes on from here.")
            raise
        except (DiskFull, MemoryError) as error:
            reserve.unlink(missing_ok=True)
            recorder.end("stopped", str(error) or "There is not enough memory for this run. Choose a smaller model.")
        except (DataUnavailable, RunUnreadable, ValueError) as error:
            recorder.end("failed", str(error))
        except Exception as error:
            recorder.end("failed", f"{type(error).__name__}: {error}")
            raise
        finally:
            reserve.unlink(missing_ok=True)


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
    def __init__(self, run: Run, store: Store) -> None:
        self.run, self.store = run, store
        self.state = RunState(state="starting", message="reading the run")
        self.training: Training | None = None
        self.stopped = ""  # why, once it is
        self._ready = False  # every lane is built
        self._written = self._checkpointed = 0.0
        self._kept: dict[int, float] = {}  # by lane: training seconds at the last frame that stays
        self._spare: dict[int, int] = {}  # by lane: step of the newest frame, if the next one replaces it

    def events(self) -> Iterator[Event]:
        self._write_state()
        spec = self.run.spec()
        finish_last_line(self.run)
        checkpoints = [self.run.checkpoint(lane) for lane in range(len(spec.lanes))]
        self.state.lanes = [LaneState() for _ in spec.lanes]
        self.state.device = backend.describe(spec.device)
        self.training = Training(spec, self.store.cache, checkpoints)
        for event in self.training.events():
            self._write(event)
            yield event
            if isinstance(event, RoundCompleted):
                if time.monotonic() - self._checkpointed > CHECKPOINT_SECONDS:
                    self._checkpoint()
                yield from self._handle_requests()
                if self.stopped:
                    return self.end("stopped", self.stopped)
        failed = [lane for lane in self.state.lanes if lane.state == "failed"]
        if len(failed) == len(self.state.lanes):
            return self.end("failed", " ".join(lane.message for lane in failed))
        for lane in self.state.lanes:
            lane.state = "failed" if lane in failed else "done"  # one that was done before a resume, too
        self.end("done", "")

    def end(self, state: StateName, message: str) -> None:
        """Say how the run ended, and keep a checkpoint if there is anything to keep. Never raises for a full disk."""
        self.state.state, self.state.message = state, message
        with suppress(OSError):  # readers see that nobody holds the run, and call it interrupted
            self._write_state()
        with suppress(OSError):  # the last checkpoint that fitted stays
            self._checkpoint()

    def _write(self, event: Event) -> None:
        if isinstance(event, Stage):
            self.state.state, self.state.message = event.state, event.message
            if self.training and len(self.training.lanes) == len(self.state.lanes) and not self._ready:
                self._ready = True
                self.run.write_reference(self.training.frame_builder.reference())
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
            self.run.write_frame(frame)
            self._prune_frames(frame, event.seconds)
            place = {"step": frame.step, "seconds": round(event.seconds, 4), "examples": event.examples}
            append_record(self.run, {"lane": frame.lane, **place, "metrics": frame.metrics})
        elif isinstance(event, LaneEnded):
            ended = self.state.lanes[event.lane]
            ended.state, ended.message = event.state, event.message
            self._write_state()

    def _prune_frames(self, frame: Frame, seconds: float) -> None:
        """Keep every frame of a short run, and fewer the longer a run gets: a frame makes way for the next one if it is
        closer to the last that was kept than a 300th of the lane's training time."""
        spare = self._spare.pop(frame.lane, None)
        if spare is not None and spare != frame.step:
            self.run.remove_frame(frame.lane, spare)
        if frame.step and seconds - self._kept.get(frame.lane, 0.0) < seconds / KEPT_FRAMES:
            self._spare[frame.lane] = frame.step
        else:
            self._kept[frame.lane] = seconds

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
                elif verb == "settings":
                    self._change_settings(request)
            if step and not self.stopped:
                return self._single_step()
            if self.stopped or not paused_since:
                break
            if time.monotonic() - paused_since > PAUSE_SECONDS and self.store.waiting():
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
        self.training.single = True
        self.run.request("pause")

    def _change_settings(self, request: dict[str, Any]) -> None:
        """Change live settings of a lane; what cannot be is said in the lane's message and changes nothing."""
        assert self.training
        try:
            lane = self.training.lanes[int(request["lane"])]
            lane.change_settings(dict(request["values"]))
            place = {"step": lane.step, "seconds": round(lane.seconds, 4), "examples": lane.examples}
            append_record(self.run, {"lane": lane.index, **place, "changed": request["values"]})
            self._checkpoint()
        except ValidationError as error:
            self.state.message = describe_errors(error)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            self.state.message = f"A change of settings was not understood: {error}"
