"""Samples of a trained model as a file that other programs read: a table as CSV, pictures as a zip of PNG files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np

from genlab.datasets.columns import Column
from genlab.datasets.pixels import png_bytes
from genlab.latent.trained import Trained
from genlab.observing.frames import as_stored

MAXIMUM = 1_000_000
AT_A_TIME = 10_000


def write_samples(trained: Trained, count: int, seed: int, path: Path) -> None:
    """Write so many samples: points and tables as CSV with the names, units and words of the data, pictures as a zip.
    The same seed gives the same samples. A conditional model is asked for each class as often as the data has it, and
    the class of each sample is its last column, or the folder that its picture is in.

    Raises ValueError for a count out of bounds, a path with another ending, and samples that are no numbers.
    """
    if not 1 <= count <= MAXIMUM:
        raise ValueError(f"Draw 1 to {MAXIMUM:,} samples, not {count:,}.")
    points = trained.dataset.kind == "points"
    suffix, kind = (".csv", "a table") if points else (".zip", "pictures")
    if path.suffix.lower() != suffix:
        raise ValueError(f"The samples are {kind}: give the file a name that ends with {suffix}, not '{path.name}'.")
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            (_write_table if points else _write_pictures)(trained, count, seed, file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def samples(trained: Trained, count: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Samples as the model makes them, some at a time, and the class that was asked for in each."""
    latents, classes = np.random.default_rng([seed, 4]), np.random.default_rng([seed, 5])
    shares = trained.dataset.modes.shares
    for start in range(0, count, AT_A_TIME):
        size = min(AT_A_TIME, count - start)
        labels = classes.choice(len(shares), size, p=shares)
        made = trained.sample(trained.lane.model.draw_prior(latents, size), labels)
        if not np.isfinite(made).all():
            raise ValueError("A sample is not a finite number: the model has diverged, and has nothing to give.")
        yield made, labels


def _write_table(trained: Trained, count: int, seed: int, file: BinaryIO) -> None:
    columns, names = columns_of(trained), trained.dataset.modes.names
    conditional, coding = trained.lane.model.conditional, trained.dataset.coding
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(column.name for column in columns), *(["class"] if conditional else [])])
    for made, labels in samples(trained, count, seed):
        values = coding.decoded(made) if coding else made.astype("float64")
        cells = [column.written(values[:, place]) for place, column in enumerate(columns)]
        if conditional:
            cells.append([names[label] for label in labels])
        writer.writerows(zip(*cells))
    text.flush()
    text.detach()


def columns_of(trained: Trained) -> tuple[Column, ...]:
    """Of examples that are points or rows of a table: what their values are called, and how they are written."""
    if trained.dataset.coding:
        return trained.dataset.coding.columns
    width = trained.dataset.train.shape[1]
    names = ("x", "y") if width == 2 else tuple(f"column {i + 1}" for i in range(width))
    return tuple(Column(name, decimals=6) for name in names)


def _write_pictures(trained: Trained, count: int, seed: int, file: BinaryIO) -> None:
    names, conditional = trained.dataset.modes.names, trained.lane.model.conditional
    digits, number = len(str(count)), 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # PNG is packed already
        for made, labels in samples(trained, count, seed):
            for pixels, label in zip(as_stored(made), labels):
                number += 1
                name = PurePosixPath(f"{number:0{digits}d}.png")
                if conditional:
                    name = _plain(names[label]) / name
                archive.writestr(str(name), png_bytes(pixels))


def _plain(name: str) -> PurePosixPath:
    return PurePosixPath("".join(letter if letter.isalnum() or letter in " -_" else "_" for letter in name))
