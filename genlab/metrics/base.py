"""What a metric is: a pure function of arrays, and what must be said wherever its numbers are shown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

SHARE = (0.0, 1.0)
NON_NEGATIVE = (0.0, np.inf)
ANY = (-np.inf, np.inf)


class Diverged(ValueError):
    """A loss, a sample or a code is no longer a finite number: the model has diverged."""


@dataclass(frozen=True)
class Need:
    """What a metric is called with.

    Attributes:
        group: the heading that its numbers stand under.
        arrays: what they hold, in words.
    """

    group: str
    arrays: str


# What a metric can need, in the order in which tables show it.
NEEDS = {
    "modes": Need("Modes", "the mode of each sample, and the data's share of each mode"),
    "features": Need("Samples against real data", "features of real and of fake examples"),
    "images": Need("Sharpness", "real and fake images"),
    "tables": Need("Tables", "how many words each column has, 0 for a number; rows of real and of fake tables"),
    "training distances": Need(
        "Copies of training data", "distances of held-out and of fake examples from the nearest training example"
    ),
    "reconstructions": Need("Encoder", "held-out examples and their reconstructions"),
    "posteriors": Need("Encoder", "means and log variances of the posteriors of held-out examples"),
    "codes": Need("Encoder", "codes of held-out examples, the means of their posteriors"),
    "labelled codes": Need("Encoder", "codes and labels of training examples and of held-out ones"),
    "codes and prior": Need("Encoder", "codes drawn from the posteriors of held-out examples, and draws of the prior"),
    "codes in the plane": Need("Encoder", "codes drawn from posteriors, where the prior is a normal one in the plane"),
    "likelihood weights": Need("Encoder", "ln p(x, z) - ln q(z | x) of draws of z for held-out examples"),
    "log densities": Need("Likelihood", "ln p(x) of held-out examples, as the model says it"),
    "logits": Need("Discriminator", "logits of training, held-out and fake examples"),
    "scores": Need("Discriminator", "scores of training, held-out and fake examples, from a critic too"),
    "gradients": Need("Discriminator", "norms of the gradient that reaches the generator"),
}


@dataclass(frozen=True)
class Result:
    """One number that a metric returns, and all there is to say of it wherever it is shown.

    Attributes:
        name: its key in what the function returns.
        label: for people, a phrase that says what it is without its metric's title beside it.
        range: the least and the greatest value; a name stands for the value of the result of that name.
        better: whether "higher" or "lower" is better; None where neither is.
        role: "first" is a number to read first, "measure" any other; a "yardstick" says with what was measured, not how
            good the model is, and has no interval.
        interval: whether it is shown with a 95 % interval, by the delete-a-group jackknife of `genlab.evaluation`. Not
            where that would mislead: what says yes or no or counts a few things, what grows with the number of
            examples, and what k-means, which starts at random, has a part in.
        reference: whether real data in place of what the model made has a value of its own.
    """

    name: str
    label: str
    range: tuple[float, float | str]
    better: Literal["higher", "lower"] | None = None
    role: Literal["first", "measure", "yardstick"] = "measure"
    interval: bool = True
    reference: bool = True

    @property
    def has_interval(self) -> bool:
        return self.interval and self.role != "yardstick"


@dataclass(frozen=True)
class Metric:
    """A metric as the registry knows it.

    Attributes:
        title: for people.
        function: arrays -> dict of named results; its docstring gives shapes, units, source and failure modes, and says
            in the section "Returns" what each result is.
        needs: which arrays the function is called with, a key of `NEEDS`.
        results: those that are one number each. What else the function returns is an array.
        example: a call that can be followed by hand, and what goes before it, in Python; `np` is NumPy.
        cost: "cheap" enough for every frame, or "slow".
        maximum: how many examples of each kind it is given at most, where its cost grows with their square or faster.
        every_space: whether it is taken in all feature spaces, the second as a second opinion, and not in the first
            alone.
    """

    name: str
    title: str
    function: Callable[..., dict[str, Any]]
    needs: str
    results: tuple[Result, ...]
    example: str
    cost: Literal["cheap", "slow"] = "cheap"
    maximum: int | None = None
    every_space: bool = False

    @property
    def group(self) -> str:
        """The heading that its numbers stand under."""
        return NEEDS[self.needs].group

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the arrays the function must be given, in order."""
        parameters = inspect.signature(self.function).parameters.values()
        return tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty)

    @property
    def meanings(self) -> dict[str, str]:
        """What each result is, arrays too, by name: the section "Returns" of the docstring."""
        section = (inspect.getdoc(self.function) or "").partition("Returns:\n")[2].partition("\n\n")[0]
        entries = re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", section, flags=re.MULTILINE)
        return {name: " ".join(meaning.split()) for name, meaning in entries}

    def result(self, name: str) -> Result | None:
        """What there is to say of the result with this name; None if it is not one number, or there is no such."""
        return next((result for result in self.results if result.name == name), None)

    def numbers(self, *arrays: np.ndarray) -> dict[str, float | None]:
        """The results that are one number each, of these arrays. Raises ValueError for arrays that it cannot take."""
        returned = self.function(*arrays)
        return {
            result.name: None if returned[result.name] is None else float(returned[result.name])
            for result in self.results
        }


def limits(result: Result, numbers: Mapping[str, float | None]) -> tuple[float, float]:
    """The least and the greatest value of a result beside these others."""
    least, greatest = result.range
    return least, (numbers[greatest] or 0.0) if isinstance(greatest, str) else greatest


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
    a, b = examples(first, names[0], least), examples(second, names[1], least)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"The {names[0]} examples have {a.shape[1]} numbers each and the {names[1]} ones {b.shape[1]}. Give "
            "both in the same feature space."
        )
    if equal and len(a) != len(b):
        raise ValueError(
            f"There are {len(a)} {names[0]} and {len(b)} {names[1]} examples; this measure depends on how many "
            f"there are and needs as many of each. Take {min(len(a), len(b))} of both."
        )
    kind = np.result_type(a, b, np.float64 if float64 else np.float32)
    return a.astype(kind, copy=False), b.astype(kind, copy=False)
