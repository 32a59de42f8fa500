"""Gaussians on a ring, the toy on which mode collapse is usually shown."""

from __future__ import annotations

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, Modes
from genlab.registry import DATASETS
from genlab.spec import Settings, setting

RADIUS, STD, COMPONENTS = 1.0, 0.05, 8


class RingSettings(Settings):
    size: int = setting(10_000, "Training points; the test set has as many again.", minimum=100, maximum=200_000)
    seed: int = setting(0, "Draws the same points every time; apart from the seed of the run.", minimum=0)


def load_ring8(settings: RingSettings) -> Dataset:
    """Eight equal Gaussians, standard deviation 0.05, on a circle of radius 1: (size, 2) float32.

    The angles are 2 pi i / 8 without the end point; with it, as in some published code, two of the eight coincide.
    """
    angles = 2 * np.pi * np.arange(COMPONENTS) / COMPONENTS
    centres = RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    random = np.random.default_rng(settings.seed)

    def draw() -> tuple[np.ndarray, np.ndarray]:
        labels = random.integers(0, COMPONENTS, settings.size)
        points = centres[labels] + STD * random.normal(size=(settings.size, 2))
        return points.astype("float32"), labels

    train, train_labels = draw()
    test, test_labels = draw()
    names = tuple(f"{angle:.0f}°" for angle in np.degrees(angles))
    modes = Modes(names, np.full(COMPONENTS, 1 / COMPONENTS), centres, STD)
    return Dataset("ring8", train, test, train_labels, test_labels, modes)


DATASETS.add(
    DatasetEntry(
        name="ring8",
        title="Ring of 8 Gaussians",
        description="Eight small clusters on a circle: every mode is known, so a dropped one is seen at once.",
        kind="points",
        steps=3000,
        settings=RingSettings,
        load=load_ring8,  # type: ignore[arg-type]
    )
)
