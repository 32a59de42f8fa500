"""A fresh sample beside the training examples nearest to it, and its distance beside that of held-out examples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from genlab.datasets.columns import from_json, written_rows
from genlab.figures.base import REAL, Description, FigureFrame, LaneView, assemble, flat, layout, square
from genlab.figures.fresh import LEFT
from genlab.figures.layers import Images, Layer, Points, Segments, Trace

Arrays = Mapping[str, np.ndarray]
INK = "var(--ink)"
SHOWN = 2000  # samples of points that one can be chosen among
BINS = 20
GAP = 3  # pixels between neighbours
SPACES = {
    "images": "Euclidean, over pixels in [0, 1]",
    "points": "Euclidean, in the units of the data",
    "table": "Euclidean, over scaled columns",
}
ABOUT = {
    "choose": (
        "The samples, of which one is chosen: point at another, or type its number. Beside them is how far it is from "
        "the training set, and its nearest training examples."
    ),
    "nearest": (
        "The chosen sample on the left, then the training examples nearest to it, with their distances. A copy of a "
        "training example has distance 0. Pixels do not see what a shift or a thicker stroke leaves alike: a shifted "
        "copy is far away by this distance. Look for neighbours that are the same in every detail."
    ),
    "distances": (
        "How far samples are from the nearest training example, and in grey how far held-out examples are, which copy "
        "nothing; the last bin has all that are farther. The upright line is the chosen sample. A model that copies "
        "has samples far to the left of held-out data. Blurred or typical samples are near, too, without being copies; "
        "samples unlike any data are far to the right."
    ),
}


def kind_of(lane: LaneView) -> str:
    """ "images", "points" or "table"."""
    if lane.pictures:
        return "images"
    return "table" if "table" in lane.reference else "points"


def share_closer(held_out: np.ndarray, distance: float) -> float:
    """Share of held-out distances (h,) that are below this one."""
    return float((held_out < distance).mean())


def in_words(answer: Arrays, chosen: int) -> str:
    """How near the chosen sample is, and what that says."""
    distance = float(answer["distances"][chosen, 0])
    closer = share_closer(answer["held_out"], distance)
    return f"sample {chosen}: nearest at {distance:.3g} · {closer:.0%} of held-out nearer"


def neighbours_figure(answer: Arrays, chosen: int) -> go.Figure:
    """The chosen picture and its nearest training examples in a row, with their distances below."""
    images = np.concatenate([answer["samples"][[chosen]], answer["nearest"][chosen]])
    width = images.shape[2] + GAP
    distances = [f"{distance:.3g}" for distance in answer["distances"][chosen]]
    ticks = {"tickvals": [(images.shape[2] - 1) / 2 + i * width for i in range(len(images))]}
    axis = LEFT | {
        "visible": True,
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "ticktext": ["sample", *distances],
    }
    axes = {
        "xaxis": axis | ticks,
        "yaxis": {"visible": False, "constrain": "domain", "constraintoward": "top"},
        "margin": {"l": 4, "r": 4, "t": 26, "b": 22},
        "dragmode": False,
    }
    description = Description(layout("Nearest training examples", **axes), [Images("images", len(images), GAP)])
    return assemble(description, FigureFrame({"images": images}))


def neighbour_points_figure(lane: LaneView, answer: Arrays, chosen: int) -> go.Figure:
    """Samples over real data, the chosen one and its nearest training points, with a line to each."""
    samples = flat(answer["samples"], lane.reference)
    nearest = flat(answer["nearest"][chosen], lane.reference)
    layers: list[Layer] = [
        Points("real", "real", REAL, size=3, opacity=0.4),
        Points("samples", "sample", lane.colour, opacity=0.5),
        Segments("starts", "nearest", INK, opacity=0.8),
        Points("nearest", "nearest training example", INK, size=6),
        Points("chosen", "chosen sample", INK, size=14, rings=True),
    ]
    arrays = {
        "real": flat(answer["real"][:SHOWN], lane.reference),
        "samples": samples[:SHOWN],
        "starts": np.repeat(samples[[chosen]], len(nearest), axis=0),
        "nearest": nearest,
        "chosen": samples[[chosen]],
    }
    axes = square(float(lane.reference["extent"]))
    title = "Samples over real data: point at one"
    return assemble(Description(layout(title, **axes, dragmode=False), layers), FigureFrame(arrays))


def nearest_to(lane: LaneView, answer: Arrays, place: tuple[float, float]) -> int:
    """The sample that is drawn nearest to a place."""
    drawn = flat(answer["samples"][:SHOWN], lane.reference)
    return int(np.square(drawn - np.array(place)).sum(axis=1).argmin())


def distances_figure(lane: LaneView, answer: Arrays, chosen: int) -> go.Figure:
    """How the distances from the nearest training example are spread: of held-out examples, and of the samples."""
    held_out, fake = answer["held_out"], answer["distances"][:, 0]
    distance = float(fake[chosen])
    edges = distance_edges(held_out, fake, distance)
    steps = np.repeat(edges, 2)[1:-1]
    heights = {name: np.repeat(shares(values, edges), 2) for name, values in (("held", held_out), ("fake", fake))}
    most = max(float(height.max()) for height in heights.values())
    area = {"type": "scatter", "mode": "lines", "fill": "tozeroy", "line": {"color": REAL, "width": 1}}
    line = {"type": "scatter", "mode": "lines", "line": {"color": lane.colour, "width": 2}}
    mark = {"type": "scatter", "mode": "lines", "line": {"color": INK, "width": 3}}
    hover = "{name}: %{y:.1%} about %{x:.3g}<extra></extra>"
    layers = [
        Trace("held-out", hover, area, {"x": "steps", "y": "held"}),
        Trace("samples", hover, line, {"x": "steps", "y": "fake"}),
        Trace("chosen", "chosen sample: %{x:.3g}<extra></extra>", mark, {"x": "mark_x", "y": "mark_y"}),
    ]
    axes = {
        "xaxis": {"title": {"text": SPACES[kind_of(lane)], "font": {"size": 12}}, "rangemode": "tozero"},
        "yaxis": {"showticklabels": False, "rangemode": "tozero", "showgrid": False},
        "margin": {"l": 8, "r": 8, "t": 46, "b": 40},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
    }
    arrays = {"steps": steps, **heights, "mark_x": np.full(2, distance), "mark_y": np.array([0.0, most])}
    return assemble(Description(layout("Distance from the nearest", **axes), layers), FigureFrame(arrays))


def distance_edges(held_out: np.ndarray, fake: np.ndarray, chosen: float) -> np.ndarray:
    """Edges of bins from 0 to where nearly all held-out examples are; farther, but at most twice as far, where samples
    are farther away; and to the chosen sample in any case.
    """
    usual = float(np.quantile(held_out, 0.99))
    last = max(usual, min(2 * usual, float(np.quantile(fake, 0.99))), chosen)
    return np.linspace(0.0, 1.02 * last or 1.0, BINS + 1)


def shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Share of all values in each bin; those beyond the last edge count in the last bin."""
    return np.histogram(np.minimum(values, edges[-1]), edges)[0] / len(values)


def neighbour_rows(lane: LaneView, answer: Arrays, chosen: int, count: int = 3) -> list[dict[str, str]]:
    """Of a table, the chosen sample and the training rows nearest to it, in the units of the table."""
    columns = from_json(str(lane.reference["columns"]))
    values = np.concatenate([answer["samples_table"][[chosen]], answer["nearest_table"][chosen, :count]])
    rows = written_rows(columns, values.astype("float64"))
    names = ["sample", *(f"nearest\u00a0{i + 1}" for i in range(len(rows) - 1))]
    distances = ["", *(f"{distance:.3g}" for distance in answer["distances"][chosen, :count])]
    return [{f"{lane.title}": name, "distance": distance, **row} for name, distance, row in zip(names, distances, rows)]
