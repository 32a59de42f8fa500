"""The networks that models are made of: small MLPs for points, small strided convolutions for images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras
from keras import layers

SLOPE = 0.2  # of the leaky rectifier, after Radford et al. 2015 (DCGAN)


def encoder(
    shape: tuple[int, ...], outputs: int, width: int, seed: int, name: str, spectral_normalization: bool = False
) -> keras.Model:
    """Examples of this shape -> (batch, outputs). Serves as encoder and as discriminator.

    Points: two hidden layers of `width`. Images: two strided convolutions of `width` and 2 `width` channels, one dense
    layer of 4 `width`; pixels are moved from [0, 1] to [-1, 1] first. Spectral normalisation (Miyato et al. 2018)
    bounds how steep the network can be, layer by layer; the last layer stays free, to set the scale of the logits.
    """
    initializers = _initializers(seed)

    def weighted(layer: layers.Layer) -> layers.Layer:
        return layers.SpectralNormalization(layer) if spectral_normalization else layer

    x = inputs = layers.Input(shape)
    if len(shape) == 1:
        for _ in range(2):
            x = weighted(layers.Dense(width, "relu", kernel_initializer=next(initializers)))(x)
    else:
        x = layers.Rescaling(2.0, offset=-1.0)(x)
        for channels in (width, 2 * width):
            convolution = layers.Conv2D(channels, 4, strides=2, padding="same", kernel_initializer=next(initializers))
            x = weighted(convolution)(x)
            x = layers.LeakyReLU(SLOPE)(x)
        x = layers.Flatten()(x)
        x = weighted(layers.Dense(4 * width, kernel_initializer=next(initializers)))(x)
        x = layers.LeakyReLU(SLOPE)(x)
    outputs = layers.Dense(outputs, kernel_initializer=next(initializers))(x)
    return keras.Model(inputs, outputs, name=name)


def decoder(latent_dim: int, shape: tuple[int, ...], width: int, seed: int, name: str) -> keras.Model:
    """(batch, latent_dim) -> examples of this shape, without a final squashing: coordinates, or logits of pixels.

    The mirror image of `encoder`. Images start at a quarter of the height and width, rounded up, and are cropped.
    """
    initializers = _initializers(seed)
    x = inputs = layers.Input((latent_dim,))
    if len(shape) == 1:
        for _ in range(2):
            x = layers.Dense(width, "relu", kernel_initializer=next(initializers))(x)
        outputs = layers.Dense(shape[0], kernel_initializer=next(initializers))(x)
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
        outputs = layers.Cropping2D(((0, 4 * rows - height), (0, 4 * cols - columns)))(x)
    return keras.Model(inputs, outputs, name=name)


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


def _initializers(seed: int) -> Iterator[Any]:
    """A new Glorot initializer for every layer, drawn from one seed."""
    while True:
        seed += 1
        yield keras.initializers.GlorotUniform(seed)
