"""What all autoencoders share: an encoder, a decoder, their settings, and how an image comes out of its logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from genlab.datasets.base import Dataset
from genlab.models.base import Context, NetworkSettings, Normalization, Tensor
from genlab.models.outputs import Outputs, uniform_from_normal
from genlab.models.updates import averaging
from genlab.spec import setting


class AutoencoderSettings(NetworkSettings):
    learning_rate: float = setting(1e-3, "Step size of Adam.", minimum=0, maximum=1, live=True, main=True)
    latent_dim: int = setting(2, "Dimensions of the latent.", minimum=1, maximum=256, architecture=True)
    width: int = setting(
        64, "Units per hidden layer; channels of the first convolution.", minimum=1, maximum=512, architecture=True
    )
    dense_units: int = setting(
        0,
        "Units of the dense layer between the convolutions of images and the latent; 0: four times the width.",
        minimum=0,
        maximum=4096,
        architecture=True,
    )
    normalization: Normalization = setting(
        "none", "Normalisation in encoder and decoder, before each activation.", architecture=True
    )
    dropout: float = setting(
        0.0,
        "Share of encoder's and decoder's hidden units left out in training.",
        minimum=0,
        maximum=0.9,
        architecture=True,
    )
    batch_size: int = setting(128, "Examples in each update.", minimum=8, maximum=4096)


IMAGES = {"latent_dim": 8, "width": 16, "batch_size": 32, "activation": "leaky-relu"}


@dataclass(frozen=True)
class EncoderDecoder:
    """An encoder and a decoder of the same width.

    Attributes:
        networks: "encoder" and "decoder".
        classes: number of labels that both are told; 0 if they are told none.
        outputs: what makes the decoder's output examples.
        average: the same with an average of the weights, if there is one: what is used after training.
    """

    networks: dict[str, Any]
    classes: int
    outputs: Outputs
    context: Context
    average: EncoderDecoder | None = None

    @property
    def trained(self) -> EncoderDecoder:
        """What is used after training: the average where there is one."""
        return self.average or self

    @property
    def averages(self) -> dict[str, Any]:
        """The networks of the average: "ema_encoder" and "ema_decoder"; none where there is none."""
        return {f"ema_{name}": network for name, network in self.average.networks.items()} if self.average else {}

    def update_average(self, decay: float) -> Callable[[], None] | None:
        """What follows each update of both networks; None where there is no average."""
        if not self.average:
            return None
        updates = [averaging(self.average.networks[name], self.networks[name], decay) for name in self.networks]

        def update() -> None:
            for part in updates:
                part()

        return update

    def moments(self, x: Tensor, labels: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Examples -> mean and log variance of their codes, where the encoder has twice the latent's outputs."""
        from keras import ops

        mean, log_variance = ops.split(self.encoder_output(x, labels, training), 2, axis=1)
        return mean, log_variance

    def encoder_output(self, x: Tensor, labels: Tensor, training: bool = False) -> Tensor:
        """Examples -> the encoder's output (batch, outputs): the code, or mean and log variance side by side."""
        from genlab.models import networks

        return networks.call(self.networks["encoder"], x, labels, training=training)

    def decoder_output(self, latent: Tensor, labels: Tensor, training: bool = False) -> Tensor:
        """Latents -> the decoder's output before the sigmoid: coordinates, or logits of pixels."""
        from genlab.models import networks

        return networks.call(self.networks["decoder"], latent, labels, training=training)

    def decode(self, latent: Tensor, labels: Tensor, training: bool = False) -> Tensor:
        """Latents -> examples; of the categories of a table, the chance of each word."""
        return self.outputs.mean(self.decoder_output(latent, labels, training))

    def sample(self, latent: Tensor, labels: Tensor) -> Tensor:
        """Latents -> examples, with a word drawn for each category of a table."""
        if not self.outputs.categories:
            return self.decode(latent, labels)
        raw = self.decoder_output(latent, labels)
        return self.outputs.drawn(raw, uniform_from_normal(self.context.noise(latent, raw)))


def build_encoder_decoder(
    settings: Any,
    dataset: Dataset,
    context: Context,
    *,
    moments: bool = False,
    standardized: bool = False,
    conditional: bool = False,
    averaged: bool = False,
) -> EncoderDecoder:
    """The two networks; with `moments` the encoder says a mean and a log variance for each dimension of the latent.
    Where they are averaged, the average is of the same seed: it starts as a copy.

    Standardised codes have mean 0 and variance 1 in each dimension over a batch (Ioffe and Szegedy 2015).
    """
    import keras

    from genlab.models import networks

    shape = dataset.train.shape[1:]
    classes = len(dataset.modes.names) if conditional else 0
    outputs = (2 if moments else 1) * settings.latent_dim
    architecture = networks.Architecture(
        settings.width,
        settings.hidden_layers,
        settings.activation,
        settings.normalization,
        settings.dropout,
        dense_units=settings.dense_units,
    )

    def build(average: EncoderDecoder | None = None) -> EncoderDecoder:
        parts = {
            "encoder": networks.encoder(shape, outputs, architecture, context.seed, "encoder", classes=classes),
            "decoder": networks.decoder(
                settings.latent_dim, shape, architecture, context.seed + 1000, "decoder", classes=classes
            ),
        }
        if standardized:
            last = keras.layers.BatchNormalization(center=False, scale=False)
            parts["encoder"] = keras.Sequential([parts["encoder"], last], name="encoder")
        return EncoderDecoder(parts, classes, Outputs(dataset), context, average)

    return build(build() if averaged else None)
