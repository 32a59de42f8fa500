"""A pinwheel: five Gaussians, each bent into the arm of a spiral."""

from __future__ import annotations

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, Modes
from genlab.datasets.toys import REACH, ToySettings, assignment_std, noise, toy
from genlab.registry import DATASETS

ARMS = 5
LENGTH = 0.3  # standard deviation along an arm, around a distance of 1 from the origin
BEND = 0.25  # of exp(distance from the origin), in radians


class PinwheelSettings(ToySettings):
    noise: float = noise(0.1, "Standard deviation across an arm.")


def load_pinwheel(settings: PinwheelSettings) -> Dataset:
    """Five equal Gaussians at distance 1 from the origin, standard deviation 0.3 along their arm and 0.1 across, each
    point then turned by 0.25 exp(distance from the origin): (size, 2) float32.

    After Johnson et al. 2016, "Composing graphical models with neural networks", who turn by the exponential of the
    coordinate along the arm instead; the distance is the same before and after turning, so that a sample can be turned
    back. It is on the arm whose Gaussian it is then nearest to in standard deviations, if within 3: 98.89 % of the data
    is.
    """
    angles = 2 * np.pi * np.arange(ARMS) / ARMS
    spread = np.array([LENGTH, assignment_std(settings.noise)])

    def draw(random: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        labels = random.integers(0, ARMS, size)
        straight = random.normal(size=(size, 2)) * (LENGTH, settings.noise) + (1, 0)
        return _turn(straight, angles[labels] + BEND * np.exp(np.linalg.norm(straight, axis=1))), labels

    def assign(samples: np.ndarray) -> np.ndarray:
        known = np.isfinite(samples).all(axis=1)
        points = np.where(known[:, None], samples, 0).astype("float64")
        # Past distance 10, far from every arm, the exponential would only overflow.
        bend = BEND * np.exp(np.minimum(np.linalg.norm(points, axis=1), 10))
        straight = np.stack([_turn(points, -angle - bend) for angle in angles], axis=1)
        distances = np.linalg.norm((straight - (1, 0)) / spread, axis=-1)
        return np.where(known & (distances.min(axis=1) <= REACH), distances.argmin(axis=1), -1)

    names = tuple(f"arm {i + 1}" for i in range(ARMS))
    return toy("pinwheel", settings, draw, Modes(names, np.full(ARMS, 1 / ARMS), assign=assign))


def _turn(points: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Points (n, 2) turned around the origin by angles (n,), anticlockwise."""
    (x, y), cos, sin = points.T, np.cos(angles), np.sin(angles)
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=1)


DATASETS.add(
    DatasetEntry(
        name="pinwheel",
        title="Pinwheel",
        description="Five bent arms that meet near the middle.",
        kind="points",
        steps=4000,
        settings=PinwheelSettings,
        load=load_pinwheel,
    )
)
