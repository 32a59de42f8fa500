"""What a data set is: arrays for training and for testing, and the modes a model should cover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genlab.registry import DATASETS
from genlab.spec import Settings

Kind = Literal["points", "images"]


class DataUnavailable(Exception):
    """The data cannot be had here; the message says why and what can be used instead."""


@dataclass(frozen=True)
class Modes:
    """The components of the data that a model may cover or drop.

    Attributes:
        names: what each of the K modes is called on the page.
        shares: (K,) share of the data in each mode; they add up to 1.
        centres: (K, dimensions) for a mixture with known components, else None (modes are then the labels).
        std: standard deviation of a component in each direction, in the units of the data, else None.
    """

    names: tuple[str, ...]
    shares: np.ndarray
    centres: np.ndarray | None = None
    std: float | None = None


@dataclass(frozen=True)
class Dataset:
    """Arrays ready for training.

    Attributes:
        train, test: (examples, dimensions) coordinates, or (examples, height, width, channels) images in [0, 1],
        float32.
        train_labels, test_labels: (examples,) index of the mode each example belongs to.
        modes: the modes.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray
    test_labels: np.ndarray
    modes: Modes

    @property
    def kind(self) -> Kind:
        return "points" if self.train.ndim == 2 else "images"


@dataclass(frozen=True)
class DatasetEntry:
    """A data set as the registry knows it: everything that can be said without loading it.

    Attributes:
        title, description: for people.
        kind: "points" or "images".
        steps: the budget that presets are tuned for, in steps.
        settings: the class of its settings.
        load: settings -> Dataset. Raises DataUnavailable.
        unavailable: the reason it cannot be loaded here, or "" (cheap: no download, no large read).
    """

    name: str
    title: str
    description: str
    kind: Kind
    steps: int
    load: Callable[[Settings], Dataset]
    settings: type[Settings] = Settings
    unavailable: Callable[[], str] = lambda: ""


def load_dataset(name: str, settings: dict) -> Dataset:
    """Load a registered data set with these settings. Raises UnknownName, ValidationError, DataUnavailable."""
    entry = DATASETS[name]
    return entry.load(entry.settings(**settings))
