"""The same draws of the latent at every recorded step: strips of pictures, and the paths of points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import REAL, Description, FigureFrame, LaneView, assemble, flat, layout, square
from genlab.figures.layers import Images, Layer, Points, Trace

A_STRIP = 14  # pictures of one draw
ON_A_PATH = 60  # places of one point
ABOUT = (
    "Samples of the same draws of the latent at recorded steps: frames keep the same draws all along, so that nothing "
    "but the model changes from one step to the next. Nothing is computed for this. Look for draws that settle early, "
    "for a GAN whose samples change from one kind to another until the end, and for a VAE's that only become clearer."
)


def even_steps(steps: Sequence[int], most: int) -> list[int]:
    """At most so many of the steps, evenly chosen by their order, the first and the last among them."""
    if len(steps) <= most:
        return list(steps)
    return [steps[place] for place in np.unique(np.linspace(0, len(steps) - 1, most).round().astype(int))]


def strips_figure(draws: Sequence[int], steps: Sequence[int], samples: np.ndarray) -> go.Figure:
    """A row of pictures for each draw, a column for each step; samples (steps, draws, height, width, channels)."""
    gap = max(1, samples.shape[2] // 14)
    height, width = (size + gap for size in samples.shape[2:4])
    images = np.moveaxis(samples, 0, 1).reshape(-1, *samples.shape[2:])
    axis = {"showgrid": False, "zeroline": False, "ticks": "", "constrain": "domain"}
    axes = {
        "xaxis": axis
        | {
            "tickvals": [(width - gap - 1) / 2 + i * width for i in range(len(steps))],
            "ticktext": [f"{step:,}" for step in steps],
            "automargin": True,  # on a narrow screen they stand upright
            "constraintoward": "left",
        },
        "yaxis": axis
        | {
            "tickvals": [(height - gap - 1) / 2 + i * height for i in range(len(draws))],
            "ticktext": [str(draw) for draw in draws],
            "constraintoward": "top",
        },
        "margin": {"l": 34, "r": 4, "t": 26, "b": 22},
    }
    description = Description(layout("Draws, by step", **axes), [Images("images", len(steps), gap)])
    return assemble(description, FigureFrame({"images": images}))


def paths_figure(lane: LaneView, draws: Sequence[int], steps: Sequence[int], samples: np.ndarray) -> go.Figure:
    """The way of each draw through training over the real data, from a ring to a dot; samples (steps, draws, d)."""
    count = len(draws)
    places = np.stack([flat(at_step, lane.reference) for at_step in samples])
    gap = np.full((1, count, 2), np.nan)
    line = np.moveaxis(np.concatenate([places, gap]), 0, 1).reshape(-1, 2)
    said = [f"draw {draw} · step {step:,}" for draw in draws for step in (*steps, steps[-1])]
    look = {"type": "scatter", "mode": "lines+markers", "marker": {"size": 3}, "opacity": 0.7}
    look["line"] = {"color": lane.colour, "width": 1.5}
    layers: list[Layer] = [
        Points("real", "real", REAL, size=3, opacity=0.4),
        Trace("", "%{customdata}<extra></extra>", look, {"x": "x", "y": "y", "customdata": "said"}),
        Points("first", f"at step {steps[0]:,}", lane.colour, size=9, rings=True),
        Points("last", f"at step {steps[-1]:,}", "var(--ink)", size=8),
    ]
    arrays = {
        "real": flat(lane.reference["samples"], lane.reference),
        "x": line[:, 0],
        "y": line[:, 1],
        "said": np.array(said),
        "first": places[0],
        "last": places[-1],
    }
    title = f"Paths from step {steps[0]:,} (ring) to {steps[-1]:,} (dot)"
    axes = square(float(lane.reference["extent"]))
    return assemble(Description(layout(title, **axes), layers), FigureFrame(arrays))
