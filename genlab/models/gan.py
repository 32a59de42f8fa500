"""The generative adversarial network: a generator against a discriminator."""

from __future__ import annotations

from typing import Any

from genlab.datasets.base import Dataset
from genlab.models.base import Model, ModelFamily, Phase, Tensor
from genlab.registry import MODELS
from genlab.spec import Settings, setting


class GanSettings(Settings):
    generator_learning_rate: float = setting(
        1e-3, "Step size of the generator's Adam.", minimum=0, maximum=1, live=True, main=True
    )
    discriminator_learning_rate: float = setting(
        1e-3, "Step size of the discriminator's Adam.", minimum=0, maximum=1, live=True, main=True
    )
    discriminator_steps: int = setting(
        1, "Updates of the discriminator in each step.", minimum=0, maximum=10, live=True
    )
    generator_steps: int = setting(1, "Updates of the generator in each step.", minimum=0, maximum=10, live=True)
    latent_dim: int = setting(2, "Dimensions of the latent.", minimum=1, maximum=256)
    width: int = setting(64, "Units per hidden layer; channels of the largest image.", minimum=1, maximum=512)
    batch_size: int = setting(128, "Examples in each update.", minimum=2, maximum=4096)
    discriminator_width: int = setting(64, "The same, of the discriminator.", minimum=1, maximum=512)
    spectral_normalization: bool = setting(
        False, "Bound how steep the discriminator can be, which keeps it from winning outright."
    )
    beta_1: float = setting(0.5, "Adam's memory of past gradients, in both networks.", minimum=0, maximum=0.999)


def build_gan(settings: Any, dataset: Dataset, seed: int) -> Model:
    """min_G max_D E[log D(x)] + E[log(1 - D(G(z)))], the generator minimising -log D(G(z)) instead (non-saturating).

    Goodfellow et al. 2014, "Generative Adversarial Nets". With Adam at beta_1 = 0.5 after Radford et al. 2015 (DCGAN).
    On images the preset normalises the discriminator spectrally (Miyato et al. 2018): without, at this size and speed,
    it tells every sample apart within a few hundred steps and the generator learns nothing.

    Recorded: `discriminator/loss` (2 ln 2 = 1.386 where it cannot tell), `generator/loss` (ln 2 = 0.693 there), and the
    shares of real and of generated examples that the discriminator gets right, in the batches it learned from.
    """
    import keras
    from keras import ops

    from genlab.models import losses, networks

    shape = dataset.train.shape[1:]
    generator = networks.decoder(settings.latent_dim, shape, settings.width, seed, "generator")
    discriminator = networks.encoder(
        shape, 1, settings.discriminator_width, seed + 1000, "discriminator", settings.spectral_normalization
    )
    seeds = keras.random.SeedGenerator(seed)

    def examples(latent: Tensor, training: bool = False) -> Tensor:
        raw = generator(latent, training=training)
        return raw if dataset.kind == "points" else ops.sigmoid(raw)

    def draw() -> Tensor:
        return keras.random.normal((settings.batch_size, settings.latent_dim), seed=seeds)

    def tell_apart(real: Tensor) -> dict[str, Tensor]:
        real_logits = discriminator(real, training=True)
        fake_logits = discriminator(examples(draw()), training=True)
        return {
            "loss": losses.discriminator_loss(real_logits, fake_logits),
            "accuracy_real": ops.mean(ops.cast(real_logits > 0, "float32")),
            "accuracy_fake": ops.mean(ops.cast(fake_logits < 0, "float32")),
        }

    def deceive(_: Tensor) -> dict[str, Tensor]:
        return {"loss": losses.non_saturating_loss(discriminator(examples(draw(), training=True)))}

    def adam(learning_rate: Any) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(lambda: learning_rate.value, beta_1=settings.beta_1)

    return Model(
        networks={"generator": generator, "discriminator": discriminator},
        phases=[
            Phase(
                "discriminator",
                ("discriminator",),
                tell_apart,
                ("loss", "accuracy_real", "accuracy_fake"),
                adam(settings.discriminator_learning_rate),
                settings.discriminator_steps,
            ),
            Phase(
                "generator",
                ("generator",),
                deceive,
                ("loss",),
                adam(settings.generator_learning_rate),
                settings.generator_steps,
            ),
        ],
        seed=seeds,
        latent_dim=settings.latent_dim,
        sample=examples,
        score=lambda x: ops.sigmoid(discriminator(x, training=False))[:, 0],
    )


MODELS.add(
    ModelFamily(
        name="gan",
        title="GAN",
        settings=GanSettings,
        build=build_gan,
        curves={"generator": "generator/loss", "discriminator": "discriminator/loss"},
        defaults={
            "images": {
                "latent_dim": 16,
                "generator_learning_rate": 2e-3,
                "width": 16,
                "discriminator_width": 32,
                "batch_size": 32,
                "spectral_normalization": True,
            }
        },
    )
)
