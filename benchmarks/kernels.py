"""The matrix products and convolutions of a training step, and nothing else: the time that no other work can undercut.

They are read off the graph of a step, so that a gradient that nobody asks for is not among them. Each is made anew,
with inputs of the same shapes and type, and begins when those are done that it comes after in the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

INPUTS = {
    "MatMul": ("a", "b"),
    "Conv2D": ("input", "filter"),
    "Conv2DBackpropInput": ("input_sizes", "filter", "out_backprop"),
    "Conv2DBackpropFilter": ("input", "filter_sizes", "out_backprop"),
}
OF_CONVOLUTIONS = ("strides", "padding", "explicit_paddings", "data_format", "dilations")
OPTIONS = {name: ("transpose_a", "transpose_b") if name == "MatMul" else OF_CONVOLUTIONS for name in INPUTS}


def kernels_alone(lane: Any) -> Callable[[int], Any]:
    """A function of a number of steps that computes the kernels of so many steps of a lane in one compiled loop."""
    before = kernels_of(graph_of_step(lane))
    calls = {operation.name: alone(operation) for operation in before}

    @tf.function(autograph=False)
    def compute(steps: tf.Tensor) -> tf.Tensor:
        def body(done: tf.Tensor) -> tf.Tensor:
            # Variables are read anew in each step: products of constants would be computed once for all. Results that
            # nothing reads would be left out: an assertion reads each, at next to no cost while it holds.
            results: dict[str, tf.Tensor] = {}
            reads = []
            for operation, names in before.items():
                with tf.control_dependencies([results[name] for name in names]):
                    results[operation.name] = calls[operation.name]()
                reads.append(tf.raw_ops.Assert(condition=done >= 0, data=[results[operation.name]]))
            with tf.control_dependencies(reads):
                return done + 1

        return tf.while_loop(lambda done: done < steps, body, (0,))

    return lambda steps: compute(tf.constant(steps))


def graph_of_step(lane: Any) -> Any:
    """The graph of one step of a lane, one update of each phase; it is not run."""
    networks, examples = lane.model.networks, lane.dataset.train[:]
    batch = lane.settings.batch_size

    @tf.function(autograph=False)
    def step(x: tf.Tensor, labels: tf.Tensor) -> None:
        for phase in lane.model.phases:
            updated = [variable for name in phase.updates for variable in networks[name].trainable_variables]
            weights = [variable.value for variable in updated]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                loss = phase.loss(x, labels)["loss"]
            phase.optimizer.apply(tape.gradient(loss, weights), updated)

    of_examples = tf.TensorSpec((batch, *examples.shape[1:]), tf.float32)
    return step.get_concrete_function(of_examples, tf.TensorSpec((batch,), tf.int32)).graph


def kernels_of(graph: Any) -> dict[Any, set[str]]:
    """The products and convolutions whose results a step needs, in its order, each with the names of those that it
    comes after. Raises ValueError for a kind that is not among `INPUTS`, or without any.
    """
    needed = names_needed(graph)
    operations = [operation for operation in graph.get_operations() if operation.name in needed]
    unknown = {o.type for o in operations if ("MatMul" in o.type or "Conv" in o.type) and o.type not in INPUTS}
    after: dict[str, set[str]] = {}
    for operation in operations:  # each stands behind what it reads
        after[operation.name] = set()
        for source in sources(operation):
            after[operation.name] |= {source.name} if source.type in INPUTS else after[source.name]
    found = {operation: after[operation.name] for operation in operations if operation.type in INPUTS}
    if unknown or not found:
        raise ValueError(f"A step has {len(found)} known kernels and these unknown ones: {sorted(unknown)}.")
    return found


def names_needed(graph: Any) -> set[str]:
    """The operations that the outputs of a graph and the variables it changes depend on."""
    needed: set[str] = set()
    waiting = [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    while waiting:
        operation = waiting.pop()
        if operation.name not in needed:
            needed.add(operation.name)
            waiting += sources(operation)
    return needed


def sources(operation: Any) -> list[Any]:
    """The operations that one waits for."""
    return [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)


def alone(operation: Any) -> Callable[[], tf.Tensor]:
    """A function without arguments that computes the same operation of variables of the same shapes and type."""
    given = {}
    for name, tensor in zip(INPUTS[operation.type], operation.inputs, strict=True):
        if name.endswith("sizes"):  # of the result
            given[name] = tf.constant(operation.outputs[0].shape.as_list())
        else:
            given[name] = tf.Variable(tf.ones(tensor.shape, tensor.dtype), trainable=False)
    options = {name: operation.get_attr(name) for name in OPTIONS[operation.type]}
    return lambda: getattr(tf.raw_ops, operation.type)(**given, **options)
