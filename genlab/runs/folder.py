"""One run's folder: the only interface between what trains and what shows.

spec.json       what was asked          state.json      how far it is, rewritten all the time
metadata.json   what showing it needs, and the version of this layout
metrics.jsonl   losses and metrics      frames/         what each lane looked like, LANE-STEP.npz
reference.npz   the real data to compare with           checkpoints/    see runs/checkpoints.py
evaluation.json, evaluation.npz     what was measured of it, and pictures
summary.json, picture.png           what a list shows of it once it has ended, made from the rest
latent/         the points of its latent planes, made when a page asks; see runs/latent_points.py
notes.json      the name, the note and the star that people gave it
control/        requests to whatever trains it          .lock           held by the process that trains it
error.txt       where in the program the last error arose
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import numpy as np
from filelock import FileLock, Timeout
from pydantic import BaseModel, Field, ValidationError

from genlab.runs.atomic import as_json, as_npz, write_bytes
from genlab.runs.evaluation import Evaluation
from genlab.runs.jobs import JobQueue
from genlab.runs.metadata import RunMetadata, describe_spec
from genlab.runs.schema import SCHEMA, upgrade_spec
from genlab.spec import RunSpec, SpecError, describe_errors, make_spec, read_spec

StateName = Literal["queued", "starting", "running", "paused", "done", "stopped", "failed", "interrupted"]
ACTIVE = ("queued", "starting", "running", "paused")
TRAINING = ("starting", "running", "paused")
PAUSE_SECONDS = float(os.environ.get("GENLAB_PAUSE_SECONDS", "60"))  # how long a paused run may keep others waiting
SILENT_SECONDS = 3.0  # after the last change of a state; then a reader checks whether the run is still on its way
ENDED = "The process that trained this run ended. Everything up to the last frame is kept."
SUMMARY, PICTURE = "summary.json", "picture.png"
GONE = "There is no run called {}. The Runs page lists those there are."
NEVER_BEGUN = "The process that was to train this run ended before it began. Resume queues it again."


class RunUnreadable(Exception):
    """A run folder that is missing or damaged; the message says what is wrong with which file."""


class LaneState(BaseModel):
    """How far a lane is. `seconds` are spent training: not compiling, not measuring."""

    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    message: str = ""
    step: int = 0
    seconds: float = 0.0
    examples: int = 0


class RunState(BaseModel):
    state: StateName = "queued"
    message: str = ""
    lanes: list[LaneState] = Field(default_factory=list)
    device: str = ""
    updated: float = Field(default_factory=time.time)


class Frame(BaseModel):
    """What a lane looked like at one step.

    Arrays: samples (n, ...), sample_modes (n,), latent (m, 2), latent_modes (m,), and where they exist latent_share (),
    surface (rows, columns), kl (latent dimensions,), mode_share (K,), paths (m, stages, ...), manifold (rows, columns,
    d), gradient_points and gradients (g, d), weight_shares (bins,), weight_reach (). -1 stands for "on no mode".
    """

    model_config = {"arbitrary_types_allowed": True}
    lane: int
    step: int
    metrics: dict[str, Any]
    arrays: dict[str, np.ndarray]


class Run:
    """A run folder, read by anyone, written by whoever holds its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last_written = ""  # the state that was written last

    @property
    def id(self) -> str:
        return self.path.name

    def write(self, name: str, content: bytes) -> None:
        """Write one of its files whole. A run that is gone does not begin anew with this one file: every file of a run
        is written here. Raises RunUnreadable if it is gone, DiskFull.
        """
        path = self.path / name
        try:
            if path.parent != self.path:
                path.parent.mkdir(exist_ok=True)
            write_bytes(path, content, make_folder=False)
        except FileNotFoundError:
            raise RunUnreadable(GONE.format(self.id)) from None

    # What was asked, and how far it is

    def spec(self) -> RunSpec:
        """As it was stored, whatever today's registries say of it: `runnable_spec` asks those. Raises RunUnreadable."""
        values = self._read_json("spec.json")
        try:
            return read_spec(upgrade_spec(values))
        except ValidationError as error:
            sentences = describe_errors(error)
            raise RunUnreadable(f"Run {self.id}: spec.json does not describe a run. {sentences}") from None

    def runnable_spec(self) -> RunSpec:
        """The same, complete and within today's bounds. Raises RunUnreadable, and SpecError with the reason for a run
        that can only be shown.
        """
        spec, version = self.spec(), self.metadata().schema_version
        if version > SCHEMA:
            raise SpecError(
                f"Run {self.id} was written by a newer genlab (folder version {version}, this one knows {SCHEMA}), so "
                "it can only be shown. Install that genlab to go on with it."
            )
        try:
            return make_spec(**spec.model_dump())
        except SpecError as error:
            raise SpecError(f"Run {self.id} can only be shown, since this genlab cannot build it. {error}") from None

    def write_spec(self, spec: RunSpec) -> None:
        self.write("spec.json", as_json(spec.model_dump()))

    def metadata(self) -> RunMetadata:
        """What showing the run needs; for a run that kept nothing of it, what today's registries say. Raises
        RunUnreadable.
        """
        with suppress(OSError, ValueError, TypeError):
            metadata = RunMetadata(**json.loads((self.path / "metadata.json").read_text()))
            if len(metadata.lanes) == len(self.spec().lanes):
                return metadata
        return describe_spec(self.spec())

    def write_metadata(self, metadata: RunMetadata) -> None:
        self.write("metadata.json", as_json(metadata.model_dump()))

    def state(self) -> RunState:
        """The state as written; "interrupted" if it says that somebody trains the run and nobody does, or that it is
        queued and it is not. Raises RunUnreadable.
        """
        state = self.written_state()
        if self._is_abandoned(state):
            state = self.written_state()  # the worker may have claimed or finished it between the two looks
            if self._is_abandoned(state):
                state.message = NEVER_BEGUN if state.state == "queued" else ENDED
                state.state = "interrupted"
        return state

    def written_state(self) -> RunState:
        """The state as its last writer left it. Raises RunUnreadable."""
        try:
            return RunState(**self._read_json("state.json"))
        except (ValidationError, TypeError):
            raise RunUnreadable(f"Run {self.id}: state.json does not hold the state of a run.") from None

    def _is_abandoned(self, state: RunState) -> bool:
        if time.time() - state.updated <= SILENT_SECONDS:
            return False
        if state.state == "queued":
            return JobQueue(self.path.parent).stage(self.id, "train") != "waiting" and not self.is_held()
        return state.state in TRAINING and not self.is_held()

    def write_state(self, state: RunState) -> None:
        state.updated = time.time()
        self.write("state.json", as_json(state.model_dump()))
        if state.state != self._last_written:  # while a run trains it is written all the time, and nothing is kept
            self._forget_summary()
            self._last_written = state.state

    def _forget_summary(self) -> None:
        """Remove what was made from files that have changed."""
        for name in (SUMMARY, PICTURE):
            (self.path / name).unlink(missing_ok=True)

    def _read_json(self, name: str) -> dict[str, Any]:
        if not self.path.is_dir():
            raise RunUnreadable(GONE.format(self.id))
        try:
            values = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            raise RunUnreadable(f"Run {self.id} has no {name}. Its other files are left as they are.") from None
        except (ValueError, OSError) as error:
            raise RunUnreadable(f"Run {self.id}: {name} cannot be read ({error}). Its other files are kept.") from None
        if not isinstance(values, dict):
            raise RunUnreadable(f"Run {self.id}: {name} holds no object. Its other files are left as they are.")
        return values

    # What went wrong

    def write_error(self, traceback: str) -> None:
        self.write("error.txt", traceback.encode())

    def error(self) -> str:
        """Where in the program the last error arose; "" if there was none since the run was last begun."""
        try:
            return (self.path / "error.txt").read_text(errors="replace")
        except OSError:
            return ""

    def forget_error(self) -> None:
        (self.path / "error.txt").unlink(missing_ok=True)

    # Who trains it

    def lock(self) -> FileLock:
        """Held while training. The system releases it when its holder dies."""
        return FileLock(self.path / ".lock")

    def is_held(self) -> bool:
        if not self.path.is_dir():
            return False  # to try the lock would make a folder for it
        lock = self.lock()
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    # Requests to whoever trains it

    def request(self, verb: str, **details: Any) -> None:
        """Ask for "pause", "resume", "step", "stop", "settings" (lane, values), "phases" (lane, names), the only ones
        that shall train, or "explain" (asked), what the next step will do. Raises RunUnreadable if the run is gone.
        """
        self.write(f"control/{time.time_ns():020d}-{uuid4().hex[:6]}.json", as_json({"verb": verb, **details}))

    def take_requests(self) -> list[dict[str, Any]]:
        """The requests made so far, oldest first; each is handed out once."""
        taken = []
        for path in sorted((self.path / "control").glob("[!.]*.json")):
            with suppress(ValueError):  # a request that cannot be read asks for nothing
                taken.append(json.loads(path.read_text()))
            path.unlink(missing_ok=True)
        return taken

    # Frames

    def write_frame(self, frame: Frame) -> None:
        arrays = {**frame.arrays, "metrics": np.array(json.dumps(frame.metrics))}
        self.write(f"frames/{frame.lane}-{frame.step:09d}.npz", as_npz(arrays))

    def remove_frame(self, lane: int, step: int) -> None:
        (self.path / "frames" / f"{lane}-{step:09d}.npz").unlink(missing_ok=True)

    def steps_of_frames(self) -> dict[int, list[int]]:
        """Of each lane that has frames, the steps at which it has one, ascending."""
        steps: dict[int, list[int]] = {}
        with suppress(FileNotFoundError):
            for name in os.listdir(self.path / "frames"):
                lane, _, step = name.removesuffix(".npz").partition("-")
                if name.endswith(".npz") and lane.isdigit() and step.isdigit():
                    steps.setdefault(int(lane), []).append(int(step))
        return {lane: sorted(of_lane) for lane, of_lane in steps.items()}

    def frame_steps(self, lane: int) -> list[int]:
        """The steps at which the lane has a frame, ascending."""
        return self.steps_of_frames().get(lane, [])

    def frame(self, lane: int, step: int) -> Frame:
        """Raises RunUnreadable if the frame is missing or damaged."""
        path = self.path / "frames" / f"{lane}-{step:09d}.npz"
        try:
            arrays = self.read_arrays(path)
            return Frame(lane=lane, step=step, metrics=json.loads(str(arrays.pop("metrics"))), arrays=arrays)
        except (KeyError, ValueError):
            raise RunUnreadable(f"Run {self.id}: {path.name} is not a frame. Its other files are kept.") from None

    def newest_frame(self, lane: int) -> Frame | None:
        """The newest frame that can be read, or None."""
        return self.newest_of(lane, self.frame_steps(lane))

    def newest_of(self, lane: int, steps: Sequence[int]) -> Frame | None:
        """The newest frame that can be read at one of these steps, which ascend; or None."""
        for step in reversed(steps):
            with suppress(RunUnreadable):
                return self.frame(lane, step)
        return None

    # The real data that the lanes are compared with

    def write_reference(self, arrays: dict[str, np.ndarray]) -> None:
        self.write("reference.npz", as_npz(arrays))

    def reference(self) -> dict[str, np.ndarray] | None:
        """Real examples (samples, sample_modes), names and mode_share of the modes, the real on_mode_share, and what
        applies of centres, radius, extent, accuracy, and the rows and columns of a table. None before training has
        begun.
        """
        path = self.path / "reference.npz"
        return self.read_arrays(path) if path.is_file() else None

    # What was measured of it

    def write_evaluation(self, evaluation: Evaluation, arrays: dict[str, np.ndarray]) -> None:
        """Write the measures, and the pictures that go with them; the measures last, since readers look for those.
        Raises RunUnreadable if the run is gone, DiskFull.
        """
        self.write("evaluation.npz", as_npz(arrays))
        self.write("evaluation.json", as_json(evaluation.model_dump()))
        self._forget_summary()

    def evaluation(self) -> Evaluation | None:
        """None if nothing was measured yet. Raises RunUnreadable."""
        if not (self.path / "evaluation.json").is_file():
            return None
        try:
            return Evaluation(**self._read_json("evaluation.json"))
        except (ValidationError, TypeError):
            raise RunUnreadable(f"Run {self.id}: evaluation.json does not hold measures. Measure it again.") from None

    def write_evaluation_progress(self, **values: Any) -> None:
        """Say how far its evaluation is: name, done and total; or the message, if it could not be evaluated."""
        self.write("evaluation_progress.json", as_json(values))

    def forget_evaluation_progress(self) -> None:
        (self.path / "evaluation_progress.json").unlink(missing_ok=True)

    def evaluation_progress(self) -> dict[str, Any]:
        """As it was last written, {} if it never was."""
        try:
            return self._read_json("evaluation_progress.json")
        except RunUnreadable:
            return {}

    def evaluation_arrays(self) -> dict[str, np.ndarray]:
        """The pictures of the evaluation, "LANE-NAME"; empty if there are none. Raises RunUnreadable."""
        path = self.path / "evaluation.npz"
        return self.read_arrays(path) if path.is_file() else {}

    # Checkpoints

    def write_checkpoint(self, lane: int, arrays: dict[str, np.ndarray]) -> None:
        self.write(f"checkpoints/{lane}.npz", as_npz(arrays))

    def checkpoint(self, lane: int) -> dict[str, np.ndarray] | None:
        path = self.path / "checkpoints" / f"{lane}.npz"
        return self.read_arrays(path) if path.is_file() else None

    def read_arrays(self, path: Path) -> dict[str, np.ndarray]:
        """The arrays of one of the run's files. Raises RunUnreadable."""
        try:
            # Opened here, since np.load leaves a damaged file open.
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except Exception as error:  # a damaged archive fails in many ways
            raise RunUnreadable(f"Run {self.id}: {path.name} cannot be read ({error}).") from None
