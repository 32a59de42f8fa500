"""What was measured of a run: numbers, each with the space, the count, the interval and the value of real data."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from genlab.runs.schema import upgrade_measure

VERSION = 1
DRAWS = 5  # of samples, over which a cheap measure is averaged
# Results that say with what was measured, not how good the lane is.
YARDSTICKS = (
    *("modes", "reverse_kl_floor", "bins", "expected_coverage", "bandwidth", "threshold", "dimensions", "samples"),
    *("chance", "spread", "real_pairs", "real_support", "real_score", "real_laplacian_variance"),
    "real_high_frequency_share",
)


class Measure(BaseModel):
    """One number of one lane.

    Attributes:
        metric, result: names in the registry of metrics.
        words: what it is, for people.
        space: the feature space, or what else the number depends on; "" where there is neither.
        count: how many samples, or held-out examples, it was taken from.
        low, high: its 95 % interval, None where there is none; `interval` says how that was made.
        real_reference: the same measure of real data against held-out real data: what a perfect model could reach.
    """

    metric: str
    result: str
    words: str
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
        return ", ".join(part for part in (self.words, self.space, f"N = {self.count:,}") if part)


class LaneEvaluation(BaseModel):
    """Attributes:
    step: how far the lane was.
    message: why it could not be measured, or "".
    mode_share: share of all samples on each mode, the mean over the draws.
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
        return next((each for each in self.measures if (each.metric, each.result) == (metric, result)), None)

    def value(self, metric: str, result: str) -> float | None:
        found = self.find(metric, result)
        return found.value if found else None


class Evaluation(BaseModel):
    """Attributes:
    samples: how many samples were asked for in each draw; a measure that compares with real data may have fewer.
    seed: of the draws. They have nothing to do with training.
    spaces: the version of each feature space, by its name; numbers taken in different versions do not compare.
    """

    version: int = VERSION
    samples: int
    seed: int
    spaces: dict[str, str] = Field(default_factory=dict)
    lanes: list[LaneEvaluation] = Field(default_factory=list)

    def lane(self, lane: int) -> LaneEvaluation | None:
        return next((each for each in self.lanes if each.lane == lane), None)
