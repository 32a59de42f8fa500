"""What a metric is: a pure function of arrays, and what must be said wherever its numbers are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Metric:
    """A metric as the registry knows it.

    Attributes:
        title: for people.
        function: arrays -> dict of named results; its docstring gives shapes, units, range, source and failure modes.
        needs: what is measured: "mixture" (coordinates against known components) or "classes" (class probabilities).
        better: per named result that can be compared, whether "higher" or "lower" is better.
    """

    name: str
    title: str
    function: Callable[..., dict[str, Any]]
    needs: Literal["mixture", "classes"]
    better: dict[str, Literal["higher", "lower"]]
