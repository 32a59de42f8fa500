"""TensorFlow beneath Keras: devices, and compiled calls of many steps over data that stays on the device."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from functools import cache, cached_property
from typing import Any

import numpy as np

from genlab.datasets.byte_images import ByteImages
from genlab.models.base import Context, Decay, Phase
from genlab.training.backend.adam import Adam, remaining_share
from genlab.training.backend.framework import keras, tf


@cache
def prepare() -> None:
    """Repeatable operations, half of the processor's cores for each operation, and GPU memory taken as it is needed.
    Whoever trains or loads calls it first; it acts once in a process.
    """
    tf.config.experimental.enable_op_determinism()
    if "TF_NUM_INTRAOP_THREADS" not in os.environ:
        with suppress(RuntimeError):  # TensorFlow has been used already, with the threads that it had
            # Two lanes train at a time. On two cores a second thread gains one lane 1 to 7 %, and costs two lanes more.
            tf.config.threading.set_intra_op_parallelism_threads(max(1, (os.cpu_count() or 1) // 2))
    for gpu in tf.config.list_physical_devices("GPU"):
        with suppress(RuntimeError):  # the GPU is in use already: its memory is taken as whoever used it first said
            tf.config.experimental.set_memory_growth(gpu, True)


def devices() -> dict[str, str]:
    """What can be trained on: {"cpu": "CPU, 2 cores"} and, where there is one, {"gpu": its name}."""
    available = {"cpu": f"CPU, {os.cpu_count()} cores"}
    for gpu in tf.config.list_physical_devices("GPU")[:1]:
        available["gpu"] = tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
    return available


def resolve(device: str) -> str:
    """The device that a spec means, "cpu" or "gpu": "auto" is the GPU where there is one. Raises ValueError if there is
    no such device.
    """
    available = devices()
    if device == "auto":
        return "gpu" if "gpu" in available else "cpu"
    if device not in available:
        raise ValueError("This run asks for a GPU and TensorFlow sees none. Choose the device 'auto' or 'cpu'.")
    return device


def describe(device: str) -> str:
    """The name of the device that a spec's device stands for here. Raises ValueError if there is no such device."""
    return devices()[resolve(device)]


def place_on(device: str) -> Any:
    """A context in which variables and tensors are made on a device. Raises ValueError if there is no such device."""
    return tf.device(f"/{resolve(device).upper()}:0")


def seed_initializers(seed: int) -> None:
    """Make repeatable the weights that a Keras layer initialises by itself, as spectral normalisation does."""
    keras.utils.set_random_seed(seed)


def make_context(seed: int) -> Context:
    """What a model is built with, on the device of the surrounding `place_on`."""
    seeds = keras.random.SeedGenerator(seed)
    step = keras.Variable(0, dtype="int32", trainable=False, name="step")
    expected_steps = keras.Variable(np.inf, dtype="float32", trainable=False, name="expected_steps")

    def noise(latent: Any, like: Any) -> Any:
        latent_hash = tf.reduce_sum(tf.bitcast(tf.cast(latent, "float32"), "int32"))
        return tf.random.stateless_normal(tf.shape(like), [seed, latent_hash])

    def adam(learning_rate: Any, beta_1: float = 0.9, decay: Decay = "none") -> Adam:
        return Adam(lambda: learning_rate.value * remaining_share(decay, step.value, expected_steps.value), beta_1)

    return Context(seed, seeds, step, expected_steps, _input_gradient, noise, adam)


def _input_gradient(function: Callable[[Any], Any], x: Any) -> Any:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        total = tf.reduce_sum(function(x))
    return tape.gradient(total, x)


class TrainingData:
    """The training set on a device, once for all lanes of a run; it goes there when it is first used.

    Images that are kept as bytes are bytes there too, a quarter of the memory.

    Args:
        examples: (n, ...), float32 or images kept as bytes.
        labels: (n,), whole numbers.
        device: as a spec names it.
    """

    def __init__(self, examples: np.ndarray | ByteImages, labels: np.ndarray, device: str) -> None:
        self._arrays, self._device = (examples, labels), device
        self.count = len(examples)

    @cached_property
    def _tensors(self) -> tuple[tf.Tensor, tf.Tensor]:
        examples, labels = self._arrays
        stored = examples.stored if isinstance(examples, ByteImages) else examples
        with tf.init_scope(), place_on(self._device):
            return tf.constant(stored), tf.constant(labels.astype("int32"))

    def batch(self, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The examples (batch, ...), float32, and labels (batch,), int32, of these rows."""
        examples, labels = self._tensors
        x = tf.gather(examples, rows)
        if x.dtype == tf.uint8:
            x = tf.cast(x, tf.float32) / np.float32(255)
        return x, tf.gather(labels, rows)


def read_variables(variables: Sequence[Any]) -> list[np.ndarray]:
    """The values of variables, in their order."""
    return [variable.numpy() for variable in variables]


def write_variables(variables: Sequence[Any], arrays: Sequence[np.ndarray]) -> None:
    """Set variables to these values. Raises ValueError if there are more or fewer, or one has another shape."""
    if [np.shape(array) for array in arrays] != [tuple(variable.shape) for variable in variables]:
        raise ValueError("The values are not of the shapes that the variables have.")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def compile_steps(
    phases: Sequence[Phase],
    networks: dict[str, Any],
    context: Context,
    data: TrainingData,
    batch_size: int,
    device: str,
) -> Callable[..., np.ndarray]:
    """A function of a number of steps, and of which phases rest meanwhile, that trains for so many and returns the mean
    of each recorded number over them, 0 for those of a phase that rests: it draws no batch and moves no weight.

    It reads and updates the variables of the networks, of the phases' optimizers, and of the context, and reads the
    live settings. The data stays on the device; each update gathers a new batch of rows, drawn with replacement. One
    compiled call for many steps, since on small networks the calls would cost as much as the steps. XLA on a GPU only:
    on a CPU it makes convolutions several times slower.
    """
    weights = [[v for name in phase.updates for v in networks[name].trainable_variables] for phase in phases]
    for phase, updated in zip(phases, weights, strict=True):
        phase.optimizer.build(updated)

    def update(phase: Phase, updated: list[Any]) -> tf.Tensor:
        rows = keras.random.randint((batch_size,), 0, data.count, seed=context.seed_generator)
        batch = data.batch(rows)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([v.value for v in updated])
            logs = phase.loss(*batch)
        gradients = tape.gradient(logs["loss"], [v.value for v in updated])
        phase.optimizer.apply(gradients, updated)
        if phase.after:
            phase.after()
        recorded = [logs[name] for name in phase.logs]
        if phase.gradient_norm:
            recorded.append(tf.linalg.global_norm(gradients))
        return tf.stack(recorded)

    def update_repeatedly(phase: Phase, updated: list[Any]) -> tf.Tensor:
        """The means over the updates of one step, whose number is a variable."""
        repeats = tf.convert_to_tensor(phase.repeats)
        zeros = tf.zeros(len(phase.recorded))
        _, totals = tf.while_loop(
            lambda done, _: done < repeats, lambda done, totals: (done + 1, totals + update(phase, updated)), (0, zeros)
        )
        return totals / tf.cast(tf.maximum(repeats, 1), tf.float32)

    @tf.function(jit_compile=resolve(device) == "gpu", autograph=False)
    def train(steps: tf.Tensor, once: tuple[bool, ...], rests: tuple[bool, ...]) -> tf.Tensor:
        def train_step(done: tf.Tensor, totals: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
            new_totals = list(totals)
            for i, (phase, updated) in enumerate(zip(phases, weights, strict=True)):
                if not rests[i]:
                    new_totals[i] += (update if once[i] else update_repeatedly)(phase, updated)
            context.step.assign_add(1)
            return done + 1, new_totals

        totals = [tf.zeros(len(phase.recorded)) for phase in phases]
        _, totals = tf.while_loop(lambda done, _: done < steps, train_step, (0, totals))
        return tf.concat(totals, axis=0) / tf.cast(tf.maximum(steps, 1), tf.float32)

    def call(steps: int, resting: Container[str] = ()) -> np.ndarray:
        # A loop within the loop would take as long as the update of a small network: it is compiled where it is needed,
        # and so is a step in which a phase rests.
        once = tuple(int(tf.convert_to_tensor(phase.repeats)) == 1 for phase in phases)
        rests = tuple(phase.name in resting for phase in phases)
        return train(tf.constant(steps), once, rests).numpy()

    return call


def gradient_norm(phase: Phase, networks: dict[str, Any], examples: np.ndarray, labels: np.ndarray) -> float:
    """Euclidean norm of the gradient of a phase's loss on one batch, over all weights that the phase updates. Nothing
    is updated, but the phase draws from its random numbers.
    """
    weights = [v.value for name in phase.updates for v in networks[name].trainable_variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights)
        loss = phase.loss(tf.constant(examples), tf.constant(labels.astype("int32")))["loss"]
    return float(tf.linalg.global_norm(tape.gradient(loss, weights)))


def compile_function(function: Callable[..., Any], variables: Sequence[Any]) -> Callable[..., Any]:
    """A compiled function from arrays to arrays (or tuples of them), retraced only when ranks change.

    variables: all that it reads; it updates none.
    """
    compiled = tf.function(function, reduce_retracing=True, autograph=False)

    def call(*arrays: np.ndarray) -> Any:
        return tf.nest.map_structure(lambda tensor: tensor.numpy(), compiled(*map(tf.constant, arrays)))

    return call


def compile_descent(
    function: Callable[..., Any], variables: Sequence[Any], bound: float | None = None
) -> Callable[..., Any]:
    """A function of a start (rows, d), a number of steps, a learning rate and further arrays, which looks for the rows
    that make `function` least and returns the best it met, (rows, d), with its values, (rows,).

    `function` takes rows (rows, d) and the further arrays and returns (rows,), each value of its own row alone; it
    reads `variables` and updates none. All rows move at once, by Adam (Kingma and Ba 2015) with a step that falls to
    zero along half a cosine, in one compiled call. With a bound, coordinates are kept in [-bound, bound]. No row ends
    worse than it starts, and where a value is not a finite number the best before it stands.
    """
    beta_1, beta_2, epsilon = 0.9, 0.999, 1e-8

    def value_and_gradient(at: tf.Tensor, arrays: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(at)
            values = function(at, *arrays)
            total = tf.reduce_sum(values)
        return values, tape.gradient(total, at)

    @tf.function(reduce_retracing=True, autograph=False)
    def descend(start: tf.Tensor, steps: tf.Tensor, learning_rate: tf.Tensor, *arrays: tf.Tensor) -> Any:
        def keep_best(
            at: tf.Tensor, values: tf.Tensor, best: tf.Tensor, least: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor]:
            lower = values < least
            return tf.where(lower[:, None], at, best), tf.where(lower, values, least)

        def step(done: Any, at: Any, mean: Any, square: Any, best: Any, least: Any) -> tuple[Any, ...]:
            values, gradient = value_and_gradient(at, arrays)
            best, least = keep_best(at, values, best, least)
            mean = beta_1 * mean + (1.0 - beta_1) * gradient
            square = beta_2 * square + (1.0 - beta_2) * tf.square(gradient)
            count = tf.cast(done + 1, tf.float32)
            direction = (mean / (1.0 - beta_1**count)) / (tf.sqrt(square / (1.0 - beta_2**count)) + epsilon)
            share = tf.cast(done, tf.float32) / tf.cast(steps, tf.float32)
            at -= learning_rate * 0.5 * (1.0 + tf.cos(np.pi * share)) * direction
            if bound is not None:
                at = tf.clip_by_value(at, -bound, bound)
            return done + 1, at, mean, square, best, least

        zeros, worst = tf.zeros_like(start), tf.fill(tf.shape(start)[:1], np.float32(np.inf))
        state = (0, start, zeros, zeros, start, worst)
        _, at, _, _, best, least = tf.while_loop(lambda done, *_: done < steps, step, state)
        return keep_best(at, function(at, *arrays), best, least)

    def call(start: np.ndarray, steps: int, learning_rate: float, *arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tensors = (tf.constant(start, tf.float32), tf.constant(steps), tf.constant(learning_rate, tf.float32))
        best, least = descend(*tensors, *map(tf.constant, arrays))
        return best.numpy(), least.numpy()

    return call
