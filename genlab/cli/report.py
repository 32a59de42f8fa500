"""What the command line prints of a run and of what was measured of it, and the measuring itself."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from genlab.evaluation.diagnosis import Finding, diagnose
from genlab.runs import Run, Store
from genlab.runs.evaluation import Evaluation
from genlab.runs.summary import lane_row, run_row
from genlab.runs.tables import REAL_DATA, measure_rows
from genlab.runs.view import RunReader, RunView


def evaluate_run(run: Run, samples: int | None, seed: int, console: Console) -> Evaluation:
    """Measure a run, with a bar. Raises what `evaluate` raises; whoever interrupts it leaves the run as it was."""
    from genlab.evaluation.evaluate import Evaluated, evaluate
    from genlab.training import backend

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("starting TensorFlow", total=None)
        backend.prepare()
        for event in evaluate(run, Store(run.path.parent).cache, samples, seed):
            if isinstance(event, Evaluated):
                return event.evaluation
            progress.update(bar, description=event.name, completed=event.done, total=event.total)
    raise AssertionError("an evaluation ends with what was measured")


def report(run: Run, as_json: bool, out: Console, evaluation: Evaluation | None = None) -> None:
    """Print a run, and what was measured of it, as tables and its folder's path, or as JSON. Raises RunUnreadable."""
    view = RunReader(run).read()
    lanes = [lane_row(view, lane) for lane in range(len(view.spec.lanes))]
    findings = diagnose(view, evaluation) if evaluation else []
    if evaluation:
        lanes = [row | measures_json(evaluation, lane, findings) for lane, row in enumerate(lanes)]
    if as_json:
        real = view.reference["on_mode_share"].item() if view.reference else None
        return print(json.dumps({"run": str(run.path), **run_row(run), "real_on_mode_share": real, "lanes": lanes}))
    table = Table(title=f"{view.dataset_title}, seed {view.spec.seed}")
    headings = ("model", "steps", "seconds", "examples", "solid modes", "on a mode", "measured on")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for row in lanes:
        modes = "-" if row["solid_modes"] is None else f"{row['solid_modes']} of {row['modes']}"
        share = "-" if row["on_mode_share"] is None else f"{row['on_mode_share']:.1%}"
        table.add_row(
            row["model"],
            f"{row['steps']:,}",
            f"{row['seconds']:.1f}",
            f"{row['examples']:,}",
            modes,
            share,
            f"{row['samples'] or 0:,} samples",
        )
        if row["message"]:
            table.add_row("", row["message"])
    if view.reference:
        reference = view.reference
        table.add_row(
            "real data",
            "",
            "",
            "",
            f"{len(reference['names'])} of {len(reference['names'])}",
            f"{reference['on_mode_share'].item():.1%}",
            f"{reference['measured'].item():,} held out",
        )
    out.print(table)
    if evaluation:
        out.print(measures_table(view, evaluation))
        said = [f"{view.title(lane.lane)}: {lane.message}" for lane in evaluation.lanes if lane.message]
        said += [f"{view.title(finding.lane)}: {finding.sentence} ({finding.evidence})" for finding in findings]
        for line in said:
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    out.print(str(run.path), soft_wrap=True, highlight=False)


def measures_table(view: RunView, evaluation: Evaluation) -> Table:
    """One line a measure, in groups: the value of each lane with its interval, and that of real data."""
    titles = [view.title(lane.lane) for lane in evaluation.lanes]
    table = Table(title=f"Measures, seed {evaluation.seed}; in brackets 95 % intervals")
    for name in ("measure", *titles, REAL_DATA):
        table.add_column(name, justify="left" if name == "measure" else "right")
    for group, rows in measure_rows(evaluation, titles, first=False).items():
        table.add_section()
        table.add_row(group, style="bold")
        for row in rows:
            table.add_row(*row.values())
    return table


def measures_json(evaluation: Evaluation, lane: int, findings: list[Finding]) -> dict[str, Any]:
    """What JSON says of a lane beside what it has reached."""
    measured = evaluation.lane(lane)
    return {
        "measures": [{"title": measure.title, **measure.model_dump()} for measure in measured.measures]
        if measured
        else [],
        "not_measured": measured.message if measured else "",
        "findings": [
            {"name": finding.name, "sentence": finding.sentence} for finding in findings if finding.lane == lane
        ],
    }
