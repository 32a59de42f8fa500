"""How the lines of a table are cut into cells: the separator, where the table begins, what its columns are called."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from genlab.datasets.cells import is_missing, is_number
from genlab.datasets.examples import MAXIMUM_COLUMNS, refuse
from genlab.datasets.options import SEPARATORS, ReadingOptions

SAMPLE = 300  # records by which a separator is found
LONGEST_LINE = 100 * MAXIMUM_COLUMNS  # characters
DECLARED = re.compile(r"\"?sep=(.)\"?[\r\n]", re.IGNORECASE)  # a first line by which Excel is told the separator
LABEL_WORDS = ("label", "labels", "class")

Record = tuple[int, list[str]]  # the line it begins on, from 1 as an editor counts, and its cells


@dataclass(frozen=True)
class Layout:
    """Attributes:
    separator: a key of SEPARATORS.
    before: lines before the first row of the table, or before its header.
    width: cells of a row.
    names: what the header calls the columns, "" for one without a name; None without a header.
    """

    separator: str
    before: int
    width: int
    names: tuple[str, ...] | None


def find_layout(text: str, options: ReadingOptions) -> Layout:
    """Raises DataRefused for a line without end, and where there is no row."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > LONGEST_LINE:
            refuse(
                f"Line {number} has more than {LONGEST_LINE:,} characters.",
                f"Expected a row of up to {MAXIMUM_COLUMNS} cells a line: check that this is a table.",
            )
    declared = DECLARED.match(text)
    before = 1 if declared else 0
    given = options.separator or (declared[1] if declared else None)
    candidates = [given] if given else list(SEPARATORS)
    samples = {mark: list(islice(records(text, mark, before), SAMPLE)) for mark in candidates}
    separator = max(candidates, key=lambda mark: _fit([cells for _, cells in samples[mark]]))
    rows = samples[separator]
    if not rows:
        refuse("There are no rows of numbers.", "Expected a table with a row of two or more cells a line.")
    width = _width([cells for _, cells in rows])
    whole = (width,) if width < 3 else (width - 1, width)
    fitting = [place for place, (_, cells) in enumerate(rows) if len(cells) in whole]
    # A spreadsheet writes a title as a row with one cell that is filled.
    start = next((place for place in fitting if width < 3 or sum(map(bool, rows[place][1])) > 1), fitting[0])
    first, rest = rows[start][1], [cells for _, cells in rows[start + 1 :] if len(cells) == width]
    header = _is_header(first, rest, width) if options.header is None else options.header
    return Layout(separator, rows[start][0] - 1, width, _names(first, rest, width) if header else None)


def records(text: str, separator: str, before: int = 0) -> Iterator[Record]:
    """The records that are not blank, behind so many lines. Raises DataRefused for a cell without end."""
    lines: Iterable[str] = islice(io.StringIO(text, newline=""), before, None)
    if separator == " ":
        lines = (line.strip().replace("\t", " ") + "\n" for line in lines)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    while True:
        line = reader.line_num + before + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            refuse(f"From line {line} on, a cell does not end ({error}).", "Close its quotation mark, or remove it.")
        if any(cell.strip() for cell in cells):
            yield line, [_unquoted(cell.strip()) for cell in cells]


def _unquoted(cell: str) -> str:
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == "'" else cell


def _width(rows: list[list[str]]) -> int:
    """The number of cells that most rows have."""
    counts = Counter(map(len, rows))
    return max(counts, key=lambda width: (counts[width], width))


def _fit(rows: list[list[str]]) -> float:
    """How much a separator makes a table of the rows: one width for all, and numbers in the cells."""
    width = _width(rows) if rows else 0
    if width < 2:
        return 0.0
    alike = [row for row in rows if len(row) == width]
    numbers = sum(is_number(cell) for row in alike for cell in row)
    return len(alike) / len(rows) * (1 + 4 * numbers / (width * len(alike)))


def _is_header(first: list[str], rest: list[list[str]], width: int) -> bool:
    if len(first) < width or first[-1].lower() in LABEL_WORDS:
        return True
    names = [cell for cell in first if cell]
    if not names:
        return False
    if not rest:
        return not any(map(is_number, names))
    columns = list(zip(*rest, strict=True))
    for name, cells in zip(first, columns):
        numbers = sum(map(is_number, cells))
        if numbers >= 0.5 * len(cells) and not is_number(name) and not is_missing(name):
            return True
    if not first[0] and names == [str(number) for number in range(len(names))]:
        return True  # a data frame whose columns have no names
    distinct = len(set(names)) == len(names)
    return distinct and not any(is_number(name) or name in cells for name, cells in zip(first, columns))


def _names(first: list[str], rest: list[list[str]], width: int) -> tuple[str, ...]:
    if len(first) == width:
        return tuple(first)
    ends_empty = bool(rest) and not any(cells[-1] for cells in rest)
    return (*first, "") if ends_empty else ("", *first)  # the rows end with a separator, or have names of their own
