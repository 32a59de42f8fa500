"""The pictures that go with the measures of a lane: what it lost, what belongs nowhere, what it may have copied."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import LANE_COLOURS, REAL, cloud, make, square
from genlab.figures.samples import PLACE, flat, png, tile

PAIRS_A_ROW = 8
A_ROW = 16
X, Y = ({"visible": False, "constrain": "domain", "constraintoward": side} for side in ("left", "top"))


def galleries(
    arrays: dict[str, np.ndarray], reference: dict[str, np.ndarray], lane: int
) -> list[tuple[go.Figure, str]]:
    """The figures of a lane, from the arrays that its evaluation stored, each with what it shows in words. Only what
    there is: a lane that lost no mode has no gallery of lost ones.
    """
    if not arrays:
        return []
    if arrays["samples"].ndim == 2:
        return [_points(arrays, reference, LANE_COLOURS[lane])]
    names = [str(name) for name in reference["names"]]
    found = []
    if len(arrays["lost_modes"]):
        lost = ", ".join(names[mode] for mode in arrays["lost_modes"])
        rows = [[*real, *fake] for real, fake in zip(arrays["lost_real"], arrays["lost_fake"], strict=True)]
        pictures = np.stack([image for row in rows for image in row])
        title = f"Lost modes, a row each: {lost} · left real, right the nearest samples"
        found.append((_sheet(title, pictures, A_ROW), "real members of each lost mode beside the nearest samples"))
    pairs = np.concatenate([arrays["samples"], arrays["copied"]], axis=2)
    title = "Samples | the nearest training image of each"
    found.append((_sheet(title, pairs, PAIRS_A_ROW), "samples, each beside the training image nearest to it"))
    for name, title in (
        ("on_no_mode", "Samples on no mode"),
        ("over_filled", "Made too often: the middle of bins with more samples than real images"),
        ("under_filled", "Made too seldom: the middle of bins with fewer"),
    ):
        if len(arrays.get(name, ())):
            found.append((_sheet(title, arrays[name], A_ROW), title.lower()))
    return found


def _sheet(title: str, images: np.ndarray, columns: int) -> go.Figure:
    sheet = tile(images, gap=max(1, images.shape[1] // 8), columns=min(columns, len(images)))
    return make(title, [{"type": "image", "source": png(sheet), "hoverinfo": "skip"}], xaxis=X, yaxis=Y)


def _points(arrays: dict[str, np.ndarray], reference: dict[str, np.ndarray], colour: str) -> tuple[go.Figure, str]:
    """Samples on no mode over real points, and rings around members of the modes that were lost."""
    real, none = flat(reference["samples"], reference), flat(arrays["on_no_mode"], reference)
    traces = [
        cloud(real, "real", PLACE, size=4, color=REAL, opacity=0.6),
        cloud(none, "sample on no mode", PLACE, size=5, color=colour, opacity=0.8),
    ]
    names = [str(reference["names"][mode]) for mode in arrays["lost_modes"]]
    labels = []
    for name, members in zip(names, arrays.get("lost_real", ()), strict=True):
        place = flat(members, reference)
        ring = {"symbol": "circle-open", "line": {"width": 2}}
        traces.append(cloud(place, f"lost: {name}", PLACE, size=12, color=REAL, **ring))
        x, y = place.mean(axis=0)
        font = {"color": "var(--ink)", "size": 14}
        labels.append({"x": float(x), "y": float(y), "text": f"<b>{name}</b>", "showarrow": False, "font": font})
    lost = f" · lost modes: {', '.join(names)}" if names else ""
    figure = make(f"Samples on no mode{lost}", traces, annotations=labels, **square(float(reference["extent"])))
    return figure, "samples that lie on no mode over real points, and the modes that were lost"
