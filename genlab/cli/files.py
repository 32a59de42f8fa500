"""The commands about files: exports, samples, runs and data that are brought along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from genlab.cli.base import JsonOption, RunsOption, app, fail, find_run, out
from genlab.cli.importing import (
    DATES,
    Background,
    Channels,
    DateOrder,
    Missing,
    columns_from,
    decimal_from,
    print_found,
    scale_from,
    separator_from,
)
from genlab.datasets.base import DataUnavailable
from genlab.registry import EXPORTS, UnknownName
from genlab.runs import RunUnreadable, Store
from genlab.runs.formats import format_bytes


@app.command()
def export(
    run: str,
    to: Annotated[str, typer.Option(help="The format: `genlab list exports` names them.")],
    path: Annotated[Path, typer.Option("--out", help="The file to write; of some formats, a folder.")],
    step: Annotated[
        int | None, typer.Option(min=0, help="The moment: its last frame, or checkpoint, up to this step.")
    ] = None,
    lane: Annotated[
        int | None, typer.Option(min=0, help="One model of the run, from 0; all, or the first, unless given.")
    ] = None,
    figure: Annotated[str | None, typer.Option(help="Which figure: `genlab list figures` names them.")] = None,
    dark: Annotated[bool, typer.Option("--dark", help="In the colours of the dark theme.")] = False,
    runs: RunsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write something of a run to a file that other programs open. RUN is an id or a folder."""
    from genlab.export import export as make_files
    from genlab.export import write

    try:
        found, entry = find_run(run, runs), EXPORTS[to]
        wanted = {"step": step, "lane": lane, "figure": figure, "dark": dark}
        paths = write(make_files(found, to, path.stem, **wanted), path, entry)
    except (RunUnreadable, UnknownName, ValueError, OSError) as error:
        fail(str(error))
    if as_json:
        return print(json.dumps({"format": to, "files": [str(written) for written in paths]}))
    for written in paths:
        out.print(f"{written} ({format_bytes(written.stat().st_size)})", markup=False, highlight=False, soft_wrap=True)


@app.command("import-run")
def import_run(
    file: Annotated[Path, typer.Argument(help="A zip that `genlab export RUN --to zip` wrote, here or elsewhere.")],
    runs: RunsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a run that was exported as a zip; under a new id, where there is one of its own already."""
    from genlab.runs.archives import ArchiveRefused
    from genlab.runs.archives import import_run as open_run

    try:
        with file.open("rb") as opened:
            run = open_run(Store(runs), opened)
    except (ArchiveRefused, OSError) as error:
        fail(str(error))
    if as_json:
        return print(json.dumps({"id": run.id, "run": str(run.path)}))
    out.print(str(run.path), soft_wrap=True, highlight=False)


@app.command()
def sample(
    run: str,
    to: Annotated[
        Path, typer.Option("--out", help="The file to write: a .csv of points or a table, a .zip of pictures.")
    ],
    lane: Annotated[int, typer.Option(help="Which model of the run, from 0.")] = 0,
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many samples.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same samples.")] = 0,
    runs: RunsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write samples of a trained model to a file, in the units and words of its data: a table as CSV, pictures as a zip
    of PNG files. RUN is an id or a folder.
    """
    try:
        found = find_run(run, runs)
        found.spec()
        from genlab.latent import sampled, trained

        model = trained.load(found, lane)
        sampled.write_samples(model, count, seed, to)
    except (RunUnreadable, DataUnavailable, ValueError, OSError) as error:
        fail(str(error))
    values = {"run": str(found.path), "lane": lane, "model": model.lane.family.name, "step": model.lane.step}
    if as_json:
        return print(json.dumps({**values, "count": count, "seed": seed, "out": str(to)}))
    out.print(
        f"{count:,} samples of {model.lane.family.title} at step {model.lane.step:,}, drawn with seed {seed}: {to}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="A table as CSV, an .npz, a zip of pictures, or a folder of them.")],
    name: Annotated[str | None, typer.Option(help="What to call it; as the file is called unless given.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=ROLE, once for each column to change: number, whole-number, category, date, labels or left-out."
        ),
    ] = None,
    missing: Annotated[Missing, typer.Option(help="What to do with rows that have missing values.")] = Missing.refuse,
    separator: Annotated[str | None, typer.Option(help="What separates the cells of a table.")] = None,
    decimal: Annotated[str | None, typer.Option(help="The decimal mark of a table: . or ,")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether a table's first line names its columns.")
    ] = None,
    dates: Annotated[DateOrder | None, typer.Option(help="What comes first in dates such as 03/04/2024.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a table, for example utf-8 or cp1252.")] = None,
    pixels: Annotated[int, typer.Option(help="Pictures are resized to so many pixels: 28 or 32.")] = 28,
    colour: Annotated[bool, typer.Option("--colour", help="Keep the colours of pictures.")] = False,
    scale: Annotated[
        str | None, typer.Option(help="BLACK:WHITE, the values of pixels that are black and white.")
    ] = None,
    background: Annotated[Background | None, typer.Option(help="What transparent pictures are laid over.")] = None,
    level: Annotated[
        int | None, typer.Option(help="The level of folders that names the classes, from 1 outside; 0: no classes.")
    ] = None,
    channels: Annotated[Channels | None, typer.Option(help="Where in an array of pictures the colours are.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is found and store nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Store data of your own as a data set, in GENLAB_DATA_DIR or ./data. What is not said is found out, and said."""
    from genlab.datasets.options import ReadingOptions
    from genlab.datasets.own import read_path, save, slugged

    try:
        options = ReadingOptions(
            encoding=encoding,
            separator=separator_from(separator),
            decimal=decimal_from(decimal),
            header=header,
            dates=DATES[dates] if dates else None,
            missing="leave out" if missing == Missing.leave_out else "refuse",
            columns=columns_from(column or []),
            pixels=pixels,
            colour=colour,
            scale=scale_from(scale),
            background=background.value if background else None,
            level=level,
            channels=channels.value if channels else None,
        )
        found = read_path(source, options)
        called = name or source.resolve().stem
        stored = slugged(called) if dry_run else save(called, found)
    except (ValueError, OSError) as error:
        way_out = getattr(error, "way_out", "")
        fail(f"{error} With options: {way_out}." if way_out else str(error))
    if as_json:
        return print(json.dumps({"name": stored, "holds": found.summary(), **found.report()}))
    print_found(stored, found, not dry_run, out)
