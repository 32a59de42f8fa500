"""The loss curves of a lane."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import LANE_COLOURS, FigureEntry, chart_with_legend, make
from genlab.registry import FIGURES
from genlab.runs.view import RunView

MAXIMUM_POINTS = 400  # drawn per curve
START = 0.05  # of the curve, left out when its axis is chosen: first losses may be many times the rest
DASHES = ("solid", "dot", "dash")


def losses(view: RunView, lane: int) -> go.Figure:
    """The recorded losses of a lane over the clock of the run, each the mean over one chunk of steps."""
    against = {"steps": "step"}.get(view.spec.clock, view.spec.clock)
    traces, settled = [], [np.zeros(0)]
    for (label, name), dash in zip(view.curves(lane).items(), DASHES, strict=False):
        at, values = view.history.series(lane, name, against)
        keep = np.unique(np.linspace(0, len(at) - 1, min(len(at), MAXIMUM_POINTS)).astype(int))
        at, values = at[keep].astype("float32"), values[keep].astype("float32")
        settled.append(values[int(START * len(values)) :])
        line = {"color": LANE_COLOURS[lane], "dash": dash, "width": 2}
        curve = {"type": "scatter", "x": at, "y": values, "mode": "lines", "name": label, "line": line}
        traces.append(curve | {"hovertemplate": label + " %{y:.3f}<extra></extra>"})
    shown = np.concatenate(settled)
    y_axis: dict[str, Any] = {"nticks": 6}
    if len(shown):
        edge = 0.08 * float(shown.max() - shown.min()) or 0.5
        y_axis["range"] = [float(shown.min()) - edge, float(shown.max()) + edge]
    return make(
        "Losses",
        traces,
        hovermode="x unified",
        xaxis={"range": [0, view.spec.budget]},
        yaxis=y_axis,
        **chart_with_legend(),
    )


FIGURES.add(FigureEntry("losses", "Losses", "lane", losses, "the losses of the model over training"))
