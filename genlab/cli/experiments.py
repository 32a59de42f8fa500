"""`genlab experiment`: list the claims, run one over seeds, or check all and write down what they gave."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from genlab.datasets.base import DataUnavailable
from genlab.experiments.base import Experiment
from genlab.experiments.outcomes import Recorded, counted, keep_outcomes
from genlab.experiments.page import experiments_page
from genlab.registry import EXPERIMENTS, UnknownName
from genlab.runs import Store
from genlab.spec import SpecError

experiment_app = typer.Typer(help="Claims about GANs and VAEs, run and judged.", no_args_is_help=True)
out, err = Console(), Console(stderr=True)

SeedsOption = Annotated[int, typer.Option(min=1, max=100, help="How many seeds.")]
FirstSeedOption = Annotated[int, typer.Option(min=0, help="The first of them; the others follow.")]
RunsOption = Annotated[
    Path | None, typer.Option("--runs", help="Folder of all runs; GENLAB_RUNS_DIR or ./runs unless given.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@experiment_app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the experiments, each with its claim."""
    rows = [
        {"name": entry.name, "title": entry.title, "claim": entry.claim, "kind": entry.kind}
        for entry in EXPERIMENTS.values()
    ]
    if as_json:
        return print(json.dumps({"experiments": rows}))
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in ("name", "kind", "claim"):
        table.add_column(column, no_wrap=column == "name", overflow="fold")
    for row in rows:
        table.add_row(row["name"], row["kind"], row["claim"])
    out.print(table)


@experiment_app.command()
def run(
    name: str,
    seeds: SeedsOption = 1,
    first_seed: FirstSeedOption = 0,
    runs: RunsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run an experiment over seeds, and say for each whether its claim was seen. Its runs stay, as a group."""
    experiment = _find(name)
    rows = _over_seeds(experiment, range(first_seed, first_seed + seeds), Store(runs))
    if as_json:
        return print(json.dumps({"name": name, "verdicts": [asdict(row) for row in rows]}))
    _say(experiment, rows)


@experiment_app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Of the experiments to run; all unless given.")] = None,
    seeds: SeedsOption = 5,
    first_seed: FirstSeedOption = 0,
    runs: RunsOption = None,
    page: Annotated[Path, typer.Option(help="Where the table of all outcomes is written.")] = Path(
        "docs/experiments.md"
    ),
) -> None:
    """Run experiments over seeds, keep what they gave, and write the table of all. The seeds that settings were chosen
    with are counted apart.
    """
    chosen = [_find(name) for name in names or EXPERIMENTS]
    for experiment in chosen:
        count = seeds if experiment.runs(first_seed) else 1  # what is computed at once is the same every time
        rows = _over_seeds(experiment, range(first_seed, first_seed + count), Store(runs))
        keep_outcomes(experiment.name, rows)
        _say(experiment, rows)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(experiments_page(), encoding="utf-8")
    out.print(str(page), highlight=False, soft_wrap=True)


def _find(name: str) -> Experiment:
    try:
        return EXPERIMENTS[name]
    except UnknownName as error:
        _fail(str(error))


def _over_seeds(experiment: Experiment, seeds: range, store: Store) -> list[Recorded]:
    from genlab.experiments.runner import Training, run_experiment

    rows = []
    try:
        for seed in seeds:
            for event in run_experiment(experiment, seed, store):
                if isinstance(event, Training):
                    if not event.share:
                        words = f"{experiment.name}, seed {seed}: run {event.run + 1} of {event.runs}"
                        err.print(words, highlight=False, markup=False)
                else:
                    rows.append(event)
    except (SpecError, DataUnavailable, OSError) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        err.print("Stopped. The runs that were made stay.")
        raise typer.Exit(130) from None
    return rows


def _say(experiment: Experiment, rows: list[Recorded]) -> None:
    table = Table(title=experiment.title, caption=experiment.claim, box=box.SIMPLE)
    for column in ("seed", "verdict", "evidence", "s of a processor"):
        table.add_column(column, justify="left" if column in ("verdict", "evidence") else "right")
    for row in rows:
        numbers = ", ".join(f"{name} {value:.3g}" for name, value in row.evidence.items())
        table.add_row(str(row.seed), row.verdict, row.reason or numbers, f"{row.process_seconds:.0f}")
    out.print(table, markup=False)
    for words, part in (
        ("seeds that settings were chosen with", [row for row in rows if row.seed in experiment.tuned_on]),
        ("other seeds", [row for row in rows if row.seed not in experiment.tuned_on]),
    ):
        if part:
            out.print(f"{experiment.name}, {words}: seen in {counted(part)}", highlight=False, markup=False)


def _fail(message: str) -> NoReturn:
    err.print(message, style="red", highlight=False, soft_wrap=True, markup=False)
    raise typer.Exit(2)
