"""The seam to the framework: state by name, and data that the lanes of a run share."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlab.datasets import load_dataset
from genlab.datasets.byte_images import ByteImages
from genlab.registry import MODELS
from genlab.spec import make_spec


def make_lane(model: str, **settings: Any) -> Any:
    from genlab.training.lane import Lane

    widths = {name: 4 for name in MODELS[model].settings.model_fields if name.endswith("width")}
    spec = make_spec(dataset="digits", lanes=[{"model": model, "settings": widths | {"batch_size": 8} | settings}])
    return Lane(0, spec.lanes[0], load_dataset("digits", {}), 0, "cpu")


def variables_read(function: Any, *arrays: np.ndarray) -> list[Any]:
    """The TensorFlow variables that a function of tensors reads or updates."""
    import tensorflow as tf

    return list(tf.function(function, autograph=False).get_concrete_function(*map(tf.constant, arrays)).graph.variables)


@pytest.mark.parametrize("model", list(MODELS))
def test_every_variable_that_a_compiled_function_reads_is_named(model: str, backend: Any) -> None:
    """A backend without variables of its own, as JAX, must be given each of them."""
    options = {"gan": {"ema_decay": 0.9, "r1_weight": 1.0}, "vae": {"conditional": True, "decoding": "sampled"}}
    lane = make_lane(model, **options.get(model, {}))
    data = load_dataset("digits", {})
    x, labels = data.train[:8], data.train_labels[:8].astype("int32")
    named = {id(variable.value) for variable in lane.model_variables}
    latents = lane.model.draw_prior(np.random.default_rng(0), 8)
    for function in (lane.model.sample, lane.model.decode, lane.model.encode, lane.model.score, lane.model.logit):
        if function:
            inputs = latents if function in (lane.model.sample, lane.model.decode) else x
            assert {id(variable) for variable in variables_read(function, inputs, labels)} <= named
    state = {id(variable.value) for variable in lane._variables()}
    assert named <= state
    for phase in lane.model.phases:
        assert {id(variable) for variable in variables_read(phase.loss, x, labels)} <= state


@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 8, 3), (7, 7, 16)])
@pytest.mark.parametrize("layer", ["Conv2D", "Conv2DTranspose"])
def test_quick_convolutions_and_their_gradients_are_those_of_keras(layer: str, shape: Any, backend: Any) -> None:
    """Of first order, and of second order as a penalty of gradients takes them; compiled, or not, or in a branch."""
    import keras
    import tensorflow as tf

    made = [
        keras.Sequential([keras.Input(shape), getattr(keras.layers, layer)(5, 4, strides=2, padding="same")])
        for _ in range(2)
    ]
    made[1].set_weights(made[0].get_weights())
    backend.use_quick_convolutions({"quick": made[1]}, "cpu")
    random = np.random.default_rng(0)
    x = tf.constant(random.normal(size=(3, *shape)).astype("float32"))
    weight = tf.constant(random.normal(size=made[0].output_shape[1:]).astype("float32"))

    def results(network: Any) -> list[Any]:
        kernel = network.layers[0].kernel.value
        with tf.GradientTape() as outer, tf.GradientTape() as inner:
            inner.watch(x)
            made = network(x)
            first = inner.gradient(tf.reduce_sum(weight * tf.square(made)), [x, kernel])
            penalty = tf.reduce_sum(tf.square(first[0]))
        return [made, *first, outer.gradient(penalty, kernel)]

    def in_a_branch(network: Any) -> list[Any]:
        with tf.GradientTape() as tape:
            value = tf.cond(tf.reduce_sum(x) < 1e9, lambda: tf.reduce_sum(weight * network(x) ** 2), lambda: 0.0)
        return [value, tape.gradient(value, network.layers[0].kernel.value)]

    for function in (results, tf.function(results), tf.function(in_a_branch)):
        for expected, found in zip(*map(function, made), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_quick_convolutions_are_used_on_a_processor_and_stay_layers_of_keras(backend: Any, tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    networks = make_lane("gan", spectral_normalization=True).model.networks
    for name, taken in (("generator", {"Conv2D", "DepthToSpace"}), ("discriminator", {"Conv2D"})):
        network = networks[name]
        given = np.random.default_rng(0).normal(size=(8, *network.input_shape[1:])).astype("float32")

        @tf.function
        def gradient(x: Any, network: Any = network) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(x)
                made = network(x)
            return made, tape.gradient(made, x)

        used = {
            operation.type for operation in gradient.get_concrete_function(tf.constant(given)).graph.get_operations()
        }
        assert taken <= used and "Conv2DBackpropInput" not in used
        network.save(tmp_path / f"{name}.keras")
        again = keras.models.load_model(tmp_path / f"{name}.keras")
        np.testing.assert_allclose(again(given), network(given), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("model", list(MODELS))
def test_a_lane_that_nobody_holds_is_forgotten_with_its_data(model: str, backend: Any) -> None:
    """TensorFlow keeps for ever what a gradient of its own is registered from, as Keras's optimizer and its SiLU do."""
    lane = make_lane(model)
    lane.advance(1)
    data, network = weakref.ref(lane._data._tensors[0]), weakref.ref(next(iter(lane.model.networks.values())))
    del lane
    gc.collect()
    assert data() is None and network() is None


def test_values_of_variables_go_out_and_in(backend: Any) -> None:
    import keras

    variables = [keras.Variable(np.ones((2, 3), "float32")), keras.Variable(4, dtype="int32", trainable=False)]
    values = backend.read_variables(variables)
    backend.write_variables(variables, [2 * values[0], np.array(5)])
    assert backend.read_variables(variables)[0].tolist() == [[2.0] * 3] * 2
    assert int(backend.read_variables(variables)[1]) == 5
    with pytest.raises(ValueError, match="shapes"):
        backend.write_variables(variables, [values[0].T, values[1]])
    with pytest.raises(ValueError, match="shapes"):
        backend.write_variables(variables, values[:1])
    assert backend.read_variables(variables)[0].tolist() == [[2.0] * 3] * 2, "refused values change nothing"


@pytest.mark.parametrize("kept_as", ["uint8", "float32"])
def test_images_kept_as_bytes_are_bytes_on_the_device_too(kept_as: str, backend: Any) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (60, 5, 5, 1), dtype="uint8")
    floats = stored.astype("float32") / np.float32(255)
    examples = ByteImages(stored) if kept_as == "uint8" else floats
    data = backend.TrainingData(examples, np.arange(60), "cpu")
    rows = np.array([3, 3, 59, 0])
    batch, labels = data.batch(rows)
    np.testing.assert_array_equal(np.asarray(batch), floats[rows], strict=True)
    np.testing.assert_array_equal(labels, rows)
    assert data._tensors[0].dtype.name == kept_as


def test_the_lanes_of_a_run_share_one_copy_of_the_training_data(
    store: Any, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlab.training import loop

    made = []

    class Counted(backend.TrainingData):
        def __init__(self, *arguments: Any) -> None:
            made.append(arguments)
            super().__init__(*arguments)

    monkeypatch.setattr(backend, "TrainingData", Counted)
    lanes = [{"model": "ae", "settings": {"width": 4}}] * 3
    list(loop.train(make_spec(lanes=lanes, budget=2), store.cache))
    assert len(made) == 1


REMAINING = {
    "none": lambda share: 1.0,
    "linear": lambda share: 1 - share,
    "cosine": lambda share: (1 + np.cos(np.pi * share)) / 2,
}


@pytest.mark.parametrize("beta_1, decay", [(0.0, "linear"), (0.5, "none"), (0.9, "cosine")])
def test_adam_is_that_of_keras_at_a_rate_that_falls(beta_1: float, decay: str, backend: Any) -> None:
    """Over 60 steps of random gradients, at a learning rate that falls to zero at step 50 and is changed on the way.
    TensorFlow takes 1 - beta_2 in float32, which is 0.00100005, so its second moments are that much larger.
    """
    import keras

    random = np.random.default_rng(0)
    shapes = [(3, 4), (4,), (2, 2, 3, 5)]
    starts = [random.normal(size=shape).astype("float32") for shape in shapes]
    ours, theirs = ([keras.Variable(start) for start in starts] for _ in range(2))
    rate = keras.Variable(1e-3)
    falling, context = keras.Variable(1e-3), backend.make_context(0)
    context.expected_steps.assign(50.0)
    one, other = context.adam(rate, beta_1, decay), keras.optimizers.Adam(lambda: falling.value, beta_1=beta_1)
    for step in range(60):
        context.step.assign(step)
        rate.assign(1e-3 / (1 + step // 20))
        falling.assign(REMAINING[decay](min(step / 50, 1)) * 1e-3 / (1 + step // 20))
        gradients = [keras.ops.convert_to_tensor(random.normal(size=shape).astype("float32")) for shape in shapes]
        one.apply(gradients, ours)
        other.apply(gradients, theirs)
    for start, weight, expected in zip(starts, ours, theirs, strict=True):
        assert np.abs(expected.numpy() - start).max() > 1e-3, "they moved"
        np.testing.assert_allclose(weight.numpy(), expected.numpy(), rtol=0, atol=1e-6)
    for moment, expected in zip(one.variables, other.variables, strict=True):
        np.testing.assert_allclose(moment.numpy(), expected.numpy(), rtol=5e-5)
