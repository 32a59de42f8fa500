"""All frames of one to four lanes, of one run or several, as whatever plays them gets them.

What stays is `describe`d once; each frame of a lane is packed by itself, with all that its cells draw of it; curves are
sent as they grow. `browser/` holds the script that plays them, on a page or in a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from genlab.figures.base import Description, FigureEntry, LaneView
from genlab.figures.layers import escape
from genlab.figures.packing import pack


@dataclass(frozen=True)
class TimelineCell:
    """One place in the grid of the time line: a figure; or the heading of a lane, where there is no figure; or, without
    a lane too, nothing.

    Attributes:
        name: the same name keeps its zoom.
        span, height: how many columns of the grid, and pixels.
        lanes: which of the lanes of the time line it shows.
    """

    name: str
    span: int
    height: int
    figure: FigureEntry | None = None
    lanes: tuple[int, ...] = ()


def row_of(cells: Sequence[TimelineCell], columns: int) -> list[TimelineCell]:
    """A row of the grid of so many columns. One that is not full keeps its place: nothing may flow up beside it."""
    gap = columns - sum(cell.span for cell in cells)
    return [*cells, TimelineCell(f"after-{cells[-1].name}", gap, cells[-1].height)] if gap else list(cells)


def describe(cells: Sequence[TimelineCell], lanes: Sequence[LaneView], **more: Any) -> bytes:
    """What stays: the cells, with their figures' layouts, layers and fixed arrays; the lanes; and `more`, values of
    JSON for whoever plays them.
    """
    arrays: dict[str, np.ndarray] = {}
    described = []
    for cell in cells:
        values: dict[str, Any] = {"name": cell.name, "span": cell.span, "height": cell.height, "lanes": cell.lanes}
        if cell.figure is not None:
            shown = [lanes[lane] for lane in cell.lanes]
            description = cell.figure.describe(shown)
            whose = ", ".join(lane.title for lane in shown)
            values |= {"alt": f"{whose}: {cell.figure.alt}", "recorded": cell.figure.recorded}
            values |= {"figure": cell.figure.title, "about": cell.figure.about}
            if description is None:
                values |= {"title": cell.figure.title, "layout": {}, "layers": []}
            else:
                values |= _described(description)
                arrays |= {f"{cell.name}/{name}": array for name, array in description.arrays.items()}
        described.append(values)
    of_lanes = [
        {"title": lane.title, "colour": lane.colour, "detail": lane.real_value, "clock": lane.clock} for lane in lanes
    ]
    return pack({"cells": described, "lanes": of_lanes, **more}, arrays)


def _described(description: Description) -> dict[str, Any]:
    layout = {**description.layout}
    title = layout.pop("title")["text"]
    for axis in ("xaxis", "yaxis"):
        if "ticktext" in layout.get(axis, {}):
            layout[axis] = {**layout[axis], "ticktext": [escape(text) for text in layout[axis]["ticktext"]]}
    layers = [{"kind": type(layer).__name__, **asdict(layer)} for layer in description.layers]
    return {"title": title, "layout": layout, "layers": layers}


def pack_frame(
    cells: Sequence[TimelineCell], lanes: Sequence[LaneView], lane: int, place: Mapping[str, float]
) -> bytes:
    """One frame of one lane, which is that of its view: where it is on each clock, its heading, and for each cell that
    shows the lane the arrays that move and what moves of the layout.
    """
    frame = lanes[lane].frame
    assert frame is not None
    arrays: dict[str, np.ndarray] = {}
    moving: dict[str, dict[str, Any]] = {}
    for cell in cells:
        if cell.figure is None or cell.figure.recorded or lane not in cell.lanes:
            continue
        # A figure of several lanes gets this lane's frame alone: the other lanes' frames travel by themselves.
        shown = [lanes[i] if i == lane else replace(lanes[i], frame=None) for i in cell.lanes]
        if cell.figure.describe(shown) is None:
            continue
        result = cell.figure.frame(shown)
        arrays |= {f"{cell.name}/{name}": array for name, array in result.arrays.items()}
        if result.layout:
            moving[cell.name] = result.layout
    header = {"lane": lane, "step": frame.step, **place, "heading": lanes[lane].heading, "moving": moving}
    return pack(header, arrays)


def place_on_clocks(lane: LaneView, step: int) -> dict[str, float]:
    """The seconds and the examples at a step of a lane, as its history has them."""
    at = lane.history.column(lane.lane, "step")
    clocks = ("seconds", "examples")
    return {
        name: float(np.interp(step, at, lane.history.column(lane.lane, name))) if len(at) else 0.0 for name in clocks
    }


@dataclass(frozen=True)
class Curves:
    """The figures that draw what was recorded, by cell: their arrays as they are now, and what moves of the layout."""

    arrays: dict[str, np.ndarray]
    moving: dict[str, dict[str, Any]]


def curves(cells: Sequence[TimelineCell], lanes: Sequence[LaneView]) -> Curves:
    """All that recorded figures draw, arrays named "cell/array"."""
    result = Curves({}, {})
    for cell in cells:
        if cell.figure is None or not cell.figure.recorded:
            continue
        shown = [lanes[lane] for lane in cell.lanes]
        if cell.figure.describe(shown) is None:
            continue
        frame = cell.figure.frame(shown)
        result.arrays.update({f"{cell.name}/{name}": array for name, array in frame.arrays.items()})
        if frame.layout:
            result.moving[cell.name] = frame.layout
    return result


def pack_new_curves(now: Curves, before: Mapping[str, np.ndarray]) -> bytes:
    """What has grown since `before`, the arrays as they were sent last: of each array its end, from the first number
    that is new.
    """
    ends, starts = {}, {}
    for name, array in now.arrays.items():
        start = _shared(array, before[name]) if name in before else 0
        if start < len(array) or len(before.get(name, ())) != len(array):
            starts[name], ends[name] = start, array[start:]
    return pack({"starts": starts, "moving": now.moving}, ends)


def _shared(array: np.ndarray, before: np.ndarray) -> int:
    """How many of the first numbers of two arrays (n,) and (m,) are the same."""
    count = min(len(array), len(before))
    differs = np.flatnonzero(array[:count] != before[:count])
    return int(differs[0]) if len(differs) else count
