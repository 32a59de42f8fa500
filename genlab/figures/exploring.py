"""What is asked of trained models, drawn: where it is in the latent plane of a lane, and what the lane makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import (
    HIDDEN,
    REAL,
    Description,
    FigureFrame,
    LaneView,
    assemble,
    draw,
    flat,
    layout,
    square,
    words_figure,
)
from genlab.figures.layers import Images, Layer, Points, Trace
from genlab.figures.samples import REAL_POINTS
from genlab.registry import FIGURES
from genlab.runs.questions import Kind

Arrays = Mapping[str, np.ndarray]
INK = "var(--ink)"
DEVIATIONS = 2.0  # of the ellipse around a code
WAYS = {"straight": "solid", "spherical": "dot"}  # and how their lines are drawn
TITLES: dict[Kind, str] = {
    "place": "What it makes of this place",
    "item": "Example | what comes back",
    "between": "Above straight, below spherical",
    "along": "Along the dimension, row by row",
}
ON_POINTS: dict[Kind, str] = {
    "item": "Example (ring) and what comes back",
    "between": "Ways: straight, and spherical dotted",
    "along": "Along the dimension",
}


@dataclass(frozen=True)
class Chosen:
    """What is selected in a latent plane.

    Attributes:
        points: (n,) numbers of points.
        outline: (m, 2) what was drawn around them in this plane, with fewer than 3 corners none.
        tool: with what the pointer selects, "lasso" or "select", a box.
    """

    points: np.ndarray
    outline: np.ndarray
    tool: str = "lasso"


def plane_figure(lane: LaneView, answer: Arrays, plane: str = "", chosen: Chosen | None = None) -> go.Figure:
    """The latent figure of a lane, and over it what was asked: places, ways between them, and around the code of an
    example the ellipse of two standard deviations, where its encoder says a distribution. Where something can be
    selected, what is.

    plane: what the points are drawn in, where that is no projection, such as "t-SNE": then there is no prior to draw.
    """
    entry = FIGURES["latent"]
    if lane.frame and "points" in answer:
        arrays = {**lane.frame.arrays, "latent": answer["points"]}
        lane = replace(lane, frame=lane.frame.model_copy(update={"arrays": arrays}))
    description = entry.describe([lane])
    if description is None:
        return draw(entry, [lane])
    frame = entry.frame([lane])
    parts: dict[str, Any] = {"dragmode": False}
    if plane:
        parts |= {"shapes": [], "uirevision": plane}
        frame.layout["title.text"] = f"{'Codes' if 'encode' in lane.abilities else 'Prior draws'} · {plane}"
    layers, drawn = _asked(answer)
    below: list[Layer] = []
    if "points" in answer:
        below.append(_POINTED)
        drawn |= _places("pointed", answer["points"]) | {"pointed": _words(lane)}
        if chosen:
            # Plotly's own selection goes as soon as this one stands there.
            revision = f"{len(chosen.points)} {chosen.points[:1]} {chosen.outline[:1]}"
            parts |= {"dragmode": chosen.tool, "selections": [], "selectionrevision": revision}
            others = np.delete(answer["points"], chosen.points, axis=0) if len(chosen.points) else np.zeros((0, 2))
            drawn |= _places("others", others) | _places("outline", closed(chosen.outline))
            layers = [_OTHERS, replace(_line("outline", "dot", INK), hover=""), *layers]
    return assemble(
        Description(description.layout | parts, [*below, *description.layers, *layers], description.arrays),
        FigureFrame(frame.arrays | drawn, frame.layout),
    )


# Where the points are, and not seen: what the pointer says of each, and by "meta" whose picture it shows. Below them:
# of two points in one place Plotly speaks of the first that is drawn.
_POINTED = Trace(
    "",
    "%{customdata}<extra></extra>",
    {"type": "scattergl", "mode": "markers", "marker": {"size": 6, "opacity": 0}, "meta": "items"},
    {"x": "pointed_x", "y": "pointed_y", "customdata": "pointed"},
)


# A veil over the points that are not selected: those that are keep their colours.
_OTHERS = Trace(
    "others",
    "",
    {"type": "scattergl", "mode": "markers", "marker": {"size": 6, "color": "var(--paper)", "opacity": 0.78}},
    {"x": "others_x", "y": "others_y"},
)


def point_labels(lane: LaneView) -> list[str]:
    """Of each point its mode."""
    names = ["on no mode", *lane.names]
    return [names[mode + 1] for mode in lane.arrays["latent_modes"]]


def _words(lane: LaneView) -> np.ndarray:
    """(n,) of each point: its mode, and its number by which it can be asked about."""
    what = "example" if "encode" in lane.abilities else "draw"
    return np.array([f"{label} · {what} {i}" for i, label in enumerate(point_labels(lane))])


def closed(outline: np.ndarray) -> np.ndarray:
    """Corners (m, 2) and the first again, (m + 1, 2)."""
    return np.concatenate([outline, outline[:1]]).reshape(-1, 2)


def _asked(answer: Arrays) -> tuple[list[Layer], dict[str, np.ndarray]]:
    layers: list[Layer] = []
    drawn: dict[str, np.ndarray] = {}
    if "covariance" in answer:
        outline = np.concatenate(
            [_ellipse(*each) for each in zip(answer["item_places"], answer["covariance"], strict=True)]
        )
        layers.append(_line("ellipse", "solid", INK))
        drawn |= _places("ellipse", outline)
    for name, dash in WAYS.items():
        if name in answer:
            layers.append(_line(name, dash, INK))
            drawn |= _places(name, answer[f"{name}_places"])
    if "item_places" not in answer and len(answer.get("places", ())) > 1:
        layers.append(_line("way", "solid", INK, markers=True))
        drawn |= _places("way", answer["places"])
    chosen = answer.get("item_places", answer.get("places"))
    if chosen is not None and "way_x" not in drawn:
        layers.append(Points("chosen", "chosen", INK, size=12, rings=True))
        drawn["chosen"] = chosen
    return layers, drawn


def made_figure(lane: LaneView, answer: Arrays, kind: Kind, message: str) -> go.Figure:
    """What the lane makes of it: over the real data where examples are points, else pictures. Without an answer, the
    message.
    """
    if "points" not in answer:
        return words_figure("What it makes of it", message)
    if lane.pictures:
        return _pictures(answer, kind)
    layers: list[Layer] = [Points("real", "real", REAL, size=3, opacity=0.5)]
    drawn = {"real": flat(lane.reference["samples"][:REAL_POINTS], lane.reference)}
    for name, dash in WAYS.items():
        if name in answer:
            layers.append(_line(name, dash, lane.colour, markers=True))
            drawn |= _places(name, flat(answer[name], lane.reference))
    if "decoded" in answer:
        made = flat(answer["decoded"], lane.reference)
        layers.append(Points("made", "made", lane.colour, size=11))
        drawn["made"] = made
        if len(made) > 1:
            layers.append(_line("way", "solid", lane.colour))
            drawn |= _places("way", made)
    if "originals" in answer:
        layers.append(Points("originals", "held-out example", INK, size=14, rings=True))
        drawn["originals"] = flat(answer["originals"], lane.reference)
    axes = square(float(lane.reference["extent"]))
    return assemble(Description(layout(ON_POINTS.get(kind, TITLES[kind]), **axes), layers), FigureFrame(drawn))


def _pictures(answer: Arrays, kind: Kind) -> go.Figure:
    columns = 3
    if kind == "between":
        images, columns = np.concatenate([answer[name] for name in WAYS]), len(answer["straight"])
    elif kind == "item":
        images, columns = np.concatenate([answer["originals"], answer["decoded"]]), 2
    else:
        images = answer["decoded"]
    sheet = Images("images", min(columns, len(images)), gap=max(1, images.shape[1] // 8))
    description = Description(layout(TITLES[kind], xaxis=HIDDEN, yaxis=HIDDEN), [sheet])
    return assemble(description, FigureFrame({"images": images}))


def _line(name: str, dash: str, colour: str, markers: bool = False) -> Trace:
    line = {"color": colour, "width": 2, "dash": dash}
    trace = {"type": "scatter", "mode": "lines+markers" if markers else "lines", "line": line}
    return Trace(name, "{name}<extra></extra>", trace, {"x": f"{name}_x", "y": f"{name}_y"})


def _places(name: str, places: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}_x": places[:, 0], f"{name}_y": places[:, 1]}


def _ellipse(middle: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """(66, 2), with a gap at its end: the points at two standard deviations from the middle."""
    values, vectors = np.linalg.eigh(covariance)
    turn = np.linspace(0, 2 * np.pi, 65)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    outline = middle + DEVIATIONS * (circle * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return np.concatenate([outline, np.full((1, 2), np.nan)])
