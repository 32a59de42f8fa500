"""Examples that somebody brought: what they must be like, checked once, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np

MINIMUM_EXAMPLES = 50
MINIMUM_A_CLASS = 4
MAXIMUM_CLASSES = 100
MAXIMUM_ROWS = 200_000
MAXIMUM_COLUMNS = 256
MAXIMUM_BYTES = 200 * 10**6  # of all that is unpacked, in memory at once
MINIMUM_SIDE, MAXIMUM_SIDE = 4, 64  # pixels
LARGEST_NUMBER = 1e30  # its square, which a standard deviation needs, is still far from the end of float64
NAME_LENGTH = 40
NAMES_SAID = 8


class DataRefused(ValueError):
    """Data that cannot be used; the message says what it is, what was expected and what to do."""


@contextmanager
def refusing(what: str, advice: str) -> Iterator[None]:
    """Whatever goes wrong inside is a refusal: readers of damaged files fail in more ways than can be listed."""
    try:
        yield
    except DataRefused:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataRefused(f"{what} cannot be read: {reason}. {advice}") from error


@dataclass(frozen=True)
class Examples:
    """Examples that were checked. `checked` makes them.

    Attributes:
        values: (n, columns) float64, or (n, height, width, 1 or 3) bytes.
        labels: (n,) index into `names`, or None.
        train: so many of the first are the training half; None if the halves are yet to be drawn.
        as_they_are: points that are not to be scaled.
        skipped: why something was left out, and how many were.
    """

    values: np.ndarray
    labels: np.ndarray | None = None
    names: tuple[str, ...] = ()
    train: int | None = None
    as_they_are: bool = False
    skipped: dict[str, int] = field(default_factory=dict)

    def summary(self) -> str:
        words = [describe_shape(self.values.shape)]
        if self.labels is not None:
            counts = np.bincount(self.labels)
            said = [f"{name} ({count:,})" for name, count in zip(self.names, counts)][:NAMES_SAID]
            more = "" if len(self.names) <= NAMES_SAID else f" and {len(self.names) - NAMES_SAID} more"
            words.append(f"{len(self.names)} classes: {', '.join(said)}{more}")
        if self.train is not None:
            words.append(f"{self.train:,} to train on, {len(self.values) - self.train:,} to test with")
        if self.values.ndim == 2:
            words.append(describe_scaling(self.as_they_are))
        if skipped := [f"{count:,} {why}" for why, count in self.skipped.items() if count]:
            words.append(f"{sum(self.skipped.values()):,} skipped: {', '.join(skipped)}")
        return " · ".join(words)


def describe_shape(shape: Sequence[int]) -> str:
    """What an array of examples of this shape holds."""
    if len(shape) == 2:
        return f"{shape[0]:,} points in {shape[1]} columns"
    colour = "colour" if len(shape) == 4 and shape[3] == 3 else "grey"
    return f"{shape[0]:,} pictures of {shape[1]}x{shape[2]} pixels, {colour}"


def describe_scaling(as_they_are: bool) -> str:
    return "kept as they are" if as_they_are else "each column scaled to mean 0 and standard deviation 1"


def scaled(values: np.ndarray, train: np.ndarray, as_they_are: bool) -> np.ndarray:
    """Points (n, columns) as float32, each column with mean 0 and standard deviation 1 on `train` unless kept."""
    if as_they_are:
        return values.astype("float32")
    spread = train.std(axis=0)
    return ((values - train.mean(axis=0)) / np.where(spread > 0, spread, 1)).astype("float32")


def checked(
    values: np.ndarray,
    labels: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    train: int | None = None,
    as_they_are: bool = False,
    skipped: dict[str, int] | None = None,
) -> Examples:
    """Points (n, columns) or pictures (n, height, width[, 1 or 3]) that can be trained on. Raises DataRefused.

    Args:
        labels: (n,) numbers or words; with `names`, indices into them.
        columns: what the columns of points are called.
    """
    if values.ndim not in (2, 3, 4) or values.dtype.kind not in "biuf":
        refuse(
            f"An array of shape {values.shape} and type {values.dtype} is neither points nor pictures.",
            "Expected numbers: (examples, columns) for points, or (examples, height, width), if need be with 1 or 3 "
            "channels as a fourth axis, for pictures.",
        )
    if len(values) < MINIMUM_EXAMPLES:
        refuse(
            f"There {'is 1 example' if len(values) == 1 else f'are {len(values)} examples'}.",
            f"At least {MINIMUM_EXAMPLES} are needed, half of them to test with: add more.",
        )
    if len(values) > MAXIMUM_ROWS:
        refuse(f"There are {len(values):,} examples, more than {MAXIMUM_ROWS:,}.", "Leave some out.")
    if train is not None and min(train, len(values) - train) < MINIMUM_EXAMPLES // 2:
        refuse(
            f"There are {train:,} examples to train on and {len(values) - train:,} to test with.",
            f"At least {MINIMUM_EXAMPLES // 2} of each are needed: add more, or give one array called examples.",
        )
    values = _points(values, columns) if values.ndim == 2 else _pictures(values)
    if labels is None:
        return Examples(values, None, (), train, as_they_are, skipped or {})
    index, class_names = _classes(labels, len(values), names, train)
    return Examples(values, index, class_names, train, as_they_are, skipped or {})


def refuse(what: str, advice: str) -> NoReturn:
    raise DataRefused(f"{what} {advice}")


def _points(values: np.ndarray, columns: Sequence[str] | None) -> np.ndarray:
    count = values.shape[1]
    if not 2 <= count <= MAXIMUM_COLUMNS:
        refuse(
            f"There {'is 1 column' if count == 1 else f'are {count:,} columns'} of numbers.",
            f"Points have 2 to {MAXIMUM_COLUMNS} columns: add or leave out some.",
        )
    values = values.astype("float64", copy=False)

    def called(column: int) -> str:
        return f"column {column + 1}" + (f" ('{columns[column]}')" if columns else "")

    # Not a number compares as False, so this finds it too.
    usable = np.abs(values) <= LARGEST_NUMBER
    if not usable.all():
        row, column = np.argwhere(~usable)[0]
        refuse(
            f"Example {row + 1}, {called(column)}, is {values[row, column]:g}; {(~usable).sum():,} such values in all.",
            f"Expected numbers between -{LARGEST_NUMBER:g} and {LARGEST_NUMBER:g}: leave out those rows or columns.",
        )
    constant = np.flatnonzero(values.max(axis=0) == values.min(axis=0))
    if len(constant):
        refuse(
            f"All of {called(constant[0])} is {values[0, constant[0]]:g}.",
            "There is nothing to learn from a column that never changes: leave it out.",
        )
    return values


def _pictures(values: np.ndarray) -> np.ndarray:
    if values.ndim == 3:
        values = values[..., None]
    _, height, width, channels = values.shape
    if not (min(height, width) >= MINIMUM_SIDE and max(height, width) <= MAXIMUM_SIDE and channels in (1, 3)):
        refuse(
            f"The pictures are {height}x{width} pixels with {channels} channels.",
            f"Expected sides of {MINIMUM_SIDE} to {MAXIMUM_SIDE} pixels and 1 or 3 channels: resize them, or upload a "
            "zip of picture files, which is resized here.",
        )
    lowest, highest = values.min(), values.max()
    whole = values.dtype.kind in "iu"
    if not (lowest >= 0 and highest <= (255 if whole else 1)):  # so that not-a-number is refused too
        refuse(
            f"The pixels go from {lowest:g} to {highest:g}.",
            "Expected whole numbers from 0 to 255, or fractions from 0 to 1, all of them numbers: rescale them.",
        )
    if lowest == highest:
        refuse("All pixels of all pictures are the same.", "There is nothing to learn from them: check the file.")
    return values.astype("uint8", copy=False) if whole else np.round(values * np.float32(255)).astype("uint8")


def _classes(
    labels: np.ndarray, count: int, names: Sequence[str] | None, train: int | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(n,) index of each example's class, and what the classes are called."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (count,) or labels.dtype.kind not in "biuUS":
        refuse(
            f"The labels have shape {labels.shape} and type {labels.dtype} for {count:,} examples.",
            "Expected one whole number or word for each example: give as many labels as examples, or none.",
        )
    distinct, index = np.unique(labels, return_inverse=True)
    if not 2 <= len(distinct) <= MAXIMUM_CLASSES:
        refuse(
            f"The labels name {'a single class' if len(distinct) == 1 else f'{len(distinct):,} classes'}.",
            f"Expected 2 to {MAXIMUM_CLASSES} classes: leave the labels out, or merge some.",
        )
    words = [word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word) for word in distinct.tolist()]
    if names is not None:
        if labels.dtype.kind not in "iu" or distinct.min() < 0 or distinct.max() >= len(names):
            refuse(
                f"The labels do not fit the {len(names):,} names.",
                f"Expected labels from 0 to {len(names) - 1}: correct them, or leave the names out.",
            )
        words = [names[label] for label in distinct.tolist()]
    for part in (index,) if train is None else (index[:train], index[train:]):
        counts = np.bincount(part, minlength=len(words))
        least = MINIMUM_A_CLASS if train is None else 1
        if counts.min() < least:
            refuse(
                f"Class '{readable(words[counts.argmin()])}' has {counts.min()} examples"
                f"{'' if train is None else ' in one of the halves'}.",
                f"At least {least} are needed: add more, merge it with another class, or leave it out.",
            )
    return index.astype("int64"), _distinct([readable(word) for word in words])


def readable(name: str) -> str:
    """A name as it can be shown anywhere: one line, no control characters, no tags for a figure to read, not long."""
    name = " ".join(name.replace("<", "‹").replace(">", "›").split())
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:NAME_LENGTH] or "no name"


def _distinct(names: list[str]) -> tuple[str, ...]:
    """The names with a number behind those that came out the same."""
    result: list[str] = []
    for name in names:
        again, number = name, 2
        while again in result:
            again, number = f"{name} ({number})", number + 1
        result.append(again)
    return tuple(result)
