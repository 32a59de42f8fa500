"""Tables as text, from anybody: read, with all that was assumed said, or refused with the line and the column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from genlab.datasets.cells import found_decimal, is_number
from genlab.datasets.column_types import MAXIMUM_WORDS, Typed, as_type, find_type, first_of, missing_cells
from genlab.datasets.columns import Column
from genlab.datasets.encoding import decoded
from genlab.datasets.examples import (
    MAXIMUM_ROWS,
    MINIMUM_A_CLASS,
    DataRefused,
    Examples,
    check_columns,
    check_number,
    checked,
    distinct_names,
    readable,
    refuse,
)
from genlab.datasets.layout import LABEL_WORDS, SAMPLE, Layout, find_layout, records
from genlab.datasets.options import FOUND_OUT, TYPES, ColumnType, Dates, ReadingOptions, Role
from genlab.datasets.table_sentences import assumed, outside
from genlab.datasets.whole_rows import totals_in, whole_rows

if TYPE_CHECKING:
    import pandas

MAXIMUM_CELLS = 10 * 10**6
BEHIND = 20  # lines of words that may come behind a table
BLOCK = 10_000  # rows that are lists of Python strings at a time
COUNTING_NAMES = ("", "id", "index", "idx", "nr", "nr.", "no", "no.", "#", "row", "rownames", "unnamed: 0")
KEEP = "To keep it, give it a type."


@dataclass(frozen=True)
class Cells:
    """The cells of a table.

    Attributes:
        frame: a column of strings for each column.
        lines: (rows,) the line of the file that each row begins on.
        names: of the columns; `given` are those that the file gives them, "" for none.
        behind: the lines of words behind the last row, as of a source.
    """

    frame: pandas.DataFrame
    lines: np.ndarray
    names: tuple[str, ...]
    given: tuple[str, ...] | None
    decimal: str
    dates: Dates | None
    behind: tuple[int, ...] = ()

    def place(self, row: int, column: int) -> str:
        called = "" if self.given is None else f" ('{self.names[column]}')"
        return f"Line {self.lines[row]}, column {column + 1}{called}"


@dataclass(frozen=True)
class Found:
    """What a column is used for, and a sentence where it is left out."""

    role: Role
    why: str = ""
    asked: bool = False


def read_table(content: bytes, options: ReadingOptions = FOUND_OUT) -> Examples:
    """Rows of cells, separated by commas, semicolons, tabs, bars or blanks. Raises DataRefused, which knows how the
    table was read until then.
    """
    text, encoding = decoded(content, options.encoding)
    layout = find_layout(text, options)
    options = replace(options, encoding=encoding, separator=layout.separator, header=layout.names is not None)
    try:
        cells = _cells(text, layout, options)
        options = replace(options, decimal=cells.decimal)
        found = _roles(cells, options)
        options = replace(options, columns=tuple((name, each.role) for name, each in zip(cells.names, found)))
        return _examples(cells, found, layout, options)
    except DataRefused as refusal:
        refusal.options = options
        raise


def _cells(text: str, layout: Layout, options: ReadingOptions) -> Cells:
    import pandas

    if layout.width > 1:
        check_columns(layout.width)
    blocks: list[pandas.DataFrame] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    behind: list[int] = []
    following = records(text, layout.separator, layout.before)
    if layout.names is not None:
        next(following)
    for line, cells in following:
        if len(cells) == 1 < layout.width and _is_remark(cells[0]) and len(behind) < BEHIND:
            behind.append(line)
            continue
        if behind or len(cells) != layout.width:
            line, count = (behind[0], 1) if behind else (line, len(cells))
            refuse(
                f"Line {line} has {count} columns, the first row of numbers {layout.width}.",
                "Expected as many in each line: correct that line, or name the separator, or close a quotation mark "
                "before it.",
            )
        rows.append(cells)
        lines.append(line)
        if len(lines) > MAXIMUM_ROWS or len(lines) * layout.width > MAXIMUM_CELLS:
            refuse(f"There are more than {MAXIMUM_ROWS:,} rows, or {MAXIMUM_CELLS:,} cells.", "Leave some out.")
        if len(rows) == BLOCK:
            blocks.append(pandas.DataFrame(rows, dtype="str"))
            rows = []
    if rows:
        blocks.append(pandas.DataFrame(rows, dtype="str"))
    if not lines:
        refuse("There are no rows of numbers.", "Expected a table with a row of two or more cells a line.")
    check_number(len(lines))
    frame = pandas.concat(blocks, ignore_index=True)
    given = layout.names
    names = distinct_names(
        [readable(name) if name else f"column {i + 1}" for i, name in enumerate(given or [""] * layout.width)]
    )
    sample = frame.head(10 * SAMPLE).to_numpy().ravel().tolist()
    decimal = options.decimal or found_decimal(sample, layout.separator)
    dates = options.dates or ("day first" if decimal == "," else None)
    return Cells(frame, np.array(lines), names, given, decimal, dates, tuple(behind))


def _is_remark(cell: str) -> bool:
    """Whether the only cell of a line is words, and not what a quotation mark left open has swallowed."""
    return not is_number(cell) and "\n" not in cell


def _roles(cells: Cells, options: ReadingOptions) -> list[Found]:
    """What each column is used for: as asked for, else found out."""
    asked = dict(options.columns)
    if unknown := [name for name in asked if name not in cells.names]:
        refuse(f"There is no column '{unknown[0][:80]}'.", f"There are: {', '.join(cells.names)[:300]}.")
    found = [_found(cells, place, name) for place, name in enumerate(cells.names)]
    kinds = [asked.get(name, each.role) for name, each in zip(cells.names, found)]
    labels = [name for name, role in asked.items() if role == "labels"]
    if len(labels) > 1:
        refuse(f"The columns {' and '.join(labels)} are both to be labels.", "Expected one: choose one of them.")
    words = [i for i, kind in enumerate(kinds) if kind == "category" and not _few_numbers(cells, i)]
    words = [i for i in words if _can_be_classes(cells.frame[i])]
    named = [i for i, name in enumerate(cells.names) if name.lower() in LABEL_WORDS and kinds[i] != "date"]
    chosen = named[:1]
    others = [kind for kind in kinds if kind != "left out"]
    if not chosen and len(words) == 1 and len(others) > 2 and kinds.count("category") == 1 and "date" not in kinds:
        chosen = words
    if chosen and not labels and cells.names[chosen[0]] not in asked:
        found[chosen[0]] = Found("labels")
    return [Found(asked[name], asked=True) if name in asked else each for name, each in zip(cells.names, found)]


def _found(cells: Cells, place: int, name: str) -> Found:
    column = cells.frame[place]
    present = column[~missing_cells(column)]
    if not len(present):
        return Found("left out", f"Column '{name}' is left out: it is empty.")
    unnamed = cells.given is not None and not cells.given[place]
    if (unnamed or (cells.given and name.lower() in COUNTING_NAMES)) and len(present) == len(column):
        nameless = "has no name and " if unnamed else ""
        if _counts(present):
            why = f"it {nameless}counts the rows from {present.iloc[0]} on"
            return Found("left out", f"Column '{name}' is left out: {why}. {KEEP}")
        if _are_numbers_of_rows(present) and (place == 0 or not unnamed):
            why = f"it {nameless}has another whole number in each row, as an index"
            return Found("left out", f"Column '{name}' is left out: {why}. {KEEP}")
    kind = find_type(present, cells.decimal, cells.dates)
    if kind:
        return Found(kind)
    distinct = present.nunique()
    if distinct == len(present) > 1:
        return Found("left out", f"Column '{name}' is left out: all its words are different, as of a name. {KEEP}")
    return Found(
        "left out", f"Column '{name}' is left out: it has {distinct:,} different words, more than {MAXIMUM_WORDS}."
    )


def _can_be_classes(column: pandas.Series) -> bool:
    counts = column[~missing_cells(column)].value_counts()
    return len(counts) > 1 and counts.min() >= MINIMUM_A_CLASS


def _few_numbers(cells: Cells, place: int) -> bool:
    column = cells.frame[place]
    return bool(column[~missing_cells(column)].str.fullmatch("(?:0|[1-9][0-9]*)").all())


def _are_numbers_of_rows(cells: pandas.Series) -> bool:
    """Whether cells are whole numbers that are all different, as the index of a data frame that was filtered or
    shuffled.
    """
    return bool(cells.str.fullmatch("[0-9]{1,9}").all()) and cells.nunique() == len(cells)


def _counts(cells: pandas.Series) -> bool:
    """Whether a column counts by one, from wherever it starts."""
    return _are_numbers_of_rows(cells) and bool((np.diff(cells.astype("int64").to_numpy()) == 1).all())


def _examples(cells: Cells, found: Sequence[Found], layout: Layout, options: ReadingOptions) -> Examples:
    missing: dict[int, np.ndarray] = {}
    typed: dict[int, Typed] = {}
    labels = next((place for place, each in enumerate(found) if each.role == "labels"), None)
    for place, each in enumerate(found):
        column = cells.frame[place]
        if each.role in TYPES or place == labels:
            missing[place] = missing_cells(column)
        if each.role in TYPES:
            typed[place] = as_type(column, each.role, missing[place], cells.decimal, cells.dates)
    unusable = dict(missing)
    for place, each_typed in typed.items():
        unusable[place] = missing[place] | each_typed.wrong
    for row, place in totals_in(cells, found):
        unusable.setdefault(place, np.zeros(len(cells.lines), dtype=bool))[row] = True
    kept, row_sentences = whole_rows(cells, unusable, found, options)
    columns, values = [], []
    for place, each_typed in typed.items():
        role: ColumnType = found[place].role  # type: ignore[assignment]
        column_values, words = each_typed.values[kept], each_typed.words
        if role == "category":  # a word that only rows had which are left out is no category
            present, column_values = np.unique(column_values, return_inverse=True)
            words = tuple(words[int(index)] for index in present)
            _check_words(words, cells.names[place])
        written = (each_typed.pattern, each_typed.decimals, each_typed.before, each_typed.behind)
        columns.append(Column(cells.names[place], role, words, *written))
        values.append(column_values.astype("float64"))
        _check_changes(columns[-1], values[-1], place)
    check_columns(len(columns), [each.why for each in found if each.why])
    first = next((order for column in columns if (order := first_of(column.pattern))), None)
    options = replace(options, dates=first)
    examples = checked(
        np.stack(values, axis=1),
        None if labels is None else cells.frame[labels][kept].to_numpy(dtype=str),
        columns=columns,
        left_out=(*outside(layout, cells), *(each.why for each in found if each.why), *row_sentences),
        options=options,
    )
    return replace(examples, assumed=assumed(cells, columns, values, labels, options))


def _check_words(words: tuple[str, ...], name: str) -> None:
    if len(words) > MAXIMUM_WORDS:
        refuse(
            f"Column '{name}' has {len(words):,} different words.",
            f"Expected at most {MAXIMUM_WORDS} in a category: merge some, or have the column left out.",
        )


def _check_changes(column: Column, values: np.ndarray, place: int) -> None:
    if len(values) and values.min() == values.max():
        refuse(
            f"All of column {place + 1} ('{column.name}') is {column.written(values[:1])[0]}.",
            "There is nothing to learn from a column that never changes: leave it out.",
        )
