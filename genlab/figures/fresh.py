"""Fresh samples of a lane beside real data: sheets of pictures; points, and how densely they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import (
    REAL,
    Description,
    FigureFrame,
    LaneView,
    assemble,
    flat,
    layout,
    square,
)
from genlab.figures.layers import Images, Layer, Points, Trace
from genlab.runs.draws import Draw

Arrays = Mapping[str, np.ndarray]
# The axes of a sheet of pictures, which begins in the upper left corner of its place.
LEFT, TOP = ({"visible": False, "constrain": "domain", "constraintoward": side} for side in ("left", "top"))
CHOSEN = "#E69F00"  # the frame around a picture
SCATTERED = 2000  # points drawn one by one
CELLS = 96  # of the square in which densities are drawn, a side
SMOOTH_FROM = 1000  # real points, from which a density is smoothed by one cell
LETTERS = 9  # of the name of a row, at most
DENSEST = 1.5  # times the densest place of the real data: the end of the colours
ABOUT = {
    "real": (
        "Held-out examples, as many as samples are asked for where there are so many. The models never learned from "
        "them. Compare how varied they are, and how sharp, with the samples beside them."
    ),
    "samples": (
        "Fresh samples of the newest checkpoint, none chosen. The same seed gives the same draws of the latent. Lower "
        "the truncation: the latent then stays near 0, and samples become more typical and more alike. Look for "
        "samples that repeat, for kinds of data that never come, and for what is between two kinds."
    ),
    "density": (
        "How densely samples lie: the share of all in a small square, divided by its area, smoothed, the more the "
        "fewer real examples there are. Real data and all lanes have the same colours, which end at one and a half "
        "times the real data's densest place. "
        "Look for ridges between modes, modes that are too faint or too bright, and blurred edges."
    ),
}


@dataclass(frozen=True)
class Sheet:
    """Pictures in rows.

    Attributes:
        count: pictures.
        columns: pictures a row.
        height, width: pixels of a picture.
        gap: pixels between two.
    """

    count: int
    columns: int
    height: int
    width: int
    gap: int = 1

    def corner(self, index: int) -> tuple[int, int]:
        """Pixels to the left of a picture, and above it."""
        row, column = divmod(index, self.columns)
        return column * (self.width + self.gap), row * (self.height + self.gap)

    def at(self, x: float, y: float) -> int | None:
        """The picture at a place, in pixels whose middles are whole numbers, as Plotly counts them; None beside all."""
        column, row = int((x + 0.5) // (self.width + self.gap)), int((y + 0.5) // (self.height + self.gap))
        index = row * self.columns + column
        return index if 0 <= column < self.columns and 0 <= index < self.count else None


def sheet_of(images: np.ndarray, columns: int) -> Sheet:
    """The sheet of pictures (n, height, width, channels)."""
    return Sheet(len(images), columns, *images.shape[1:3])


def pictures_figure(
    title: str, images: np.ndarray, columns: int, chosen: int | None = None, rows: Sequence[str] = ()
) -> go.Figure:
    """A sheet of pictures; a frame around the chosen one, and what rows are called where they have names."""
    layers: list[Layer] = [Images("images", columns)]
    arrays: dict[str, np.ndarray] = {"images": images}
    if chosen is not None:
        sheet = sheet_of(images, columns)
        left, top = sheet.corner(chosen)
        right, bottom = left + sheet.width, top + sheet.height
        arrays["frame_x"] = np.array([left, right, right, left, left]) - 0.5
        arrays["frame_y"] = np.array([top, top, bottom, bottom, top]) - 0.5
        line = {"type": "scatter", "mode": "lines", "line": {"color": CHOSEN, "width": 4}}
        layers.append(Trace("", "", line, {"x": "frame_x", "y": "frame_y"}))
    axes: dict[str, Any] = {"xaxis": LEFT, "yaxis": TOP, "dragmode": False}
    if rows:
        sheet = sheet_of(images, columns)
        middles = [sheet.corner(row * columns)[1] + (sheet.height - 1) / 2 for row in range(len(rows))]
        ticks = {"tickvals": middles, "ticktext": list(rows), "ticks": "", "showgrid": False, "zeroline": False}
        axes["yaxis"] = TOP | {"visible": True} | ticks
        axes["margin"] = {"l": 14 + 8 * max(map(len, rows)), "r": 4, "t": 26, "b": 4}
    return assemble(Description(layout(title, **axes), layers), FigureFrame(arrays))


def scatter_figure(lane: LaneView, title: str, points: np.ndarray | None, real: np.ndarray) -> go.Figure:
    """Samples (n, d) over real points (m, d), or those alone."""
    layers: list[Layer] = [Points("real", "real", REAL, size=3, opacity=0.5)]
    arrays = {"real": flat(real[:SCATTERED], lane.reference)}
    if points is not None:
        layers.append(Points("samples", "sample", lane.colour, opacity=0.6))
        arrays["samples"] = flat(points[:SCATTERED], lane.reference)
        if len(points) > SCATTERED:
            title = f"{title} · the first {SCATTERED:,}"
    axes = square(float(lane.reference["extent"]))
    return assemble(Description(layout(title, **axes), layers), FigureFrame(arrays))


def density_figure(lane: LaneView, title: str, points: np.ndarray, real: np.ndarray) -> go.Figure:
    """The density of points (n, d) in the plane in which they are drawn, smoothed and coloured as that of real points
    (m, d).
    """
    smoothing = smoothing_for(len(real))
    extent = float(lane.reference["extent"])
    half = extent / CELLS
    middles = np.linspace(-extent + half, extent - half, CELLS)
    end = DENSEST * float(density(flat(real, lane.reference), extent, smoothing=smoothing).max())
    look = {"type": "heatmap", "zmin": 0.0, "zmax": end, "colorscale": "Viridis", "showscale": False}
    arrays = {"middles": middles, "density": density(flat(points, lane.reference), extent, smoothing=smoothing)}
    hover = "%{z:.3g} per unit of area<extra></extra>"
    map_of = Trace("", hover, look, {"x": "middles", "y": "middles", "z": "density"})
    return assemble(Description(layout(title, **square(extent)), [map_of]), FigureFrame(arrays))


def smoothing_for(real: int) -> float:
    """Cells that densities are smoothed by where there are so many real points: as many points as ever under the
    Gaussian, so that few do not stand alone.
    """
    return max(1.0, (SMOOTH_FROM / max(real, 1)) ** 0.5)


def density(points: np.ndarray, extent: float, cells: int = CELLS, smoothing: float = 1.0) -> np.ndarray:
    """Share of the points (n, 2) per unit of area in each cell of the square from -extent to extent, (cells, cells),
    the first row at the bottom: a histogram, smoothed by a Gaussian of this standard deviation, in cells, cut off at 3
    of those.

    Its sum, times the area of a cell, is the share of the points within the square, less what is smoothed over the
    edge.
    """
    edges = np.linspace(-extent, extent, cells + 1)
    counts = np.histogram2d(points[:, 1], points[:, 0], [edges, edges])[0]
    result = counts / (len(points) * (2 * extent / cells) ** 2)
    reach = int(np.ceil(3 * smoothing))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / smoothing) ** 2) if reach else np.ones(1)
    kernel /= kernel.sum()
    for axis in (0, 1):
        result = np.apply_along_axis(np.convolve, axis, result, kernel, "same")
    return result


def sample_title(draw: Draw) -> str:
    """What was drawn, in words."""
    words = f"{draw.count:,} samples"
    return words if draw.truncation is None else f"{words}, truncated at {draw.truncation:g}"


def row_names(draw: Draw, names: Sequence[str]) -> list[str]:
    """The class of each row of a sheet, where each row has one."""
    if draw.classes != "rows":
        return []
    return [names[row % len(names)][:LETTERS] for row in range(-(-draw.count // draw.a_row))]


def labels_in_words(draw: Draw, names: Sequence[str], conditional: bool) -> str:
    """Which class a lane was asked for, in words; "" where nothing is to be said."""
    if draw.classes == "data":
        return ""
    if not conditional:
        return "not conditional"
    return "a class for each row" if draw.classes == "rows" else f"class {names[draw.classes]}"
