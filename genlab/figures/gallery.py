"""The pictures that go with the measures of a lane: what it lost, what belongs nowhere, what it may have copied."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import REAL, Description, FigureFrame, assemble, flat, layout, square
from genlab.figures.layers import Images, Labels, Layer, Points

PAIRS_A_ROW = 8
A_ROW = 16
X, Y = ({"visible": False, "constrain": "domain", "constraintoward": side} for side in ("left", "top"))


def galleries(
    arrays: dict[str, np.ndarray], reference: dict[str, np.ndarray], title: str, colour: str
) -> list[tuple[go.Figure, str]]:
    """The figures of a lane, from the arrays that its evaluation stored, each with what it shows in words. Only what
    there is: a lane that lost no mode has no gallery of lost ones.

    Args:
        title, colour: of the lane.
    """
    if not arrays:
        return []
    if arrays["samples"].ndim == 2:
        return [_points(arrays, reference, title, colour)]
    names = [str(name) for name in reference["names"]]
    figures = []
    if len(arrays["lost_modes"]):
        lost = ", ".join(names[mode] for mode in arrays["lost_modes"])
        rows = [[*real, *fake] for real, fake in zip(arrays["lost_real"], arrays["lost_fake"], strict=True)]
        images = np.stack([image for row in rows for image in row])
        heading = f"Lost modes, a row each: {lost} · left real, right the nearest samples"
        figures.append((_sheet(heading, images, A_ROW), "real members of each lost mode beside the nearest samples"))
    pairs = np.concatenate([arrays["samples"], arrays["copied"]], axis=2)
    heading = "Samples | the nearest training image of each"
    figures.append((_sheet(heading, pairs, PAIRS_A_ROW), "samples, each beside the training image nearest to it"))
    for name, heading in (
        ("on_no_mode", "Samples on no mode"),
        ("over_filled", "Made too often: the middle of bins with more samples than real images"),
        ("under_filled", "Made too seldom: the middle of bins with fewer"),
    ):
        if len(arrays.get(name, ())):
            figures.append((_sheet(heading, arrays[name], A_ROW), heading.lower()))
    return figures


def _sheet(title: str, images: np.ndarray, columns: int) -> go.Figure:
    layer = Images("images", min(columns, len(images)), gap=max(1, images.shape[1] // 8))
    return assemble(Description(layout(title, xaxis=X, yaxis=Y), [layer]), FigureFrame({"images": images}))


def _points(
    arrays: dict[str, np.ndarray], reference: dict[str, np.ndarray], title: str, colour: str
) -> tuple[go.Figure, str]:
    """Samples on no mode over real points, and rings around members of the modes that were lost."""
    layers: list[Layer] = [
        Points("real", "real", REAL, opacity=0.6),
        Points("on_no_mode", "sample on no mode", colour, size=5, opacity=0.8),
    ]
    drawn = {"real": flat(reference["samples"], reference), "on_no_mode": flat(arrays["on_no_mode"], reference)}
    names = [str(reference["names"][mode]) for mode in arrays["lost_modes"]]
    for name, members in zip(names, arrays.get("lost_real", ()), strict=True):
        drawn[f"lost/{name}"] = flat(members, reference)
        layers.append(Points(f"lost/{name}", f"lost: {name}", REAL, size=12, rings=True))
    if names:
        layers.append(Labels("lost", "lost_places", size=14))
        drawn["lost"] = np.array(names)
        drawn["lost_places"] = np.array([drawn[f"lost/{name}"].mean(axis=0) for name in names])
    lost = f" · lost modes: {', '.join(names)}" if names else ""
    axes = square(float(reference["extent"]))
    figure = assemble(Description(layout(f"{title}: Samples on no mode{lost}", **axes), layers, drawn), FigureFrame({}))
    return figure, "samples that lie on no mode over real points, and the modes that were lost"
