"""What a run is asked to do: its data set, its lanes with their settings, its seed and its budget.

A spec is complete once made: every default is filled in, so that a stored run means the same after defaults change.
"""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from genlab.registry import DATASETS, MODELS

MAXIMUM_LANES = 4
# Okabe and Ito 2008, "Color Universal Design": told apart with any common colour vision. One a lane, everywhere.
LANE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
LETTERS = "ABCD"  # of the lanes, for people: "Model A" is lane 0
Clock = Literal["steps", "examples", "seconds"]
Device = Literal["auto", "cpu", "gpu"]


class SpecError(ValueError):
    """A spec that cannot be run; the message says what is wrong, what was expected and what to do."""


class Settings(BaseModel):
    """The settings of a model or a data set: plain numbers, words and switches, with bounds and a line of help each."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def setting(
    default: Any,
    help: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    live: bool = False,
    main: bool = False,
    architecture: bool = False,
) -> Any:
    """One setting. `live`: may change while the run trains. `main`: shown without opening "more settings".
    `architecture`: decides which variables there are and their shapes, so that no checkpoint fits another value.
    """
    notes = {"live": live, "main": main, "architecture": architecture}
    return Field(default, ge=minimum, le=maximum, description=help, json_schema_extra=cast(dict[str, Any], notes))


def live_names(settings: type[Settings]) -> list[str]:
    """The settings that may change while a run trains."""
    return [name for name in settings.model_fields if setting_notes(settings, name)["live"]]


def changeable_names(settings: type[Settings]) -> list[str]:
    """The settings that a fork of a run may change."""
    return [name for name in settings.model_fields if not setting_notes(settings, name)["architecture"]]


def setting_notes(settings: type[Settings], name: str) -> dict[str, bool]:
    """What `setting` notes of a setting: whether it is "live", "main", or of the "architecture"."""
    return cast(dict[str, bool], settings.model_fields[name].json_schema_extra)


class LaneSpec(BaseModel):
    """One model training in a run: its name in the registry and its settings."""

    model_config = ConfigDict(extra="forbid")
    model: str
    settings: dict[str, Any] = Field(default_factory=dict)


class RunSpec(BaseModel):
    """One run. `clock` is what the lanes share equally, and the unit of `budget`, which each lane gets in full:
    unless given, the steps that the presets of the data set are tuned for.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    dataset: str = "ring8"
    dataset_settings: dict[str, Any] = Field(default_factory=dict)
    lanes: list[LaneSpec] = Field(
        default_factory=lambda: [LaneSpec(model="gan"), LaneSpec(model="vae")], min_length=1, max_length=MAXIMUM_LANES
    )
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Gives the same weights, batches and noise every time.")
    clock: Clock = "steps"
    budget: float = Field(gt=0, le=1e9)
    device: Device = "auto"

    @model_validator(mode="before")
    @classmethod
    def _fill_in_budget(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("budget") is not None:
            return values
        clock = values.get("clock", "steps")
        if clock != "steps":
            raise ValueError(f"A budget in {clock} has no default: say how many {clock}.")
        return {**values, "budget": DATASETS[values.get("dataset", "ring8")].steps}

    @model_validator(mode="after")
    def _fill_in_settings(self) -> RunSpec:
        dataset = DATASETS[self.dataset]
        try:
            self.dataset_settings = dataset.settings(**self.dataset_settings).model_dump()
        except ValidationError as error:
            raise ValueError(f"Data set {self.dataset}: {describe_errors(error)}") from None
        self.lanes = [self._resolve(LETTERS[index], lane, dataset.preset) for index, lane in enumerate(self.lanes)]
        if self.clock != "seconds" and self.budget != int(self.budget):
            raise ValueError(f"A budget in {self.clock} is a whole number, not {self.budget}.")
        return self

    @staticmethod
    def _resolve(letter: str, lane: LaneSpec, kind: str) -> LaneSpec:
        family = MODELS[lane.model]
        try:
            return LaneSpec(model=lane.model, settings=family.resolve(lane.settings, kind).model_dump())
        except ValidationError as error:
            raise ValueError(f"Model {letter} ({family.title}): {describe_errors(error)}") from None

    def used(self, place: Any) -> float:
        """What has been used of the budget at a place on the clock: anything with step, seconds and examples."""
        return {"steps": place.step, "seconds": place.seconds, "examples": place.examples}[self.clock]

    @property
    def largest_chunk(self) -> int:
        """Steps per compiled call in a run that is not short: few for slow image models."""
        return 25 if DATASETS[self.dataset].kind == "points" else 5

    @property
    def chunk(self) -> int:
        """Steps per compiled call, which is also how often the losses are recorded."""
        steps = int(self.budget) if self.clock == "steps" else self.largest_chunk * 100
        return max(1, min(self.largest_chunk, steps // 100))


def make_spec(**fields: Any) -> RunSpec:
    """A complete `RunSpec` from plain values. Raises `SpecError` in words."""
    try:
        return RunSpec(**fields)
    except ValidationError as error:
        raise SpecError(describe_errors(error)) from None
    except ValueError as error:  # an unknown name, raised by a registry
        raise SpecError(str(error)) from None


class _StoredLane(BaseModel):
    model: str
    settings: dict[str, Any] = Field(default_factory=dict)


class _StoredSpec(BaseModel):
    """The types of a complete spec alone: registries, settings and bounds may have changed since it was stored."""

    dataset: str
    dataset_settings: dict[str, Any] = Field(default_factory=dict)
    lanes: list[_StoredLane] = Field(min_length=1)
    seed: int
    clock: Clock
    budget: float
    device: str = "auto"


def read_spec(values: dict[str, Any]) -> RunSpec:
    """A spec as it was stored, to be shown; `make_spec` checks whether it can be run today. Raises ValidationError."""
    stored = _StoredSpec(**values)
    lanes = [LaneSpec.model_construct(model=lane.model, settings=lane.settings) for lane in stored.lanes]
    return RunSpec.model_construct(**{**dict(stored), "lanes": lanes})


def describe_errors(error: ValidationError) -> str:
    """Pydantic's list of problems as one sentence each."""
    sentences = []
    for problem in error.errors():
        place = " ".join(LETTERS[part : part + 1] if isinstance(part, int) else part for part in problem["loc"])
        place = place.replace("lanes ", "model ")
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "value_error":
            sentences.append(message)
        elif problem["type"] == "extra_forbidden":
            sentences.append(f"there is no setting called {place}.")
        else:
            sentences.append(f"{place}: {message}, not {problem['input']!r}.")
    return " ".join(sentences)
