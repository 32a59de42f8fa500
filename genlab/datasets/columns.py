"""A column of a table: its name, what it holds, and its values written as whoever brought it wrote them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from genlab.datasets.options import ColumnType

START = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400  # seconds


@dataclass(frozen=True)
class Column:
    """Attributes:
    type: of its values, which are numbers in any case: of a category the index of a word, of a date the days since
    1970.
    words: of a category, in their order.
    pattern: of a date, as strftime takes it.
    decimals: of a number, how many it is written with; None: as many as it takes.
    before, behind: of a number, its unit, with the blanks between.
    """

    name: str
    type: ColumnType = "number"
    words: tuple[str, ...] = ()
    pattern: str = ""
    decimals: int | None = None
    before: str = ""
    behind: str = ""

    def written(self, values: np.ndarray) -> list[str]:
        """Values (n,) as text; the nearest word, whole number or second where they are none."""
        if self.type == "category":
            places = np.clip(np.round(values), 0, len(self.words) - 1).astype(int)
            return [self.words[place] for place in places]
        if self.type == "date":
            seconds = np.round(values * DAY)
            return [(START + timedelta(seconds=second)).strftime(self.pattern) for second in seconds.tolist()]
        return [f"{self.before}{self._number(value)}{self.behind}" for value in values.tolist()]

    def _number(self, value: float) -> str:
        if self.type == "whole number":
            return str(round(value))
        return repr(value) if self.decimals is None else f"{value:.{max(self.decimals, 1)}f}"


def written_rows(columns: Sequence[Column], values: np.ndarray) -> list[dict[str, str]]:
    """Rows (n, columns) as text, by the names of the columns."""
    cells = [column.written(values[:, place]) for place, column in enumerate(columns)]
    return [dict(zip([column.name for column in columns], row)) for row in zip(*cells)]


def to_json(columns: Sequence[Column]) -> str:
    return json.dumps([asdict(column) for column in columns])


def from_json(text: str) -> tuple[Column, ...]:
    return tuple(Column(**{**fields, "words": tuple(fields["words"])}) for fields in json.loads(text))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts names as people count: 2 before 10."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part.casefold()) for part in parts if part)
