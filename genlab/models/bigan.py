"""The bidirectional GAN: a GAN with an encoder, judged by pairs of example and latent."""

from __future__ import annotations

from typing import Any

from genlab.datasets.base import Dataset
from genlab.models import encoder_decoder
from genlab.models.base import Context, Model, ModelFamily, Phase, Tensor
from genlab.models.updates import average_setting, r1_setting, zero_centered_penalty
from genlab.registry import MODELS
from genlab.spec import setting


class BiganSettings(encoder_decoder.AutoencoderSettings):
    discriminator_learning_rate: float = setting(
        1e-3, "Step size of the discriminator.", minimum=0, maximum=1, live=True, main=True
    )
    discriminator_width: int = setting(
        64, "Units per hidden layer; channels of the first convolution.", minimum=1, maximum=512, architecture=True
    )
    discriminator_steps: int = setting(
        1, "Updates of the discriminator in each step.", minimum=0, maximum=10, live=True
    )
    spectral_normalization: bool = setting(
        False,
        "Spectral normalisation of the discriminator's hidden layers, which limits how steep they are.",
        architecture=True,
    )
    beta_1: float = setting(
        0.5, "Adam's beta_1: decay of its running mean of gradients, of both updates.", minimum=0, maximum=0.999
    )
    r1_weight: float = r1_setting()
    penalty_interval: int = setting(
        1, "R1 is taken in every so many-th step, with so many times its weight.", minimum=1, maximum=100
    )
    ema_decay: float = average_setting("the weights of encoder and decoder, used after training")


def build_bigan(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_{G,E} max_D E[log D(x, E(x))] + E[log(1 - D(G(z), z))]

    Donahue et al. 2017, "Adversarial Feature Learning", and Dumoulin et al. 2017, "Adversarially Learned Inference".
    Where it succeeds E inverts G, without ever having seen a reconstruction error. Encoder and generator minimise the
    same loss with the labels swapped, as in the paper. D judges pairs, so there is no score of an example alone. On
    images the preset has what helps `gan` there: the R1 penalty at real examples (Mescheder et al. 2018), in every
    fourth step, Adam without momentum, and an average of the weights of encoder and decoder (Yazici et al. 2019).

    Recorded:

    - `discriminator/loss`: 2 ln 2 = 1.386 where it cannot tell.
    - `discriminator/accuracy_real` and `discriminator/accuracy_fake`: the shares of real and of generated pairs that it
      gets right.
    - `generator/loss`: of encoder and generator, 2 ln 2 there too.
    - `generator/reconstruction`: the squared error of G(E(x)), watched and not minimised.
    - `discriminator/r1`: the weighted penalty, part of the loss where it is on.
    """
    from genlab.models import losses, networks

    shape = dataset.train.shape[1:]
    autoencoder = encoder_decoder.build_encoder_decoder(settings, dataset, context, averaged=bool(settings.ema_decay))
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
        latent_dim=settings.latent_dim,
    )

    def logits(x: Tensor, labels: Tensor, training: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Of real and of generated pairs, and the codes; `training` says whether the discriminator learns, or they."""
        codes = autoencoder.encoder_output(x, labels, training=not training)
        draws = context.draw_prior(settings.batch_size, settings.latent_dim)
        generated = autoencoder.decode(draws, labels, training=not training)
        real = discriminator([x, codes], training=training)
        return real, discriminator([generated, draws], training=training), codes

    def discriminator_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        real, fake, codes = logits(x, labels, training=True)
        loss, accuracies = losses.cross_entropy_discriminator_loss(real, fake), losses.accuracies(real, fake)
        if not settings.r1_weight:
            return {"loss": loss, **accuracies}
        penalty = zero_centered_penalty(
            context, lambda x: discriminator([x, codes]), x, settings.r1_weight, settings.penalty_interval
        )
        return {"loss": loss + penalty, **accuracies, "r1": penalty}

    def generator_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        real, fake, codes = logits(x, labels, training=False)
        return {
            "loss": losses.cross_entropy_discriminator_loss(fake, real),
            "reconstruction": losses.squared_error(x, autoencoder.decode(codes, labels)),
        }

    trained = autoencoder.trained
    return Model(
        networks={**autoencoder.networks, "discriminator": discriminator, **autoencoder.averages},
        phases=[
            Phase(
                "discriminator",
                ("discriminator",),
                discriminator_loss,
                ("loss", "accuracy_real", "accuracy_fake") + ("r1",) * bool(settings.r1_weight),
                context.adam(settings.discriminator_learning_rate, settings.beta_1, settings.learning_rate_decay),
                settings.discriminator_steps,
            ),
            Phase(
                "generator",
                ("encoder", "decoder"),
                generator_loss,
                ("loss", "reconstruction"),
                context.adam(settings.learning_rate, settings.beta_1, settings.learning_rate_decay),
                after=autoencoder.update_average(settings.ema_decay),
                follows=tuple(autoencoder.averages),
            ),
        ],
        latent_dim=settings.latent_dim,
        sample=trained.sample,
        decode=trained.decode,
        encode=lambda x, labels: (trained.encoder_output(x, labels),),
    )


MODELS.add(
    ModelFamily(
        name="bigan",
        title="BiGAN",
        description="A GAN with an encoder: the discriminator judges pairs of an example and its latent.",
        settings=BiganSettings,
        build=build_bigan,
        curves={"generator": "generator/loss", "discriminator": "discriminator/loss"},
        abilities=("sample", "encode", "reconstruct"),
        defaults={
            "images": {
                **encoder_decoder.IMAGES,
                "latent_dim": 16,
                "learning_rate": 4e-3,
                "discriminator_learning_rate": 3e-3,
                "discriminator_width": 16,
                "beta_1": 0.0,
                "r1_weight": 1.0,
                "penalty_interval": 4,
                "ema_decay": 0.995,
            }
        },
    )
)
