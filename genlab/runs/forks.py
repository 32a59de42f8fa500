"""Forks: runs that go on from a checkpoint of another run, with one setting of one lane changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genlab.registry import MODELS
from genlab.runs.checkpoints import Checkpoint, checkpoints_at, fork_steps, keep
from genlab.runs.folder import LaneState, Run
from genlab.runs.metadata import DatasetMetadata, ForkedFrom
from genlab.spec import LETTERS, RunSpec, SpecError, changeable_names, live_names, make_spec


@dataclass(frozen=True)
class Change:
    """One setting of one lane, and the value that it is to have."""

    lane: int
    setting: str
    value: Any


@dataclass(frozen=True)
class Fork:
    """All that a fork takes from its parent, which may then be deleted.

    Attributes:
        checkpoints: what each lane goes on from; None for one that begins anew.
    """

    spec: RunSpec
    forked_from: ForkedFrom
    dataset: DatasetMetadata
    checkpoints: list[Checkpoint | None]

    def places(self) -> list[LaneState]:
        """Where the lanes begin."""
        return [_place(checkpoint) for checkpoint in self.checkpoints]

    def write_checkpoints(self, run: Run) -> None:
        """For a resume to go on from; kept as well, so that the fork can be forked from its first step. Raises
        DiskFull.
        """
        present = [checkpoint for checkpoint in self.checkpoints if checkpoint is not None]
        for lane, checkpoint in enumerate(self.checkpoints):
            if checkpoint is not None:
                run.write_checkpoint(lane, checkpoint)
        if present and len(present) == len(self.checkpoints):
            keep(run, present)


def make_fork(run: Run, step: int | None = None, change: Change | None = None, budget: float | None = None) -> Fork:
    """The fork of a run from the nearest of its `fork_steps` at or before a step, or from the newest.

    Its settings are those at that step, also where they were changed while the run trained. Without a budget it trains
    as far as the run; where the run's is used up by then, for as long again. Without a change it does what the run did.
    Raises RunUnreadable, and SpecError for a change or a budget that does not fit, or a run that cannot be built.
    """
    spec, available = run.runnable_spec(), fork_steps(run)
    begin = max((at for at in available if step is None or at <= step), default=None)
    if begin is None:
        first = f"can be forked from step {available[0]:,} on" if available else "has no checkpoint to be forked from"
        raise SpecError(f"Run {run.id} {first}. Ask for a later step, or train a new run.")
    checkpoints, values = checkpoints_at(run, begin), spec.model_dump()
    for lane, checkpoint in zip(values["lanes"], checkpoints, strict=True):
        lane["settings"] |= _settings_in(checkpoint or {})
    forked_from = ForkedFrom(run=run.id, step=begin)
    if change:
        _check(spec, change)
        lane, name = change.lane, change.setting
        settings = values["lanes"][lane]["settings"]
        old, settings[name] = settings[name], change.value
        values = make_spec(**values).model_dump()  # the value has its type, and is within its bounds
        new = values["lanes"][lane]["settings"][name]
        if new != old:
            forked_from = ForkedFrom(run=run.id, step=begin, lane=lane, setting=name, old=old, new=new)
        checkpoint = checkpoints[lane]
        if checkpoint and name in live_names(MODELS[spec.lanes[lane].model].settings):
            checkpoint[f"setting.{name}"] = np.array(new)
    used = max(spec.used(_place(checkpoint)) for checkpoint in checkpoints)
    if budget is not None and budget <= used:
        raise SpecError(
            f"At step {begin:,} run {run.id} has used {used:,.0f} {spec.clock}, so a budget of {budget:,.0f} "
            "leaves nothing to train. Give a larger one."
        )
    values["budget"] = budget or (spec.budget if spec.budget > used else used + spec.budget)
    if spec.clock != "seconds":
        values["budget"] = int(values["budget"])
    return Fork(make_spec(**values), forked_from, run.metadata().dataset, checkpoints)


def fork_again(run: Run) -> Fork | None:
    """The fork that makes a fork anew, from where it began; None for a run that began at step 0. What it began with is
    the first of the checkpoints that it keeps. Raises RunUnreadable, and SpecError if it is not kept or the run cannot
    be built.
    """
    origin = run.metadata().forked_from
    if not origin:
        return None
    if origin.step not in fork_steps(run):
        raise SpecError(
            f"What run {run.id} began with at step {origin.step:,} is not kept. Fork run {origin.run} again, or train "
            "a new run."
        )
    return replace(make_fork(run, origin.step), forked_from=origin)


def describe_fork(forked_from: ForkedFrom) -> str:
    """Where a run began and with what, as a sentence; words of the run are as they are stored."""
    beginning = f"Forked from {forked_from.run} at step {forked_from.step:,}"
    if forked_from.lane is None:
        return f"{beginning}, with no setting changed."
    setting = f"{forked_from.setting} of model {LETTERS[forked_from.lane]}"
    return f"{beginning}, with {setting} {forked_from.new} in place of {forked_from.old}."


def _check(spec: RunSpec, change: Change) -> None:
    """Raises SpecError if a checkpoint of these networks does not fit the change, or there is no such setting."""
    if not 0 <= change.lane < len(spec.lanes):
        raise SpecError(f"There is no lane {change.lane}; this run has lanes 0 to {len(spec.lanes) - 1}.")
    family = MODELS[spec.lanes[change.lane].model]
    changeable = changeable_names(family.settings)
    if change.setting in changeable:
        return
    model = f"model {LETTERS[change.lane]} ({family.title})"
    if change.setting in family.settings.model_fields:
        reason = f"{change.setting} decides the networks of {model}, so a checkpoint does not fit another value of it"
    else:
        reason = f"{model[0].upper()}{model[1:]} has no setting called {change.setting[:60]}"
    raise SpecError(f"{reason}. In a fork these can change: {', '.join(changeable)}. For others, train a new run.")


def _settings_in(checkpoint: Checkpoint) -> dict[str, Any]:
    """The live settings as they were; none of a checkpoint from before they were kept by name."""
    named = {name.partition("setting.")[2]: array for name, array in checkpoint.items()}
    return {name: array.item() for name, array in named.items() if name}


def _place(checkpoint: Checkpoint | None) -> LaneState:
    step, seconds, examples = (0, 0.0, 0) if checkpoint is None else checkpoint["clock"].tolist()
    return LaneState(step=int(step), seconds=seconds, examples=int(examples))
