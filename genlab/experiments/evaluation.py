"""Why one number is not enough: three made-up models that each win one, on draws of the ring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from genlab.datasets.base import load_dataset
from genlab.experiments.base import Experiment, Measured, Verdict, judged
from genlab.figures.base import layout
from genlab.metrics.copies import memorisation, nearest_distances
from genlab.metrics.distances import frechet_distance
from genlab.metrics.modes import assign_modes, mode_coverage
from genlab.registry import EXPERIMENTS
from genlab.spec import LANE_COLOURS

COUNT, BLUR = 2000, 0.25


def made_up(seed: int = 0) -> dict[str, np.ndarray]:
    """Samples (n, 2) of three models that nobody wants: one that repeats training examples, one that has a single mode
    perfectly, and one that adds noise to real examples.
    """
    data, random = load_dataset("ring8", {}), np.random.default_rng(seed)
    assert data.modes.centres is not None and data.modes.std is not None
    return {
        "memoriser": data.train[random.integers(0, len(data.train), COUNT)],
        "one perfect mode": data.modes.centres[0] + data.modes.std * random.normal(size=(COUNT, 2)),
        "blur": data.train[:COUNT] + BLUR * random.normal(size=(COUNT, 2)),
    }


def numbers() -> dict[str, dict[str, float]]:
    """Of each, the Fréchet distance, the share on a mode, solid modes, and the share of near copies."""
    data = load_dataset("ring8", {})
    modes, train = data.modes, data.train[:]
    assert modes.centres is not None and modes.std is not None
    held_out = nearest_distances(train, data.test[:COUNT])
    result = {}
    for name, samples in made_up().items():
        covered = mode_coverage(assign_modes(samples, modes.centres, modes.std), modes.shares)
        result[name] = {
            "distance": float(frechet_distance(data.test[:COUNT], samples)["distance"]),
            "on_mode": float(covered["on_mode_share"]),
            "solid": float(covered["solid"]),
            "copies": float(memorisation(held_out, nearest_distances(train, samples))["share_within_1"]),
        }
    return result


def judge(runs: Sequence[Measured]) -> Verdict:
    """The memoriser is good at all but its copies, the single mode at the share on a mode alone, and the blur at the
    Fréchet distance alone.
    """
    of = numbers()
    copy, mode, blur = of["memoriser"], of["one perfect mode"], of["blur"]
    holds = (
        max(copy["distance"], blur["distance"]) < 0.02 < 1 < mode["distance"]
        and min(copy["on_mode"], mode["on_mode"]) > 0.95 > 0.3 > blur["on_mode"]
        and copy["solid"] == 8
        and mode["solid"] == 1
        and copy["copies"] > 0.5 > 0.1 > max(mode["copies"], blur["copies"])
    )
    evidence = {
        f"{name}_{number}".replace(" ", "_"): value for name, row in of.items() for number, value in row.items()
    }
    return judged(holds, **evidence)


def draw() -> go.Figure:
    """The samples of the three, side by side."""
    traces, names = [], list(made_up())
    for place, (name, samples) in enumerate(made_up().items()):
        at = samples[:400] + [3.2 * place, 0]
        marker = {"size": 4, "color": LANE_COLOURS[place]}
        traces.append(go.Scatter(x=at[:, 0], y=at[:, 1], mode="markers", name=name, marker=marker))
    axis = {"visible": False}
    words = " · ".join(names)
    return go.Figure(
        traces,
        layout(words, xaxis=axis, yaxis=axis | {"scaleanchor": "x"}, showlegend=True, legend={"orientation": "h"}),
    )


EXPERIMENTS.add(
    Experiment(
        name="fooled",
        title="Every number can be fooled",
        group="evaluation",
        kind="toy",
        claim="One measure alone can be won by a model that nobody wants: a memoriser, a single perfect mode, or a "
        "blur.",
        heard="Theis et al. 2016; forgotten wherever one Fréchet distance ranks models.",
        question="Which of the three does the Fréchet distance give away?",
        answers={"The single mode alone": "seen", "The blur alone": "not seen", "All three": "not seen"},
        runs=lambda seed: [],
        judge=judge,
        explanation="The blur has the right mean and covariance, which is all that this distance compares; the single "
        "mode wins the share on a mode; the memoriser wins all but the copies.",
        leaves_out="More measures fool themselves less, not never.",
        try_next="Open Mode coverage on a run of yours: read several rows.",
        draw=draw,
        tuned_on=(),
    )
)
