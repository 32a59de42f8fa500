"""Examples that somebody brought: what they must be like, checked once, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn

import numpy as np

from genlab.datasets.columns import Column, natural
from genlab.datasets.options import FOUND_OUT, ReadingOptions
from genlab.datasets.pixels import as_bytes, colours_first, found_scale

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


ExamplesKind = Literal["points", "pictures", "table"]


class DataRefused(ValueError):
    """Data that cannot be used; the message says what it is, what was expected and what to do.

    Attributes:
        options: how the file was read until then, where that is known.
        way_out: options of `genlab import` with which it would not be refused, if there are such.
    """

    options: ReadingOptions | None = None
    way_out: str = ""


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
        columns: what the columns of points or of a table hold.
        assumed, left_out: sentences about what was found out, and what is not in `values`.
        options: how it was read, with all that was found out.
    """

    values: np.ndarray
    labels: np.ndarray | None = None
    names: tuple[str, ...] = ()
    train: int | None = None
    as_they_are: bool = False
    columns: tuple[Column, ...] = ()
    assumed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    options: ReadingOptions = FOUND_OUT

    @property
    def kind(self) -> ExamplesKind:
        if self.values.ndim == 4:
            return "pictures"
        return "table" if is_table(self.columns) else "points"

    @property
    def classes(self) -> dict[str, int]:
        """How many examples each class has, in the order of the labels."""
        return {} if self.labels is None else dict(zip(self.names, np.bincount(self.labels).tolist()))

    def summary(self) -> str:
        words = [describe_shape(self.values.shape, self.kind == "table")]
        if self.labels is not None:
            said = [f"{name} ({count:,})" for name, count in self.classes.items()][:NAMES_SAID]
            more = "" if len(self.names) <= NAMES_SAID else f" and {len(self.names) - NAMES_SAID} more"
            words.append(f"{len(self.names)} classes: {', '.join(said)}{more}")
        if self.train is not None:
            words.append(f"{self.train:,} to train on, {len(self.values) - self.train:,} to test with")
        if self.values.ndim == 2:
            words.append(describe_scaling(self.as_they_are, self.kind == "table"))
        return " · ".join(words)

    def report(self) -> dict[str, Any]:
        """All there is to say of it, as plain values."""
        return {
            "kind": self.kind,
            "examples": len(self.values),
            "columns": [{"name": column.name, "type": column.type} for column in self.columns],
            "classes": self.classes,
            "assumed": list(self.assumed),
            "left_out": list(self.left_out),
        }


def is_table(columns: Sequence[Column]) -> bool:
    """Whether some columns are no plain numbers."""
    return any(column.type in ("category", "date") for column in columns)


def describe_shape(shape: Sequence[int], table: bool = False) -> str:
    """What an array of examples of this shape holds."""
    if len(shape) == 2:
        return f"{shape[0]:,} {'rows' if table else 'points'} in {shape[1]} columns"
    colour = "colour" if len(shape) == 4 and shape[3] == 3 else "grey"
    return f"{shape[0]:,} pictures of {shape[1]}x{shape[2]} pixels, {colour}"


def describe_scaling(as_they_are: bool, table: bool = False) -> str:
    if as_they_are:
        return "kept as they are"
    if table:
        return "numbers scaled to mean 0 and standard deviation 1, skewed ones by their quantiles"
    return "each column scaled to mean 0 and standard deviation 1"


def checked(
    values: np.ndarray,
    labels: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    *,
    columns: Sequence[Column] = (),
    train: int | None = None,
    as_they_are: bool = False,
    left_out: Sequence[str] = (),
    options: ReadingOptions = FOUND_OUT,
) -> Examples:
    """Points (n, columns) or pictures (n, height, width[, 1 or 3], or the colours first) that can be trained on.
    Raises DataRefused.

    Args:
        labels: (n,) numbers or words; with `names`, indices into them.
        columns: what the columns of points hold; numbers unless given.
        options: how pictures were or are to be scaled, and how all was read.
    """
    if values.ndim not in (2, 3, 4) or values.dtype.kind not in "biuf":
        refuse(
            f"An array of shape {values.shape} and type {values.dtype} is neither points nor pictures.",
            "Expected numbers: (examples, columns) for points, or (examples, height, width), if need be with 1 or 3 "
            "channels before or behind, for pictures.",
        )
    check_number(len(values))
    if train is not None and min(train, len(values) - train) < MINIMUM_EXAMPLES // 2:
        refuse(
            f"There are {train:,} examples to train on and {len(values) - train:,} to test with.",
            f"At least {MINIMUM_EXAMPLES // 2} of each are needed: add more, or give one array called examples.",
        )
    assumed: list[str] = []
    if values.ndim == 2:
        columns = tuple(columns) or tuple(Column(f"column {i + 1}") for i in range(values.shape[1]))
        values = _points(values, columns)
    else:
        values, options, assumed = _pictures(values, options)
    index, class_names = (None, ()) if labels is None else _classes(labels, len(values), names, train)
    return Examples(
        values, index, class_names, train, as_they_are, tuple(columns), tuple(assumed), tuple(left_out), options
    )


def check_number(count: int) -> None:
    """Refuse too few and too many examples."""
    if count < MINIMUM_EXAMPLES:
        refuse(
            f"There {'is 1 example' if count == 1 else f'are {count} examples'}.",
            f"At least {MINIMUM_EXAMPLES} are needed, half of them to test with: add more.",
        )
    if count > MAXIMUM_ROWS:
        refuse(f"There are {count:,} examples, more than {MAXIMUM_ROWS:,}.", "Leave some out.")


def check_columns(count: int, left_out: Sequence[str] = ()) -> None:
    """Refuse too few and too many columns. Sentences say why others were left out; the first two are said again."""
    if not 2 <= count <= MAXIMUM_COLUMNS:
        there = f"There {'is 1 column' if count == 1 else f'are {count:,} columns'} of numbers."
        refuse(
            " ".join((there, *left_out[:2])),
            f"Points have 2 to {MAXIMUM_COLUMNS} columns: add or leave out some.",
        )


def refuse(what: str, advice: str) -> NoReturn:
    raise DataRefused(f"{what} {advice}")


def _points(values: np.ndarray, columns: Sequence[Column]) -> np.ndarray:
    check_columns(values.shape[1])
    values = values.astype("float64", copy=False)
    # Not a number compares as False, so this finds it too.
    usable = np.abs(values) <= LARGEST_NUMBER
    if not usable.all():
        row, column = np.argwhere(~usable)[0]
        refuse(
            f"Example {row + 1}, column {column + 1} ('{columns[column].name}'), is {values[row, column]:g}; "
            f"{(~usable).sum():,} such values in all.",
            f"Expected numbers between -{LARGEST_NUMBER:g} and {LARGEST_NUMBER:g}: leave out those rows or columns.",
        )
    constant = np.flatnonzero(values.max(axis=0) == values.min(axis=0))
    if len(constant):
        place = int(constant[0])
        value = columns[place].written(values[:1, place])[0]
        refuse(
            f"All of column {place + 1} ('{columns[place].name}') is {value}.",
            "There is nothing to learn from a column that never changes: leave it out.",
        )
    return values


def _pictures(values: np.ndarray, options: ReadingOptions) -> tuple[np.ndarray, ReadingOptions, list[str]]:
    """(n, height, width, 1 or 3) bytes, how they were scaled, and sentences that say so."""
    assumed = []
    if values.ndim == 3:
        values = values[..., None]
    elif options.channels == "first" or (options.channels is None and colours_first(values.shape)):
        values = np.moveaxis(values, 1, -1)
        options = replace(options, channels="first")
        assumed.append("The axis of colours comes before height and width.")
    else:
        options = replace(options, channels="last")
    _, height, width, channels = values.shape
    if not (min(height, width) >= MINIMUM_SIDE and max(height, width) <= MAXIMUM_SIDE and channels in (1, 3)):
        refuse(
            f"The pictures are {height}x{width} pixels with {channels} channels.",
            f"Expected sides of {MINIMUM_SIDE} to {MAXIMUM_SIDE} pixels and 1 or 3 channels: resize them, or upload a "
            "zip of picture files, which is resized here.",
        )
    lowest, highest = values.min(), values.max()
    if options.scale and not options.scale[0] < options.scale[1]:
        refuse(f"The scale goes from {options.scale[0]:g} to {options.scale[1]:g}.", "Expected black below white.")
    scale = options.scale or found_scale(lowest, highest, values)
    if scale is None or not (np.isfinite(lowest) and np.isfinite(highest)):
        what = f"The pixels go from {lowest:g} to {highest:g}."
        if len(odd := np.flatnonzero(~np.isfinite(values).all(axis=(1, 2, 3)))):
            what = f"Picture {odd[0] + 1} has a pixel that is no finite number, as have {len(odd):,} in all."
        refusal = DataRefused(
            f"{what} Expected whole numbers, or fractions from 0 to 1, from -1 "
            "to 1 or up to 255, all of them numbers: rescale them, or say which values are black and white."
        )
        if np.isfinite(lowest) and np.isfinite(highest):
            refusal.options = replace(options, scale=(float(lowest), float(highest)))
        raise refusal
    if lowest == highest:
        refuse("All pixels of all pictures are the same.", "There is nothing to learn from them: check the file.")
    assumed.append(f"Pixels go from {scale[0]:g}, black, to {scale[1]:g}, white.")
    return as_bytes(values, scale), replace(options, scale=scale), assumed


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
    if labels.dtype.kind in "SU":  # as people count, 2 before 10
        order = sorted(range(len(distinct)), key=lambda place: natural(_word(distinct[place].item())))
        distinct, index = distinct[order], np.argsort(order)[index]
    if not 2 <= len(distinct) <= MAXIMUM_CLASSES:
        refuse(
            f"The labels name {'a single class' if len(distinct) == 1 else f'{len(distinct):,} classes'}.",
            f"Expected 2 to {MAXIMUM_CLASSES} classes: leave the labels out, or merge some.",
        )
    words = [_word(word) for word in distinct.tolist()]
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
    return index.astype("int64"), distinct_names([readable(word) for word in words])


def _word(word: str | bytes | float) -> str:
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)


def readable(name: str) -> str:
    """A name as it can be shown anywhere: one line, no control characters, no tags for a figure to read, not long."""
    name = " ".join(name.replace("<", "‹").replace(">", "›").split())
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:NAME_LENGTH] or "no name"


def distinct_names(names: list[str]) -> tuple[str, ...]:
    """The names with a number behind those that came out the same."""
    result: list[str] = []
    for name in names:
        again, number = name, 2
        while again in result:
            again, number = f"{name} ({number})", number + 1
        result.append(again)
    return tuple(result)
