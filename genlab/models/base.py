"""What a model is: networks, the phases that move them, and what it can do once it is trained.

This file is free of Keras, so that pages and the command line can list models and their settings at no cost. Keras is
imported where networks are built.

The rule about batch normalisation: a phase calls a network with `training=True` only if it updates that network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from genlab.datasets.base import Dataset
from genlab.spec import Settings, live_names, setting

Tensor = Any
Ability = Literal["sample", "encode", "reconstruct", "score", "paths", "critic_weights"]
Prior = Literal["normal", "uniform"]
Activation = Literal["relu", "leaky-relu", "elu", "silu", "tanh"]
Normalization = Literal["none", "batch", "layer", "group"]
Decay = Literal["none", "linear", "cosine"]


class NetworkSettings(Settings):
    """The settings that the networks of every model have."""

    hidden_layers: int = setting(
        2,
        "Hidden layers of each network; of images, convolutions, each of which halves them.",
        minimum=1,
        maximum=6,
        architecture=True,
    )
    activation: Activation = setting("relu", "What follows each hidden layer.")
    learning_rate_decay: Decay = setting(
        "none", "How the learning rates fall to zero over the budget: not at all, along a line, or along half a cosine."
    )


@dataclass(frozen=True)
class Context:
    """What a model is built with, apart from its settings and the data.

    Attributes:
        seed: of the initial weights.
        seed_generator: the Keras SeedGenerator that every random draw of the phases comes from.
        step: a variable, the steps trained so far; schedules read it.
        expected_steps: a variable, the steps at the end of the budget as far as they are known; infinite if they are
        not.
        input_gradient: function, x (batch, ...) -> gradient of the sum of function(x) with respect to x.
        noise: latent (batch, ...), tensor -> standard normal noise of the tensor's shape, a function of the
        latents and the seed, so that sampling does not advance the generator that training uses.
        adam: learning rate, a variable that may change while a model trains, beta_1, and how the rate falls over the
        budget, a `Decay` -> a Keras optimizer, Adam (Kingma and Ba 2015).
    """

    seed: int
    seed_generator: Any
    step: Any
    expected_steps: Any
    input_gradient: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]
    noise: Callable[[Tensor, Tensor], Tensor]
    adam: Callable[..., Any]

    def draw_prior(self, count: int, latent_dim: int, prior: Prior = "normal") -> Tensor:
        """Latents (count, latent_dim) drawn from the prior."""
        import keras

        if prior == "uniform":
            return keras.random.uniform((count, latent_dim), -1.0, 1.0, seed=self.seed_generator)
        return keras.random.normal((count, latent_dim), seed=self.seed_generator)

    def reparameterize(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """A draw from N(mean, exp(log_variance)) in each dimension, (batch, d), through which gradients pass.

        Kingma and Welling 2013, "Auto-Encoding Variational Bayes", section 2.4.
        """
        import keras
        from keras import ops

        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.seed_generator)


@dataclass(frozen=True)
class Phase:
    """One kind of update: which networks move, against which loss.

    Attributes:
        updates: names of the networks whose weights its gradient step changes; all others stay fixed in it.
        loss: examples (batch, ...), labels (batch,) int32 -> scalars by name; "loss" is what is minimised, the others
        are recorded beside it.
        logs: the names that `loss` returns, in their order.
        optimizer: a Keras optimizer of this phase alone.
        repeats: updates per step, each on a new batch; a number or a variable.
        after: called after each gradient step, for example to clip weights or to average them.
        follows: names of the networks that only `after` moves.
        gradient_norm: whether the norm of its gradient over all weights is recorded too, as "gradient_norm".
    """

    name: str
    updates: tuple[str, ...]
    loss: Callable[[Tensor, Tensor], dict[str, Tensor]]
    logs: tuple[str, ...]
    optimizer: Any
    repeats: Any = 1
    after: Callable[[], None] | None = None
    follows: tuple[str, ...] = ()
    gradient_norm: bool = False

    @property
    def recorded(self) -> tuple[str, ...]:
        """The names of all that an update of it records, in their order."""
        return (*self.logs, "gradient_norm") if self.gradient_norm else self.logs


@dataclass(frozen=True)
class Model:
    """A built model. The functions take and return tensors, and run networks as they are used after training.

    Labels, (n,) int32, say which class is asked for; a model that is not conditional does not look at them.

    Attributes:
        networks: Keras models by name.
        latent_dim: dimensions of the latent.
        sample: latent (n, latent_dim), labels -> examples.
        decode: latent, labels -> the decoder's mean, without the noise that `sample` may add; None if it adds none.
        encode: examples, labels -> (code,) or (mean, log variance), each (n, latent_dim); None without an encoder.
        score: examples, labels -> (n,) the discriminator's output for each, as people read it; None if it judges none
        alone.
        score_is: what `score` says: a "probability" of being real, or a "value" without a scale.
        logit: examples, labels -> (n,) the discriminator's raw output less its threshold: above 0 for real where
        `score_is` is "probability"; of a "value" only differences count. None as `score`.
        log_likelihood: examples, latent, labels -> (n,) ln p(x|z) in nats; None without a decoder that says one.
        likelihood_of: what examples it is a likelihood of: their "values" as they are, or "binary pixels", since a
        Bernoulli does not add up to 1 over greys.
        paths: latent, labels -> (n, stages, ...) what each example was on its way from the prior, the sample last; None
        where a sample is made in one go.
        critic_weights: () -> (n,) every weight of a Wasserstein critic that training moves; None of other models.
        log_density: examples, labels -> (n,) ln p(x) in nats, exact; None where it is not known.
        prior: the latent is drawn from a standard "normal" or is "uniform" in [-1, 1], in each dimension.
        latent_categories: parts that the first latent dimension is cut into, of which a generator is told one; 0: none.
        conditional: whether the labels are looked at.
    """

    networks: dict[str, Any]
    phases: list[Phase]
    latent_dim: int
    sample: Callable[[Tensor, Tensor], Tensor]
    decode: Callable[[Tensor, Tensor], Tensor] | None = None
    encode: Callable[[Tensor, Tensor], tuple[Tensor, ...]] | None = None
    score: Callable[[Tensor, Tensor], Tensor] | None = None
    score_is: Literal["probability", "value"] = "probability"
    logit: Callable[[Tensor, Tensor], Tensor] | None = None
    log_likelihood: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None
    likelihood_of: Literal["values", "binary pixels"] = "values"
    paths: Callable[[Tensor, Tensor], Tensor] | None = None
    critic_weights: Callable[[], Tensor] | None = None
    log_density: Callable[[Tensor, Tensor], Tensor] | None = None
    prior: Prior = "normal"
    latent_categories: int = 0
    conditional: bool = False

    @property
    def reconstruct(self) -> Callable[[Tensor, Tensor], Tensor] | None:
        """Examples, labels -> what the decoder makes of their codes; None without an encoder."""
        encode, decode = self.encode, self.decode or self.sample
        return encode and (lambda x, labels: decode(encode(x, labels)[0], labels))

    def draw_prior(self, random: np.random.Generator, count: int) -> np.ndarray:
        """(count, latent_dim) draws from the prior, float32."""
        if self.prior == "uniform":
            return random.uniform(-1, 1, (count, self.latent_dim)).astype("float32")
        return random.standard_normal((count, self.latent_dim), dtype="float32")


@dataclass(frozen=True)
class ModelFamily:
    """A model as the registry knows it.

    Attributes:
        title: for people.
        settings: the class of its settings; its defaults suit points.
        build: settings (live ones as variables), data set, context -> Model; its docstring starts with what is
        optimised, as a formula, and says by whom it was proposed and what each recorded number "phase/log" means.
        curves: what to draw as its losses: the label in the legend, and the recorded name "phase/log".
        description: what it is, in one plain sentence.
        abilities: what the built model can do.
        defaults: per kind of data, the settings whose preset differs from the class's defaults.
    """

    name: str
    title: str
    settings: type[Settings]
    build: Callable[[Any, Dataset, Context], Model]
    curves: dict[str, str]
    description: str = ""
    abilities: tuple[Ability, ...] = ()
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)

    def resolve(self, chosen: dict[str, Any], kind: str) -> Settings:
        """All settings: the chosen over this kind's preset over the defaults; a table has what points have, where it
        has no preset of its own. Raises pydantic's ValidationError.
        """
        preset = self.defaults.get("points" if kind == "table" else kind, {}) | self.defaults.get(kind, {})
        return self.settings(**{**preset, **chosen})


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
