"""How samples come about: the way of each from its draw of the prior, of a model that makes them step by step."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.figures.base import (
    HIDDEN,
    REAL,
    Description,
    FigureEntry,
    FigureFrame,
    LaneView,
    flat,
    in_words,
    layout,
    square,
)
from genlab.figures.layers import Images, Points, Segments
from genlab.registry import FIGURES

MINIMUM_EXTENT = 3.5  # holds 99.8 % of a standard normal in the plane


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """The first samples and the paths on which they came. Points over the data, with a ring at each draw of the prior,
    a line that follows it, and a dot at the sample; images in rows, from noise on the left to the sample.
    """
    (lane,) = lanes
    if not (lane.arrays and lane.reference):
        return None
    if "paths" not in lane.arrays:
        return in_words("Paths", f"{lane.title} makes a sample in one go:\nthere is no path to show.")
    paths = lane.arrays["paths"]
    if paths.ndim > 3:
        sheet = Images("pictures", columns=paths.shape[1])
        return Description(layout("From noise to a picture", xaxis=HIDDEN, yaxis=HIDDEN), [sheet])
    layers = [
        Points("real", "real data", REAL, opacity=0.35),
        Segments("from", "to", lane.colour, opacity=0.6),
        Points("start", "draw of the prior", REAL, size=5, rings=True),
        Points("end", "sample", lane.colour, opacity=0.9),
    ]
    axes = square(max(MINIMUM_EXTENT, float(lane.reference["extent"])))
    real = flat(lane.reference["samples"], lane.reference)
    return Description(layout("From the prior to samples", **axes), layers, {"real": real})


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
    paths = lane.arrays.get("paths")
    if paths is None:
        return FigureFrame({})
    if paths.ndim > 3:
        return FigureFrame({"pictures": paths.reshape(-1, *paths.shape[2:])})
    count, stages, values = paths.shape
    drawn = flat(paths.reshape(-1, values), lane.reference).reshape(count, stages, 2)
    ends = {"start": drawn[:, 0], "end": drawn[:, -1]}
    return FigureFrame({**ends, "from": drawn[:, :-1].reshape(-1, 2), "to": drawn[:, 1:].reshape(-1, 2)})


FIGURES.add(
    FigureEntry(
        name="paths",
        title="Paths",
        belongs="picture",
        alt="the way of each sample from a draw of the prior to the data",
        explanation=(
            "The way of each sample from its draw of the prior, a ring, to where it ends, along the velocity that the "
            "model learned. Real data is grey. Flow matching is trained on straight lines. Look for paths that bend or "
            "crowd together: they need more steps of the solver. Paths that end between the modes are samples that are "
            "like no data."
        ),
        describe=describe,
        frame=frame,
        recorded=False,
        ability="paths",
    )
)
