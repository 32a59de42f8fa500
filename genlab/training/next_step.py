"""Works out what the next step of a lane will do, and leaves the lane as it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from genlab.models.base import Phase
from genlab.models.flows import DATA, PRIOR, PhaseFlow, known_flow
from genlab.observing.frames import as_stored
from genlab.runs.next_step import PICTURES, LaneStep, PhaseUpdate
from genlab.training import backend
from genlab.training.lane import Lane

POINTS = 100  # examples and samples of a batch that are shown; of pictures so many as there is room for


def explain_step(
    lane: Lane, surface: Callable[[Lane], np.ndarray | None], expected_steps: float = math.inf
) -> tuple[LaneStep, dict[str, np.ndarray]]:
    """The updates of the next step, with the random numbers that the step then has, and for points and pictures what
    can be drawn of them, UPDATE-NAME, as `write_next_step` takes it. Raises Diverged.

    expected_steps: see `Lane.advance`.
    """
    flow = known_flow(lane.family.name) or lane.flow(lane.dataset.train.shape[1:])
    flows = {phase.name: phase for phase in flow.phases}
    before, arrays = lane.checkpoint(), dict[str, np.ndarray]()
    found = LaneStep(step=lane.step)
    try:
        for i, phase in enumerate(lane.model.phases):
            tint = surface(lane)
            update, drawn = _explain(lane, phase, flows[phase.name], expected_steps)
            found.updates.append(update)
            drawn |= {} if tint is None else {"surface": tint}
            arrays |= {f"{i}-{name}": array for name, array in drawn.items()}
    finally:
        lane.restore(before)
    return found, arrays


def _explain(
    lane: Lane, phase: Phase, flow: PhaseFlow, expected_steps: float
) -> tuple[PhaseUpdate, dict[str, np.ndarray]]:
    repeats = 0 if phase.name in lane.resting else int(phase.repeats)
    if not repeats:
        return PhaseUpdate(phase=phase.name, repeats=0), {}
    update = lane.watch(phase, expected_steps)
    entering = {start for start, end in flow.edges if end == lane.maker}
    made = [each for each in update.made if each.gradients is not None or lane.maker not in phase.updates]
    values: dict[str, Any] = {"phase": phase.name, "repeats": repeats, "batch": len(update.examples)}
    values["uses_data"] = any(start == DATA for start, _ in flow.edges)
    values["latents"] = len(update.examples) if any(start == PRIOR for start, _ in flow.edges) else 0
    values["losses"], values["gradient_norm"] = update.logs, update.gradient_norm
    values["optimizer"], values["learning_rate"] = type(phase.optimizer).__name__, backend.learning_rate(phase)
    shown = PICTURES if lane.makes_pictures else POINTS if lane.makes_points else 0
    arrays = {"examples": as_stored(update.examples[:shown])} if shown else {}
    if made:
        values["maker"], values["from_codes"] = lane.maker, bool(entering & set(lane.model.networks))
        if PRIOR in entering:
            latents = made[-1].latents  # codes, where there are both, come first
            values["latent_length"] = float(np.linalg.norm(latents, axis=1).mean())
        if shown:
            values |= _of_examples(lane, update, made, values["from_codes"])
            each_call = shown // len(made)
            arrays["samples"] = as_stored(np.concatenate([lane.as_examples(each.outputs[:each_call]) for each in made]))
            gradients = [each.gradients[:each_call] for each in made if each.gradients is not None]
            if gradients:
                arrays["gradients"] = np.concatenate(gradients)
    networks = {name: lane.model.networks[name].trainable_variables for name in phase.updates}
    weights = {name: backend.read_variables(of_network) for name, of_network in networks.items()}
    lane.move(phase, update)
    values["moves"] = {
        name: (_length(backend.read_variables(networks[name]), old), _length(old)) for name, old in weights.items()
    }
    for _ in range(repeats - 1):
        update = lane.watch(phase, expected_steps)
        lane.move(phase, update)
    values["last_loss"] = update.logs["loss"]
    return PhaseUpdate(**values), arrays


def _of_examples(lane: Lane, update: Any, made: list[Any], from_codes: bool) -> dict[str, Any]:
    examples = [lane.as_examples(each.outputs) for each in made]
    values: dict[str, Any] = {"pictures": lane.makes_pictures}
    values["spreads"] = float(np.concatenate(examples).std()), float(update.examples.std())
    if from_codes:
        values["distance"] = _mean_length(examples[0] - update.examples)
    if made[0].gradients is not None:
        values["arrow"] = _mean_length(np.concatenate([each.gradients for each in made]))
    if lane.score:
        scores = [float(lane.score(x, update.labels).mean()) for x in (update.examples, examples[-1])]
        values |= {"scores": tuple(scores), "score_is": lane.model.score_is}
    return values


def _mean_length(values: np.ndarray) -> float:
    """The mean Euclidean length of values (n, ...), each as one vector."""
    return float(np.linalg.norm(values.reshape(len(values), -1), axis=1).mean())


def _length(weights: list[np.ndarray], less: list[np.ndarray] | None = None) -> float:
    """The Euclidean length of all weights as one vector, or of their difference."""
    less = less or [np.zeros_like(weight) for weight in weights]
    return math.sqrt(sum(float(np.square(a - b, dtype="float64").sum()) for a, b in zip(weights, less, strict=True)))
