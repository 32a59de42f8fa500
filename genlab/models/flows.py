"""What flows where in each phase of a model, read off the built phases and kept: free of Keras, for pages to draw.

flows.json has that of every model in this package, at its preset on points; `python docs/make_models.py` writes it, and
a test compares it with the phases. A model from elsewhere is read off when it is first trained, into its run.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

KEPT = Path(__file__).with_name("flows.json")
MOST = 60  # networks, phases or edges: a run may come from anywhere, and is drawn on a page
Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]
DATA, PRIOR, NOISE, CLASS, LOSS = "data", "prior", "noise", "class", "loss"  # the ends that are no networks
ENDS = {
    DATA: "an example",
    PRIOR: "a draw from the prior",
    NOISE: "noise",
    CLASS: "its class",
    LOSS: "the loss",
}


class PhaseFlow(BaseModel):
    """Attributes:
    updates: the networks that its gradient step moves.
    follows: those that are moved after it, such as an average of weights.
    logs: the numbers that are recorded.
    edges: (from, to): what enters what on the way to the loss; networks by name, and the ends above.
    """

    name: Name
    updates: list[Name] = Field(max_length=MOST)
    follows: list[Name] = Field(default_factory=list, max_length=MOST)
    logs: list[Name] = Field(max_length=MOST)
    edges: list[tuple[Name, Name]] = Field(max_length=MOST)


class ModelFlow(BaseModel):
    networks: list[Name] = Field(max_length=MOST)
    phases: list[PhaseFlow] = Field(max_length=MOST)


@cache
def _kept() -> dict[str, ModelFlow]:
    values = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return {name: ModelFlow(**flow) for name, flow in values.items()}


def known_flow(model: str) -> ModelFlow | None:
    """That of a model in this package; None of one from elsewhere."""
    return _kept().get(model)
