"""What was assumed of a table, and what of its file is no part of it, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from genlab.datasets.columns import Column
from genlab.datasets.examples import NAMES_SAID
from genlab.datasets.layout import Layout
from genlab.datasets.options import DECIMALS, SEPARATORS, TYPES, ReadingOptions

if TYPE_CHECKING:
    from genlab.datasets.tables import Cells

PLAIN_DATE = "%d %B %Y"


def outside(layout: Layout, cells: Cells) -> list[str]:
    sentences = []
    if layout.before:
        sentences.append(
            f"{'Line 1 comes' if layout.before == 1 else f'Lines 1 to {layout.before} come'} before the table."
        )
    if cells.behind:
        first, last = cells.behind[0], cells.behind[-1]
        sentences.append(
            f"{f'Line {first} comes' if first == last else f'Lines {first} to {last} come'} behind the table."
        )
    return sentences


def assumed(
    cells: Cells, columns: Sequence[Column], values: Sequence[np.ndarray], labels: int | None, options: ReadingOptions
) -> tuple[str, ...]:
    separator = SEPARATORS.get(options.separator or "", f"'{options.separator}'")
    sentences = [f"Cells are separated by {separator}; a {DECIMALS[cells.decimal]} is the decimal mark."]
    if options.encoding not in ("utf-8", "utf-8-sig"):
        sentences.insert(0, f"The text is in {options.encoding}.")
    header = "names the columns" if options.header else "is a row like the others: the columns have no names"
    sentences.append(f"The first line {header}.")
    if any(column.type != "number" or column.before or column.behind for column in columns):
        for kind in TYPES:
            some = [_described(column, row[0]) for column, row in zip(columns, values) if column.type == kind]
            if some:
                more = f" and {len(some) - NAMES_SAID} more" if len(some) > NAMES_SAID else ""
                sentences.append(f"{kind.capitalize()}: {', '.join(some[:NAMES_SAID])}{more}.")
    if labels is not None:
        sentences.append(f"The classes are the words of column '{cells.names[labels]}'.")
    if options.missing == "leave out":
        sentences.append("Rows with missing values are left out.")
    return tuple(sentences)


def _described(column: Column, value: float) -> str:
    """The name of a column, with what says how it was read: its words, its unit, or its first date written out."""
    if column.type == "category":
        return f"{column.name} ({', '.join(column.words[:4])}{', …' if len(column.words) > 4 else ''})"
    if column.type == "date":
        written, plain = (each.written(np.array([value]))[0] for each in (column, replace(column, pattern=PLAIN_DATE)))
        return f"{column.name} ({written} is {plain})"
    unit = (column.before + column.behind).strip()
    return f"{column.name} (in {unit})" if unit else column.name
