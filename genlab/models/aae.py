"""The adversarial autoencoder: a discriminator on the latent in place of the KL."""

from __future__ import annotations

from typing import Any

from genlab.datasets.base import Dataset
from genlab.models import coders
from genlab.models.base import Context, Model, ModelFamily, Phase, Tensor
from genlab.registry import MODELS
from genlab.spec import setting


class AaeSettings(coders.CoderSettings):
    adversarial_learning_rate: float = setting(
        1e-3,
        "Step size of the discriminator, and of the encoder against it.",
        minimum=0,
        maximum=1,
        live=True,
        main=True,
    )
    discriminator_width: int = setting(
        64, "Units per hidden layer of the latent's discriminator.", minimum=1, maximum=512
    )
    discriminator_steps: int = setting(
        1, "Updates of the discriminator in each step.", minimum=0, maximum=10, live=True
    )


def build_aae(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_{E,D} E||x - D(E(x))||^2, and min_E max_J E[log J(z)] + E[log(1 - J(E(x)))], z from the prior

    Makhzani et al. 2015, "Adversarial Autoencoders", with the deterministic encoder. J judges codes, not examples, so
    there is no score of an example. The encoder plays the non-saturating game; the three updates take turns, each with
    an Adam of its own, so that the two errors need no weights.

    Recorded:

    - `autoencoder/loss`: the squared error summed over the values of an example.
    - `discriminator/loss`: 2 ln 2 = 1.386 where codes and prior cannot be told apart; with it the shares of draws
      (`discriminator/accuracy_real`) and of codes (`discriminator/accuracy_fake`) that are told right.
    - `encoder/loss`: ln 2 = 0.693 there.
    """
    import keras
    from keras import ops

    from genlab.models import losses, networks

    both = coders.make_coders(settings, dataset, context)
    discriminator = networks.encoder(
        (settings.latent_dim,), 1, settings.discriminator_width, context.seed + 2000, "discriminator"
    )

    def reconstruct(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        decoded = both.decode(both.code(x, labels, training=True), labels, training=True)
        return {"loss": losses.squared_error(x, decoded)}

    def tell_apart(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        draws = keras.random.normal((settings.batch_size, settings.latent_dim), seed=context.seeds)
        real_logits = discriminator(draws, training=True)
        fake_logits = discriminator(both.code(x, labels), training=True)
        return {
            "loss": losses.discriminator_loss(real_logits, fake_logits),
            "accuracy_real": ops.mean(ops.cast(real_logits > 0, "float32")),
            "accuracy_fake": ops.mean(ops.cast(fake_logits < 0, "float32")),
        }

    def deceive(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        return {"loss": losses.non_saturating_loss(discriminator(both.code(x, labels, training=True)))}

    def adam(learning_rate: Any, beta_1: float) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(lambda: learning_rate.value, beta_1=beta_1)

    adversarial = settings.adversarial_learning_rate
    return Model(
        networks={**both.networks, "discriminator": discriminator},
        phases=[
            Phase("autoencoder", ("encoder", "decoder"), reconstruct, ("loss",), adam(settings.learning_rate, 0.9)),
            Phase(
                "discriminator",
                ("discriminator",),
                tell_apart,
                ("loss", "accuracy_real", "accuracy_fake"),
                adam(adversarial, 0.5),
                settings.discriminator_steps,
            ),
            Phase("encoder", ("encoder",), deceive, ("loss",), adam(adversarial, 0.5)),
        ],
        latent_dim=settings.latent_dim,
        sample=both.decode,
        encode=lambda x, labels: (both.code(x, labels),),
    )


MODELS.add(
    ModelFamily(
        name="aae",
        title="Adversarial AE",
        settings=AaeSettings,
        build=build_aae,
        curves={
            "reconstruction": "autoencoder/loss",
            "encoder": "encoder/loss",
            "discriminator": "discriminator/loss",
        },
        abilities=("sample", "encode", "reconstruct"),
        defaults={"images": coders.IMAGES},
    )
)
