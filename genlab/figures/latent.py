"""The latent space of a lane: where real data is encoded, or which draws from the prior become which mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genlab.figures.base import Description, FigureEntry, FigureFrame, LaneView, layout, mode_colour, square
from genlab.figures.layers import ClassPoints, Labels
from genlab.registry import FIGURES

MINIMUM_EXTENT = 3.5  # holds 99.8 % of a standard normal in the plane
MINIMUM_FOR_A_NAME = 8  # points of a mode below which its name is not written ...
NAME_DISTANCE = 0.12  # of the picture's half side
MAXIMUM_NAMES = 12  # ... and modes above which none is


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """Codes of test data coloured by their mode (a model with an encoder), or prior draws coloured by the mode their
    sample is on, grey for none. The circles are the prior's 1, 2 and 3 standard deviations;
    a uniform prior in the plane is a square.
    """
    (lane,) = lanes
    if not (lane.arrays and lane.reference):
        return None
    title = "Latent: codes of test data" if "encode" in lane.abilities else "Latent: prior draws, by mode"
    colours = [mode_colour(mode) for mode in range(-1, len(lane.names))]
    layers = [
        ClassPoints("points", "modes", ["on no mode", *lane.names], colours),
        Labels("names", "name_places", size=12, opacity=0.9),
    ]
    return Description(layout(title, shapes=prior_outlines(lane.settings), **square(MINIMUM_EXTENT)), layers)


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
    points, modes, names = lane.arrays["latent"], lane.arrays["latent_modes"], lane.names
    # Rounded up, so that the axes rest while the cloud moves.
    extent = max(MINIMUM_EXTENT, float(np.ceil(1.05 * np.quantile(np.abs(points), 0.998))))
    moving: dict[str, Any] = {"xaxis.range": [-extent, extent], "yaxis.range": [-extent, extent]}
    if lane.arrays.get("latent_share", 1.0) < 1:
        whose, share = "Codes" if "encode" in lane.abilities else "Prior", float(lane.arrays["latent_share"])
        plane = f"PCA, {share:.0%} of variance"
        if lane.settings.get("latent_categories"):
            plane = f"first 2 of {lane.settings['latent_dim']} dimensions"
        moving["title.text"] = f"{whose} · {plane}"
    arrays = {"points": points, "modes": modes}
    if len(names) <= MAXIMUM_NAMES:
        large = [mode for mode in range(len(names)) if (modes == mode).sum() >= MINIMUM_FOR_A_NAME]
        places = [_beside(np.median(points[modes == mode], axis=0), extent) for mode in large]
        arrays |= {"names": np.array([names[mode] for mode in large], str), "name_places": np.array(places)}
    return FigureFrame(arrays, moving)


def _beside(middle: np.ndarray, extent: float) -> np.ndarray:
    """Beside the points, away from the origin: a tight cluster would hide under its own name."""
    return middle * (1 + NAME_DISTANCE * extent / max(float(np.hypot(*middle)), 0.1))


def prior_outlines(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Where the prior is: circles of a standard normal, or the square of a uniform one."""
    if settings.get("prior") == "uniform":
        return [_outline("rect", 1)] if settings.get("latent_dim") == 2 else []
    return [_outline("circle", radius) for radius in (1, 2, 3)]


def _outline(form: str, radius: float) -> dict[str, Any]:
    line = {"color": "var(--ink)", "width": 1, "dash": "dot"}
    corners = {"x0": -radius, "x1": radius, "y0": -radius, "y1": radius}
    return {"type": form, **corners, "layer": "below", "line": line, "opacity": 0.45}


FIGURES.add(
    FigureEntry(
        name="latent",
        title="Latent space",
        belongs="lane",
        alt="the latent space, coloured by mode, over circles that mark the prior",
        explanation=(
            "A model with an encoder: where it puts held-out data. A model without one: draws from the prior, in "
            "the colour of the mode that each of them becomes. Circles mark one and two standard deviations of "
            "the prior. Look for codes far outside the circles, for holes inside them, which samples are drawn "
            "from too, and for colours that are missing: dropped modes."
        ),
        describe=describe,
        frame=frame,
        recorded=False,
    )
)
