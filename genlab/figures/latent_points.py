"""What is read off the points of a latent plane: the selected ones, and the holes of the prior between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import (
    HIDDEN,
    REAL,
    Description,
    FigureFrame,
    LaneView,
    assemble,
    flat,
    layout,
    square,
    words_figure,
)
from genlab.figures.latent import prior_outlines
from genlab.figures.layers import Images, Layer, Points, Trace
from genlab.figures.samples import REAL_POINTS

Arrays = Mapping[str, np.ndarray]
MOST_PICTURES = 64
INK = "var(--ink)"
DRAWN_HOLE = 0.0005  # of the prior's mass: holes with less are not marked


def selected_figure(lane: LaneView, points: Arrays, chosen: np.ndarray) -> go.Figure:
    """The chosen examples (n,): pictures, the first of them, or over the real data where they are points."""
    if not len(chosen):
        return words_figure("Selected", "nothing is selected")
    title = f"{len(chosen):,} selected"
    if points["examples"].ndim > 2:
        images = points["examples"][chosen[:MOST_PICTURES]]
        if len(chosen) > MOST_PICTURES:
            title += f", the first {MOST_PICTURES}"
        sheet = Images("images", gap=max(1, images.shape[1] // 8))
        return assemble(
            Description(layout(title, xaxis=HIDDEN, yaxis=HIDDEN), [sheet]), FigureFrame({"images": images})
        )
    layers = [Points("real", "real", REAL, size=3, opacity=0.5), Points("chosen", "selected", lane.colour, size=5)]
    drawn = {
        "real": flat(lane.reference["samples"][:REAL_POINTS], lane.reference),
        "chosen": flat(points["examples"][chosen], lane.reference),
    }
    axes = square(float(lane.reference["extent"]))
    return assemble(Description(layout(title, **axes), layers), FigureFrame(drawn))


def holes_figure(lane: LaneView, points: Arrays | None) -> go.Figure:
    """The prior's mass in each cell of the plane less the share of the codes there; crosses mark cells without a code,
    larger where the prior has more mass. See `genlab.metrics.codes.hole_map`.
    """
    if "encode" not in lane.abilities:
        return words_figure("Holes of the prior", "no encoder: there are no codes")
    if points is None:
        return words_figure("Holes of the prior", "waiting for the codes")
    if "hole_mass" not in points:
        return words_figure("Holes of the prior", "a map needs two dimensions")
    mass, codes, edges = points["hole_mass"], points["hole_codes"], points["hole_edges"]
    middles = (edges[:, 1:] + edges[:, :-1]) / 2
    across, up = np.meshgrid(*middles)  # rows go up
    missing = ((codes == 0) & (mass >= DRAWN_HOLE)).T
    said = np.array([f"prior {p:.2%}, codes {c:.2%}" for p, c in zip(mass.T.ravel(), codes.T.ravel(), strict=True)])
    difference = (mass - codes).T
    reach = max(float(np.abs(difference).max()), 1e-6)
    red, green, blue = (int(lane.colour[i : i + 2], 16) for i in (1, 3, 5))
    scale = [[0, f"rgba({red},{green},{blue},0.85)"], [0.5, "rgba(138,138,138,0)"], [1, "rgba(138,138,138,0.85)"]]
    heat = {"type": "heatmap", "zmin": -reach, "zmax": reach, "colorscale": scale, "showscale": False}
    marker = {"symbol": "x-thin", "line": {"width": 1.5, "color": INK}, "opacity": 0.8}
    layers: list[Layer] = [
        Trace("", "%{text}<extra></extra>", heat, {"x": "across", "y": "up", "z": "difference", "text": "said"}),
        Trace(
            "no code here",
            "",
            {"type": "scatter", "mode": "markers", "marker": marker},
            {"x": "hole_x", "y": "hole_y", "marker.size": "sizes"},
        ),
    ]
    arrays = {
        "across": middles[0],
        "up": middles[1],
        "difference": difference,
        "said": said.reshape(difference.shape),
        "hole_x": across[missing],
        "hole_y": up[missing],
        "sizes": 4 + 9 * np.sqrt(mass.T[missing] / mass.max()),
    }
    title = f"Holes: {points['hole_share']:.1%} of the prior · by chance {points['hole_chance']:.1%}"
    description = Description(layout(title, shapes=_shifted(lane, middles), **_axes(edges)), layers)
    return assemble(description, FigureFrame(arrays))


def holes_in_words(points: Arrays) -> str:
    """The numbers of the map, for the line above it."""
    return f"{points['hole_count']:,} codes, {points['hole_outside']:.1%} outside the map"


def _axes(edges: np.ndarray) -> dict[str, dict[str, Any]]:
    axes = square(1.0)
    for name, ends in (("xaxis", edges[0]), ("yaxis", edges[1])):
        axes[name] |= {"range": [float(ends[0]), float(ends[-1])], "showgrid": False}
    return axes


def _shifted(lane: LaneView, middles: np.ndarray) -> list[dict[str, Any]]:
    """The outlines of the prior around its own middle, which in a plane of principal components is not the origin."""
    x, y = (float(values.mean()) for values in middles)
    outlines = prior_outlines(lane.settings)
    moved = {"x0": x, "x1": x, "y0": y, "y1": y}
    return [shape | {end: shape[end] + by for end, by in moved.items()} | {"layer": "above"} for shape in outlines]
