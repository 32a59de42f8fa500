"""What a lane gives back: held-out examples beside what its decoder makes of their codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import LANE_COLOURS, REAL, FigureEntry, cloud, make, nothing_yet, square
from genlab.figures.samples import PLACE, flat, png, tile
from genlab.registry import FIGURES
from genlab.runs.view import RunView

PAIRS_A_ROW = 4
NOTHING = {"visible": False, "constrain": "domain"}


def reconstructions(view: RunView, lane: int) -> go.Figure:
    """The first held-out examples and their reconstructions. Points with a line from each to its own, in the picture's
    plane where they have more than two dimensions; images in pairs, the original on the left.

    A lane that has none says why.
    """
    frame = view.frames[lane]
    if frame is None or view.reference is None:
        return nothing_yet("Reconstructions")
    if "reconstructed" not in frame.arrays:
        return _none(view, lane)
    returned = frame.arrays["reconstructed"]
    given = view.reference["samples"][: len(returned)]
    if returned.ndim == 2:
        extent, colour = float(view.reference["extent"]), LANE_COLOURS[lane]
        traces = _points(flat(given, view.reference), flat(returned, view.reference), colour)
        return make("Test data and its reconstruction", traces, **square(extent))
    pairs = np.concatenate([given, returned], axis=2)
    sheet = tile(pairs, gap=max(1, given.shape[2] // 8), columns=PAIRS_A_ROW)
    image = {"type": "image", "source": png(sheet), "hoverinfo": "skip"}
    return make("Test data | its reconstruction", [image], xaxis=NOTHING, yaxis=NOTHING)


def _points(given: np.ndarray, returned: np.ndarray, colour: str) -> list[dict[str, Any]]:
    """Originals and reconstructions, (n, 2) each, over the lines that join them."""
    ends = np.stack([given, returned, np.full_like(given, np.nan)], axis=1).reshape(-1, 2)  # a gap after each pair
    line = {"color": colour, "width": 1}
    lines = {"type": "scattergl", "x": ends[:, 0], "y": ends[:, 1], "mode": "lines", "line": line, "opacity": 0.35}
    return [
        lines | {"hoverinfo": "skip"},
        cloud(given, "test data", PLACE, size=4, color=REAL, opacity=0.8),
        cloud(returned, "reconstruction", PLACE, size=4, color=colour, opacity=0.75),
    ]


def _none(view: RunView, lane: int) -> go.Figure:
    """The same place, with the reason in words."""
    if "reconstruct" in view.abilities(lane):
        reason = "This run was recorded<br>without reconstructions."
    else:
        reason = f"{view.title(lane)} has no encoder,<br>so it can give no example back."
    words = {"type": "scatter", "x": [0], "y": [0], "mode": "text", "text": [reason], "hoverinfo": "skip"}
    return make("Reconstructions", [words], xaxis=NOTHING, yaxis=NOTHING)


FIGURES.add(
    FigureEntry(
        "reconstructions",
        "Reconstructions",
        "lane",
        reconstructions,
        "held-out examples beside what the model gives back for each of them",
    )
)
