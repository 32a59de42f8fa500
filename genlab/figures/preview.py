"""What somebody brought, before it is a data set: its points, or some of its pictures."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from genlab.datasets.examples import Examples, scaled
from genlab.figures.base import REAL, cloud, make, mode_colour, square
from genlab.figures.samples import PLACE, png, tile

SHOWN = {"points": 3000, "images": 64}


def preview(found: Examples) -> go.Figure:
    """Evenly chosen examples, as a model will see them: pictures in a grid, points by their first two columns."""
    kind = "points" if found.values.ndim == 2 else "images"
    count = len(found.values)
    chosen = np.unique(np.linspace(0, count - 1, min(count, SHOWN[kind])).astype(int))
    said = "" if len(chosen) == count else f" · {len(chosen):,} of {count:,}"
    if kind == "images":
        hidden = {"visible": False, "constrain": "domain"}
        image = {"type": "image", "source": png(tile(found.values[chosen])), "hoverinfo": "skip"}
        return make(f"Pictures{said}", [image], xaxis=hidden, yaxis=hidden)
    points = scaled(found.values[chosen], found.values[: found.train], found.as_they_are)[:, :2]
    if found.labels is None:
        traces = [cloud(points, "point", PLACE, size=4, color=REAL, opacity=0.8)]
    else:
        labels = found.labels[chosen]
        traces = [
            cloud(points[labels == label], name, PLACE, size=4, color=mode_colour(label), opacity=0.8)
            for label, name in enumerate(found.names)
        ]
    columns = found.values.shape[1]
    title = f"Points{said}" + (f" · columns 1 and 2 of {columns}" if columns > 2 else "")
    return make(title, traces, **square(1.1 * float(np.abs(points).max())))
