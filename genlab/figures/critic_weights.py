"""The weights of a Wasserstein critic: what keeps them in a range shows in how they lie in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genlab.figures.base import Description, FigureEntry, FigureFrame, LaneView, in_words, layout
from genlab.figures.layers import Trace
from genlab.registry import FIGURES
from genlab.runs.tables import format_number


def describe(lanes: Sequence[LaneView]) -> Description | None:
    """The share of the critic's weights in each of 40 equal parts of the range that they are in, which goes as far to
    both sides as the largest. Under clipping that is the clip itself once a weight has reached it.

    A lane that has none says why.
    """
    (lane,) = lanes
    if not lane.arrays:
        return None
    if "weight_shares" not in lane.arrays:
        return in_words("Weights", f"No weights of a critic were recorded\nof {lane.title} here.")
    bars = {"type": "bar", "marker": {"color": lane.colour}, "width": 1.0}
    hover = "%{y:.1%} of all weights<extra></extra>"
    axes = {
        "xaxis": {"showgrid": False, "zeroline": False},
        "yaxis": {"rangemode": "tozero", "tickformat": ".0%", "nticks": 4},
        "margin": {"l": 40, "r": 8, "t": 26, "b": 22},
    }
    return Description(layout("Weights", bargap=0, **axes), [Trace("", hover, bars, {"x": "place", "y": "share"})])


def frame(lanes: Sequence[LaneView]) -> FigureFrame:
    (lane,) = lanes
    if "weight_shares" not in lane.arrays:
        return FigureFrame({})
    shares = lane.arrays["weight_shares"]
    reach, ends = format_number(float(lane.arrays["weight_reach"])), float(shares[0] + shares[-1])
    moving = {
        "title.text": f"Weights up to {reach} · {ends:.0%} in the outermost bars",
        "xaxis.range": [-1.5, len(shares) + 0.5],  # so that the labels of both ends have room
        "xaxis.tickvals": [-0.5, (len(shares) - 1) / 2, len(shares) - 0.5],
        "xaxis.ticktext": [f"-{reach}", "0", reach],
    }
    return FigureFrame({"place": np.arange(len(shares)), "share": shares}, moving)


FIGURES.add(
    FigureEntry(
        name="critic_weights",
        title="Weights",
        belongs="picture",
        alt="how many of the critic's weights lie where in their range",
        explanation=(
            "How the weights of the critic lie in their range. Clipping cuts off what is beyond it, and the loss "
            "pushes on, so weights pile up in the outermost bars: a critic of two values, too simple to teach much. A "
            "penalty on the slope leaves a heap around zero. Look for the share in the title, and for what the samples "
            "do meanwhile."
        ),
        describe=describe,
        frame=frame,
        recorded=False,
        ability="critic_weights",
    )
)
