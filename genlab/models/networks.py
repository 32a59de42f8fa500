"""The networks that models are made of: small MLPs for points, small strided convolutions for images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
from keras import layers, ops

from genlab.models.architecture import (
    BATCH_MOMENTUM,
    CATEGORY_SCALE,
    EMBEDDING,
    END,
    GROUPS,
    KERNEL,
    Architecture,
    image_channels,
    image_sizes,
    image_units,
)


def _silu(x: Any) -> Any:
    """x sigmoid(x) (Elfwing et al. 2018). TensorFlow keeps for ever every graph in which its own SiLU was built."""
    return layers.Multiply()([x, layers.Activation("sigmoid")(x)])


ACTIVATIONS = {
    "relu": layers.ReLU,
    "leaky-relu": lambda: layers.LeakyReLU(0.2),  # after Radford et al. 2015 (DCGAN)
    "elu": layers.ELU,
    "silu": lambda: _silu,
    "tanh": lambda: layers.Activation("tanh"),
}


def encoder(
    shape: tuple[int, ...],
    outputs: int,
    architecture: Architecture,
    seed: int,
    name: str,
    *,
    classes: int = 0,
    pack: int = 1,
    latent_dim: int = 0,
) -> keras.Model:
    """Examples of this shape -> (batch, outputs). Serves as encoder and as discriminator.

    Points: hidden layers of `width`. Images: convolutions, each of which halves the image down to 2 pixels and doubles
    the channels up to 8 `width`, then a dense layer of `image_units`; pixels are moved from [0, 1] to [-1, 1] first.

    Args:
        classes: if not 0, a second input, labels (batch, pack), joins the first layer.
        pack: examples judged together, laid side by side in the last axis by `packed`.
        latent_dim: if not 0, a last input, latents (batch, latent_dim), joins the first dense layer.
    """
    hidden = _Hidden(architecture, seed)
    x = layers.Input((*shape[:-1], pack * shape[-1]))
    inputs = [x]
    if len(shape) == 3:
        x = layers.Rescaling(2.0, offset=-1.0)(x)
    if classes:
        labels = layers.Input((pack,), dtype="int32")
        inputs.append(labels)
        embedded = layers.Flatten()(_embedding(classes, hidden.initializers)(labels))
        if len(shape) == 3:
            plane = layers.Dense(shape[0] * shape[1], kernel_initializer=next(hidden.initializers))(embedded)
            embedded = layers.Reshape((*shape[:-1], 1))(plane)
        x = layers.Concatenate()([x, embedded])
    if len(shape) == 3:
        sizes = image_sizes(shape, architecture.hidden_layers)
        for before, after, channels in zip(sizes, sizes[1:], image_channels(architecture)):
            x = hidden(x, layers.Conv2D, channels, KERNEL, strides=1 if before == after else 2, padding="same")
        x = layers.Flatten()(x)
    if latent_dim:
        latent = layers.Input((latent_dim,))
        inputs.append(latent)
        x = layers.Concatenate()([x, latent])
    if len(shape) == 3:
        x = hidden(x, layers.Dense, image_units(architecture))
    else:
        for _ in range(architecture.hidden_layers):
            x = hidden(x, layers.Dense, architecture.width)
    out = layers.Dense(outputs, kernel_initializer=next(hidden.initializers))(x)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], out, name=name)


def decoder(
    latent_dim: int,
    shape: tuple[int, ...],
    architecture: Architecture,
    seed: int,
    name: str,
    *,
    classes: int = 0,
    boundaries: Sequence[float] = (),
) -> keras.Model:
    """(batch, latent_dim) -> examples of this shape, without a final squashing: coordinates, or logits of pixels.

    The mirror image of `encoder`: the last convolution makes the image. What an odd height or width has too much is
    cropped. With classes, labels (batch, 1) are a second input and join the latent. With boundaries of its first
    dimension, the part that this is in joins it too, one-hot.
    """
    hidden = _Hidden(architecture, seed)
    x = layers.Input((latent_dim,))
    inputs = [x]
    if boundaries:
        category = layers.Discretization(list(boundaries), output_mode="one_hot")(x[:, :1])
        x = layers.Concatenate()([x, layers.Rescaling(CATEGORY_SCALE)(category)])
    if classes:
        labels = layers.Input((1,), dtype="int32")
        inputs.append(labels)
        x = layers.Concatenate()([x, layers.Flatten()(_embedding(classes, hidden.initializers)(labels))])
    if len(shape) == 1:
        for _ in range(architecture.hidden_layers):
            x = hidden(x, layers.Dense, architecture.width)
        out = layers.Dense(shape[0], kernel_initializer=next(hidden.initializers))(x)
    else:
        out = _image(x, shape, hidden)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], out, name=name)


def velocity(
    shape: tuple[int, ...], architecture: Architecture, seed: int, name: str, *, classes: int = 0
) -> keras.Model:
    """Examples of this shape and times (batch, 1), the last input -> an output of the same shape.

    Points: hidden layers of `width`, which the time t joins twice, as it is and as -ln(1 - t + END), since narrow data
    takes its shape at the end; what they give is multiplied by (1 - t) / (1 - t + END), which is near 1 and ends at 0.
    Images: convolutions as those of `encoder`, two dense layers that the time joins, and the way back as in `decoder`;
    each size is joined by what it was on the way in (Ronneberger et al. 2015, "U-Net"). With classes, labels (batch, 1)
    are the second input and join where the time does.
    """
    x, time = layers.Input(shape), layers.Input((1,))
    if len(shape) == 1:
        hidden_layers = encoder(shape, shape[0], architecture, seed, name, classes=classes, latent_dim=2)
        inputs = [x, *([layers.Input((1,), dtype="int32")] if classes else [])]
        rest = 1.0 - time
        out = hidden_layers([*inputs, ops.concatenate([time, -ops.log(rest + END)], axis=1)])
        return keras.Model([*inputs, time], out * rest / (rest + END), name=name)
    hidden = _Hidden(architecture, seed)
    inputs, told = [x], [time]
    if classes:
        labels = layers.Input((1,), dtype="int32")
        inputs.append(labels)
        told.append(layers.Flatten()(_embedding(classes, hidden.initializers)(labels)))
    sizes, channels = image_sizes(shape, architecture.hidden_layers), image_channels(architecture)
    passed = [x]
    for before, after, wide in zip(sizes, sizes[1:], channels):
        x = hidden(x, layers.Conv2D, wide, KERNEL, strides=1 if before == after else 2, padding="same")
        passed.append(x)
    x = layers.Concatenate()([layers.Flatten()(x), *told])
    x = hidden(x, layers.Dense, image_units(architecture))
    x = hidden(x, layers.Dense, math.prod(sizes[-1]) * channels[-1])
    x = layers.Reshape((*sizes[-1], channels[-1]))(x)
    for before, after, wide in zip(sizes[::-1], sizes[-2::-1], [*channels[-2::-1], channels[0]]):
        x = layers.Concatenate()([x, passed.pop()])
        x = hidden(x, layers.Conv2DTranspose, wide, KERNEL, strides=1 if before == after else 2, padding="same")
        x = layers.CenterCrop(*after)(x)
    x = layers.Concatenate()([x, passed.pop()])
    out = layers.Conv2D(shape[-1], KERNEL, padding="same", kernel_initializer=next(hidden.initializers))(x)
    return keras.Model([*inputs, time], out, name=name)


def _image(x: Any, shape: tuple[int, ...], hidden: _Hidden) -> Any:
    """What a decoder makes of latents: two dense layers, then convolutions that double the image."""
    architecture = hidden.architecture
    sizes = image_sizes(shape, architecture.hidden_layers)[::-1]
    channels = image_channels(architecture)[::-1]
    x = hidden(x, layers.Dense, image_units(architecture))
    x = hidden(x, layers.Dense, sizes[0][0] * sizes[0][1] * channels[0])
    x = layers.Reshape((*sizes[0], channels[0]))(x)
    for before, after, wide in zip(sizes, sizes[1:], [*channels[1:], 0]):
        stride = 1 if before == after else 2
        if wide:
            x = hidden(x, layers.Conv2DTranspose, wide, KERNEL, strides=stride, padding="same")
        else:
            last = {"strides": stride, "padding": "same", "kernel_initializer": next(hidden.initializers)}
            x = layers.Conv2DTranspose(shape[-1], KERNEL, **last)(x)
        extra = [stride * small - large for small, large in zip(before, after, strict=True)]
        if any(extra):
            x = layers.Cropping2D(((0, extra[0]), (0, extra[1])))(x)
    return x


class _Hidden:
    """Hidden layers of one network: weights, normalisation, activation, dropout."""

    def __init__(self, architecture: Architecture, seed: int) -> None:
        self.architecture, self.seed = architecture, seed
        self.initializers = _initializers(seed)

    def __call__(self, x: Any, layer: type[layers.Layer], units: int, *arguments: Any, **options: Any) -> Any:
        normalization = self.architecture.normalization
        weighted = layer(units, *arguments, kernel_initializer=next(self.initializers), **options)
        x = (layers.SpectralNormalization(weighted) if self.architecture.spectral else weighted)(x)
        if normalization == "batch":
            x = layers.BatchNormalization(momentum=BATCH_MOMENTUM)(x)
        elif normalization == "layer":
            x = layers.LayerNormalization()(x)
        elif normalization == "group":
            x = layers.GroupNormalization(math.gcd(units, GROUPS))(x)
        x = ACTIVATIONS[self.architecture.activation]()(x)
        if self.architecture.dropout:
            self.seed += 1
            x = layers.Dropout(self.architecture.dropout, seed=self.seed)(x)
        return x


def call(network: keras.Model, x: Any, labels: Any, *, training: bool = False) -> Any:
    """Call a network of examples or of latents, with the labels if it takes them; labels (batch,) or (batch, pack)."""
    if len(network.inputs) == 1:
        return network(x, training=training)
    return network([x, labels if len(labels.shape) == 2 else labels[:, None]], training=training)


def packed(x: Any, pack: int) -> Any:
    """(batch, ..., c) -> (batch // pack, ..., pack c): so many examples side by side, what is left over dropped."""
    if pack == 1:
        return x
    packs = x.shape[0] // pack
    x = ops.reshape(x[: packs * pack], (packs, pack, *x.shape[1:]))
    x = ops.moveaxis(x, 1, -2)
    return ops.reshape(x, (*x.shape[:-2], pack * x.shape[-1]))


def with_features(network: keras.Model) -> keras.Model:
    """The same network with two outputs: what enters its last layer, and what leaves it."""
    return keras.Model(network.inputs, [network.layers[-1].input, network.output])


class LearnedLogStd(layers.Layer):
    """The logarithm of one standard deviation, learned: the noise that a Gaussian decoder assumes on every value; or
    one for each value.
    """

    def __init__(self, initial_std: float, each: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.initial_std, self.each = initial_std, each

    def build(self, shape: Any) -> None:
        self.log_std = self.add_weight(
            shape=shape[1:] if self.each else (),
            initializer=keras.initializers.Constant(math.log(self.initial_std)),
            name="log_std",
        )

    def call(self, mean: Any) -> Any:
        return mean * 0.0 + self.log_std


def _embedding(classes: int, initializers: Iterator[Any]) -> layers.Layer:
    return layers.Embedding(classes, EMBEDDING, embeddings_initializer=next(initializers))


def _initializers(seed: int) -> Iterator[Any]:
    """A new Glorot initializer for every layer, drawn from one seed."""
    while True:
        seed += 1
        yield keras.initializers.GlorotUniform(seed)
