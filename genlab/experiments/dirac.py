"""The Dirac-GAN: the smallest GAN there is, whose training circles, and what makes it arrive. Nothing is random."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go

from genlab.experiments.base import Experiment, Measured, Verdict, judged
from genlab.figures.base import REAL, layout
from genlab.registry import EXPERIMENTS
from genlab.spec import LANE_COLOURS

START = (1.0, 1.0)
SIZE, STEPS = 0.1, 1500
R1_WEIGHT, NOISE, CONSENSUS = 0.5, 1.0, 1.0
DRAWS, WEIGHTS = np.polynomial.hermite_e.hermegauss(20)  # a standard normal, as points and weights
Field = Callable[[np.ndarray], np.ndarray]


def _slope(score: np.ndarray) -> np.ndarray:
    """The slope of f(t) = -ln(1 + exp(-t))."""
    return 1 / (1 + np.exp(score))


def plain(place: np.ndarray) -> np.ndarray:
    """The direction of (θ, ψ), (2,): the data is at 0, the generator's sample at θ, and the discriminator says ψx.

    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", definition 2.1: min over θ and max
    over ψ of f(ψθ) + f(0).
    """
    theta, psi = place
    slope = _slope(psi * theta)
    return np.array([-psi * slope, theta * slope])


def with_r1(place: np.ndarray) -> np.ndarray:
    """With the penalty on the discriminator's squared slope, which is ψ²."""
    return plain(place) - np.array([0.0, R1_WEIGHT * place[1]])


def with_noise(place: np.ndarray) -> np.ndarray:
    """With normal noise on all that the discriminator sees."""
    theta, psi = place
    noise, weights = NOISE * DRAWS, WEIGHTS / WEIGHTS.sum()
    fake, real = _slope(psi * (theta + noise)), _slope(-psi * noise)
    return np.array([-psi * weights @ fake, weights @ ((theta + noise) * fake) - weights @ (noise * real)])


def with_consensus(place: np.ndarray) -> np.ndarray:
    """With a step that also makes the field itself smaller: Mescheder et al. 2017, "The Numerics of GANs"."""
    small = 1e-5
    jacobian = np.stack([(plain(place + e) - plain(place - e)) / (2 * small) for e in small * np.eye(2)], axis=1)
    return plain(place) - CONSENSUS * jacobian.T @ plain(place)


FIELDS: dict[str, Field] = {
    "no cure": plain,
    "R1": with_r1,
    "instance noise": with_noise,
    "consensus step": with_consensus,
}


def path(field: Field, steps: int = STEPS, size: float = SIZE) -> np.ndarray:
    """Where (θ, ψ) is after each step, (steps + 1, 2); the two take turns, as in training."""
    place = np.array(START)
    places = [place]
    for _ in range(steps):
        for moved in (0, 1):
            place = place + size * field(place) * (np.arange(2) == moved)
        places.append(place)
    return np.array(places)


def judge(runs: Sequence[Measured]) -> Verdict:
    """Without a cure the distance from the goal stays, and with each it falls to a tenth."""
    left = {name: float(np.linalg.norm(path(field)[-1])) for name, field in FIELDS.items()}
    began = float(np.linalg.norm(START))
    holds = left["no cure"] > 0.5 * began and max(left[name] for name in list(FIELDS)[1:]) < 0.1 * began
    return judged(holds, distance_at_first=began, **{name.replace(" ", "_"): value for name, value in left.items()})


def draw() -> go.Figure:
    """The path of each in the plane of θ and ψ."""
    traces = [
        go.Scatter(x=at[:, 0], y=at[:, 1], mode="lines", name=name, line={"color": colour, "width": 1.5})
        for (name, field), colour in zip(FIELDS.items(), LANE_COLOURS)
        for at in [path(field)]
    ]
    goal = go.Scatter(x=[0], y=[0], mode="markers", name="goal", marker={"color": REAL, "size": 9, "symbol": "x"})
    axes = {"xaxis": {"title": "generator θ"}, "yaxis": {"title": "discriminator ψ", "scaleanchor": "x"}}
    words = "Where training goes, from (1, 1)"
    legend = {"orientation": "h", "y": -0.2}
    margin = {"l": 40, "r": 8, "t": 30, "b": 40}
    return go.Figure([*traces, goal], layout(words, **axes, showlegend=True, legend=legend, margin=margin))


EXPERIMENTS.add(
    Experiment(
        name="dirac",
        title="The smallest GAN circles",
        group="stability",
        kind="toy",
        claim="Even a GAN of two numbers does not converge: it circles its goal; R1, instance noise or a consensus "
        "step make it spiral in.",
        heard="Mescheder et al. 2018, as the Dirac-GAN.",
        question="One number for the generator, one for the discriminator. Where does plain training end?",
        answers={"At the goal": "not seen", "It circles for ever": "seen", "Far away": "not seen"},
        runs=lambda seed: [],
        judge=judge,
        explanation="Each number chases the other. The cures damp the discriminator near the goal.",
        leaves_out="Nothing is random here, and real networks have more ways to go.",
        try_next="On the ring, turn R1 on against a bad start.",
        draw=draw,
        tuned_on=(),
    )
)
