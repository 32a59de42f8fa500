"""Files from strangers, as examples: tables, .npz files, zips of pictures; and points that were painted or typed. What
fails is a DataRefused.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np

from genlab.datasets.archives import check_count, looks_like_zip, opened_archive
from genlab.datasets.arrays import read_npz
from genlab.datasets.examples import DataRefused, Examples, checked, refuse, refusing
from genlab.datasets.options import FOUND_OUT, ReadingOptions
from genlab.datasets.pictures import KINDS, read_zip
from genlab.datasets.tables import read_table

MAXIMUM_UPLOAD = 50 * 10**6  # bytes
MAXIMUM_PAINTED = 5_000  # points
SMALL = 3.0  # painted or typed points no farther than this from 0 are kept as they are
EXPECTED = f"Expected a table as CSV, an .npz file, or a zip of pictures ({KINDS})"
STARTS = {  # files that people bring often and that are none of these, by their first bytes
    b"%PDF": ("a PDF", "Export its table as CSV."),
    b"PAR1": ("a Parquet file", "Save it as CSV, for example with pandas' to_csv."),
    b"\x89HDF": ("an HDF5 file", "Save its arrays with numpy.savez, or its table as CSV."),
    b"\x93NUMPY": ("a single array", "Save it with numpy.savez(file, examples=array)."),
    b"\x1f\x8b": ("packed with gzip", "Unpack it, and bring what is in it."),
    b"Rar!": ("a RAR archive", "Make it a plain zip."),
    b"7z\xbc\xaf": ("a 7z archive", "Make it a plain zip."),
    b"\xd0\xcf\x11\xe0": ("an old Excel or Word file", "Export its table as CSV."),
    b"SQLite": ("a database", "Export a table of it as CSV."),
    b"{\\rtf": ("a text document", "Export its table as CSV."),
}
OFFICE = {"xl/workbook.xml": "an Excel file", "content.xml": "a LibreOffice file", "word/document.xml": "a Word file"}


def read(name: str, content: bytes, options: ReadingOptions = FOUND_OUT) -> Examples:
    """The examples in a file, by what it holds. Raises DataRefused."""
    called = f"'{name[:80]}'"
    with refusing(called, f"{EXPECTED}."):
        if not content:
            refuse(f"{called} is empty.", f"{EXPECTED}.")
        if len(content) > MAXIMUM_UPLOAD:
            refuse(
                f"{called} has more than {MAXIMUM_UPLOAD / 1e6:.0f} MB.",  # how many more was not read
                "Leave some out, or make its pictures smaller.",
            )
        for start, (what, advice) in STARTS.items():
            if content.startswith(start):
                refuse(f"{called} is {what}.", f"{EXPECTED}. {advice}")
        if looks_like_zip(content):
            try:
                return _zipped(called, content, options)
            except DataRefused as refusal:
                refusal.options = refusal.options or options
                raise
        if _is_picture(content):
            refuse(f"{called} is not text.", f"{EXPECTED}: a single picture goes into a zip with the others.")
        return read_table(content, options)


def _zipped(called: str, content: bytes, options: ReadingOptions) -> Examples:
    check_count(content)
    with opened_archive(io.BytesIO(content)) as (archive, members):
        names = [member.filename for member in members]
        if office := next((what for member, what in OFFICE.items() if member in names), None):
            refuse(f"{called} is {office}.", f"{EXPECTED}: export its table as CSV.")
        tables = [name for name in names if name.lower().endswith((".csv", ".tsv", ".txt")) and "__MACOSX" not in name]
        if len(tables) == 1 and names == tables:
            return read_table(archive.read(tables[0]), options)
    if names and all(name.endswith(".npy") for name in names):
        return read_npz(io.BytesIO(content), options)
    return read_zip(content, options)


def _is_picture(content: bytes) -> bool:
    return content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*"))


def read_typed(text: str) -> Examples:
    """Points typed one a line, "x y" or "x, y". Raises DataRefused."""
    advice = "Expected a point a line: two numbers, for example 0.5 1.25."
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.replace(",", " ").replace(";", " ").split()
        try:
            row = [float(cell) for cell in cells]
        except ValueError:
            refuse(f"Line {number} is '{line.strip()[:40]}', which is no point.", advice)
        if rows and row and len(row) != len(rows[0]):
            refuse(f"Line {number} has {len(row)} numbers, the first {len(rows[0])}.", advice)
        rows += [row] if row else []
    with refusing("What was typed", advice):
        return _as_drawn(checked(np.array(rows, dtype="float64").reshape(len(rows), -1)))


def read_painted(points: Any) -> Examples:
    """Points as the canvas sends them, a list of pairs. Raises DataRefused."""
    with refusing("The painting", "Clear it and paint again."):
        if len(points) > MAXIMUM_PAINTED:
            refuse(f"There are {len(points):,} points, more than {MAXIMUM_PAINTED:,}.", "Undo some.")
        return _as_drawn(checked(np.array(points, dtype="float64").reshape(len(points), 2)))


def _as_drawn(examples: Examples) -> Examples:
    return replace(examples, as_they_are=bool(np.abs(examples.values).max() <= SMALL))
