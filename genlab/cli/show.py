"""`genlab show`: everything a run has recorded, from its folder alone, as one object or as a table."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from genlab.runs import Run
from genlab.runs.data import missing_data
from genlab.runs.forks import describe_fork
from genlab.runs.formats import format_budget
from genlab.runs.history import CLOCKS
from genlab.runs.view import RunReader, RunView
from genlab.spec import SpecError


def show(run: Run, as_json: bool, out: Console) -> None:
    """Print a run. Raises RunUnreadable."""
    if as_json:
        return print(json.dumps(run_values(run), allow_nan=False))
    view, metadata = RunReader(run).read(), run.metadata()
    table = Table(title=f"{view.dataset_title}, seed {view.spec.seed}, {format_budget(view.spec)}: {view.state.state}")
    for heading in ("model", "step", "seconds", "examples", "frames", "recorded"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for lane in range(len(view.spec.lanes)):
        state, steps, names = view.lane_state(lane), run.frame_steps(lane), view.history.names(lane)
        frames = f"{len(steps)}, to step {steps[-1]:,}" if steps else "0"
        place = (f"{state.step:,}", f"{state.seconds:.1f}", f"{state.examples:,}")
        table.add_row(view.title(lane), *place, frames, f"{len(names)} series")
    out.print(table)
    versions = ", ".join(f"{name} {version}" for name, version in metadata.versions.items())
    forked = describe_fork(metadata.forked_from) if metadata.forked_from else ""
    lines = [
        forked,
        view.state.message,
        f"With {versions}." if versions else "",
        missing_data(run) or _unbuildable(run),
    ]
    if run.error():
        lines.append(f"Where the last error arose is in {run.path / 'error.txt'}.")
    for line in (*lines, str(run.path)):
        if line:
            out.print(line, markup=False, highlight=False, soft_wrap=True)


def _unbuildable(run: Run) -> str:
    """Why the run can only be shown; "" if it can go on."""
    try:
        run.runnable_spec()
    except SpecError as error:
        return str(error)
    return ""


def run_values(run: Run) -> dict[str, Any]:
    """A run as plain values: what it is, and for each lane its place on the clocks, the steps of its frames, and every
    number it has recorded. Raises RunUnreadable.
    """
    view = RunReader(run).read()
    metadata = view.metadata
    dataset = {"name": view.spec.dataset, "title": view.dataset_title, "available": not missing_data(run)}
    return {
        "id": run.id,
        "schema": metadata.schema_version,
        "state": view.state.state,
        "forked_from": metadata.forked_from and metadata.forked_from.model_dump(),
        "dataset": dataset,
        "versions": metadata.versions,
        "lanes": [_lane_values(run, view, lane) for lane in range(len(view.spec.lanes))],
    }


def _lane_values(run: Run, view: RunView, lane: int) -> dict[str, Any]:
    state = view.lane_state(lane)
    names = (*CLOCKS, *view.history.names(lane))
    return {
        "model": view.spec.lanes[lane].model,
        "title": view.title(lane),
        "step": state.step,
        "seconds": state.seconds,
        "examples": state.examples,
        "frames": [step for step in run.frame_steps(lane) if step <= state.step],
        "curves": {name: _plain(view.history.column(lane, name), name) for name in names},
    }


def _plain(values: np.ndarray, name: str) -> list[float | int | None]:
    """Numbers as JSON has them: None for what is missing or not finite, whole numbers for steps and examples."""
    whole = name in ("step", "examples")
    return [(int(value) if whole else value) if math.isfinite(value) else None for value in values.tolist()]
