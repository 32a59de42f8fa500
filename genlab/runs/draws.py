"""Fresh samples, as a visitor asks the worker for them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

MOST_SAMPLES = 10_000
Classes = int | Literal["data", "rows"]


class Draw(BaseModel):
    """Samples of every lane from one seed.

    Attributes:
        count: samples of each lane.
        truncation: the latent keeps within this distance of 0 in each dimension; None for the whole prior.
        classes: what a conditional model is asked for: one class, each as often as the data has it, or a class for
            each row of a sheet of pictures, in turn.
        a_row: pictures in such a row.
        neighbours: whether the nearest training examples of each sample are wanted too.
    """

    seed: int = Field(0, ge=0)
    count: int = Field(64, ge=1, le=MOST_SAMPLES)
    truncation: float | None = Field(None, gt=0)
    classes: Classes = "data"
    a_row: int = Field(8, ge=1)
    neighbours: bool = False
