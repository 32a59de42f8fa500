"""Tables as numbers that a network can learn, and back: numbers scaled, categories a column for each word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from genlab.datasets.columns import Column

if TYPE_CHECKING:
    from genlab.datasets.base import Dataset

SKEWED, FLAT, LONG_TAILED = 1.0, 1.5, 8.0  # moments: a normal distribution has 0 and 3, a uniform one 0 and 1.8
KNOTS = 1000


@dataclass(frozen=True)
class Coding:
    """How the columns of a table become those of a network.

    Attributes:
        columns: of the table.
        middle, spread: (columns,) what a number is less, and then divided by; 0 and 1 of a category.
        knots: by the place of a column that is scaled by its quantiles, values (k,) and their ranks between 0 and 1.
    """

    columns: tuple[Column, ...]
    middle: np.ndarray
    spread: np.ndarray
    knots: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @property
    def blocks(self) -> tuple[slice, ...]:
        """The network's columns of each column of the table: of a number one, of a category one for each word."""
        widths = [_width(column) for column in self.columns]
        ends = np.cumsum(widths).tolist()
        return tuple(slice(end - width, end) for end, width in zip(ends, widths))

    @property
    def categories(self) -> tuple[slice, ...]:
        """The blocks of the categories."""
        return tuple(block for column, block in zip(self.columns, self.blocks) if column.type == "category")

    def encoded(self, values: np.ndarray) -> np.ndarray:
        """Values (n, columns), a category as the index of its word -> (n, width) float32."""
        from scipy.special import ndtri  # the quantile of a normal distribution; imported here, since pages read this

        blocks = self.blocks
        result = np.zeros((len(values), blocks[-1].stop), "float32")
        for place, (column, block) in enumerate(zip(self.columns, blocks)):
            if column.type == "category":
                result[np.arange(len(values)), block.start + values[:, place].astype(int)] = 1
            elif place in self.knots:
                result[:, block.start] = ndtri(np.interp(values[:, place], *self.knots[place]))
            else:
                result[:, block.start] = (values[:, place] - self.middle[place]) / self.spread[place]
        return result

    def decoded(self, encoded: np.ndarray) -> np.ndarray:
        """(n, width) -> (n, columns) float64 in the units of the table: of a category the word with the most."""
        from scipy.special import ndtr

        result = np.empty((len(encoded), len(self.columns)))
        for place, (column, block) in enumerate(zip(self.columns, self.blocks)):
            if column.type == "category":
                result[:, place] = encoded[:, block].argmax(axis=1)
            elif place in self.knots:
                known, ranks = self.knots[place]
                result[:, place] = np.interp(ndtr(encoded[:, block.start].astype("float64")), ranks, known)
            else:
                result[:, place] = encoded[:, block.start] * float(self.spread[place]) + self.middle[place]
        return result


def table_coding(dataset: Dataset) -> Coding | None:
    """The coding of data that is looked at as a table: of more than two columns, or with categories."""
    coding = dataset.coding
    return coding if coding and (coding.categories or len(coding.columns) > 2) else None


def encoded_width(columns: Sequence[Column]) -> int:
    """How many columns a network has for those of a table."""
    return sum(map(_width, columns))


def _width(column: Column) -> int:
    return len(column.words) if column.type == "category" else 1


def make_coding(columns: tuple[Column, ...], train: np.ndarray, as_they_are: bool = False) -> Coding:
    """The coding by which each number has mean 0 and standard deviation 1 on `train` (n, columns), unless kept. Beside
    categories, a number that is skewed or has many peaks is made normal by its quantiles: for these Xu et al. 2019
    (CTGAN and TVAE) scale by the mode that a value is in.
    """
    middle, spread = np.zeros(len(columns)), np.ones(len(columns))
    knots: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    mixed = any(column.type == "category" for column in columns)
    for place, column in enumerate(columns):
        if column.type != "category" and not as_they_are:
            middle[place] = train[:, place].mean()
            spread[place] = train[:, place].std() or 1.0
            if mixed and not _like_normal((train[:, place] - middle[place]) / spread[place]):
                knots[place] = _quantiles(train[:, place])
    return Coding(columns, middle, spread, knots)


def _like_normal(standard: np.ndarray) -> bool:
    """Whether a standardised column has one peak and no long tail, by its third and its fourth moment."""
    return bool(abs((standard**3).mean()) <= SKEWED and FLAT <= (standard**4).mean() <= LONG_TAILED)


def _quantiles(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Up to 1,000 of the values, and the share of all that are below each, counting half of those that are equal."""
    known, counts = np.unique(values, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / len(values)
    chosen = np.unique(np.linspace(0, len(known) - 1, min(len(known), KNOTS)).astype(int))
    return known[chosen], ranks[chosen]
