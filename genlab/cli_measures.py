"""`genlab evaluate`: measures a run in this process, and prints what was found as a table."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from genlab.diagnosis import Finding
from genlab.runs import Run, Store
from genlab.runs.evaluation import YARDSTICKS, Evaluation, Measure
from genlab.runs.view import RunView


def measure(run: Run, samples: int, seed: int, console: Console) -> Evaluation:
    """Measure a run, with a bar. Raises what `evaluate` raises; whoever interrupts it leaves the run as it was."""
    from genlab.training import backend
    from genlab.training import evaluation as training

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("starting TensorFlow", total=None)
        backend.prepare()
        for event in training.evaluate(run, Store(run.path.parent).cache, samples, seed):
            if isinstance(event, training.Evaluated):
                return event.evaluation
            progress.update(bar, description=event.name, completed=event.done, total=event.total)
    raise AssertionError("an evaluation ends with what was measured")


def measures_table(view: RunView, evaluation: Evaluation) -> Table:
    """One line a measure: the value of each lane with its interval, and that of real data."""
    table = Table(title=f"Measures, seed {evaluation.seed}; in brackets 95 % intervals")
    table.add_column("measure")
    for lane in evaluation.lanes:
        table.add_column(view.title(lane.lane), justify="right")
    table.add_column("real against held-out real", justify="right")
    rows: dict[str, dict[int, Measure]] = {}
    for lane in evaluation.lanes:
        for each in lane.measures:
            if each.result not in YARDSTICKS:
                rows.setdefault(each.title, {})[lane.lane] = each
    for title, of_lanes in rows.items():
        floor = next((each.floor for each in of_lanes.values() if each.floor is not None), None)
        values = [in_words(of_lanes.get(lane.lane)) for lane in evaluation.lanes]
        table.add_row(title, *values, "-" if floor is None else f"{floor:.4g}")
    return table


def in_words(measure: Measure | None) -> str:
    """A value with its interval, as 0.84 (0.82 to 0.86)."""
    if measure is None or measure.value is None:
        return "-"
    interval = "" if measure.low is None else f" ({measure.low:.3g} to {measure.high:.3g})"
    return f"{measure.value:.4g}{interval}"


def measures_json(evaluation: Evaluation, lane: int, findings: list[Finding]) -> dict[str, Any]:
    """What JSON says of a lane beside what it has reached."""
    found = evaluation.lane(lane)
    return {
        "measures": [{"title": each.title, **each.model_dump()} for each in found.measures] if found else [],
        "not_measured": found.message if found else "",
        "findings": [{"name": each.name, "sentence": each.sentence} for each in findings if each.lane == lane],
    }
