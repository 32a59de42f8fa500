"""The update of `flow` as plain Keras, and its samples by Heun's method: see genlab/models/flow.py."""

from __future__ import annotations

import math

from genlab.export.scripts.parts import (
    Family,
    Plain,
    hidden_layer,
    label_input,
    lines,
    optimizer,
    through,
)
from genlab.models.architecture import END, KERNEL, Architecture, image_channels, image_sizes, image_units


def flow(lane: Plain) -> Family:
    s, steps = lane.settings, lane.settings.integration_steps
    labels, given, told = (", labels", "x, labels", "[x, labels, time]") if lane.classes else ("", "x", "[x, time]")
    ones = ", 1" * len(lane.shape)
    updates = lines(
        "mean, variance = train.mean(axis=0), train.var(axis=0).mean()"
        if lane.points
        else "mean, variance = 2.0 * train.mean(axis=0) - 1.0, 4.0 * train.var(axis=0).mean()",
        optimizer("optimizer", s.learning_rate, s.learning_rate_decay),
        "",
        f"def velocity_at(x, time{labels}):",
        f"    rough = gaussian_velocity(x, ops.reshape(time, (-1{ones})), mean, variance)",
        f"    return rough + velocity({told})",
        "",
        "def velocity_loss():",
        f"    {given} = batch()",
        not lane.points and "    x = 2.0 * x - 1.0",
        "    noise, time = tf.random.normal(tf.shape(x)), tf.random.uniform((BATCH, 1))",
        f"    share = ops.reshape(time, (-1{ones}))",
        f"    predicted = velocity_at((1.0 - share) * noise + share * x, time{labels})",
        "    return squared_error(x - noise, predicted)",
        "",
        "@tf.function(autograph=False)",
        "def train_step():",
        "    descend(velocity_loss, velocity.trainable_variables, optimizer)",
        "",
        f"def sample(latent{labels}):",
        f"    x = ops.reshape(latent, {(-1, *lane.shape)})",
        f"    for step in range({steps}):",
        f"        time, end = (heun_times(ops.full((len(x), 1), share / {steps})) for share in (step, step + 1))",
        f"        first = velocity_at(x, time{labels})",
        f"        size = ops.reshape(end - time, (-1{ones}))",
        f"        second = velocity_at(x + size * first, end{labels})",
        "        x = x + 0.5 * size * (first + second)",
        f"    return {'x' if lane.points else 'ops.clip(0.5 * (x + 1.0), 0.0, 1.0)'}",
    )
    return Family(_velocity(lane), ("gaussian_velocity", "squared_error", "heun_times"), updates)


def _velocity(lane: Plain) -> str:
    """The network called velocity."""
    s, shape = lane.settings, lane.shape
    made_of = Architecture(s.width, s.hidden_layers, s.activation)
    names, inputs, told = ["x", "time"], [f"layers.Input({shape})", "layers.Input((1,))"], ["time"]
    label: str | bool = False
    if lane.classes:
        names.insert(1, "labels")
        made, label = label_input(lane.classes)
        inputs.insert(1, made)
        told.append("label")

    if lane.points:
        chain = hidden_layer(made_of, f"layers.Dense({s.width})", s.width) * s.hidden_layers
        joined = ["x", *told[1:], "time", f"-ops.log(rest + {END})"]
        return lines(
            f"{', '.join(names)} = inputs = {', '.join(inputs)}",
            label,
            "rest = 1.0 - time",
            f"x = layers.Concatenate()([{', '.join(joined)}])",
            through(chain),
            f"x = layers.Dense({shape[0]})(x) * rest / (rest + {END})",
            'velocity = keras.Model(inputs, x, name="velocity")',
        )
    sizes, channels = image_sizes(shape, s.hidden_layers), image_channels(made_of)

    def strides(before: tuple[int, int], after: tuple[int, int]) -> int:
        return 1 if before == after else 2

    body: list[str | bool] = [f"{', '.join(names)} = inputs = {', '.join(inputs)}", "passed = [x]", label]
    for before, after, wide in zip(sizes, sizes[1:], channels):
        convolution = f'layers.Conv2D({wide}, {KERNEL}, strides={strides(before, after)}, padding="same")'
        body += [through(hidden_layer(made_of, convolution, wide)), "passed.append(x)"]
    body.append(f"x = layers.Concatenate()([layers.Flatten()(x), {', '.join(told)}])")
    smallest = (*sizes[-1], channels[-1])
    for units in (image_units(made_of), math.prod(smallest)):
        body.append(through(hidden_layer(made_of, f"layers.Dense({units})", units)))
    body.append(f"x = layers.Reshape({smallest})(x)")
    for before, after, wide in zip(sizes[::-1], sizes[-2::-1], [*channels[-2::-1], channels[0]]):
        transposed = f'layers.Conv2DTranspose({wide}, {KERNEL}, strides={strides(before, after)}, padding="same")'
        crop = f"layers.CenterCrop({after[0]}, {after[1]})"
        body += [
            "x = layers.Concatenate()([x, passed.pop()])",
            through([*hidden_layer(made_of, transposed, wide), crop]),
        ]
    body += [
        "x = layers.Concatenate()([x, passed.pop()])",
        f'x = layers.Conv2D({shape[-1]}, {KERNEL}, padding="same")(x)',
        'velocity = keras.Model(inputs, x, name="velocity")',
    ]
    return lines(*body)
