"""What the cells of a table say: a number with this or that decimal mark, nothing, or a word."""

from __future__ import annotations

import re
from collections.abc import Iterable

# pandas' own, and what people write by hand.
MISSING = frozenset(
    word.lower()
    for word in (
        *("", "NA", "N/A", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "-NaN", "1.#QNAN", "1.#IND", "-1.#IND"),
        *("null", "None", "-", "--", "–", "?", ".", "missing", "n.a.", "k.A.", "#NV", "#VALUE!", "#DIV/0!", "#REF!"),
    )
)
THOUSANDS = {".": "[,'’ \u00a0\u202f]", ",": "[.'’ \u00a0\u202f]"}  # by decimal mark


def _number(mark: str) -> str:
    whole = f"(?:[0-9]{{1,3}}(?:{THOUSANDS[mark]}[0-9]{{3}})+|[0-9]+)"
    digits = f"(?:{whole}(?:{re.escape(mark)}[0-9]*)?|{re.escape(mark)}[0-9]+)"
    return f"(?:[+−-]?(?:{digits}(?:[eE][+-]?[0-9]+)?|[iI]nf(?:inity)?))"


NUMBERS = {mark: _number(mark) for mark in THOUSANDS}  # regular expressions, by decimal mark
_MONEY = ("€", "$", "£", "¥", "EUR", "USD", "CHF", "GBP")
_BEFORE, _BEHIND = (
    "|".join(map(re.escape, units))
    for units in (_MONEY, (*_MONEY, "%", "‰", "°C", "°F", "°", "kg", "km", "cm", "mm", "min"))
)
UNIT = re.compile(rf"(?P<before>(?:{_BEFORE})\s*)?(?P<number>.*?[0-9.,])(?P<behind>\s*(?:{_BEHIND}))?")
_COMPILED = {mark: re.compile(pattern) for mark, pattern in NUMBERS.items()}
_AS_THOUSANDS = re.compile(r"[+\-−]?[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?:\.[0-9]{3})+)")


def is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING


def unit_of(cell: str) -> tuple[str, str]:
    """What stands before and behind the number of a cell, as in "12 €"; "" for nothing."""
    match = UNIT.fullmatch(cell.strip())
    return (match["before"] or "", match["behind"] or "") if match else ("", "")


def without_unit(cell: str) -> str:
    before, behind = unit_of(cell)
    return cell.strip().removeprefix(before).removesuffix(behind)


def is_number(cell: str, decimal: str | None = None) -> bool:
    """Whether a cell is a number, maybe with a unit, with this decimal mark; with either unless given."""
    return any(_COMPILED[mark].fullmatch(without_unit(cell)) for mark in (decimal or ".,"))


def found_decimal(cells: Iterable[str], separator: str) -> str:
    """The decimal mark of a table from its cells. Where numbers have a comma before three digits and no other mark, it
    separates thousands in a table separated by commas, and is a decimal mark in others, as spreadsheets write them.
    Where all of them have a point there, it separates thousands in a table separated by semicolons.
    """
    point = comma = commas = points = fractions = 0
    for cell in cells:
        if "," in cell or "." in cell:
            cell = without_unit(cell)
            as_point, as_comma = is_number(cell, "."), is_number(cell, ",")
            point += as_point and not as_comma
            comma += as_comma and not as_point
            either, grouped = as_point and as_comma, _AS_THOUSANDS.fullmatch(cell) is not None
            commas += either and grouped and "," in cell
            points += either and grouped and "." in cell
            fractions += either and not grouped
    if comma != point:
        return "," if comma > point else "."
    if commas:
        return "," if separator != "," else "."
    return "," if points and not fractions and separator == ";" else "."
