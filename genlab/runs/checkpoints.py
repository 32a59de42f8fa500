"""Checkpoints kept as a run trains, each of all its lanes at one place on their clock: what a fork goes on from.

They lie beside the newest of each lane, `LANE.npz`, which is what a resume goes on from, as `at-STEP.npz`: STEP is the
latest step of its lanes, and an array is called LANE-NAME.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genlab.runs.atomic import as_npz
from genlab.runs.folder import LaneState, Run, RunUnreadable
from genlab.runs.thinning import most_redundant
from genlab.spec import RunSpec

MAXIMUM_KEPT = 12  # of a run, spread evenly over its steps; a new one in every twelfth of the budget
MAXIMUM_BYTES = 48_000_000  # of a run: of large networks fewer are kept, or none

Checkpoint = dict[str, np.ndarray]


class CheckpointKeeper:
    """Keeps a checkpoint whenever all lanes have come into another twelfth of the budget, and none at its end."""

    def __init__(self, run: Run, spec: RunSpec, lanes: Sequence[LaneState]) -> None:
        self._run, self._spec = run, spec
        self._part = self._part_of(lanes)

    def look(self, lanes: Sequence[Any]) -> None:
        """Between two steps of the lanes, none of which has diverged. Raises DiskFull."""
        part = self._part_of(lanes)
        if self._part < part < MAXIMUM_KEPT:
            keep(self._run, [lane.checkpoint() for lane in lanes])
        self._part = part

    def _part_of(self, lanes: Sequence[Any]) -> int:
        return int(MAXIMUM_KEPT * min(self._spec.used(lane) for lane in lanes) // self._spec.budget)


def keep(run: Run, lanes: list[Checkpoint]) -> None:
    """Keep one more checkpoint, a part a lane; others go as long as there would be too many. Raises DiskFull."""
    arrays = {f"{lane}-{name}": array for lane, checkpoint in enumerate(lanes) for name, array in checkpoint.items()}
    size = sum(array.nbytes for array in arrays.values())
    if size > MAXIMUM_BYTES:
        return
    step = max(int(checkpoint["clock"][0]) for checkpoint in lanes)
    sizes = {at: _path(run, at).stat().st_size for at in kept_steps(run)} | {step: size}
    redundant = []
    while len(sizes) > MAXIMUM_KEPT or sum(sizes.values()) > MAXIMUM_BYTES:
        steps = sorted(sizes)
        redundant.append(steps[most_redundant(np.array(steps)) if len(steps) > 2 else 0])
        del sizes[redundant[-1]]
    # Not compressed: weights hardly get smaller, and it takes longer.
    run.write(str(_path(run, step).relative_to(run.path)), as_npz(arrays, compress=False))
    for old in redundant:  # only now: on a full disk what was kept stays
        _path(run, old).unlink(missing_ok=True)


def kept_steps(run: Run) -> list[int]:
    """The steps of the checkpoints that were kept, ascending; the newest of each lane is not among them."""
    names = [path.stem.removeprefix("at-") for path in (run.path / "checkpoints").glob("at-*.npz")]
    return sorted(int(name) for name in names if name.isdigit())


def forget_later(run: Run, lanes: Sequence[LaneState]) -> None:
    """Remove those in which any lane is later than here: the steps since are given up."""
    for step in kept_steps(run):
        try:
            places = [int(checkpoint["clock"][0]) for checkpoint in _kept(run, step, len(lanes))]
        except RunUnreadable:
            places = [step]  # one that cannot be read is removed where it may be later
        if any(place > lane.step for place, lane in zip(places, lanes, strict=False)):
            _path(run, step).unlink(missing_ok=True)


def fork_steps(run: Run) -> list[int]:
    """The steps that a run can be forked from, ascending: of the checkpoints that were kept, of the newest, and step 0,
    where the seed says all; not that of a run which is itself a fork of a later step. The step of a checkpoint is the
    latest of its lanes, whose steps differ where they share another clock. Raises RunUnreadable.
    """
    forked = run.metadata().forked_from
    steps = set(kept_steps(run))
    if not forked or not forked.step:
        steps.add(0)
    newest = [_step_of(run.path / "checkpoints" / f"{lane}.npz") for lane in range(len(run.spec().lanes))]
    return sorted(steps | {max(newest)} if max(newest) else steps)


def checkpoints_at(run: Run, step: int) -> list[Checkpoint | None]:
    """What lanes go on from at one of the `fork_steps`, None for one that begins anew. Raises RunUnreadable, also where
    a run that trains has gone on from there meanwhile.
    """
    count = len(run.spec().lanes)
    if step in kept_steps(run):
        return list(_kept(run, step, count))
    if not step:
        return [None] * count
    newest = [run.checkpoint(lane) for lane in range(count)]
    reached = max((int(checkpoint["clock"][0]) for checkpoint in newest if checkpoint), default=0)
    if reached != step:
        raise RunUnreadable(
            f"Run {run.id} has trained on from step {step:,} and keeps no checkpoint of it any more: its newest is of "
            f"step {reached:,}. Fork that, or an earlier one."
        )
    return newest


def _path(run: Run, step: int) -> Path:
    return run.path / "checkpoints" / f"at-{step:09d}.npz"


def _kept(run: Run, step: int, count: int) -> list[Checkpoint]:
    """A kept checkpoint, a part a lane. Raises RunUnreadable."""
    lanes: list[Checkpoint] = [{} for _ in range(count)]
    for key, array in run.read_arrays(_path(run, step)).items():
        lane, _, name = key.partition("-")
        if lane.isdigit() and int(lane) < count:
            lanes[int(lane)][name] = array
    if not all("clock" in checkpoint for checkpoint in lanes):
        raise RunUnreadable(f"Run {run.id}: {_path(run, step).name} holds no checkpoint of every lane.")
    return lanes


def _step_of(path: Path) -> int:
    """The step of a lane's newest checkpoint; 0 if there is none that can be read."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return int(file["clock"][0])
    except Exception:  # a damaged archive fails in many ways
        return 0
