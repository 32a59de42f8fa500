"""The command line: `genlab train`, `list`, `show`, `evaluate` and more, with the functions that the pages call."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from genlab.cli.base import JsonOption, RunsOption, app, err, fail, find_run, out
from genlab.cli.listing import dataset_row, export_row, figure_row, metric_row, model_row
from genlab.cli.report import evaluate_run, report
from genlab.cli.show import show as show_run
from genlab.cli.training import budget_from, change_from, check_clock, extend, follow, settings_from
from genlab.datasets.base import DataUnavailable
from genlab.registry import DATASETS, EXPORTS, FIGURES, METRICS, MODELS, UnknownName
from genlab.runs import QueueFull, Run, RunUnreadable, Store
from genlab.runs.folder import ACTIVE
from genlab.runs.forks import describe_fork, make_fork
from genlab.runs.memory import check_memory
from genlab.runs.summary import run_row
from genlab.spec import SpecError, make_spec


class Listed(StrEnum):
    datasets = "datasets"
    models = "models"
    metrics = "metrics"
    figures = "figures"
    exports = "exports"
    runs = "runs"


# What the table of a list shows of the rows, which are all there is in JSON.
COLUMNS = {
    Listed.datasets: ("name", "kind", "steps", "description"),
    Listed.models: ("name", "title", "abilities", "description"),
    Listed.metrics: ("name", "title", "needs", "cost"),
    Listed.figures: ("name", "belongs", "description"),
    Listed.exports: ("name", "options", "description"),
}


@app.command()
def train(
    dataset: Annotated[str | None, typer.Option(help="Name of a data set; ring8 unless given.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Name of a model, once for each lane; gan and vae unless given.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Steps for each lane; the data set's own number unless given.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Seconds of training for each lane, instead of steps.")] = None,
    examples: Annotated[int | None, typer.Option(help="Training examples for each lane, instead of steps.")] = None,
    seed: Annotated[int | None, typer.Option(help="Gives the same numbers every time; 0 unless given.")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="LANE.SETTING=VALUE, lanes from 0; or dataset.SETTING=VALUE.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or gpu; auto unless given.")] = None,
    resume: Annotated[
        str | None,
        typer.Option(help="Continue this run from its last checkpoint; with a larger budget, if one is given."),
    ] = None,
    runs: RunsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train up to four models side by side on one data set."""
    try:
        clock, budget = budget_from(steps, seconds, examples)
        if resume:
            fixed = {"--dataset": dataset, "--model": model, "--seed": seed, "--set": change, "--device": device}
            if any(value is not None for value in fixed.values()):
                named = ", ".join(name for name, value in fixed.items() if value is not None)
                fail(f"A resumed run keeps what it was started with, so {named} cannot be given with --resume.")
            run = find_run(resume, runs)
            run.runnable_spec()  # a run that can only be shown is refused before TensorFlow is loaded
            check_clock(run, clock, budget)
            extend(run, budget)
            if run.state().state not in ACTIVE:
                run.take_requests()  # a stop that came as the run ended is not for what follows
            follow(run.runnable_spec(), lambda: run, err)
        else:
            fields: dict[str, Any] = {
                "dataset": dataset,
                "seed": seed,
                "clock": clock,
                "budget": budget,
                "device": device,
            }
            lanes = [{"model": name, "settings": {}} for name in model or ["gan", "vae"]]
            fields |= {"lanes": lanes, "dataset_settings": settings_from(change or [], lanes)}
            spec = make_spec(**{name: value for name, value in fields.items() if value is not None})
            check_memory(spec)
            run = follow(spec, lambda: Store(runs).create(spec), err)
    except (SpecError, RunUnreadable, QueueFull, DataUnavailable, UnknownName) as error:
        fail(str(error))
    except KeyboardInterrupt:
        err.print("Stopped. `genlab train --resume RUN` goes on; `genlab list runs` names the run, if it had begun.")
        raise typer.Exit(130) from None
    report_trained(run, as_json)


@app.command()
def fork(
    run: str,
    step: Annotated[
        int | None, typer.Option(min=0, help="The nearest kept checkpoint at or before it; the newest unless given.")
    ] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="The one setting to change: LANE.SETTING=VALUE, lanes from 0.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="A larger budget, of a run that counts in steps.")] = None,
    seconds: Annotated[float | None, typer.Option(help="The same, of one that counts in seconds.")] = None,
    examples: Annotated[int | None, typer.Option(help="The same, of one that counts in examples.")] = None,
    runs: RunsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a new run that goes on from a checkpoint of another with one setting changed. RUN is an id or a folder.
    Without a budget it trains as far as that run; where that one was at its end, for as long again.
    """
    try:
        clock, budget = budget_from(steps, seconds, examples)
        parent = find_run(run, runs)
        check_clock(parent, clock, budget)
        new = make_fork(parent, step, change_from(change or [], parent), budget)
        check_memory(new.spec)
        err.print(describe_fork(new.forked_from), markup=False, highlight=False, soft_wrap=True)
        trained = follow(new.spec, lambda: Store(runs).create(new.spec, new), err)
    except (SpecError, RunUnreadable, DataUnavailable, OSError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        err.print("Stopped. `genlab train --resume RUN` goes on; `genlab list runs` names the run, if it had begun.")
        raise typer.Exit(130) from None
    report_trained(trained, as_json)


@app.command("list")
def list_(what: Listed, runs: RunsOption = None, as_json: JsonOption = False) -> None:
    """List data sets, models, metrics, figures, export formats or runs; with --json, all that can be set, with defaults
    and bounds.
    """
    rows: list[dict[str, Any]]
    if what == Listed.runs:
        rows = [run_row(run) for run in Store(runs).runs()]
    elif what == Listed.datasets:
        rows = [dataset_row(entry) for entry in DATASETS.values()]
    elif what == Listed.models:
        rows = [model_row(family) for family in MODELS.values()]
    elif what == Listed.figures:
        rows = [figure_row(entry) for entry in FIGURES.values()]
    elif what == Listed.exports:
        rows = [export_row(entry) for entry in EXPORTS.values()]
    else:
        rows = [metric_row(metric) for metric in METRICS.values()]
    if as_json:
        return print(json.dumps({what.value: rows}))
    if not rows:
        return out.print("No runs yet. `genlab train` makes one.")
    columns = COLUMNS.get(what) or tuple(rows[0])
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in columns:
        # The first is what is typed next, so it stays in one piece.
        table.add_column(column, no_wrap=column == columns[0], overflow="fold")
    for row in rows:
        table.add_row(*(format_cell(row[column]) for column in columns))
    out.print(table)


def format_cell(value: Any) -> str:
    """A value of a row in one cell of a table."""
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


@app.command()
def show(run: str, runs: RunsOption = None, as_json: JsonOption = False) -> None:
    """Print what a run is, how far it came and what it has recorded, from its folder alone: also where its data set or
    models are gone. RUN is an id or a folder. With --json, every number of every lane.
    """
    try:
        show_run(find_run(run, runs), as_json, out)
    except RunUnreadable as error:
        fail(str(error))


@app.command()
def evaluate(
    run: str,
    samples: Annotated[
        int | None,
        typer.Option(
            min=50,
            max=100_000,
            help="Samples in each draw, 2,500 or 10 for each mode unless given; with less data held out, fewer are "
            "compared.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the samples; it has nothing to do with training.")] = 0,
    runs: RunsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a run as it stands: every measure that applies, with 95 % intervals, beside what real data gets against
    held-out real data. RUN is an id or a folder. Ctrl-C leaves the run as it was.
    """
    try:
        found = find_run(run, runs)
        found.spec()
        evaluation = evaluate_run(found, samples, seed, err)
        report(found, as_json, out, evaluation)
    except (RunUnreadable, DataUnavailable, ValueError, OSError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        err.print("Stopped. Nothing was changed.")
        raise typer.Exit(130) from None


@app.command()
def project(
    run: str,
    lane: Annotated[int, typer.Option(help="Which model of the run, from 0.")] = 0,
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many held-out examples to show it.")] = 8,
    steps: Annotated[int, typer.Option(min=0, max=100_000, help="Steps of the search.")] = 300,
    restarts: Annotated[int, typer.Option(min=1, max=100, help="Places that each search starts from.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Decides where it starts.")] = 0,
    runs: RunsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a trained model real examples: find the latents whose samples are nearest to held-out ones. RUN is an id or
    a folder.
    """
    try:
        found = find_run(run, runs)
        found.spec()  # a run that cannot be read is refused before TensorFlow is loaded
        from genlab.latent import trained

        model = trained.load(found, lane)
        shown, labels = model.dataset.test[:count], model.dataset.test_labels[:count]
        nearest = trained.project(model, shown, labels, restarts=restarts, steps=steps, seed=seed)
    except (RunUnreadable, DataUnavailable, ValueError) as error:
        fail(str(error))
    mean = ((shown - model.dataset.train[:].mean(axis=0)) ** 2).mean().item()
    errors = [float(error) for error in nearest.error]
    if as_json:
        values = {"run": str(found.path), "lane": lane, "model": model.lane.family.name, "step": model.lane.step}
        values |= {"count": len(shown), "restarts": restarts, "steps": steps, "seed": seed}
        values |= {"error": errors, "error_of_the_mean": mean, "latent": nearest.latent.tolist()}
        return print(json.dumps(values))
    out.print(
        f"{model.lane.family.title} at step {model.lane.step:,}, shown {len(shown)} held-out examples: mean squared "
        f"error {sum(errors) / len(errors):.4g} per value, from {min(errors):.4g} to {max(errors):.4g}. "
        f"The mean of the training data in place of each: {mean:.4g}.",
        highlight=False,
        soft_wrap=True,
    )


def report_trained(run: Run, as_json: bool) -> None:
    """Print what was trained, with the exit code of a failure if it failed."""
    report(run, as_json, out)
    state = run.state()
    if state.state == "failed":
        fail(state.message)
