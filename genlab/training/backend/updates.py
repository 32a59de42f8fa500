"""One update of a phase, made so that it can be looked at: what was drawn, made and judged on the way, and the
gradients. The numbers are those that the compiled update has, to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlab.models.base import Context, Model, Phase
from genlab.training.backend.framework import keras, tf
from genlab.training.backend.tensorflow import TrainingData


@dataclass(frozen=True)
class Made:
    """What the generator or decoder made in one call: from latents (n, latent_dim), examples (n, ...) as its last layer
    gives them, and the gradient of the loss with respect to each, times n, so that it is that of the example's own
    part; None in a phase that does not update it.
    """

    latents: np.ndarray
    outputs: np.ndarray
    gradients: np.ndarray | None


@dataclass(frozen=True)
class WatchedUpdate:
    """Attributes:
    examples, labels: the batch.
    made: the calls of the generator or decoder, in their order.
    logs: the numbers that the loss returns, by name.
    gradients: of the loss, one array a weight that the phase updates.
    """

    examples: np.ndarray
    labels: np.ndarray
    made: list[Made]
    logs: dict[str, float]
    gradients: list[Any]

    @property
    def gradient_norm(self) -> float:
        """Euclidean, over all weights."""
        return float(tf.linalg.global_norm(self.gradients))


def watch_update(
    phase: Phase, networks: dict[str, Any], maker: str, context: Context, data: TrainingData, batch_size: int
) -> WatchedUpdate:
    """Draw a batch as training does, and compute the loss of a phase and its gradients. No weight is moved: see
    `apply_update`. Random numbers are drawn, and what layers keep for themselves may change, as in training.

    maker: the network whose calls are kept, "" for none.
    """
    batch, logs, gradients, calls = _update(phase, networks, maker, context, data, batch_size)
    made = [
        Made(latents.numpy(), output.numpy(), None if gradient is None else gradient.numpy())
        for latents, output, gradient in calls
    ]
    x, labels = (tensor.numpy() for tensor in batch)
    return WatchedUpdate(x, labels, made, {name: float(value) for name, value in logs.items()}, gradients)


def compile_sample_gradients(
    phase: Phase, networks: dict[str, Any], maker: str, context: Context, data: TrainingData, batch_size: int
) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """A function without arguments that draws a batch as training does and returns what the maker makes in a phase that
    updates it, as its last layer gives that, (n, ...), and the gradients there: those of `watch_update`, in one
    compiled call. Random numbers are drawn, and what layers keep for themselves may change.
    """

    @tf.function(autograph=False)
    def made() -> list[tuple[tf.Tensor, tf.Tensor]]:
        *_, calls = _update(phase, networks, maker, context, data, batch_size)
        return [(output, gradient) for _, output, gradient in calls if gradient is not None]

    def call() -> tuple[np.ndarray, np.ndarray]:
        outputs, gradients = zip(*made(), strict=True)
        return np.concatenate(outputs), np.concatenate(gradients)

    return call


def _update(
    phase: Phase, networks: dict[str, Any], maker: str, context: Context, data: TrainingData, batch_size: int
) -> tuple[tuple[Any, Any], dict[str, Any], list[Any], list[tuple[Any, Any, Any]]]:
    """The batch, what the loss returns, its gradients at the weights, and for each call of the maker the latents, what
    it made, and the gradients there.
    """
    rows = keras.random.randint((batch_size,), 0, data.count, seed=context.seed_generator)
    batch = data.batch(rows)
    weights = [v.value for name in phase.updates for v in networks[name].trainable_variables]
    with (
        _recorded_calls(networks.get(maker)) as calls,
        tf.GradientTape(watch_accessed_variables=False) as tape,
    ):
        tape.watch(weights)
        logs = phase.loss(*batch)
    outputs = [output for _, output in calls] if maker in phase.updates else []
    found = tape.gradient(logs["loss"], [*weights, *outputs])
    gradients, at_outputs = found[: len(weights)], found[len(weights) :] or [None] * len(calls)
    made = [
        (latents, output, None if gradient is None else output.shape[0] * gradient)
        for (latents, output), gradient in zip(calls, at_outputs, strict=True)
    ]
    return batch, logs, gradients, made


def apply_update(phase: Phase, networks: dict[str, Any], update: WatchedUpdate) -> None:
    """Move the weights of a phase as training does."""
    phase.optimizer.apply(update.gradients, [v for name in phase.updates for v in networks[name].trainable_variables])
    if phase.after:
        phase.after()


def learning_rate(phase: Phase) -> float:
    """Of the next update of a phase."""
    return float(phase.optimizer.learning_rate)


def maker_of(model: Model) -> str:
    """The network whose last layer gives what becomes an example: the generator or the decoder, whatever it is called.
    Where samples come from an average of its weights, ema_NAME, the one that training moves. "" for a model that makes
    a sample step by step.
    """
    if model.paths:
        return ""
    latents, labels = tf.zeros((2, model.latent_dim)), tf.zeros((2,), tf.int32)
    for name, network in model.networks.items():
        with _recorded_calls(network) as calls:
            (model.decode or model.sample)(latents, labels)
        if calls:
            followed = name.removeprefix("ema_")
            return followed if any(name in phase.follows for phase in model.phases) else name
    return ""


@contextmanager
def _recorded_calls(network: Any) -> Iterator[list[tuple[Any, Any]]]:
    """The first input and the output of each call of a network that happens meanwhile."""
    calls: list[tuple[Any, Any]] = []
    if network is None:
        yield calls
        return
    original = network.call

    def call(inputs: Any, *arguments: Any, **named: Any) -> Any:
        output = original(inputs, *arguments, **named)
        calls.append((inputs[0] if isinstance(inputs, Sequence) else inputs, output))
        return output

    network.__dict__["call"] = call  # not by an assignment, by which Keras would take it for a part of the network
    try:
        yield calls
    finally:
        del network.__dict__["call"]
