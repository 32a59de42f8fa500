"""Circles, squares, triangles and stars, drawn by the program itself, so that all that varies in them is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, Modes
from genlab.registry import DATASETS
from genlab.spec import Settings, setting

SIDE = 28  # pixels
SMALLEST, LARGEST = 5.0, 12.0  # radius of the circle around a shape, in pixels
MARGIN = 1.0  # pixels between a shape and the frame
DENT = 0.5  # radius of a star's inner corners, as a share of the outer ones'
AT_ONCE = 500  # pictures drawn together, which bounds the memory

# Corners (n, 2) of each shape of radius 1, anticlockwise; None for the circle.
CORNERS: dict[str, np.ndarray | None] = {
    "circle": None,
    "square": np.array([(np.cos(a), np.sin(a)) for a in 2 * np.pi * np.arange(4) / 4]),
    "triangle": np.array([(np.cos(a), np.sin(a)) for a in 2 * np.pi * np.arange(3) / 3]),
    "star": np.array(
        [(r * np.cos(a), r * np.sin(a)) for r, a in zip([1, DENT] * 5, 2 * np.pi * np.arange(10) / 10, strict=True)]
    ),
}


class ShapesSettings(Settings):
    size: int = setting(10_000, "Training pictures; the test set has as many again.", minimum=100, maximum=50_000)
    seed: int = setting(0, "Draws the same pictures every time; apart from the seed of the run.", minimum=0)


def load_shapes(settings: ShapesSettings) -> Dataset:
    """White shapes on black, one in each picture: (size, 28, 28, 1) float32 in [0, 1].

    The kind, the radius (5 to 12 pixels), the angle and the place are drawn independently and uniformly; the place so
    that the whole shape is inside the frame.
    """
    random = np.random.default_rng(settings.seed)
    train, train_labels, _ = draw_pictures(random, settings.size)
    test, test_labels, _ = draw_pictures(random, settings.size)
    modes = Modes(tuple(CORNERS), np.full(len(CORNERS), 1 / len(CORNERS)))
    return Dataset("shapes", train, test, train_labels, test_labels, modes)


def load_colour_shapes(settings: ShapesSettings) -> Dataset:
    """The pictures of `shapes`, each shape in one pure colour: (size, 28, 28, 3) float32 in [0, 1].

    The hue is drawn uniformly, and independently of all else.
    """
    shapes, random = load_shapes(settings), np.random.default_rng([settings.seed, 1])
    train, test = (
        grey * pure_colours(random.uniform(size=len(grey)))[:, None, None] for grey in (shapes.train, shapes.test)
    )
    return replace(shapes, name="colour-shapes", train=train, test=test)


def pure_colours(hues: np.ndarray) -> np.ndarray:
    """Hues (n,) in [0, 1) as red, green and blue (n, 3) float32: red at 0, green at 1/3, blue at 2/3, and one of the
    three is always 0 and one 1.
    """
    away = np.abs((hues[:, None] - np.arange(3) / 3 + 0.5) % 1 - 0.5)  # round the circle, from each of the three
    return np.clip(2 - 6 * away, 0, 1).astype("float32")


def draw_pictures(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Pictures (count, 28, 28, 1), the index of the shape of each, and what they were drawn from, each (count,):
    radius, x and y in pixels, x to the right and y down from the upper left corner of the frame; angle in radians in
    [0, 2 pi), of which a circle shows nothing.
    """
    labels = random.integers(0, len(CORNERS), count)
    radius = random.uniform(SMALLEST, LARGEST, count)
    angle = random.uniform(0, 2 * np.pi, count)
    x, y = random.uniform(radius + MARGIN, SIDE - radius - MARGIN, (2, count))
    pictures = np.empty((count, SIDE, SIDE, 1), dtype="float32")
    for label, corners in enumerate(CORNERS.values()):
        members = np.flatnonzero(labels == label)
        for start in range(0, len(members), AT_ONCE):
            some = members[start : start + AT_ONCE]
            pictures[some] = draw(corners, radius[some], angle[some], x[some], y[some])
    return pictures, labels, {"radius": radius, "angle": angle, "x": x, "y": y}


def draw(corners: np.ndarray | None, radius: np.ndarray, angle: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pictures (n, 28, 28, 1) of one shape at n sizes, angles and places.

    A pixel is as bright as the share of it that the shape covers, taken from the signed distance between its centre and
    the outline: exact where the outline is straight and along the grid, within a few per cent elsewhere.
    """
    centres = np.arange(SIDE, dtype="float32") + 0.5
    right, down = centres[None, None, :] - x[:, None, None], centres[None, :, None] - y[:, None, None]
    cos, sin, radius = (factor[:, None, None] for factor in (np.cos(angle), np.sin(angle), radius))
    along, across = (cos * right + sin * down) / radius, (cos * down - sin * right) / radius
    distance = np.hypot(along, across) - 1 if corners is None else _distance(corners, along, across)
    return np.clip(0.5 - radius * distance, 0, 1).astype("float32")[..., None]


def _distance(corners: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance from each place (x, y) to the outline of a polygon, negative inside."""
    nearest = np.full(x.shape, np.inf)
    inside = np.zeros(x.shape, dtype=bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        ux, uy, vx, vy = bx - ax, by - ay, x - ax, y - ay
        share = np.clip((vx * ux + vy * uy) / (ux**2 + uy**2), 0, 1)
        nearest = np.minimum(nearest, (vx - share * ux) ** 2 + (vy - share * uy) ** 2)
        # Inside is where a line to the right crosses the outline an odd number of times.
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (vx < vy * ux / uy)
    return np.where(inside, -1, 1) * np.sqrt(nearest)


DATASETS.add(
    DatasetEntry(
        name="shapes",
        title="Shapes, 28x28",
        description="Circles, squares, triangles and stars at known sizes, angles and places, drawn by the program.",
        kind="images",
        steps=2200,
        settings=ShapesSettings,
        shape=(28, 28, 1),
        load=load_shapes,
    )
)
DATASETS.add(
    DatasetEntry(
        name="colour-shapes",
        title="Shapes in colour, 28x28",
        description="The same shapes, each in a colour of its own, drawn by the program.",
        kind="images",
        steps=2200,
        settings=ShapesSettings,
        shape=(28, 28, 3),
        load=load_colour_shapes,
    )
)
