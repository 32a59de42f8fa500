"""Which networks a loss calls, and what enters which: read off the graph that TensorFlow makes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from genlab.models.base import Model, Phase
from genlab.models.flows import CLASS, DATA, LOSS, NOISE, PRIOR, ModelFlow, PhaseFlow
from genlab.training.backend.framework import tf

RANDOM = re.compile(r"Random|Multinomial")
JOINED = ("ConcatV2", "Pack")
SHAPES = ("Shape", "ShapeN", "Size", "Rank")  # they pass on no values


def model_flow(model: Model, example: Sequence[int], batch_size: int) -> ModelFlow:
    """That of every phase, for batches of examples of this shape. Nothing is trained and no random number drawn."""
    phases = [
        PhaseFlow(
            name=phase.name,
            updates=list(phase.updates),
            follows=list(phase.follows),
            logs=list(phase.logs),
            edges=_edges(phase, model.networks, (batch_size, *example)),
        )
        for phase in model.phases
    ]
    return ModelFlow(networks=list(model.networks), phases=phases)


def _edges(phase: Phase, networks: Mapping[str, Any], batch: Sequence[int]) -> list[tuple[str, str]]:
    """What enters what on the way to the loss, in the order in which it happens.

    An operation belongs to a network where the network's weights meet values that are no weights. What it gives is then
    the network's, until it enters another network or the loss.
    """
    function = tf.function(lambda x, labels: phase.loss(x, labels)["loss"], autograph=False)
    graph = function.get_concrete_function(tf.TensorSpec(batch, tf.float32), tf.TensorSpec(batch[:1], tf.int32)).graph
    owners = {id(weight.value.handle): name for name, network in networks.items() for weight in network.weights}
    zero = {inside.op.name for outside, inside in graph.captures if _is_zero(outside, graph)}
    handles = {inside.op.name: owners[id(outside)] for outside, inside in graph.captures if id(outside) in owners}
    sources = dict(zip((tensor.op.name for tensor in graph.inputs[:2]), (DATA, CLASS)))
    end = graph.structured_outputs.op
    wanted, rest = {end.name}, [end]
    while rest:
        for tensor in rest.pop().inputs:
            if tensor.op.name not in wanted:
                wanted.add(tensor.op.name)
                rest.append(tensor.op)
    edges: dict[tuple[str, str], None] = {}
    values: dict[str, frozenset[str]] = {}  # by operation: whose values it gives
    weights: dict[str, frozenset[str]] = {}  # whose weights, where it gives nothing but those
    for op in graph.get_operations():
        if op.name not in wanted:
            continue
        name, before = op.name, [tensor.op.name for tensor in op.inputs]
        if op.type in JOINED:  # what is drawn and then put beside something else is no noise on it
            given = frozenset().union(*({PRIOR} if values[other] == {NOISE} else values[other] for other in before))
        else:
            given = frozenset().union(*(values[other] for other in before))
        own: frozenset[str] = frozenset().union(*(weights[other] for other in before))
        values[name], weights[name] = given, frozenset()
        if name in zero or (op.type in ("Mul", "ReadVariableOp", "Cast", "Identity") and zero & set(before)):
            zero.add(name)  # a setting that is off
            values[name] = frozenset()
        elif name in sources:
            values[name] = frozenset({sources[name]})
        elif name in handles:
            weights[name] = frozenset({handles[name]})
        elif RANDOM.search(op.type):
            values[name] = frozenset({NOISE})
        elif op.type in SHAPES:
            values[name] = frozenset()
        elif own and given:
            entering = {PRIOR} if given == {NOISE} else given  # noise that nothing was added to is a draw of the latent
            edges |= {(giver, network): None for network in sorted(own) for giver in sorted(entering - {network})}
            values[name] = own
        elif own:
            weights[name] = own
    edges |= {(giver, LOSS): None for giver in sorted(values[end.name])}
    return list(edges)


def _is_zero(captured: Any, graph: Any) -> bool:
    """Whether this is the handle of a number that is 0 now, such as a setting that is off."""
    found = [variable for variable in graph.variables if variable.handle is captured]
    return any(variable.shape == () and float(variable.numpy()) == 0.0 for variable in found)
