"""A checkerboard: density that ends at sharp edges, where smooth models blur."""

from __future__ import annotations

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, Modes
from genlab.datasets.toys import REACH, ToySettings, noise, toy
from genlab.registry import DATASETS

ROWS = 4  # squares of side 1


class CheckerboardSettings(ToySettings):
    noise: float = noise(0.0, "Standard deviation by which the edges of the squares are blurred.")


def load_checkerboard(settings: CheckerboardSettings) -> Dataset:
    """Points spread evenly over the eight filled squares, of side 1, of a board of 4 x 4 around the origin: (size, 2)
    float32.

    A sample is on a square if inside it; where the edges are blurred, within 3 standard deviations of the nearest one.
    Without blur there is no tolerance, since all of the data is inside. Named as on a chess board: A1 is at the lower
    left.
    """
    corners = np.array([(x, y) for x in range(ROWS) for y in range(ROWS) if (x + y) % 2 == 0]) - ROWS / 2
    count = len(corners)

    def draw(random: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        labels = random.integers(0, count, size)
        points = corners[labels] + random.uniform(size=(size, 2))
        return points + settings.noise * random.normal(size=(size, 2)), labels

    def assign(samples: np.ndarray) -> np.ndarray:
        inside = samples[:, None].astype("float64") - corners
        distances = np.linalg.norm(inside - np.clip(inside, 0, 1), axis=-1)
        distances = np.where(np.isfinite(distances), distances, np.inf)
        return np.where(distances.min(axis=1) <= REACH * settings.noise, distances.argmin(axis=1), -1)

    names = tuple(f"{'ABCD'[int(x + ROWS / 2)]}{int(y + ROWS / 2) + 1}" for x, y in corners)
    return toy("checkerboard", settings, draw, Modes(names, np.full(count, 1 / count), assign=assign))


DATASETS.add(
    DatasetEntry(
        name="checkerboard",
        title="Checkerboard",
        description="Eight filled squares with sharp edges and corners that touch.",
        kind="points",
        steps=5000,
        settings=CheckerboardSettings,
        load=load_checkerboard,
    )
)
