"""What somebody brought, before it is a data set: its points, or some of its pictures."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from genlab.datasets.coding import make_coding
from genlab.datasets.examples import Examples
from genlab.figures.base import HIDDEN, REAL, Description, FigureFrame, assemble, layout, mode_colour, square
from genlab.figures.layers import ClassPoints, Images, Layer, Points

SHOWN = {"points": 3000, "images": 64}


def preview(examples: Examples) -> go.Figure:
    """Evenly chosen examples, as a model will see them: pictures in a grid, points by their first two columns."""
    kind = "points" if examples.values.ndim == 2 else "images"
    count = len(examples.values)
    chosen = np.unique(np.linspace(0, count - 1, min(count, SHOWN[kind])).astype(int))
    said = "" if len(chosen) == count else f" · {len(chosen):,} of {count:,}"
    if kind == "images":
        description = Description(layout(f"Pictures{said}", xaxis=HIDDEN, yaxis=HIDDEN), [Images("images")])
        return assemble(description, FigureFrame({"images": examples.values[chosen]}))
    coding = make_coding(examples.columns, examples.values[: examples.train], examples.as_they_are)
    points = coding.encoded(examples.values[chosen])[:, :2]
    arrays = {"points": points}
    layer: Layer = Points("points", "point", REAL, opacity=0.8)
    if examples.labels is not None:
        colours = [mode_colour(label) for label in range(-1, len(examples.names))]
        layer = ClassPoints("points", "labels", ["", *examples.names], colours, place=True)
        arrays["labels"] = examples.labels[chosen]
    columns = examples.values.shape[1]
    title = f"Points{said}" + (f" · columns 1 and 2 of {columns}" if columns > 2 else "")
    axes = square(1.1 * float(np.abs(points).max()))
    return assemble(Description(layout(title, **axes), [layer]), FigureFrame(arrays))
