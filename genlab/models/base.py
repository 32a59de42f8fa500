"""What a model is: networks, the phases that move them, and what it can do once it is trained.

This file is free of Keras, so that pages and the command line can list models and their settings at no cost. Keras is
imported where networks are built.

The rule about batch normalisation: a phase calls a network with `training=True` only if it updates that network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset, Kind
from genlab.spec import Settings, live_names

Tensor = Any


@dataclass(frozen=True)
class Phase:
    """One kind of update: which networks move, against which loss.

    Attributes:
        updates: names of the networks whose weights this phase, and nothing else in it, moves.
        loss: batch (batch, ...) -> scalars by name; "loss" is what is minimised, the others are recorded beside it.
        logs: the names that `loss` returns, in their order.
        optimizer: a Keras optimizer of this phase alone.
        repeats: updates per step, each on a new batch; a number or a variable.
    """

    name: str
    updates: tuple[str, ...]
    loss: Callable[[Tensor], dict[str, Tensor]]
    logs: tuple[str, ...]
    optimizer: Any
    repeats: Any = 1


@dataclass(frozen=True)
class Model:
    """A built model. The functions take and return tensors, and run networks as they are used after training.

    Attributes:
        networks: Keras models by name.
        seed: the Keras SeedGenerator that every random draw of the phases comes from.
        latent_dim: dimensions of the latent.
        sample: latent (n, latent_dim) -> examples.
        encode: examples -> (mean, log variance), each (n, latent_dim); None if the model has no encoder.
        score: examples -> (n,) probability of being real; None if the model has no discriminator of examples.
    """

    networks: dict[str, Any]
    phases: list[Phase]
    seed: Any
    latent_dim: int
    sample: Callable[[Tensor], Tensor]
    encode: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None
    score: Callable[[Tensor], Tensor] | None = None

    def draw_prior(self, random: np.random.Generator, count: int) -> np.ndarray:
        """(count, latent_dim) draws from the prior, a standard normal, float32."""
        return random.standard_normal((count, self.latent_dim), dtype="float32")


@dataclass(frozen=True)
class ModelFamily:
    """A model as the registry knows it.

    Attributes:
        title: for people.
        settings: the class of its settings; its defaults suit points.
        build: settings (live ones as variables), data set, seed -> Model; its docstring says what is optimised and by
        whom it was proposed.
        defaults: per kind of data, the settings whose preset differs from the class's defaults.
        curves: what to draw as its losses: the label in the legend, and the recorded name "phase/log".
    """

    name: str
    title: str
    settings: type[Settings]
    build: Callable[[Any, Dataset, int], Model]
    curves: dict[str, str]
    defaults: dict[Kind, dict[str, Any]] = field(default_factory=dict)

    def resolve(self, given: dict[str, Any], kind: Kind) -> Settings:
        """All settings: the given ones over this kind's preset over the defaults. Raises pydantic's ValidationError."""
        return self.settings(**{**self.defaults.get(kind, {}), **given})


def with_variables(settings: Settings) -> tuple[SimpleNamespace, dict[str, Any]]:
    """The settings as a namespace in which the live ones are Keras variables, and those variables by name."""
    import keras

    values = settings.model_dump()
    variables = {
        name: keras.Variable(
            values[name],
            dtype="int32" if isinstance(values[name], int) else "float32",
            trainable=False,
            name=name,
        )
        for name in live_names(type(settings))
    }
    return SimpleNamespace(**{**values, **variables}), variables
