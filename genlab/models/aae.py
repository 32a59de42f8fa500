"""The adversarial autoencoder: a discriminator on the latent in place of the KL."""

from __future__ import annotations

from typing import Any, Literal

from genlab.datasets.base import Dataset
from genlab.models import encoder_decoder
from genlab.models.base import Context, Model, ModelFamily, Phase, Tensor
from genlab.registry import MODELS
from genlab.spec import setting


class AaeSettings(encoder_decoder.AutoencoderSettings):
    learning_rate: float = setting(
        5e-4, "Step size of the autoencoder's Adam.", minimum=0, maximum=1, live=True, main=True
    )
    discriminator_learning_rate: float = setting(
        3e-3, "Step size of the latent's discriminator.", minimum=0, maximum=1, live=True, main=True
    )
    adversarial_weight: float = setting(
        0.2,
        "Weight of the encoder's adversarial loss beside the squared error.",
        minimum=0,
        maximum=1000,
        live=True,
        main=True,
    )
    posterior: Literal["deterministic", "gaussian"] = setting(
        "gaussian", "A code is a point, or is drawn from a Gaussian that the encoder describes.", architecture=True
    )
    discriminator_width: int = setting(
        64, "Units per hidden layer of the latent's discriminator.", minimum=1, maximum=512, architecture=True
    )
    discriminator_steps: int = setting(
        2, "Updates of the discriminator in each step.", minimum=0, maximum=10, live=True
    )


def build_aae(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_{E,D} max_J E[||x - D(e)||^2] + w (E[log J(z)] + E[log(1 - J(e))]), e the code of x and z from the prior

    Makhzani et al. 2015, "Adversarial Autoencoders", with their deterministic or their Gaussian posterior. A
    discriminator J of codes stands where the VAE has its KL; J judges codes, not examples, so there is no score of an
    example. The encoder plays the non-saturating game. Error and game share one update here, weighed by w, where the
    paper updates in turn: under Adam, updates in turn have no weights.

    On points the preset takes the Gaussian, and a discriminator that learns faster than the encoder: eight tight
    clusters can only be spread over the prior by noise or by a very steep encoder, and a slow discriminator does not
    see the gaps between them.

    Recorded:

    - `autoencoder/reconstruction`: the squared error summed over the values of an example; `autoencoder/adversarial`:
      the encoder's non-saturating loss, ln 2 = 0.693 where codes and prior cannot be told apart; `autoencoder/loss`:
      the weighted sum.
    - `discriminator/loss`: 2 ln 2 = 1.386 there.
    - `discriminator/accuracy_real` and `discriminator/accuracy_fake`: the shares of draws and of codes that it gets
      right.
    """
    from keras import ops

    from genlab.models import losses, networks

    gaussian = settings.posterior == "gaussian"
    autoencoder = encoder_decoder.build_encoder_decoder(settings, dataset, context, moments=gaussian)
    discriminator = networks.encoder(
        (settings.latent_dim,),
        1,
        networks.Architecture(settings.discriminator_width, activation="relu"),
        context.seed + 2000,
        "discriminator",
    )

    def code(x: Tensor, labels: Tensor, training: bool = False) -> Tensor:
        if not gaussian:
            return autoencoder.encoder_output(x, labels, training)
        mean, log_variance = autoencoder.moments(x, labels, training)
        return context.reparameterize(mean, log_variance)

    def autoencoder_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        codes = code(x, labels, training=True)
        error = losses.squared_error(x, autoencoder.decode(codes, labels, training=True))
        adversarial = losses.non_saturating_generator_loss(discriminator(codes))
        weight = ops.convert_to_tensor(settings.adversarial_weight)
        return {"loss": error + weight * adversarial, "reconstruction": error, "adversarial": adversarial}

    def discriminator_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        draws = context.draw_prior(settings.batch_size, settings.latent_dim)
        real_logits = discriminator(draws, training=True)
        fake_logits = discriminator(code(x, labels), training=True)
        return {
            "loss": losses.cross_entropy_discriminator_loss(real_logits, fake_logits),
            **losses.accuracies(real_logits, fake_logits),
        }

    return Model(
        networks={**autoencoder.networks, "discriminator": discriminator},
        phases=[
            Phase(
                "autoencoder",
                ("encoder", "decoder"),
                autoencoder_loss,
                ("loss", "reconstruction", "adversarial"),
                context.adam(settings.learning_rate, 0.5, settings.learning_rate_decay),
            ),
            Phase(
                "discriminator",
                ("discriminator",),
                discriminator_loss,
                ("loss", "accuracy_real", "accuracy_fake"),
                context.adam(settings.discriminator_learning_rate, 0.5, settings.learning_rate_decay),
                settings.discriminator_steps,
            ),
        ],
        latent_dim=settings.latent_dim,
        sample=autoencoder.sample,
        decode=autoencoder.decode,
        encode=autoencoder.moments if gaussian else lambda x, labels: (autoencoder.encoder_output(x, labels),),
    )


MODELS.add(
    ModelFamily(
        name="aae",
        title="Adversarial AE",
        description="An autoencoder whose codes have to pass for draws from the prior in the eyes of a discriminator.",
        settings=AaeSettings,
        build=build_aae,
        curves={
            "reconstruction": "autoencoder/reconstruction",
            "encoder": "autoencoder/adversarial",
            "discriminator": "discriminator/loss",
        },
        abilities=("sample", "encode", "reconstruct"),
        defaults={
            "images": {
                **encoder_decoder.IMAGES,
                "learning_rate": 1e-3,
                "discriminator_learning_rate": 1e-3,
                "adversarial_weight": 1.0,
                "posterior": "deterministic",
                "discriminator_steps": 1,
            }
        },
    )
)
