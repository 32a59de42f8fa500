"""The latent space of a lane: where real data is encoded, or which draws from the prior become which mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import FigureEntry, cloud, make, mode_colour, nothing_yet, square
from genlab.registry import FIGURES
from genlab.runs.view import RunView

MINIMUM_EXTENT = 3.5  # holds 99.8 % of a standard normal in the plane
MINIMUM_FOR_A_NAME = 8  # points of a mode below which its name is not written ...
NAME_DISTANCE = 0.12  # of the picture's half side
MAXIMUM_NAMES = 12  # ... and modes above which none is
MAXIMUM_TRACES = 20  # modes above which all share one trace: each more costs as much as hundreds of points


def latent(view: RunView, lane: int) -> go.Figure:
    """Codes of test data coloured by their mode (a model with an encoder), or prior draws coloured by the mode their
    sample is on, grey for none. The circles are the prior's 1, 2 and 3 standard deviations;
    a uniform prior in the plane is a square.
    """
    frame = view.frames[lane]
    if frame is None or view.reference is None:
        return nothing_yet("Latent space")
    points, modes = frame.arrays["latent"], frame.arrays["latent_modes"]
    encoded = "encode" in view.abilities(lane)
    title = "Latent: codes of test data" if encoded else "Latent: prior draws, by mode"
    if int(view.spec.lanes[lane].settings["latent_dim"]) > 2:
        share = float(frame.arrays["latent_share"])
        title = f"{'Codes' if encoded else 'Prior'} · PCA, {share:.0%} of variance"
    # Rounded up, so that the axes rest while the cloud moves.
    extent = max(MINIMUM_EXTENT, float(np.ceil(1.05 * np.quantile(np.abs(points), 0.998))))
    names = [str(name) for name in view.reference["names"]]
    traces, labels = [], []
    if len(names) > MAXIMUM_TRACES:
        traces.append(_one_cloud(points, modes, names))
    for mode in range(-1, len(names) if len(names) <= MAXIMUM_TRACES else -1):
        members = points[modes == mode]
        if not len(members):
            continue
        name = names[mode] if mode >= 0 else "on no mode"
        traces.append(cloud(members, name, "", size=4, color=mode_colour(mode), opacity=0.8))
        if mode >= 0 and len(members) >= MINIMUM_FOR_A_NAME and len(names) <= MAXIMUM_NAMES:
            labels.append(_label(name, np.median(members, axis=0), extent))
    return make(title, traces, shapes=_prior(view.spec.lanes[lane].settings), annotations=labels, **square(extent))


def _one_cloud(points: np.ndarray, modes: np.ndarray, names: list[str]) -> dict[str, Any]:
    """All points (n, 2) as one trace, each in the colour and under the name of its mode (n,)."""
    order = np.argsort(modes, kind="stable")  # those on no mode first, under the others
    colours = [mode_colour(mode) for mode in modes[order]]
    trace = cloud(points[order], "samples", "", size=4, color=colours, opacity=0.8)
    said = [names[mode] if mode >= 0 else "on no mode" for mode in modes[order]]
    return trace | {"customdata": said, "hovertemplate": "%{customdata}<extra></extra>"}


def _label(name: str, middle: np.ndarray, extent: float) -> dict[str, Any]:
    """Beside the points, away from the origin: a tight cluster would hide under its own name."""
    x, y = middle * (1 + NAME_DISTANCE * extent / max(float(np.hypot(*middle)), 0.1))
    font = {"color": "var(--ink)", "size": 12}
    return {"x": float(x), "y": float(y), "text": f"<b>{name}</b>", "showarrow": False, "font": font, "opacity": 0.9}


def _prior(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Where the prior is: circles of a standard normal, or the square of a uniform one."""
    if settings.get("prior") == "uniform":
        return [_outline("rect", 1)] if int(settings["latent_dim"]) == 2 else []
    return [_outline("circle", radius) for radius in (1, 2, 3)]


def _outline(form: str, radius: float) -> dict[str, Any]:
    line = {"color": "var(--ink)", "width": 1, "dash": "dot"}
    corners = {"x0": -radius, "x1": radius, "y0": -radius, "y1": radius}
    return {"type": form, **corners, "layer": "below", "line": line, "opacity": 0.45}


FIGURES.add(
    FigureEntry(
        "latent", "Latent space", "lane", latent, "the latent space, coloured by mode, over circles that mark the prior"
    )
)
