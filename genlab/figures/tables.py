"""Tables: how the values of each column are spread, and what columns say about each other, in real rows and samples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from genlab.datasets.columns import Column, from_json, written_rows
from genlab.figures.base import REAL, Description, FigureEntry, FigureFrame, LaneView, chart_with_legend, layout
from genlab.figures.layers import Layer, Trace
from genlab.metrics.tables import associations
from genlab.registry import FIGURES

MAXIMUM_COLUMNS = 12  # drawn, the first of a table
BINS = 16  # of a number, over the middle 98 % of the real values; the outer ones take the rest
ROOM = 0.1  # between two columns
# Crameri 2018, "Scientific colour maps", vik, in three colours: less, as much, more.
LESS_AND_MORE = [[0, "#00468b"], [0.5, "#f2f2f2"], [1, "#8b2500"]]


def is_of_a_table(lanes: Sequence[LaneView]) -> bool:
    """Whether the rows of a table were kept."""
    return "table" in lanes[0].reference


def describe_columns(lanes: Sequence[LaneView]) -> Description | None:
    """The columns of a table beside each other, each with its words, or with its numbers in bins from low to high: grey
    bars for real rows, a line for each lane. Heights are shares, in parts of the largest of the column.
    """
    if not is_of_a_table(lanes):
        return None
    columns, _ = _columns(lanes)
    real = _shares(lanes, lanes[0].reference["table"])
    layers: list[Layer] = [_bars("real data")]
    layers += [_line(lane.title, lane.colour, f"{i}/") for i, lane in enumerate(lanes)]
    axes = {
        "xaxis": {
            "tickvals": [place + 0.5 - ROOM / 2 for place in range(len(columns))],
            "ticktext": [column.name for column in columns],
            "range": [-ROOM / 2, len(columns) - ROOM / 2],
            "automargin": True,  # on a narrow screen the names stand upright
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis": {"showticklabels": False, "rangemode": "tozero", "showgrid": False},
    }
    arrays = {f"real/{name}": values for name, values in real.items()}
    return Description(layout("Columns", **axes, **chart_with_legend()), layers, arrays)


def columns_frame(lanes: Sequence[LaneView]) -> FigureFrame:
    arrays: dict[str, np.ndarray] = {}
    for i, lane in enumerate(lanes):
        if "table" in lane.arrays:
            shares = _shares(lanes, lane.arrays["table"])
            arrays |= {f"{i}/{name}": shares[name] for name in ("x", "height", "said")}
    rows = len(lanes[0].reference["table"])
    return FigureFrame(arrays, {"title.text": f"Columns, {rows:,} rows"})


def describe_associations(lanes: Sequence[LaneView]) -> Description | None:
    """For each lane a matrix: how much each column says about each other in real rows, less the same in samples. Red
    where samples say too little, blue where they say too much. Two numbers: correlation; two categories: Cramér's V;
    one of each: correlation ratio.
    """
    if not is_of_a_table(lanes):
        return None
    columns, _ = _columns(lanes)
    count = len(columns)
    map_of = {"type": "heatmap", "zmin": -1, "zmax": 1, "colorscale": LESS_AND_MORE, "xgap": 1, "ygap": 1}
    map_of["colorbar"] = {"thickness": 8, "len": 1, "x": 1.0}
    hover = "%{customdata}: %{z:.2f}<extra></extra>"
    maps = [Trace("", hover, map_of, {"x": "x", "y": "y", "z": "difference", "customdata": "said"})]
    names = [column.name for column in columns]
    starts = [i * (count + 1) for i in range(len(lanes))]
    axes = {
        "xaxis": {
            "tickvals": [start + (count - 1) / 2 for start in starts],
            "ticktext": [lane.title for lane in lanes],
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis": {
            "tickvals": list(range(count)),
            "ticktext": names,
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
        },
        "margin": {"l": 80, "r": 8, "t": 30, "b": 34},
    }
    return Description(layout("Associations: real less sampled", **axes), maps)


def associations_frame(lanes: Sequence[LaneView]) -> FigureFrame:
    columns, places = _columns(lanes)
    counts = np.array([len(column.words) for column in columns])
    real = associations(counts, lanes[0].reference["table"][:, places].astype("float64"))
    count = len(columns)
    difference = np.full((count, len(lanes) * (count + 1) - 1), np.nan, "float32")
    said = np.full(difference.shape, "", dtype=object)
    largest = []
    for i, lane in enumerate(lanes):
        if "table" not in lane.arrays:
            continue
        block = slice(i * (count + 1), i * (count + 1) + count)
        difference[:, block] = real - associations(counts, lane.arrays["table"][:, places].astype("float64"))
        said[:, block] = [[f"{a.name} and {b.name}" for b in columns] for a in columns]
        pairs = np.abs(difference[:, block][np.triu_indices(count, 1)])
        largest.append(f"{lane.title} {pairs.mean():.3f}")
    arrays = {
        "x": np.arange(difference.shape[1]),
        "y": np.arange(count),
        "difference": difference,
        "said": said.astype(str),
    }
    title = "Associations, real less sampled" + (f": mean error {', '.join(largest)}" if largest else "")
    return FigureFrame(arrays, {"title.text": title})


def some_rows(lanes: Sequence[LaneView], count: int = 5) -> dict[str, list[dict[str, str]]]:
    """The first rows of the real data and of each lane's samples, as whoever brought the table wrote them."""
    tables = {"real data": lanes[0].reference["table"]}
    tables |= {lane.title: lane.arrays["table"] for lane in lanes if "table" in lane.arrays}
    columns, places = _columns(lanes)
    return {name: written_rows(columns, table[:count, places].astype("float64")) for name, table in tables.items()}


def _columns(lanes: Sequence[LaneView]) -> tuple[list[Column], list[int]]:
    """The columns that are drawn, and their places."""
    columns = from_json(str(lanes[0].reference["columns"]))[:MAXIMUM_COLUMNS]
    return list(columns), list(range(len(columns)))


def _shares(lanes: Sequence[LaneView], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Where each word or bin is drawn, how high, how wide, and what it is; a gap behind each column."""
    parts: dict[str, list[Any]] = {"x": [], "height": [], "width": [], "said": []}
    columns, _ = _columns(lanes)
    real = lanes[0].reference["table"]
    for place, column in enumerate(columns):
        edges = _edges(column, real[:, place])
        counts = [np.histogram(np.clip(each[:, place], edges[0], edges[-1]), edges)[0] for each in (real, rows)]
        most = max(counts[0].max() / len(real), 1e-9)
        share = counts[1] / len(rows)
        width = (1 - ROOM) / len(share)
        drawn = {
            "x": place + (np.arange(len(share)) + 0.5) * width,
            "height": share / most,
            "width": np.full(len(share), width),
            "said": _said(column, edges, share),
        }
        for name, values in drawn.items():
            parts[name] += _with_gaps(values, between=column.type == "category")
    arrays = {name: np.array(values) for name, values in parts.items()}
    return arrays | {"width": np.nan_to_num(arrays["width"])}


def _with_gaps(values: np.ndarray, between: bool) -> list[Any]:
    """The values with nothing behind the last, and between any two where these are words, which no line connects."""
    nothing = "" if values.dtype.kind == "U" else np.nan
    listed = values.tolist()
    return [part for value in listed for part in (value, nothing)] if between else [*listed, nothing]


def _edges(column: Column, real: np.ndarray) -> np.ndarray:
    if column.type == "category":
        return np.arange(len(column.words) + 1) - 0.5
    low, high = np.quantile(real, [0.01, 0.99])
    return np.linspace(low, high if high > low else low + 1, BINS + 1)


def _said(column: Column, edges: np.ndarray, share: np.ndarray) -> np.ndarray:
    if column.type == "category":
        names = list(column.words)
    else:
        ends = column.written(edges)
        names = [f"{low} to {high}" for low, high in pairwise(ends)]
    return np.array([f"{column.name}, {name}: {part:.1%}" for name, part in zip(names, share)])


def _bars(name: str) -> Trace:
    arrays = {"x": "real/x", "y": "real/height", "width": "real/width", "customdata": "real/said"}
    look: dict[str, Any] = {"type": "bar", "marker": {"color": REAL, "opacity": 0.45}}
    return Trace(name, "%{customdata}<extra>{name}</extra>", look, arrays)


def _line(name: str, colour: str, prefix: str) -> Trace:
    look: dict[str, Any] = {"type": "scatter", "mode": "lines+markers", "line": {"color": colour, "width": 2}}
    look |= {"marker": {"color": colour, "size": 4}, "connectgaps": False}
    arrays = {"x": f"{prefix}x", "y": f"{prefix}height", "customdata": f"{prefix}said"}
    return Trace(name, "%{customdata}<extra>{name}</extra>", look, arrays)


FIGURES.add(
    FigureEntry(
        name="columns",
        title="Columns",
        belongs="run",
        alt="how the values of each column of a table are spread, real rows as bars, a line for each lane",
        explanation=(
            "Each column of the table by itself: real rows as bars, the samples of each model as a line in its colour. "
            "Look for categories that a model leaves out or draws too often, for peaks that it smooths over, and for "
            "values beyond those that occur. Columns that fit one by one may still go together wrongly: see the "
            "associations."
        ),
        describe=describe_columns,
        frame=columns_frame,
        recorded=False,
        applies=is_of_a_table,
    )
)
FIGURES.add(
    FigureEntry(
        name="associations",
        title="Associations",
        belongs="run",
        alt="for each lane a matrix of how much columns say about each other, in real rows less in samples",
        explanation=(
            "How much each pair of columns says about each other, in real rows less in samples: correlation of two "
            "numbers, the correlation ratio of a number and a category, Cramér's V of two categories. No colour is no "
            "error. Look for strong colours: a dependence that the model missed, or one that it made up."
        ),
        describe=describe_associations,
        frame=associations_frame,
        recorded=False,
        applies=is_of_a_table,
    )
)
