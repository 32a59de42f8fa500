"""What a figure is: a pure function from a run at one moment to a Plotly figure, neutral in theme.

The colours "var(--ink)" and "var(--paper)" stand for the text and the background of the theme, light or dark; whoever
shows the figure puts them in. A figure is made in one piece, traces and layout: each later change of a Plotly figure
costs more than all of that, and the live page makes seven figures an update.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

# Okabe and Ito 2008, "Color Universal Design": told apart with any common colour vision. One a lane, everywhere.
LANE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
REAL = "#8a8a8a"
# Tol 2021, "Colour schemes", muted: up to nine modes; a tenth takes the grey that the scheme has for it, darkened.
MODE_COLOURS = (
    *("#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE"),
    *("#882255", "#44AA99", "#999933", "#AA4499", "#777777"),
)


@dataclass(frozen=True)
class FigureEntry:
    """A figure as the registry knows it.

    Attributes:
        per: "lane" -> function(view, lane); "run" -> function(view), all lanes in one picture.
        alt: what the picture shows, for people who do not see it.
    """

    name: str
    title: str
    per: Literal["lane", "run"]
    function: Callable[..., go.Figure]
    alt: str


def mode_colour(mode: int) -> str:
    """The colour of a mode, grey for none (-1). Past ten modes the colours repeat."""
    return REAL if mode < 0 else MODE_COLOURS[mode % len(MODE_COLOURS)]


def make(title: str, traces: list[dict[str, Any]], **layout: Any) -> go.Figure:
    """A figure with the small title that all figures share, and without a legend unless `layout` asks for one."""
    heading = {"text": title, "font": {"size": 14}, "x": 0, "xref": "paper", "y": 1, "yref": "container"}
    common = {
        "title": heading | {"pad": {"t": 4}, "yanchor": "top"},
        "margin": {"l": 4, "r": 4, "t": 26, "b": 4},
        "showlegend": False,
        "uirevision": "kept",
    }
    return go.Figure(traces, common | layout)


def nothing_yet(title: str) -> go.Figure:
    """The place of a figure that has no data yet: its title alone."""
    return make(title, [], xaxis={"visible": False}, yaxis={"visible": False})


def square(extent: float) -> dict[str, dict[str, Any]]:
    """Axes of equal scale without labels, since the eye compares places and not numbers: a part of a layout."""
    axis = {"range": [-extent, extent], "showticklabels": False, "ticks": "", "zeroline": False, "constrain": "domain"}
    return {"xaxis": axis, "yaxis": axis | {"scaleanchor": "x"}}


def cloud(points: np.ndarray, name: str, place: str, **marker: Any) -> dict[str, Any]:
    """A trace of points (n, 2); the pointer shows the name, followed by `place`. WebGL: SVG takes ten times as long."""
    return {
        "type": "scattergl",
        "x": points[:, 0],
        "y": points[:, 1],
        "mode": "markers",
        "name": name,
        "marker": marker,
        "hovertemplate": f"{name}{place}<extra></extra>",
    }


def chart_with_legend() -> dict[str, Any]:
    """Room for labels on two axes, and the legend on the line of the title: a part of a layout."""
    return {
        "showlegend": True,
        "margin": {"l": 40, "r": 8, "t": 26, "b": 22},
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yref": "container", "yanchor": "top"},
    }
