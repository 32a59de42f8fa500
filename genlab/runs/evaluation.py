"""What was measured of a run: numbers, each with the space, the count, the interval and the value of real data."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from genlab.runs.schema import upgrade_measure


class Measure(BaseModel):
    """One number of one lane.

    Attributes:
        metric, result: names in the registry of metrics, of today or of then.
        label: what it is, for people.
        space: the feature space, or what else the number depends on; "" where there is neither.
        count: how many samples, or held-out examples, it was taken from.
        low, high: its 95 % interval, None where there is none; `interval` says how that was made.
        real_reference: the same measure of real data against held-out real data: what a perfect model could reach.
    """

    metric: str
    result: str
    label: str
    space: str = ""
    count: int
    value: float | None
    low: float | None = None
    high: float | None = None
    interval: str = ""
    real_reference: float | None = None
    better: Literal["higher", "lower"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _upgrade(cls, values: Any) -> Any:
        return upgrade_measure(values) if isinstance(values, dict) else values

    @property
    def title(self) -> str:
        """For instance: Fréchet distance, digits-classifier-64, N = 898."""
        return ", ".join(part for part in (self.label, self.space, f"N = {self.count:,}") if part)


class LaneEvaluation(BaseModel):
    """Attributes:
    step: how far the lane was.
    message: why it could not be measured, or "".
    mode_share: share of all samples on each mode.
    kl: of each latent dimension in nats, where the encoder says a mean and a variance.
    """

    lane: int
    model: str
    step: int
    message: str = ""
    measures: list[Measure] = Field(default_factory=list)
    mode_share: list[float] = Field(default_factory=list)
    kl: list[float] = Field(default_factory=list)

    def find(self, metric: str, result: str) -> Measure | None:
        """The measure, in the first of the feature spaces it was taken in; None if it was not."""
        return next(
            (measure for measure in self.measures if (measure.metric, measure.result) == (metric, result)), None
        )

    def value(self, metric: str, result: str) -> float | None:
        measure = self.find(metric, result)
        return measure.value if measure else None


class Evaluation(BaseModel):
    """Attributes:
    samples: how many samples were drawn; a measure that compares with real data may take fewer.
    seed: of the samples. It has nothing to do with training.
    spaces: the version of each feature space, by its name; numbers taken in different versions do not compare.
    """

    samples: int
    seed: int
    spaces: dict[str, str] = Field(default_factory=dict)
    lanes: list[LaneEvaluation] = Field(default_factory=list)

    def lane(self, lane: int) -> LaneEvaluation | None:
        return next((evaluation for evaluation in self.lanes if evaluation.lane == lane), None)
