"""Arrays of an .npz file, as examples."""

from __future__ import annotations

import math
import zipfile
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from genlab.datasets.archives import opened_archive
from genlab.datasets.columns import Column, from_json
from genlab.datasets.examples import MAXIMUM_BYTES, Examples, checked, refuse, refusing
from genlab.datasets.options import FOUND_OUT, ReadingOptions

EXAMPLES_NAMES = ("examples", "x", "data")
KEEP = "as_they_are"  # an array of this name, whatever it holds, says that points are not to be scaled
COLUMNS = "columns"  # what the columns of a table hold, as JSON
SCALE = "scale"  # the values of pixels that are black and white
ADVICE = "Expected an .npz file as numpy.savez makes it, with arrays of numbers: save it again."

Outline = tuple[tuple[int, ...], np.dtype]


def read_npz(file: BinaryIO, options: ReadingOptions = FOUND_OUT) -> Examples:
    """The arrays of an .npz: x_train and x_test, with or without y_train and y_test; or examples (else x, data), with
    or without labels. `names` says what labels 0, 1, ... are called. Raises DataRefused.
    """
    with refusing("The .npz file", ADVICE), opened_archive(file) as (archive, members):
        outlines = _outlines(archive, members)
        main = main_array(outlines)
        halves = main == "x_train"
        values_names = ["x_train", "x_test"] if halves else [main]
        labels_names = [name for name in (("y_train", "y_test") if halves else ("labels",)) if name in outlines]
        if len(labels_names) == 1 and halves:
            refuse(f"There is {labels_names[0]} without the other half.", "Give both y_train and y_test, or none.")
        shapes = [outlines[name][0] for name in values_names if name in outlines]
        if len(shapes) < len(values_names) or shapes[0][1:] != shapes[-1][1:]:
            refuse(
                f"x_train has shape {shapes[0]}, x_test {shapes[-1] if len(shapes) > 1 else 'is missing'}.",
                "Expected both, of the same shape but for their length; or one array called examples.",
            )
        if len(shapes[0]) == 2 and 8 * sum(map(math.prod, shapes)) > MAXIMUM_BYTES:
            refuse(f"There are more than {MAXIMUM_BYTES // 8:,} numbers.", "Leave some out.")

        def load(name: str) -> np.ndarray:
            with archive.open(f"{name}.npy") as opened:
                return np.lib.format.read_array(opened, allow_pickle=False)

        labels = np.concatenate([load(name) for name in labels_names]) if labels_names else None
        names = None
        if "names" in outlines and labels is not None:
            if outlines["names"][1].kind != "U" or len(outlines["names"][0]) != 1:
                refuse("The array called names holds no words.", "Expected one word for each class, or no such array.")
            names = load("names").tolist()
        if SCALE in outlines and options.scale is None:
            low, high = load(SCALE).tolist()
            options = replace(options, scale=(low, high))
        used = {*values_names, *labels_names, "names", KEEP, COLUMNS, SCALE}
        others = sorted(set(outlines) - used)
        return checked(
            np.concatenate([load(name) for name in values_names]) if halves else load(main),
            labels,
            names,
            columns=from_json(str(load(COLUMNS))) if COLUMNS in outlines else _plain(shapes[0]),
            train=shapes[0][0] if halves else None,
            as_they_are=KEEP in outlines,
            left_out=[f"Arrays of other names: {', '.join(others)[:200]}."] if others else [],
            options=options,
        )


def _plain(shape: tuple[int, ...]) -> list[Column]:
    return [Column(f"column {i + 1}") for i in range(shape[1])] if len(shape) == 2 else []


def npz_outlines(file: BinaryIO, maximum: int = MAXIMUM_BYTES) -> dict[str, Outline]:
    """Shape and type of each array of an .npz, from their headers alone. Raises DataRefused, also for one that unpacks
    to more bytes than the maximum.
    """
    with refusing("The .npz file", ADVICE), opened_archive(file, maximum) as (archive, members):
        return _outlines(archive, members)


def stored_columns(file: BinaryIO) -> tuple[Column, ...]:
    """What the columns of a stored table hold; none of what is no table. Raises DataRefused."""
    with refusing("The .npz file", ADVICE), opened_archive(file) as (archive, members):
        if COLUMNS not in _outlines(archive, members):
            return ()
        with archive.open(f"{COLUMNS}.npy") as opened:
            return from_json(str(np.lib.format.read_array(opened, allow_pickle=False)))


def main_array(outlines: dict[str, Outline]) -> str:
    """The name of the array that holds the examples, or the training half of them. Raises DataRefused."""
    name = next((name for name in ("x_train", *EXAMPLES_NAMES) if name in outlines), "")
    if not name or not outlines[name][0]:
        refuse(
            f"The arrays are called {', '.join(outlines)[:200] or 'nothing'}.",
            f"Expected x_train and x_test, or one of {', '.join(EXAMPLES_NAMES)}: save them under such a name.",
        )
    return name


def _outlines(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dict[str, Outline]:
    return {member.filename.removesuffix(".npy"): _outline(archive, member) for member in members}


def _outline(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Outline:
    with archive.open(member) as opened:
        version = np.lib.format.read_magic(opened)
        if version != (1, 0):
            refuse(f"'{member.filename[:80]}' is of an unusual format {version}.", ADVICE)
        shape, _, dtype = np.lib.format.read_array_header_1_0(opened)
    if dtype.hasobject:
        refuse(
            f"'{member.filename[:80]}' holds Python objects, a pickle, which could run any program when it is read.",
            "Expected numbers, or words: save it with a plain type, for example .astype('float32') or .astype(str).",
        )
    # Before any memory is taken for what a header claims.
    if math.prod(shape) * dtype.itemsize > member.file_size:
        refuse(f"'{member.filename[:80]}' claims the shape {shape}, more than the file holds.", ADVICE)
    return shape, dtype
