"""What all autoencoders share: an encoder, a decoder, their settings, and how an image comes out of its logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genlab.datasets.base import Dataset
from genlab.models.base import Context, NetworkSettings, Normalization, Tensor
from genlab.spec import setting


class AutoencoderSettings(NetworkSettings):
    learning_rate: float = setting(1e-3, "Step size of Adam.", minimum=0, maximum=1, live=True, main=True)
    latent_dim: int = setting(2, "Dimensions of the latent.", minimum=1, maximum=256, architecture=True)
    width: int = setting(
        64, "Units per hidden layer; channels of the first convolution.", minimum=1, maximum=512, architecture=True
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
        points: whether examples are points; else images.
    """

    networks: dict[str, Any]
    classes: int
    points: bool

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
        """Latents -> examples."""
        from keras import ops

        raw = self.decoder_output(latent, labels, training)
        return raw if self.points else ops.sigmoid(raw)


def build_encoder_decoder(
    settings: Any,
    dataset: Dataset,
    context: Context,
    *,
    moments: bool = False,
    standardized: bool = False,
    conditional: bool = False,
) -> EncoderDecoder:
    """The two networks; with `moments` the encoder says a mean and a log variance for each dimension of the latent.

    Standardised codes have mean 0 and variance 1 in each dimension over a batch (Ioffe and Szegedy 2015).
    """
    import keras

    from genlab.models import networks

    shape = dataset.train.shape[1:]
    classes = len(dataset.modes.names) if conditional else 0
    outputs = (2 if moments else 1) * settings.latent_dim
    architecture = networks.Architecture(
        settings.width, settings.hidden_layers, settings.activation, settings.normalization, settings.dropout
    )
    parts = {
        "encoder": networks.encoder(shape, outputs, architecture, context.seed, "encoder", classes=classes),
        "decoder": networks.decoder(
            settings.latent_dim, shape, architecture, context.seed + 1000, "decoder", classes=classes
        ),
    }
    if standardized:
        last = keras.layers.BatchNormalization(center=False, scale=False)
        parts["encoder"] = keras.Sequential([parts["encoder"], last], name="encoder")
    return EncoderDecoder(parts, classes, dataset.kind == "points")
