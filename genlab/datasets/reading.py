"""Files from strangers, as examples: tables of numbers, .npz files, zips of pictures. What fails is a DataRefused."""

from __future__ import annotations

import io
import math
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO

import numpy as np

from genlab.datasets.archives import check_count, looks_like_zip, opened_archive
from genlab.datasets.examples import (
    MAXIMUM_BYTES,
    MAXIMUM_COLUMNS,
    MAXIMUM_ROWS,
    NAME_LENGTH,
    Examples,
    checked,
    refuse,
    refusing,
)
from genlab.datasets.pictures import KINDS, read_zip

MAXIMUM_UPLOAD = 50 * 10**6  # bytes
LONGEST_LINE = 100 * MAXIMUM_COLUMNS  # characters of a table
MAXIMUM_PAINTED = 5_000  # points
SMALL = 3.0  # painted or typed points no farther than this from 0 are kept as they are
LABEL_WORDS = ("label", "labels", "class")
EXAMPLES_NAMES = ("examples", "x", "data")
KEEP = "as_they_are"  # an array of this name, whatever it holds, says that points are not to be scaled
EXPECTED = f"Expected a CSV of numbers, an .npz file, or a zip of pictures ({KINDS})"
NPZ_ADVICE = "Expected an .npz file as numpy.savez makes it, with arrays of numbers: save it again."

Outline = tuple[tuple[int, ...], np.dtype]


def read(name: str, content: bytes, pixels: int = 28, colour: bool = False) -> Examples:
    """The examples in a file, by what it holds; pictures are resized to so many pixels. Raises DataRefused."""
    with refusing(f"'{name[:80]}'", f"{EXPECTED}."):
        if not content:
            refuse(f"'{name[:80]}' is empty.", f"{EXPECTED}.")
        if len(content) > MAXIMUM_UPLOAD:
            refuse(
                f"'{name[:80]}' has {len(content) / 1e6:,.0f} MB, more than {MAXIMUM_UPLOAD / 1e6:.0f} MB.",
                "Leave some out, or make its pictures smaller.",
            )
        if looks_like_zip(content):
            check_count(content)
            with opened_archive(io.BytesIO(content)) as (_, members):
                arrays = members and all(member.filename.endswith(".npy") for member in members)
            return read_npz(io.BytesIO(content)) if arrays else read_zip(content, pixels, colour)
        if b"\0" in content:
            refuse(f"'{name[:80]}' is not text.", f"{EXPECTED}: a single picture goes into a zip with the others.")
        return read_table(content)


# ---- tables, typed and painted points ----


def read_table(content: bytes) -> Examples:
    """Rows of numbers, separated by , ; tab or blanks, if need be with a header, and with labels in the last column if
    that is called "label" or holds words. Behind ; a comma is a decimal point. Raises DataRefused.
    """
    lines = _lines(content)
    start = next(lines, (0, ""))
    separator = next((mark for mark in ";\t," if mark in start[1]), None)
    rows = ((number, _cells(line, separator)) for number, line in chain([start], lines))
    start_row = next(rows)
    header = start_row[1] if _is_header(start_row[1]) else None
    if header:
        start_row = next(rows, (0, [""]))
    first = start_row[1]
    labelled = (header is not None and header[-1].lower() in LABEL_WORDS) or _number(first[-1]) is None
    width = len(first) - labelled
    numbers, labels = array("d"), []
    for count, (number, cells) in enumerate(chain([start_row], rows), start=1):
        if len(cells) != len(first):
            refuse(
                f"Line {number} has {len(cells)} columns, the first row of numbers {len(first)}.",
                "Expected as many in each line: correct that line.",
            )
        for column, cell in enumerate(cells[:width]):
            if (value := _number(cell)) is None:
                called = f" ('{header[column]}')" if header and column < len(header) else ""
                what = f"'{cell[:40]}' is not a number" if cell else "nothing is there"
                refuse(
                    f"Line {number}, column {column + 1}{called}: {what}.",
                    "Expected numbers, and words in the last column alone: correct or leave out that line or column.",
                )
            numbers.append(value)
        if labelled:
            labels.append(cells[-1][:NAME_LENGTH])
        if count > MAXIMUM_ROWS or len(numbers) * numbers.itemsize > MAXIMUM_BYTES:
            refuse(
                f"There are more than {MAXIMUM_ROWS:,} rows, or more than {MAXIMUM_BYTES // numbers.itemsize:,} "
                "numbers.",
                "Leave some out.",
            )
    if not numbers:
        refuse("There are no rows of numbers.", "Expected a CSV with a row of two or more numbers a line.")
    values = np.frombuffer(numbers).reshape(-1, width)
    return checked(values, np.array(labels) if labelled else None, columns=header)


def read_typed(text: str) -> Examples:
    """Points typed one a line, "x y" or "x, y". Raises DataRefused."""
    with refusing("What was typed", "Expected a point a line: two numbers, for example 0.5 1.25."):
        return _as_drawn(read_table(text.replace(",", " ").encode("utf-8", "replace")))


def read_painted(points: Any) -> Examples:
    """Points as the canvas sends them, a list of pairs. Raises DataRefused."""
    with refusing("The painting", "Clear it and paint again."):
        if len(points) > MAXIMUM_PAINTED:
            refuse(f"There are {len(points):,} points, more than {MAXIMUM_PAINTED:,}.", "Undo some.")
        return _as_drawn(checked(np.array(points, dtype="float64").reshape(len(points), 2)))


def _as_drawn(examples: Examples) -> Examples:
    return replace(examples, as_they_are=bool(np.abs(examples.values).max() <= SMALL))


def _lines(content: bytes) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, numbered from 1 as an editor does."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", errors="replace")
    number = 0
    while line := text.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            refuse(
                f"Line {number} has more than {LONGEST_LINE:,} characters.",
                f"Expected a row of up to {MAXIMUM_COLUMNS} numbers a line: check that this is a table.",
            )
        if line.strip():
            yield number, line.strip("\r\n")


def _cells(line: str, separator: str | None) -> list[str]:
    line = line.replace(",", ".") if separator == ";" else line
    return [cell.strip(" \"'") for cell in line.split(separator)]


def _is_header(cells: list[str]) -> bool:
    return any(_number(cell) is None for cell in cells[:-1]) or cells[-1].lower() in LABEL_WORDS


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


# ---- arrays ----


def read_npz(file: BinaryIO) -> Examples:
    """The arrays of an .npz: x_train and x_test, with or without y_train and y_test; or examples (else x, data), with
    or without labels. `names` says what labels 0, 1, ... are called. Raises DataRefused.
    """
    with refusing("The .npz file", NPZ_ADVICE), opened_archive(file) as (archive, members):
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
        used = {*values_names, *labels_names, "names", KEEP}
        return checked(
            np.concatenate([load(name) for name in values_names]) if halves else load(main),
            labels,
            names,
            train=shapes[0][0] if halves else None,
            as_they_are=KEEP in outlines,
            skipped={"of another name": len(set(outlines) - used)},
        )


def npz_outlines(file: BinaryIO) -> dict[str, Outline]:
    """Shape and type of each array of an .npz, from their headers alone. Raises DataRefused."""
    with refusing("The .npz file", NPZ_ADVICE), opened_archive(file) as (archive, members):
        return _outlines(archive, members)


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
            refuse(f"'{member.filename[:80]}' is of an unusual format {version}.", NPZ_ADVICE)
        shape, _, dtype = np.lib.format.read_array_header_1_0(opened)
    if dtype.hasobject:
        refuse(
            f"'{member.filename[:80]}' holds Python objects, a pickle, which could run any program when it is read.",
            "Expected numbers, or words: save it with a plain type, for example .astype('float32') or .astype(str).",
        )
    # Before any memory is taken for what a header claims.
    if math.prod(shape) * dtype.itemsize > member.file_size:
        refuse(f"'{member.filename[:80]}' claims the shape {shape}, more than the file holds.", NPZ_ADVICE)
    return shape, dtype
