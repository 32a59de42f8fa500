"""What the toys share: points in the plane whose modes are known, their settings, and how they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset, Modes
from genlab.spec import Settings, setting

MINIMUM_STD = 0.01  # by which samples are judged where the noise is smaller: no model hits a point or a line exactly
REACH = 3.0  # standard deviations from a curve up to which a sample is on it

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def noise(default: float, of: str = "Standard deviation around each mode.") -> Any:
    """The setting called noise, in the units of the coordinates."""
    return setting(default, of, minimum=0, maximum=1)


class ToySettings(Settings):
    size: int = setting(10_000, "Training points; the test set has as many again.", minimum=100, maximum=200_000)
    noise: float = noise(0.05)
    seed: int = setting(0, "Draws the same points every time; apart from the seed of the run.", minimum=0)


def toy(name: str, settings: ToySettings, draw: Draw, modes: Modes) -> Dataset:
    """Two halves of (size, 2) float32 points, drawn one after the other from the seed of the settings.

    draw: generator, count -> points (count, 2) and the index of the mode of each.
    """
    random = np.random.default_rng(settings.seed)
    train, train_labels = draw(random, settings.size)
    test, test_labels = draw(random, settings.size)
    return Dataset(name, train.astype("float32"), test.astype("float32"), train_labels, test_labels, modes)


def assignment_std(std: float) -> float:
    """The standard deviation by which samples are judged: that of the noise, but at least 0.01."""
    return max(std, MINIMUM_STD)
