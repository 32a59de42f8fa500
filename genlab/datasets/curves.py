"""Points along known curves, with noise across them: the modes are stretches of equal length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, Modes
from genlab.datasets.toys import REACH, ToySettings, assignment_std, toy
from genlab.registry import DATASETS

FINE = 20_001  # places on a curve from which its length is measured
PLACES = 1000  # places on a mode that samples are compared with


@dataclass(frozen=True)
class Curve:
    """A curve, cut into stretches of equal length.

    Attributes:
        names: what its stretches are called, from its start to its end.
        places: (FINE, 2) places along it, close together.
    """

    names: tuple[str, ...]
    places: np.ndarray

    @cached_property
    def along(self) -> np.ndarray:
        """(FINE,) length of the curve from its start to each place."""
        return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(self.places, axis=0), axis=1))])

    def at(self, share: np.ndarray) -> np.ndarray:
        """Where this share (n,) of its length ends: (n, 2)."""
        along = self.along
        wanted = share * along[-1]
        return np.stack([np.interp(wanted, along, column) for column in self.places.T], axis=1)


def load_moons(settings: ToySettings) -> Dataset:
    """Two interleaved half circles of radius 1, as scikit-learn's, around the origin: (size, 2) float32."""
    upper = _polar(1, np.linspace(0, np.pi, FINE)) - (0.5, 0.25)
    lower = _polar(1, np.linspace(np.pi, 2 * np.pi, FINE)) + (0.5, 0.25)
    return _curves("moons", settings, _named("upper", 4, upper), _named("lower", 4, lower))


def load_circles(settings: ToySettings) -> Dataset:
    """Two circles around the origin, of radius 2 and 1, equally dense: two thirds of the points are on the outer one.
    (size, 2) float32.
    """
    angles = np.linspace(0, 2 * np.pi, FINE)
    return _curves("circles", settings, _named("outer", 8, _polar(2, angles)), _named("inner", 4, _polar(1, angles)))


def load_swiss_roll(settings: ToySettings) -> Dataset:
    """The spiral r = t, t from 1.5 pi to 4.5 pi, of scikit-learn's swiss roll without its depth, scaled to r = 2.2 at
    its end, and equally dense along its length: (size, 2) float32.
    """
    angles = np.linspace(1.5 * np.pi, 4.5 * np.pi, FINE)
    return _curves("swiss-roll", settings, _named("part", 8, _polar(2.2 * angles / angles[-1], angles)))


def load_spirals(settings: ToySettings) -> Dataset:
    """Two spirals r = t / pi around each other, t from 0.3 pi to 2.2 pi, half a turn apart: (size, 2) float32."""
    angles = np.linspace(0.3 * np.pi, 2.2 * np.pi, FINE)
    arm = _polar(angles / np.pi, angles)
    return _curves("spirals", settings, _named("first", 4, arm), _named("second", 4, -arm))


def _polar(radius: float | np.ndarray, angles: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)


def _named(name: str, stretches: int, places: np.ndarray) -> Curve:
    return Curve(tuple(f"{name} {i + 1}" for i in range(stretches)), places)


def _curves(name: str, settings: ToySettings, *curves: Curve) -> Dataset:
    """Points equally dense along the curves, moved by Gaussian noise in both directions.

    A sample is on the stretch that is nearest if within 3 standard deviations of it: about 99.7 % of the data is.
    The stretches of all curves are of one length, so that their shares are equal.
    """
    stretches = [(curve, start) for curve in curves for start in np.arange(len(curve.names)) / len(curve.names)]
    count = len(stretches)
    reach = REACH * assignment_std(settings.noise)

    def draw(random: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        labels, share = random.integers(0, count, size), random.uniform(size=size)
        points = settings.noise * random.normal(size=(size, 2))
        for i, (curve, start) in enumerate(stretches):
            members = labels == i
            points[members] += curve.at(start + share[members] / len(curve.names))
        return points, labels

    middles = (np.arange(PLACES) + 0.5) / PLACES
    places = np.concatenate([curve.at(start + middles / len(curve.names)) for curve, start in stretches])

    def assign(samples: np.ndarray) -> np.ndarray:
        from scipy.spatial import cKDTree  # imported here, since pages read this file

        known = np.isfinite(samples).all(axis=1)
        nearest = np.full(len(samples), len(places))
        nearest[known] = cKDTree(places).query(samples[known], distance_upper_bound=reach)[1]
        return np.where(nearest < len(places), nearest // PLACES, -1)

    names = tuple(stretch for curve in curves for stretch in curve.names)
    return toy(name, settings, draw, Modes(names, np.full(count, 1 / count), assign=assign))


DATASETS.add(
    DatasetEntry(
        name="moons",
        title="Two moons",
        description="Two interleaved half circles: two pieces, so a model that joins them is seen at once.",
        kind="points",
        steps=3000,
        settings=ToySettings,
        load=load_moons,
    )
)
DATASETS.add(
    DatasetEntry(
        name="circles",
        title="Two circles",
        description="A circle inside a circle: a hole that a model has to leave empty.",
        kind="points",
        steps=4000,
        settings=ToySettings,
        load=load_circles,
    )
)
DATASETS.add(
    DatasetEntry(
        name="swiss-roll",
        title="Swiss roll",
        description="One long curve, rolled up: a single piece that a latent of one dimension could describe.",
        kind="points",
        steps=4000,
        settings=ToySettings,
        load=load_swiss_roll,
    )
)
DATASETS.add(
    DatasetEntry(
        name="spirals",
        title="Two spirals",
        description="Two long curves around each other: thin, bent and close together.",
        kind="points",
        steps=5000,
        settings=ToySettings,
        load=load_spirals,
    )
)
