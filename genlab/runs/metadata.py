"""What showing a run needs beside its spec, kept in its folder: today's registries may have changed since."""

from __future__ import annotations

import time
from typing import Any

from pydantic import BaseModel, Field

import genlab
from genlab.models.flows import ModelFlow
from genlab.registry import DATASETS, MODELS
from genlab.runs.schema import SCHEMA
from genlab.spec import RunSpec


class DatasetMetadata(BaseModel):
    """Attributes:
    title: for people.
    kind: "points", "images" or "table"; "" if that is not known.
    shape: of one example; empty until the run is trained.
    modes: what the modes are called; empty until then.
    own: a visitor's own data, which the fingerprint tells from other data of the same name.
    fingerprint: of the training half; "" until the run is trained, and of data sets that are not a visitor's own.
    """

    name: str
    title: str
    kind: str = ""
    shape: list[int] = Field(default_factory=list)
    modes: list[str] = Field(default_factory=list)
    own: bool = False
    fingerprint: str = ""


class LaneMetadata(BaseModel):
    """Attributes:
    title: of the model, for people.
    curves: what to draw as its losses: the label in the legend, and the recorded name.
    abilities: what the model can do once it is built, such as "encode".
    parameters: of each network, the number of its weights; empty until the run is trained.
    flow: what flows where in its phases, of a model that is not one of genlab's own; None until the run is trained.
    """

    model: str
    title: str
    curves: dict[str, str] = Field(default_factory=dict)
    abilities: list[str] = Field(default_factory=list)
    parameters: dict[str, int] = Field(default_factory=dict)
    flow: ModelFlow | None = None


class ForkedFrom(BaseModel):
    """What a run goes on from, and the one setting in which it differs from there; no lane, if in none.

    Attributes:
    run: the parent's id; it may be gone.
    step: the latest step of its lanes where this one began.
    """

    run: str
    step: int
    lane: int | None = None
    setting: str = ""
    old: Any = None
    new: Any = None


class Grouped(BaseModel):
    """The runs of one experiment and one seed belong together.

    Attributes:
    place: of this run among them, from 0.
    """

    experiment: str
    seed: int
    place: int = 0

    @property
    def title(self) -> str:
        """For people, for instance: experiment fair-fight, seed 2."""
        return f"experiment {self.experiment}, seed {self.seed}"


class RunMetadata(BaseModel):
    """Attributes:
    schema_version: of the folder; 1 for those that say nothing of it.
    created: seconds since 1970; 0 if that is not known.
    versions: of genlab, keras and the backend, and the device, when it was last trained; before, of genlab alone.
    forked_from: None for a run that began at step 0 by itself.
    grouped: the experiment that it is a run of; None for any other.
    """

    schema_version: int = 1
    created: float = 0.0
    dataset: DatasetMetadata
    lanes: list[LaneMetadata]
    versions: dict[str, str] = Field(default_factory=dict)
    forked_from: ForkedFrom | None = None
    grouped: Grouped | None = None


def describe_spec(spec: RunSpec) -> RunMetadata:
    """What today's registries say of a spec's data set and models; of those that are gone, their names alone."""
    if spec.dataset in DATASETS:
        entry = DATASETS[spec.dataset]
        own = spec.dataset not in DATASETS.added()
        dataset = DatasetMetadata(name=spec.dataset, title=entry.title, kind=entry.preset, own=own)
    else:
        dataset = DatasetMetadata(name=spec.dataset, title=spec.dataset)
    lanes = []
    for lane in spec.lanes:
        values: dict[str, Any] = {"model": lane.model, "title": lane.model}
        if lane.model in MODELS:
            family = MODELS[lane.model]
            values = values | {"title": family.title, "curves": family.curves, "abilities": list(family.abilities)}
        lanes.append(LaneMetadata(**values))
    return RunMetadata(dataset=dataset, lanes=lanes)


def new_metadata(spec: RunSpec) -> RunMetadata:
    """Of a run that is made now."""
    versions = {"genlab": genlab.__version__}
    described = describe_spec(spec)
    return described.model_copy(update={"schema_version": SCHEMA, "created": time.time(), "versions": versions})
