"""What a data set is: arrays for training and for testing, and the modes a model should cover."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from genlab.datasets.byte_images import ByteImages
from genlab.datasets.coding import Coding
from genlab.registry import DATASETS
from genlab.spec import Settings

Kind = Literal["points", "images"]
PIECE = 1_000_000  # values that are squared at a time
ROWS = 1000  # examples that are read at a time


class DataUnavailable(Exception):
    """The data cannot be had here; the message says why and what can be used instead."""


@dataclass(frozen=True)
class Modes:
    """The components of the data that a model may cover or drop.

    Where a sample belongs is told by the centres and the std of a Gaussian mixture, else by `assign`, else by a
    classifier that learns the labels.

    Attributes:
        names: what each of the K modes is called on the page.
        shares: (K,) share of the data in each mode; they add up to 1.
        centres: (K, dimensions) for a mixture of Gaussians with known components, else None.
        std: standard deviation of a component in each direction, in the units of the data, else None.
        assign: samples -> (n,) index of the mode each is on, -1 for none; free of Keras. None where the centres or a
        classifier decide.
    """

    names: tuple[str, ...]
    shares: np.ndarray
    centres: np.ndarray | None = None
    std: float | None = None
    assign: Callable[[np.ndarray], np.ndarray] | None = None


@dataclass(frozen=True)
class Dataset:
    """Arrays ready for training.

    Attributes:
        train, test: (examples, dimensions) coordinates, or (examples, height, width, channels) images in [0, 1],
        float32. Images to train on that were bytes are kept as bytes, and are float32 where they are indexed.
        train_labels, test_labels: (examples,) index of the mode each example belongs to.
        modes: the modes.
        coding: for tables and points with units of their own, how these became `train`.
        channel: for images whose channels are images of their own (stacked MNIST), the data set of one channel, whose
        classifier names each; the mode is then the number with these digits, in base (number of its classes).
    """

    name: str
    train: np.ndarray | ByteImages
    test: np.ndarray
    train_labels: np.ndarray
    test_labels: np.ndarray
    modes: Modes
    channel: Dataset | None = None
    coding: Coding | None = None

    @property
    def kind(self) -> Kind:
        return "points" if self.train.ndim == 2 else "images"


def labelled(
    name: str,
    train: np.ndarray | ByteImages,
    train_labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
    names: tuple[str, ...],
) -> Dataset:
    """A data set whose modes are its labels, with the shares that the training labels have."""
    shares = np.bincount(train_labels, minlength=len(names)) / len(train_labels)
    return Dataset(name, train, test, train_labels.astype("int64"), test_labels.astype("int64"), Modes(names, shares))


@dataclass(frozen=True)
class DatasetEntry:
    """A data set as the registry knows it: everything that can be said without loading it.

    Attributes:
        title, description: for people.
        kind: "points" or "images".
        steps: the budget that presets are tuned for, in steps.
        settings: the class of its settings.
        load: settings -> Dataset. Raises DataUnavailable.
        shape: of one example.
        count: training examples, unless the settings have a `size`.
        unavailable: the reason it cannot be loaded here, or "" (cheap: no download, no large read).
        downloads: whether to load it here is to download it.
        table: whether its points are rows of a table with categories or dates.
    """

    name: str
    title: str
    description: str
    kind: Kind
    steps: int
    load: Callable[[Any], Dataset]
    settings: type[Settings] = Settings
    shape: tuple[int, ...] = (2,)
    count: int = 0
    unavailable: Callable[[], str] = lambda: ""
    downloads: Callable[[], bool] = lambda: False
    table: bool = False

    @property
    def preset(self) -> str:
        """The kind of data that presets of models are for: "points", "images" or "table"."""
        return "table" if self.table else self.kind


def load_dataset(name: str, settings: dict) -> Dataset:
    """Load a registered data set with these settings. Raises UnknownName, ValidationError, DataUnavailable."""
    entry = DATASETS[name]
    return entry.load(entry.settings(**settings))


def spread(values: np.ndarray | ByteImages) -> float:
    """The standard deviation of all values, to the last bit that of `np.asarray(values).std()`. That makes other arrays
    as large.
    """
    flat, count = values.ravel(), math.prod(values.shape)
    mean = np.float32(np.float64(_added(flat, 0, count, lambda piece: piece)) / count)  # as NumPy divides

    def squares(piece: np.ndarray) -> np.ndarray:
        differences = piece - mean
        return np.multiply(differences, differences, out=differences)

    return float(np.sqrt(_added(flat, 0, count, squares) / count))


def _added(
    values: np.ndarray | ByteImages, first: int, last: int, made: Callable[[np.ndarray], np.ndarray]
) -> np.floating:
    """The sum of what is made of these values, added up in pairs of halves as NumPy does."""
    if last - first <= PIECE:
        return np.add.reduce(made(values[first:last]))
    middle = first + (last - first) // 2 // 8 * 8
    return _added(values, first, middle, made) + _added(values, middle, last, made)


def fingerprint(dataset: Dataset) -> str:
    """Twelve characters that tell this training set, pixels and labels, from any other."""
    digest = hashlib.sha256()
    for array in (dataset.train, dataset.train_labels):
        for first in range(0, len(array), ROWS):  # which copies nothing where the array is in one piece
            digest.update(array[first : first + ROWS].ravel().data)
    return digest.hexdigest()[:12]
