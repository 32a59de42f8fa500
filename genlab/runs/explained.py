"""What a run says of how its models learn: their phases with the numbers of one moment, and where models differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np

from genlab.models.flows import DATA, LOSS, ModelFlow, PhaseFlow, known_flow
from genlab.models.formulas import formula, meanings
from genlab.registry import MODELS
from genlab.runs.formats import format_value
from genlab.runs.tables import format_number
from genlab.runs.view import RunView

SAME, SURE_OF_TERMS = 1e-3, 10  # of the loss; recorded steps: so many do not agree by chance


@dataclass(frozen=True)
class ExplainedPhase:
    """Attributes:
    repeats: updates in each step.
    numbers: what it recorded last until the moment: its name, the value, and what it means.
    terms: of the loss, where it is the sum of two recorded numbers, each with a weight: (weight, name, value). It has
    to be so at every step that was recorded.
    """

    flow: PhaseFlow
    repeats: int
    numbers: list[tuple[str, float, str]]
    terms: list[tuple[float, str, float]] = field(default_factory=list)

    @property
    def loss(self) -> float | None:
        return next((value for name, value, _ in self.numbers if name.endswith("/loss")), None)


@dataclass(frozen=True)
class Explained:
    """How a lane learns.

    Attributes:
        description, formula: of a model in the registry, else "".
        step: of the numbers; None before the first.
        parameters: of each network, the number of its weights.
        settings: those of the model.
    """

    title: str
    colour: str
    description: str
    formula: str
    abilities: list[str]
    step: int | None
    phases: list[ExplainedPhase]
    parameters: dict[str, int]
    settings: dict[str, Any]


def explain(view: RunView, lane: int, colour: str, step: int | None = None) -> Explained:
    """A lane with the numbers that it recorded last until a step, or last of all."""
    spec, kept = view.spec.lanes[lane], view.metadata.lanes[lane]
    family = next((family for family in MODELS.values() if family.name == spec.model), None)
    flow: ModelFlow = kept.flow or known_flow(spec.model) or ModelFlow(networks=[], phases=[])
    means = meanings(family) if family else {}
    steps = view.history.column(lane, "step")
    at = [int(s) for s in steps if step is None or s <= step]
    phases = []
    for phase in flow.phases:
        numbers = []
        for log in phase.logs:
            name = f"{phase.name}/{log}"
            value = _value(view, lane, name, at[-1] if at else None)
            if value is not None:
                numbers.append((name, value, means.get(name, "")))
        repeats = spec.settings.get(f"{phase.name}_steps", 1)
        terms = _terms(view, lane, phase, {name: value for name, value, _ in numbers})
        phases.append(ExplainedPhase(phase, repeats if isinstance(repeats, int) else 1, numbers, terms))
    return Explained(
        title=view.title(lane),
        colour=colour,
        description=family.description if family else "",
        formula=formula(family) if family else "",
        abilities=list(view.abilities(lane)),
        step=at[-1] if at else None,
        phases=phases,
        parameters=kept.parameters,
        settings=spec.settings,
    )


def _value(view: RunView, lane: int, name: str, step: int | None) -> float | None:
    at, values = view.history.series(lane, name, "step")
    known = np.flatnonzero(at <= (np.inf if step is None else step))
    return float(values[known[-1]]) if len(known) else None


def _terms(view: RunView, lane: int, phase: PhaseFlow, now: dict[str, float]) -> list[tuple[float, str, float]]:
    settings = view.spec.lanes[lane].settings
    weights = {1.0: "", -1.0: ""} | {
        float(value): name
        for name, value in settings.items()
        if isinstance(value, int | float) and (name == "beta" or name.endswith("_weight"))
    }
    loss = f"{phase.name}/loss"
    names = [f"{phase.name}/{log}" for log in phase.logs]
    recorded = {name: view.history.series(lane, name, "step")[1] for name in names if name in now}
    if loss not in recorded or len(recorded[loss]) < SURE_OF_TERMS:
        return []
    others = [name for name in recorded if name != loss and len(recorded[name]) == len(recorded[loss])]
    for first, second in permutations(others, 2):
        for weight in weights:
            rest = recorded[loss] - recorded[first] - weight * recorded[second]
            if weight and np.abs(rest).max() <= SAME * (1 + np.abs(recorded[loss]).max()):
                return [(1.0, first, now[first]), (weight, second, now[second])]
    return []


def differences(lanes: Sequence[Explained]) -> list[dict[str, str]]:
    """Where the models differ, a row for each question on which at least two do; all of it read off their phases."""
    questions = {
        "Networks that move": [_moved(lane) for lane in lanes],
        "Phases in a step": [
            ", ".join(f"{phase.flow.name} {phase.repeats}×" for phase in lane.phases) or "-" for lane in lanes
        ],
        "How the data comes in": [_data(lane) for lane in lanes],
        "The latent of an example": [
            "the encoder says it" if "encode" in lane.abilities else "unknown: there is no encoder" for lane in lanes
        ],
        "What can be asked": [", ".join(lane.abilities) or "-" for lane in lanes],
        "Dimensions of the latent": [format_value(lane.settings.get("latent_dim", "-")) for lane in lanes],
        "Weights": [f"{sum(lane.parameters.values()):,}" if lane.parameters else "-" for lane in lanes],
        "Losses now": [
            ", ".join(
                f"{phase.flow.name} {format_number(phase.loss)}" for phase in lane.phases if phase.loss is not None
            )
            or "-"
            for lane in lanes
        ],
    }
    return [
        {"": question, **{lane.title: answer for lane, answer in zip(lanes, answers, strict=True)}}
        for question, answers in questions.items()
        if len(set(answers)) > 1
    ]


def _moved(lane: Explained) -> str:
    moved = dict.fromkeys(name for phase in lane.phases for name in phase.flow.updates)
    names = [name for name in moved if not lane.parameters or name in lane.parameters]
    return ", ".join(name.replace("_", " ") for name in names) or "-"


def _data(lane: Explained) -> str:
    """Whether some loss compares with the example itself, and which networks see one."""
    edges = [edge for phase in lane.phases for edge in phase.flow.edges]
    seen = dict.fromkeys(end for start, end in edges if start == DATA and end != LOSS)
    compared = (DATA, LOSS) in edges
    words = [f"into the {' and the '.join(seen)}"] if seen else []
    return "; ".join([*words, "a loss compares with it" if compared else "no loss compares with it"])
