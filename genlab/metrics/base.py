"""What a metric is: a pure function of arrays, and what must be said wherever its numbers are shown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Better = dict[str, Literal["higher", "lower"] | None]
Range = dict[str, tuple[float, float | str]]
SHARE = (0.0, 1.0)
POSITIVE = (0.0, np.inf)
ANY = (-np.inf, np.inf)


class Diverged(ValueError):
    """A loss, a sample or a code is no longer a finite number: the model has diverged."""


@dataclass(frozen=True)
class Metric:
    """A metric as the registry knows it.

    Attributes:
        title: for people.
        function: arrays -> dict of named results; its docstring gives shapes, units, range, source and failure modes.
        needs: what is measured, and with it what the arguments hold: "mixture" (coordinates against known components),
            "classes" (class probabilities), "samples" (features of real and of fake examples), "training" (features of
            the training set, of held-out examples and of fake ones), "images", "codes" (what an encoder gives) or
            "logits" (what a discriminator gives).
        better: of each result that is one number, whether "higher" or "lower" is better; None where neither is.
        range: of each result that is one number, the least and the greatest value; a name means that other result's.
        cost: "cheap" enough for every frame, or "slow".
        described_by: the function whose docstring says what the results are, where it is another.
    """

    name: str
    title: str
    function: Callable[..., dict[str, Any]]
    needs: Literal["mixture", "classes", "samples", "training", "images", "codes", "logits"]
    better: Better
    range: Range
    cost: Literal["cheap", "slow"] = "cheap"
    described_by: Callable[..., Any] | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the arrays the function must be given, in order."""
        parameters = inspect.signature(self.function).parameters.values()
        return tuple(each.name for each in parameters if each.default is each.empty)

    def limits(self, result: str, values: Mapping[str, float | None]) -> tuple[float, float]:
        """The least and the greatest value of a result beside these others."""
        least, most = self.range[result]
        return least, (values[most] or 0.0) if isinstance(most, str) else most

    @property
    def results(self) -> dict[str, str]:
        """What each result is, by name: the section "Returns" of the docstring."""
        text = inspect.getdoc(self.described_by or self.function) or ""
        section = text.partition("Returns:\n")[2].partition("\n\n")[0].partition("\nRaises")[0]
        entries = re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", section, flags=re.MULTILINE)
        return {name: " ".join(meaning.split()) for name, meaning in entries}


def examples(array: np.ndarray, name: str, least: int = 1) -> np.ndarray:
    """n examples as rows (n, d) of floats; ValueError in words if there are too few or one is not finite."""
    array = np.asarray(array)
    if len(array) < least:
        raise ValueError(
            f"There are {len(array)} {name} examples and this measure needs at least {least}. Give it more."
        )
    rows = array.reshape(len(array), -1)
    rows = rows.astype(np.result_type(rows, np.float32), copy=False)
    broken = int((~np.isfinite(rows)).any(axis=1).sum())
    if broken:
        raise Diverged(
            f"{broken} of {len(rows)} {name} examples hold NaN or infinity; finite numbers were expected. A model that "
            "gives them has diverged: lower its learning rate, or measure an earlier frame."
        )
    return rows


def pair(
    first: np.ndarray,
    second: np.ndarray,
    names: tuple[str, str] = ("real", "fake"),
    least: int = 1,
    equal: bool = False,
    float64: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of examples as rows, (n, d) and (m, d), of one float type; ValueError in words if they do not match."""
    one, two = examples(first, names[0], least), examples(second, names[1], least)
    if one.shape[1] != two.shape[1]:
        raise ValueError(
            f"The {names[0]} examples have {one.shape[1]} numbers each and the {names[1]} ones {two.shape[1]}. Give "
            "both in the same feature space."
        )
    if equal and len(one) != len(two):
        raise ValueError(
            f"There are {len(one)} {names[0]} and {len(two)} {names[1]} examples; this measure depends on how many "
            f"there are and needs as many of each. Take {min(len(one), len(two))} of both."
        )
    kind = np.result_type(one, two, np.float64 if float64 else np.float32)
    return one.astype(kind, copy=False), two.astype(kind, copy=False)


def some(rows: np.ndarray, most: int, seed: int) -> np.ndarray:
    """At most `most` of the rows, drawn without replacement; all of them, in order, if there are no more."""
    if len(rows) <= most:
        return rows
    return rows[np.random.default_rng(seed).choice(len(rows), most, replace=False)]
