"""Mixtures of Gaussians with known centres, the toys on which mode collapse is usually shown."""

from __future__ import annotations

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, Modes
from genlab.datasets.toys import ToySettings, assignment_std, noise, toy
from genlab.registry import DATASETS
from genlab.spec import setting

UNEQUAL = np.array([0.30, 0.22, 0.16, 0.12, 0.08, 0.06, 0.04, 0.02])
ROWS = 5
SPACING = 0.5


class RingSettings(ToySettings):
    noise: float = noise(0.1)
    modes: int = setting(8, "Gaussians on the circle.", minimum=1, maximum=50, main=True)
    radius: float = setting(2.0, "Radius of the circle.", minimum=0.1, maximum=10)


class GridSettings(ToySettings):
    noise: float = noise(0.025)


def load_ring8(settings: ToySettings) -> Dataset:
    """Eight equal Gaussians, standard deviation 0.05, on a circle of radius 1: (size, 2) float32."""
    return _mixture("ring8", settings, *_circle(8, 1.0))


def load_ring(settings: RingSettings) -> Dataset:
    """K equal Gaussians on a circle: (size, 2) float32.

    Radius 2 and standard deviation 0.1 put the modes as far apart, in standard deviations, as on ring8, but at twice
    the scale of the generator's first samples.
    """
    return _mixture("ring", settings, *_circle(settings.modes, settings.radius))


def load_grid25(settings: GridSettings) -> Dataset:
    """25 equal Gaussians, standard deviation 0.025, in five rows of five, 0.5 apart, around the origin: (size, 2)
    float32. Named as on a chess board: A1 is at the lower left.
    """
    at = SPACING * (np.arange(ROWS) - (ROWS - 1) / 2)
    centres = np.array([(x, y) for x in at for y in at])
    names = tuple(f"{column}{row + 1}" for column in "ABCDE" for row in range(ROWS))
    return _mixture("grid25", settings, centres, names)


def load_unbalanced(settings: ToySettings) -> Dataset:
    """The eight Gaussians of ring8 with shares from 30 % at 0 degrees down to 2 %, anticlockwise: (size, 2) float32."""
    centres, _ = _circle(len(UNEQUAL), 1.0)
    return _mixture("unbalanced", settings, centres, tuple(f"{share:.0%}" for share in UNEQUAL), UNEQUAL)


def _circle(count: int, radius: float) -> tuple[np.ndarray, tuple[str, ...]]:
    """Centres (count, 2) on a circle, named by their angles: 2 pi i / count without the end point. With it, as in some
    published code, two of them coincide.
    """
    angles = 2 * np.pi * np.arange(count) / count
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), tuple(f"{a:.0f}°" for a in np.degrees(angles))


def _mixture(
    name: str, settings: ToySettings, centres: np.ndarray, names: tuple[str, ...], shares: np.ndarray | None = None
) -> Dataset:
    """Gaussians of one standard deviation, in equal shares unless given."""
    count = len(centres)

    def draw(random: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        labels = random.integers(0, count, size) if shares is None else random.choice(count, size, p=shares)
        return centres[labels] + settings.noise * random.normal(size=(size, 2)), labels

    fair = np.full(count, 1 / count) if shares is None else shares
    return toy(name, settings, draw, Modes(names, fair, centres, assignment_std(settings.noise)))


DATASETS.add(
    DatasetEntry(
        name="ring8",
        title="Ring of 8 Gaussians",
        description="Eight small clusters on a circle: every mode is known, so a dropped one is seen at once.",
        kind="points",
        steps=3000,
        settings=ToySettings,
        load=load_ring8,
    )
)
DATASETS.add(
    DatasetEntry(
        name="ring",
        title="Ring of Gaussians, wide",
        description="As many clusters as you like on a wider circle.",
        kind="points",
        steps=3000,
        settings=RingSettings,
        load=load_ring,
    )
)
DATASETS.add(
    DatasetEntry(
        name="grid25",
        title="Grid of 25 Gaussians",
        description="Five rows of five tiny clusters: hard for small networks.",
        kind="points",
        steps=6000,
        settings=GridSettings,
        load=load_grid25,
    )
)
DATASETS.add(
    DatasetEntry(
        name="unbalanced",
        title="Unbalanced ring",
        description="Eight clusters on a circle with shares from 30 % down to 2 %: the rare ones are dropped first.",
        kind="points",
        steps=3000,
        settings=ToySettings,
        load=load_unbalanced,
    )
)
