"""What all commands share: the application, where they print, common options, and how a run is found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from genlab.cli.experiments import experiment_app
from genlab.runs import Run, Store

app = typer.Typer(
    help="Train a GAN and a VAE on the same data and compare them.", no_args_is_help=True, add_completion=False
)
app.add_typer(experiment_app, name="experiment")
out, err = Console(), Console(stderr=True)

RunsOption = Annotated[
    Path | None, typer.Option("--runs", help="Folder of all runs; GENLAB_RUNS_DIR or ./runs unless given.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def find_run(named: str, runs: Path | None) -> Run:
    """The run that an id or a folder names. Raises RunUnreadable."""
    path = Path(named)
    return Run(path.resolve()) if path.is_dir() else Store(runs).open(named)


def fail(message: str) -> NoReturn:
    err.print(message, style="red", highlight=False, soft_wrap=True, markup=False)
    raise typer.Exit(2)


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    app()
