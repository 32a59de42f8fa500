"""The VAE-GAN: a VAE whose decoder is a GAN's generator, and whose errors are measured in the discriminator's eyes."""

from __future__ import annotations

from typing import Any

from genlab.datasets.base import Dataset
from genlab.models import encoder_decoder
from genlab.models.base import Context, Model, ModelFamily, Phase, Tensor
from genlab.registry import MODELS
from genlab.spec import setting


class VaeGanSettings(encoder_decoder.AutoencoderSettings):
    discriminator_learning_rate: float = setting(
        1e-3, "Step size of the discriminator.", minimum=0, maximum=1, live=True, main=True
    )
    discriminator_width: int = setting(
        64, "Units per hidden layer; channels of the first convolution.", minimum=1, maximum=512, architecture=True
    )
    spectral_normalization: bool = setting(
        False,
        "Spectral normalisation of the discriminator's hidden layers, which limits how steep they are.",
        architecture=True,
    )
    beta: float = setting(1.0, "Weight of the KL.", minimum=0, maximum=1000, live=True)
    similarity_weight: float = setting(
        1.0, "Weight of the error between the discriminator's features.", minimum=0, maximum=10_000, live=True
    )
    pixel_weight: float = setting(
        0.0, "Weight of the plain squared error beside it.", minimum=0, maximum=10_000, live=True
    )
    adversarial_weight: float = setting(
        1.0, "Weight of the decoder's adversarial loss.", minimum=0, maximum=10_000, live=True
    )


def build_vae_gan(settings: Any, dataset: Dataset, context: Context) -> Model:
    """E: min beta KL + R;  D: min R - w log J(D(e)) - w log J(D(z));  J: max log J(x) + [log(1 - J)] at D(e) and D(z)

    where e is drawn from the posterior q(z|x), z from the prior, and R = s ||f(x) - f(D(e))||^2 / 2 is the error
    between the features f, what enters the last layer of the discriminator J. Larsen et al. 2016, "Autoencoding beyond
    pixels using a learned similarity metric", algorithm 1, with the non-saturating loss in the decoder. The two
    logarithms of generated examples are averaged in J. A plain squared error, p ||x - D(e)||^2, may be added to R; the
    paper has none (p = 0). The presets give it weight, for in a few thousand steps the features alone do not settle.

    Recorded:

    - `encoder/kl`: nats per example; `encoder/reconstruction`: R; `encoder/loss`: their weighted sum.
    - `decoder/loss`: what the decoder minimises.
    - `discriminator/loss`: 2 ln 2 = 1.386 where it cannot tell.
    - `discriminator/accuracy_real` and `discriminator/accuracy_fake`: the shares of real and of generated examples that
      it gets right.
    """
    from keras import ops

    from genlab.models import losses, networks

    shape = dataset.train.shape[1:]
    autoencoder = encoder_decoder.build_encoder_decoder(settings, dataset, context, moments=True)
    discriminator = networks.encoder(
        shape,
        1,
        networks.Architecture(
            settings.discriminator_width,
            settings.hidden_layers,
            settings.activation,
            spectral=settings.spectral_normalization,
        ),
        context.seed + 2000,
        "discriminator",
    )
    with_features = networks.with_features(discriminator)

    def prior() -> Tensor:
        return context.draw_prior(settings.batch_size, settings.latent_dim)

    def dissimilarity(x: Tensor, decoded: Tensor, features: Tensor) -> Tensor:
        learned = 0.5 * losses.squared_error(with_features(x)[0], features)
        plain = losses.squared_error(x, decoded)
        return ops.convert_to_tensor(settings.similarity_weight) * learned + (
            ops.convert_to_tensor(settings.pixel_weight) * plain
        )

    def encoder_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        mean, log_variance = autoencoder.moments(x, labels, training=True)
        decoded = autoencoder.decode(context.reparameterize(mean, log_variance), labels)
        reconstruction = dissimilarity(x, decoded, with_features(decoded)[0])
        kl = ops.sum(losses.kl_per_dimension(mean, log_variance))
        loss = ops.convert_to_tensor(settings.beta) * kl + reconstruction
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}

    def decoder_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        decoded = autoencoder.decode(context.reparameterize(*autoencoder.moments(x, labels)), labels, training=True)
        features, decoded_logits = with_features(decoded)
        _, drawn_logits = with_features(autoencoder.decode(prior(), labels, training=True))
        adversarial = losses.non_saturating_generator_loss(decoded_logits) + losses.non_saturating_generator_loss(
            drawn_logits
        )
        weight = ops.convert_to_tensor(settings.adversarial_weight)
        return {"loss": dissimilarity(x, decoded, features) + weight * adversarial}

    def discriminator_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        decoded = autoencoder.decode(context.reparameterize(*autoencoder.moments(x, labels)), labels)
        fakes = ops.concatenate([decoded, autoencoder.decode(prior(), labels)])
        real_logits, fake_logits = discriminator(x, training=True), discriminator(fakes, training=True)
        return {
            "loss": losses.cross_entropy_discriminator_loss(real_logits, fake_logits),
            **losses.accuracies(real_logits, fake_logits),
        }

    return Model(
        networks={**autoencoder.networks, "discriminator": discriminator},
        phases=[
            Phase(
                "encoder",
                ("encoder",),
                encoder_loss,
                ("loss", "reconstruction", "kl"),
                context.adam(settings.learning_rate, 0.5, settings.learning_rate_decay),
            ),
            Phase(
                "decoder",
                ("decoder",),
                decoder_loss,
                ("loss",),
                context.adam(settings.learning_rate, 0.5, settings.learning_rate_decay),
            ),
            Phase(
                "discriminator",
                ("discriminator",),
                discriminator_loss,
                ("loss", "accuracy_real", "accuracy_fake"),
                context.adam(settings.discriminator_learning_rate, 0.5, settings.learning_rate_decay),
            ),
        ],
        latent_dim=settings.latent_dim,
        sample=autoencoder.sample,
        decode=autoencoder.decode,
        encode=autoencoder.moments,
        score=lambda x, labels: ops.sigmoid(discriminator(x))[:, 0],
        logit=lambda x, labels: discriminator(x)[:, 0],
    )


MODELS.add(
    ModelFamily(
        name="vae-gan",
        title="VAE-GAN",
        description="A VAE that plays a GAN's game too, and measures its errors in the discriminator's features.",
        settings=VaeGanSettings,
        build=build_vae_gan,
        curves={
            "reconstruction": "encoder/reconstruction",
            "KL": "encoder/kl",
            "discriminator": "discriminator/loss",
        },
        abilities=("sample", "encode", "reconstruct", "score"),
        defaults={
            "points": {"pixel_weight": 50.0},
            "images": {
                **encoder_decoder.IMAGES,
                "discriminator_width": 32,
                "spectral_normalization": True,
                "pixel_weight": 1.0,
            },
        },
    )
)
