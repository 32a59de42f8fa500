"""What a column of text holds: numbers, whole numbers, categories or dates. Cells are a pandas Series of strings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from genlab.datasets.cells import MISSING, NUMBERS, THOUSANDS, unit_of
from genlab.datasets.columns import DAY, natural
from genlab.datasets.options import ColumnType, Dates

if TYPE_CHECKING:
    import pandas

MAXIMUM_WORDS = 100  # of a category
RARE = 0.1  # share of cells: words as rare as this among numbers are mistakes, not categories
LARGEST_WHOLE = 2**53  # beyond, float64 leaves whole numbers out
CLOCKS = (
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %H:%M:%S+00:00", " %I:%M %p", " %I:%M:%S %p"),
    *("T%H:%M", "T%H:%M:%S", "T%H:%M:%SZ", "T%H:%M:%S.%f", "T%H:%M:%S.%fZ", "T%H:%M:%S+00:00"),
)
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y")
ORDERS: dict[Dates, tuple[str, ...]] = {  # of days that may be read either way
    "day first": ("%d/%m/%Y", "%d-%m-%Y"),
    "month first": ("%m/%d/%Y", "%m-%d-%Y"),
}
PROBES = 5  # cells of which one has to be a date of a pattern, before all cells are read by it


@dataclass(frozen=True)
class Typed:
    """Attributes:
    values: (n,) float64; not a number where a cell is missing or wrong.
    wrong: (n,) whether a cell says something else than its type.
    words, pattern, decimals, before, behind: as of a Column.
    """

    values: np.ndarray
    wrong: np.ndarray
    words: tuple[str, ...] = ()
    pattern: str = ""
    decimals: int | None = None
    before: str = ""
    behind: str = ""


def missing_cells(cells: pandas.Series) -> np.ndarray:
    return cells.str.lower().isin(list(MISSING)).to_numpy(dtype=bool)


def find_type(cells: pandas.Series, decimal: str, dates: Dates | None = None) -> ColumnType | None:
    """The type of cells of which none is missing; None for words of which there are too many to be a category. A few
    cells may be something else, as in the line of a total.
    """
    cells, _, _ = _without_unit(cells)
    values, distinct = _numbers(cells, decimal), cells.nunique()
    numbers = np.isfinite(values) | np.isinf(values)
    codes = cells.str.fullmatch("0[0-9]+").any()  # which would lose their zeros
    if numbers.mean() >= 1 - RARE and not codes:
        if not _whole(cells[numbers], values[numbers], decimal):
            return "number"
        return "category" if numbers.all() and distinct == 2 else "whole number"
    if date_pattern(cells, dates):
        return "date"
    return "category" if distinct <= MAXIMUM_WORDS and distinct < len(cells) else None


def as_type(
    cells: pandas.Series, kind: ColumnType, missing: np.ndarray, decimal: str, dates: Dates | None = None
) -> Typed:
    """Cells as values of a type."""
    if kind == "category":
        words = tuple(sorted(cells[~missing].unique(), key=lambda word: (natural(word), word)))
        values = cells.map({word: place for place, word in enumerate(words)}).to_numpy(dtype="float64").copy()
        values[missing] = np.nan
        return Typed(values, np.zeros(len(cells), dtype=bool), words)
    if kind == "date":
        pattern = date_pattern(cells[~missing], dates) or "%Y-%m-%d"
        values = _dates(cells, pattern)
        return Typed(values, np.isnan(values) & ~missing, pattern=pattern)
    present, before, behind = _without_unit(cells[~missing])
    if before or behind:
        cells = cells.str.removeprefix(before).str.removesuffix(behind)
    values = _numbers(cells, decimal)
    values[missing] = np.nan
    wrong = np.isnan(values) & ~missing
    if kind == "whole number":
        wrong |= np.isfinite(values) & (values != np.round(values))
    return Typed(values, wrong, decimals=_decimals(present, decimal), before=before, behind=behind)


def _without_unit(cells: pandas.Series) -> tuple[pandas.Series, str, str]:
    """Cells without the unit that all of them have, and what of it stands before and behind the number."""
    before, behind = unit_of(cells.iloc[0]) if len(cells) else ("", "")
    if not (before or behind) or not (cells.str.startswith(before) & cells.str.endswith(behind)).all():
        return cells, "", ""
    return cells.str.removeprefix(before).str.removesuffix(behind), before, behind


def date_pattern(cells: pandas.Series, dates: Dates | None = None) -> str:
    """How most of these cells are written as dates; "" if they are none. Where day and month may be either, `dates`
    says which comes first.
    """
    later = [day for order, days in ORDERS.items() if dates and order != dates for day in days]
    probes = cells.iloc[np.unique(np.linspace(0, len(cells) - 1, PROBES).astype(int))] if len(cells) else cells
    shares: dict[str, float] = {}
    for day in sorted(DAYS, key=lambda day: day in later):
        for clock in CLOCKS:
            if any(_reads(cell, day + clock) for cell in probes):
                shares[day + clock] = 1 - float(np.isnan(_dates(cells, day + clock)).mean())
    best = max(shares, key=lambda pattern: shares[pattern], default="")
    return best if best and shares[best] >= 1 - RARE else ""


def first_of(pattern: str) -> Dates | None:
    """What comes first in dates that are written so that it could be either; None for all others."""
    return next((order for order, days in ORDERS.items() if pattern.startswith(days)), None)


def _reads(cell: str, pattern: str) -> bool:
    try:
        datetime.strptime(cell, pattern)
    except ValueError:
        return False
    return True


def _dates(cells: pandas.Series, pattern: str) -> np.ndarray:
    """(n,) days since 1970; not a number for what is no date."""
    import pandas

    dates = pandas.to_datetime(cells, format=pattern, errors="coerce")
    seconds = dates.to_numpy(dtype="datetime64[ms]").astype("int64") / 1000
    return np.where(dates.isna(), np.nan, seconds / DAY)


def _numbers(cells: pandas.Series, decimal: str) -> np.ndarray:
    """(n,) float64; not a number for what is none."""
    import pandas

    plain = cells.where(cells.str.fullmatch(NUMBERS[decimal]))
    plain = plain.str.replace(THOUSANDS[decimal], "", regex=True).str.replace("−", "-").str.replace(decimal, ".")
    return pandas.to_numeric(plain, errors="coerce").to_numpy(dtype="float64", na_value=np.nan).copy()


def _whole(cells: pandas.Series, values: np.ndarray, decimal: str) -> bool:
    written = not cells.str.contains(f"[{decimal}eE]", regex=True).any()
    return written and bool((np.abs(values) < LARGEST_WHOLE).all())


def _decimals(cells: pandas.Series, decimal: str) -> int | None:
    """The most digits behind the decimal mark; None where some are written with an exponent."""
    if cells.str.contains("[eE]", regex=True).any():
        return None
    place = cells.str.find(decimal)
    behind = (cells.str.len() - place - 1).where(place >= 0, 0)
    return int(behind.max()) if len(behind) else 0
