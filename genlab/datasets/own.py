"""Visitors' own data: every NAME.npz in the data folder is a data set called NAME, as soon as it is there."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from itertools import chain, count
from pathlib import Path

import numpy as np
from filelock import FileLock

from genlab.datasets.arrays import COLUMNS, KEEP, SCALE, main_array, npz_outlines, read_npz, stored_columns
from genlab.datasets.base import Dataset, DatasetEntry, DataUnavailable, Kind, labelled
from genlab.datasets.bins import unlabelled
from genlab.datasets.byte_images import ByteImages
from genlab.datasets.coding import encoded_width, make_coding
from genlab.datasets.columns import Column, to_json
from genlab.datasets.examples import DataRefused, Examples, describe_scaling, describe_shape, is_table, refuse
from genlab.datasets.options import FOUND_OUT, ReadingOptions
from genlab.datasets.pictures import read_folder
from genlab.datasets.reading import MAXIMUM_UPLOAD, read
from genlab.registry import DATASETS
from genlab.runs.atomic import write_arrays
from genlab.spec import Settings

NAME = re.compile(r"\w[\w .-]{0,63}")  # of a file that somebody put there; `save` makes stricter ones
MAXIMUM_STORED = 2 * 10**9  # bytes: visitors must not fill the disk of a public server
STEPS: dict[Kind, int] = {"points": 3000, "images": 2200}


def data_folder() -> Path:
    """GENLAB_DATA_DIR, else `data` in the current folder; made with the first data set that is saved."""
    return Path(os.environ.get("GENLAB_DATA_DIR") or "data")


def entries() -> Iterator[DatasetEntry]:
    """What is in the folder now, by name. Only headers are read, and only of files that are new or have changed."""
    try:
        files = sorted(os.scandir(data_folder()), key=lambda file: file.name)
    except OSError:
        return
    for file in files:
        name, suffix = os.path.splitext(file.name)
        if suffix == ".npz" and NAME.fullmatch(name) and slugged(name) not in DATASETS.added():
            try:
                state = file.stat()
            except OSError:  # gone since it was listed
                continue
            yield _entry(file.path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1000)
def _entry(path: str, changed: int, size: int) -> DatasetEntry:
    name, reason = Path(path).stem, ""
    kind: Kind = "points"
    columns: tuple[Column, ...] = ()
    description = "A file that cannot be read."
    shape = [0, 2]
    try:
        with open(path, "rb") as file:
            outlines = npz_outlines(file)
            columns = stored_columns(file) if COLUMNS in outlines else ()
        shape = list(outlines[main_array(outlines)][0])
        train = shape[0]
        if "x_train" in outlines and "x_test" in outlines:
            shape[0] += outlines["x_test"][0][0]
        else:
            train -= train // 2
        kind = "points" if len(shape) == 2 else "images"
        labels = ", with labels" if {"labels", "y_train"} & set(outlines) else ""
        scale = f", {describe_scaling(KEEP in outlines, is_table(columns))}" if kind == "points" else ""
        description = f"Own data: {describe_shape(shape, is_table(columns))}{labels}{scale}."
        if columns:
            shape[1] = encoded_width(columns)
    except (DataRefused, OSError, IndexError) as error:
        reason = f"{Path(path).name} cannot be used. {error}"
    return DatasetEntry(
        name=name,
        title=name,
        description=description,
        kind=kind,
        steps=STEPS[kind],
        load=partial(load, Path(path)),
        shape=tuple(shape[1:]) if len(shape) != 3 else (*shape[1:], 1),
        count=0 if reason else train,
        unavailable=lambda: reason,
        table=kind == "points" and is_table(columns),
    )


def load(path: Path, settings: Settings) -> Dataset:
    """A stored file as a data set: its own halves, or two drawn with a fixed seed, as often of each class where there
    are classes. Points are float32, scaled with the training half unless kept; pictures are in [0, 1]. Raises
    DataUnavailable.
    """
    from sklearn.model_selection import train_test_split

    try:
        with path.open("rb") as file:
            examples = read_npz(file)
    except (DataRefused, OSError) as error:
        raise DataUnavailable(f"{path.name} cannot be used. {error}") from error
    order = np.arange(len(examples.values))
    if examples.train is None:
        train, test = train_test_split(order, test_size=0.5, stratify=examples.labels, random_state=0)
    else:
        train, test = order[: examples.train], order[examples.train :]
    coding = None
    if examples.values.ndim == 2:
        coding = make_coding(examples.columns, examples.values[train], examples.as_they_are)
        values = coding.encoded(examples.values)
    else:
        values = examples.values
    of_train, of_test = values[train], values[test]
    if values.ndim == 4:
        of_train, of_test = ByteImages(of_train), np.asarray(ByteImages(of_test))
    if examples.labels is None:
        dataset = unlabelled(path.stem, of_train, of_test)
    else:
        labels = examples.labels
        dataset = labelled(path.stem, of_train, labels[train], of_test, labels[test], examples.names)
    return replace(dataset, coding=coding)


def save(name: str, examples: Examples) -> str:
    """Store examples as a data set; returns its name, in a-z, 0-9 and hyphens. Nothing that is stored is ever replaced:
    a name in use is refused, unless it already holds the very same. Raises DataRefused, OSError.
    """
    slug = slugged(name)
    if not slug:
        refuse(f"'{name[:80]}' is not a name for a data set.", "Expected letters or digits: type another name.")
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{slug}.npz"
    with FileLock(folder / ".lock"):
        free = free_name(slug)
        if free != slug:
            if slug not in DATASETS.added() and _holds(path, examples):
                return slug
            refuse(
                f"There is a data set called '{slug}' already, with other content.",
                f"Nothing is ever replaced: choose another name, for example {free}.",
            )
        if sum(file.stat().st_size for file in folder.glob("*.npz")) + examples.values.nbytes > MAXIMUM_STORED:
            refuse(
                f"The data sets stored here would take more than {MAXIMUM_STORED / 1e9:.0f} GB.",
                "Ask whoever runs this genlab to make room in its data folder.",
            )
        write_arrays(path, as_arrays(examples))
    return slug


def free_name(slug: str) -> str:
    """This name, or the first of slug-2, slug-3, ... that no data set has."""
    taken = {name.lower() for name in DATASETS} | {file.stem.lower() for file in data_folder().glob("*.npz")}
    names = chain([slug], (f"{slug}-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def slugged(name: str) -> str:
    """A name in a-z, 0-9 and hyphens: accents are dropped, all else becomes a hyphen."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")


def as_arrays(examples: Examples) -> dict[str, np.ndarray]:
    """What `reading.read_npz` reads as these examples."""
    if examples.train is None:
        arrays = {"examples": examples.values} | ({} if examples.labels is None else {"labels": examples.labels})
    else:
        arrays = {"x_train": examples.values[: examples.train], "x_test": examples.values[examples.train :]}
        if examples.labels is not None:
            arrays |= {"y_train": examples.labels[: examples.train], "y_test": examples.labels[examples.train :]}
    arrays |= {} if examples.labels is None else {"names": np.array(examples.names)}
    if examples.values.ndim == 4:
        arrays[SCALE] = np.array([0, 255])  # as stored, whatever it was in the file
    elif examples.columns:
        arrays[COLUMNS] = np.array(to_json(examples.columns))
    return arrays | ({KEEP: np.array(True)} if examples.as_they_are else {})


def _holds(path: Path, examples: Examples) -> bool:
    try:
        with path.open("rb") as file:
            stored, wanted = as_arrays(read_npz(file)), as_arrays(examples)
    except (DataRefused, OSError):
        return False
    return stored.keys() == wanted.keys() and all(np.array_equal(stored[name], wanted[name]) for name in wanted)


def read_path(source: Path, options: ReadingOptions = FOUND_OUT) -> Examples:
    """The examples in a file, or a folder of pictures. Raises DataRefused."""
    if source.is_dir():
        return read_folder(source, options)
    if not source.is_file():
        refuse(f"There is no file or folder {source}.", "Check the path.")
    with source.open("rb") as file:
        return read(source.name, file.read(MAXIMUM_UPLOAD + 1), options)


DATASETS.also = entries
