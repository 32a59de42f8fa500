"""The rows of a table that have no value in each column, or are a total: refused, or left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from genlab.datasets.column_types import missing_cells
from genlab.datasets.examples import NAMES_SAID, DataRefused, refuse
from genlab.datasets.options import ReadingOptions, Role

if TYPE_CHECKING:
    from genlab.datasets.tables import Cells, Found

LAST = 3  # rows in which totals are looked for
TOTALS = frozenset(
    (
        *("total", "totals", "grand total", "sum", "average", "mean", "count"),
        *("summe", "gesamt", "gesamtsumme", "mittelwert", "durchschnitt", "anzahl"),
        *("total général", "somme", "moyenne", "totale", "somma", "media", "suma"),
    )
)


def whole_rows(
    cells: Cells, unusable: dict[int, np.ndarray], found: Sequence[Found], options: ReadingOptions
) -> tuple[np.ndarray, list[str]]:
    """(rows,) those without missing values, and a sentence about the others; refused if none is to be left out."""
    bad = np.stack(list(unusable.values())) if unusable else np.zeros((1, len(cells.lines)), dtype=bool)
    whole = np.logical_not(bad.any(axis=0))
    rows = np.flatnonzero(~whole)
    if not len(rows):
        return whole, []
    row = int(rows[0])
    column = list(unusable)[int(bad[:, row].argmax())]
    others = f" {len(rows):,} rows have such cells." if len(rows) > 1 else ""
    if options.missing == "refuse" and _is_total(cells, column, row):
        can_stay = found[column].role in ("category", "labels")
        word = cells.frame[column].iloc[row][:40]
        refusal = DataRefused(
            f"{cells.place(row, column)}: '{word}' is the name of a total.{others} Expected rows alone: have it left "
            f"out{', or give the column a type and keep it' if can_stay else ''}."
        )
        keep = f", or --column '{cells.names[column]}=category'" if can_stay else ""
        refusal.way_out = f"--missing leave-out{keep}"
        raise refusal
    if options.missing == "refuse":
        refusal = DataRefused(
            f"{cells.place(row, column)}: {_what_is_wrong(cells, row, column, found[column].role)}.{others} Expected a "
            "value in each: fill it in or correct it, or have such rows, or that column, left out."
        )
        refusal.way_out = f"--missing leave-out, or --column '{cells.names[column]}=left-out'"
        raise refusal
    if len(cells.lines) - len(rows) < 1:
        most = int(bad.sum(axis=1).argmax())
        worst, row = list(unusable)[most], int(bad[most].argmax())
        refuse(
            f"No row has a value in each column, and column '{cells.names[worst]}' has the fewest. "
            f"{cells.place(row, worst)}: {_what_is_wrong(cells, row, worst, found[worst].role)}.",
            "Have that column left out or give it another type, and keep the rows.",
        )
    lines = ", ".join(str(line) for line in cells.lines[rows[:NAMES_SAID]])
    more = f" and {len(rows) - NAMES_SAID:,} more" if len(rows) > NAMES_SAID else ""
    only_missing = all(missing_cells(cells.frame[place].iloc[rows])[bad[rows]].all() for place, bad in unusable.items())
    what = f"{'row' if len(rows) == 1 else 'rows'} with missing {'' if only_missing else 'or other '}values"
    said = f"{len(rows):,} {what} left out: line {lines}{more}."
    return whole, [said]


def totals_in(cells: Cells, found: Sequence[Found]) -> list[tuple[int, int]]:
    """Row and column of what calls itself a total among the last rows, unless the column's type was asked for."""
    places = [place for place, each in enumerate(found) if not (each.asked and each.role != "left out")]
    rows = range(max(0, len(cells.lines) - LAST), len(cells.lines))
    return [(row, place) for row in rows for place in places if _is_total(cells, place, row)]


def _is_total(cells: Cells, place: int, row: int) -> bool:
    column = cells.frame[place]
    word = column.iloc[row]
    last = row >= len(column) - LAST
    return last and word.lower().rstrip(": ") in TOTALS and int((column == word).sum()) == 1


def _what_is_wrong(cells: Cells, row: int, column: int, role: Role) -> str:
    cell = str(cells.frame[column].iloc[row])[:40]
    if not cell:
        return "nothing is there"
    if missing_cells(cells.frame[column].iloc[[row]])[0]:
        return f"'{cell}' is a missing value"
    return f"'{cell}' is not a {role}"
