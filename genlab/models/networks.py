"""The networks that models are made of: small MLPs for points, small strided convolutions for images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras
from keras import layers, ops

SLOPE = 0.2  # of the leaky rectifier, after Radford et al. 2015 (DCGAN)
EMBEDDING = 16  # numbers that stand for a label


def encoder(
    shape: tuple[int, ...],
    outputs: int,
    width: int,
    seed: int,
    name: str,
    *,
    spectral_normalization: bool = False,
    classes: int = 0,
    pack: int = 1,
    latent_dim: int = 0,
) -> keras.Model:
    """Examples of this shape -> (batch, outputs). Serves as encoder and as discriminator.

    Points: two hidden layers of `width`. Images: two strided convolutions of `width` and 2 `width` channels, one dense
    layer of 4 `width`; pixels are moved from [0, 1] to [-1, 1] first. Spectral normalisation (Miyato et al. 2018)
    bounds how steep the network can be, layer by layer; the last layer stays free, to set the scale of the logits.

    Args:
        classes: if not 0, a second input, labels (batch, pack), joins the first layer.
        pack: examples judged together, laid side by side in the last axis by `packed`.
        latent_dim: if not 0, a last input, latents (batch, latent_dim), joins the first dense layer.
    """
    initializers = _initializers(seed)

    def weighted(layer: layers.Layer) -> layers.Layer:
        return layers.SpectralNormalization(layer) if spectral_normalization else layer

    def dense(units: int) -> layers.Layer:
        return weighted(layers.Dense(units, kernel_initializer=next(initializers)))

    x = layers.Input((*shape[:-1], pack * shape[-1]))
    inputs = [x]
    if len(shape) == 3:
        x = layers.Rescaling(2.0, offset=-1.0)(x)
    if classes:
        labels = layers.Input((pack,), dtype="int32")
        inputs.append(labels)
        embedded = layers.Flatten()(_embedding(classes, initializers)(labels))
        if len(shape) == 3:
            plane = layers.Dense(shape[0] * shape[1], kernel_initializer=next(initializers))(embedded)
            embedded = layers.Reshape((*shape[:-1], 1))(plane)
        x = layers.Concatenate()([x, embedded])
    if len(shape) == 3:
        for channels in (width, 2 * width):
            convolution = layers.Conv2D(channels, 4, strides=2, padding="same", kernel_initializer=next(initializers))
            x = layers.LeakyReLU(SLOPE)(weighted(convolution)(x))
        x = layers.Flatten()(x)
    if latent_dim:
        latent = layers.Input((latent_dim,))
        inputs.append(latent)
        x = layers.Concatenate()([x, latent])
    if len(shape) == 3:
        x = layers.LeakyReLU(SLOPE)(dense(4 * width)(x))
    else:
        for _ in range(2):
            x = layers.ReLU()(dense(width)(x))
    out = layers.Dense(outputs, kernel_initializer=next(initializers))(x)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], out, name=name)


def decoder(
    latent_dim: int, shape: tuple[int, ...], width: int, seed: int, name: str, *, classes: int = 0
) -> keras.Model:
    """(batch, latent_dim) -> examples of this shape, without a final squashing: coordinates, or logits of pixels.

    The mirror image of `encoder`. Images start at a quarter of the height and width, rounded up, and are cropped. With
    classes, labels (batch, 1) are a second input and join the latent.
    """
    initializers = _initializers(seed)
    x = layers.Input((latent_dim,))
    inputs = [x]
    if classes:
        labels = layers.Input((1,), dtype="int32")
        inputs.append(labels)
        x = layers.Concatenate()([x, layers.Flatten()(_embedding(classes, initializers)(labels))])
    if len(shape) == 1:
        for _ in range(2):
            x = layers.Dense(width, "relu", kernel_initializer=next(initializers))(x)
        out = layers.Dense(shape[0], kernel_initializer=next(initializers))(x)
    else:
        height, columns, channels = shape
        rows, cols = math.ceil(height / 4), math.ceil(columns / 4)
        x = layers.Dense(4 * width, kernel_initializer=next(initializers))(x)
        x = layers.LeakyReLU(SLOPE)(x)
        x = layers.Dense(rows * cols * 2 * width, kernel_initializer=next(initializers))(x)
        x = layers.LeakyReLU(SLOPE)(x)
        x = layers.Reshape((rows, cols, 2 * width))(x)
        x = layers.Conv2DTranspose(width, 4, strides=2, padding="same", kernel_initializer=next(initializers))(x)
        x = layers.LeakyReLU(SLOPE)(x)
        x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", kernel_initializer=next(initializers))(x)
        out = layers.Cropping2D(((0, 4 * rows - height), (0, 4 * cols - columns)))(x)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], out, name=name)


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


class LearnedNoise(layers.Layer):
    """The logarithm of one standard deviation, learned: the noise that a Gaussian decoder assumes on every value."""

    def __init__(self, initial_std: float, **options: Any) -> None:
        super().__init__(**options)
        self.initial_std = initial_std

    def build(self, _: Any) -> None:
        self.log_std = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(math.log(self.initial_std)), name="log_std"
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
