"""What tables, lists and JSON say of a run and its lanes, as plain values.

Once a run has ended its summary is kept in its folder, and read from there for as long as the files that it was made
from are as they were.
"""

from __future__ import annotations

import calendar
import math
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from genlab.registry import DATASETS, MODELS
from genlab.runs.changes import Changed, changes_in_words
from genlab.runs.folder import ACTIVE, SUMMARY, LaneState, Run, RunUnreadable
from genlab.runs.formats import format_budget
from genlab.runs.history import History
from genlab.runs.picture import keep_picture
from genlab.runs.view import RunView
from genlab.spec import LaneSpec

T = TypeVar("T", int, float)
UNREADABLE = "unreadable"  # in place of a state
SOURCES = ("spec.json", "state.json", "metrics.jsonl")


@dataclass(slots=True)
class LaneSummary:
    """Attributes:
    changed: the settings that differ from the model's preset, by name; in words those that changed while it trained.
    solid, modes: modes that the newest frame covers, of how many; None before the first frame.
    on_mode_share: share of its samples on a mode.
    """

    model: str
    title: str
    changed: dict[str, Any]
    state: str
    message: str
    step: int
    seconds: float
    solid: int | None
    modes: int | None
    on_mode_share: float | None


@dataclass(slots=True)
class RunSummary:
    """Attributes:
    state: of the run, or "unreadable"; then the message says why.
    created: seconds since 1970, 0 if that is not known.
    changed: the settings of the data set that differ from its defaults, by name.
    bytes: all files of the run.
    group: what the run is a part of, in words; "" if of nothing.
    sources: bytes of each file that the summary was made from.
    """

    id: str
    state: str
    message: str
    created: float
    bytes: int
    dataset: str = ""
    dataset_title: str = ""
    changed: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    budget: str = ""
    group: str = ""
    lanes: list[LaneSummary] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)

    @property
    def active(self) -> bool:
        """Whether the run is on its way."""
        return self.state in ACTIVE

    @property
    def seconds(self) -> float:
        """Spent training, all lanes together."""
        return sum(lane.seconds for lane in self.lanes)


ADAPTER = TypeAdapter(RunSummary)


def read_summary(run: Run) -> RunSummary:
    """The summary of a run: as it was kept, or made now, and then kept if the run has ended. A run that cannot be read
    has one too, which says so.
    """
    kept = _load(run)
    if kept:
        return kept
    try:
        made = _summarise(run)
    except RunUnreadable as error:
        return RunSummary(run.id, UNREADABLE, str(error), _created(run.id), _bytes(run))
    if not made.active:
        _write(run, made)
    return made


def _load(run: Run) -> RunSummary | None:
    """The summary that was kept, if the files that it was made from still have their sizes."""
    try:
        summary = ADAPTER.validate_json((run.path / SUMMARY).read_bytes())
    except (OSError, ValidationError):
        return None
    return summary if summary.sources == _sizes(run) and summary.id == run.id else None


def keep_summary(run: Run) -> None:
    """Keep what lists show of a run that has ended, and its picture. What is missing is made when it is looked for."""
    with suppress(RunUnreadable, OSError):
        _write(run, _summarise(run))
        keep_picture(run)


def _write(run: Run, summary: RunSummary) -> None:
    with suppress(OSError, RunUnreadable):
        run.write(SUMMARY, ADAPTER.dump_json(summary))


def _summarise(run: Run) -> RunSummary:
    """Raises RunUnreadable."""
    sources = _sizes(run)
    spec, state, metadata = run.spec(), run.state(), run.metadata()
    changed = _changed(run)
    lanes = []
    for index, lane in enumerate(spec.lanes):
        reached = state.lanes[index] if index < len(state.lanes) else LaneState()
        frame = run.newest_frame(index)
        metrics = frame.metrics if frame else {}
        lanes.append(
            LaneSummary(
                model=lane.model,
                title=metadata.lanes[index].title if metadata.lanes[index].model == lane.model else lane.model,
                changed=changed_settings(lane, metadata.dataset.kind) | changes_in_words(lane.settings, changed, index),
                state=reached.state,
                message=reached.message,
                step=reached.step,
                seconds=reached.seconds,
                solid=_number(metrics.get("solid"), int),
                modes=_number(metrics.get("modes"), int),
                on_mode_share=_number(metrics.get("on_mode_share"), float),
            )
        )
    return RunSummary(
        id=run.id,
        state=state.state,
        message=state.message,
        created=metadata.created or _created(run.id),
        bytes=_bytes(run),
        dataset=spec.dataset,
        dataset_title=metadata.dataset.title if metadata.dataset.name == spec.dataset else spec.dataset,
        changed=_differing(spec.dataset_settings, _dataset_defaults(spec.dataset)),
        seed=spec.seed,
        budget=format_budget(spec),
        group=metadata.grouped.title if metadata.grouped else "",
        lanes=lanes,
        sources=sources,
    )


def _changed(run: Run) -> Changed:
    """Settings that were changed while the run trained, which few are: its history is read only then."""
    try:
        content = (run.path / "metrics.jsonl").read_bytes()
    except OSError:
        return []
    return History(run).update().changed if b'"changed"' in content else []


def _number(value: Any, kind: type[T]) -> T | None:
    """A number that a frame has, None for anything else: one damaged run must not take the list from the others."""
    return kind(value) if isinstance(value, int | float) and math.isfinite(value) else None


def changed_settings(lane: LaneSpec, kind: str) -> dict[str, Any]:
    """The settings that differ from today's preset for a kind of data; none of a model that is gone."""
    return _differing(lane.settings, _preset(lane.model, kind) if lane.model in MODELS else {})


def _differing(settings: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in usual and value != usual[name]}


@cache
def _preset(model: str, kind: str) -> dict[str, Any]:
    return MODELS[model].resolve({}, kind).model_dump()


def _dataset_defaults(dataset: str) -> dict[str, Any]:
    return DATASETS[dataset].settings().model_dump() if dataset in DATASETS else {}


def _created(run_id: str) -> float:
    """When a run was made, from its id; 0 for a name of another form."""
    try:
        return float(calendar.timegm(time.strptime(run_id[:15], "%Y%m%d-%H%M%S")))
    except ValueError:
        return 0.0


def _sizes(run: Run) -> list[int]:
    """Bytes of each of the files that a summary is made from, -1 for one that is missing."""
    sizes = []
    for name in SOURCES:
        try:
            sizes.append(os.stat(f"{run.path}/{name}").st_size)
        except OSError:
            sizes.append(-1)
    return sizes


def _bytes(run: Run) -> int:
    total = 0
    for folder, _, names in os.walk(run.path):
        for name in names:
            with suppress(OSError):  # removed meanwhile
                total += os.lstat(os.path.join(folder, name)).st_size
    return total


def lane_row(view: RunView, lane: int) -> dict[str, Any]:
    """What is said of a lane in a table or in JSON; metrics are None before its first frame."""
    state, frame = view.lane_state(lane), view.frames[lane]
    metrics = frame.metrics if frame else {}
    names = {
        "solid_modes": "solid",
        "modes": "modes",
        "captured_modes": "captured",
        "on_mode_share": "on_mode_share",
        "reverse_kl": "reverse_kl",
        "mode_tv": "mode_tv",
        "samples": "samples",
    }
    return {
        "model": view.spec.lanes[lane].model,
        "steps": state.step,
        "seconds": state.seconds,
        "examples": state.examples,
        **{name: metrics.get(key) for name, key in names.items()},
        "state": state.state,
        "message": state.message,
    }


def run_row(run: Run) -> dict[str, Any]:
    """One line about a run; a damaged one says so instead of hiding."""
    summary = read_summary(run)
    if summary.state == UNREADABLE:
        damage = f"{UNREADABLE}: {summary.message}"
        return {"id": run.id, "dataset": "", "models": "", "seed": "", "budget": "", "state": damage}
    return {
        "id": run.id,
        "dataset": summary.dataset,
        "models": ", ".join(lane.model for lane in summary.lanes),
        "seed": summary.seed,
        "budget": summary.budget,
        "state": summary.state,
    }
