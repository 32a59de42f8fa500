"""What a lane makes: generated points over the real ones, or a grid of generated images."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from genlab.figures.base import LANE_COLOURS, REAL, FigureEntry, cloud, make, nothing_yet, square
from genlab.registry import FIGURES
from genlab.runs.folder import Frame
from genlab.runs.view import RunView

REAL_POINTS = 600
PLACE = " (%{x:.2f}, %{y:.2f})"  # said beside a name when the pointer is on a point


def samples(view: RunView, lane: int) -> go.Figure:
    """The newest samples of a lane. On points, with the discriminator's surface where the model has one and they are of
    two dimensions: the tint grows with its probability of "real", or with the value that a critic gives. Points of more
    dimensions are projected on the real data's first two principal components, those of one are drawn against zero.
    """
    frame = view.frames[lane]
    if frame is None or view.reference is None:
        return nothing_yet("Samples")
    if frame.arrays["samples"].ndim == 2:
        return _points(frame, view.reference, LANE_COLOURS[lane])
    image = {"type": "image", "source": png(tile(frame.arrays["samples"])), "hoverinfo": "skip"}
    hidden = {"visible": False, "constrain": "domain"}
    return make("Samples", [image], xaxis=hidden, yaxis=hidden)


def _points(frame: Frame, reference: dict[str, np.ndarray], colour: str) -> go.Figure:
    extent = float(reference["extent"])
    traces = [
        cloud(flat(reference["samples"][:REAL_POINTS], reference), "real", PLACE, size=3, color=REAL, opacity=0.5),
        cloud(flat(frame.arrays["samples"], reference), "sample", PLACE, size=4, color=colour, opacity=0.75),
    ]
    if "surface" in frame.arrays:
        says = str(frame.arrays["surface_is"])
        traces.insert(0, _surface(frame.arrays["surface"].astype("float32"), says, extent, colour))
    title = "Samples over real data"
    if reference["samples"].shape[1] > 2:
        title = f"Samples · PCA of the columns, {reference['axes_share'].item():.0%} of variance"
    return make(title, traces, **square(extent))


def flat(points: np.ndarray, reference: dict[str, np.ndarray]) -> np.ndarray:
    """Points (n, d) as they are drawn, (n, 2); those of two dimensions as they are."""
    return (points - reference["middle"]) @ reference["axes"] if "axes" in reference else points


def _surface(values: np.ndarray, says: str, extent: float, colour: str) -> dict[str, Any]:
    """The discriminator's "probability" on a scale from 0 to 1, or a critic's "value" from its least to its largest."""
    axis = np.linspace(-extent, extent, len(values), dtype="float32")
    low, high = (0.0, 1.0) if says == "probability" else (float(values.min()), float(values.max()))
    name = "probability of real" if says == "probability" else "the critic's value"
    rgb = ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return {
        "type": "heatmap",
        "x": axis,
        "y": axis,
        "z": values,
        "zmin": low,
        "zmax": high,
        "colorscale": [[0, f"rgba({rgb},0)"], [1, f"rgba({rgb},0.45)"]],
        "showscale": False,
        "zsmooth": "best",
        "hovertemplate": name + ": %{z:.2f}<extra></extra>",
    }


def tile(images: np.ndarray, gap: int = 1, columns: int = 0) -> np.ndarray:
    """(n, height, width, channels) bytes -> one picture, white between the images; with as many rows as columns, or as
    nearly as can be, unless told how many columns.
    """
    count, height, width, channels = images.shape
    columns = columns or int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, dtype="uint8")
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def png(picture: np.ndarray) -> str:
    """(height, width, 1 or 3) bytes -> a data address that a browser shows."""
    buffer = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


FIGURES.add(
    FigureEntry(
        "samples", "Samples", "lane", samples, "what the model generates now, over the real data where those are points"
    )
)
