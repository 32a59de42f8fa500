"""Wasserstein GANs: the discriminator is a critic, kept from being too steep by clipping or by a penalty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genlab.datasets.base import Dataset
from genlab.models.adversarial import CURVES, IMAGES, AdversarialSettings, Discriminator, Generator
from genlab.models.base import Context, Model, ModelFamily, Tensor
from genlab.registry import MODELS
from genlab.spec import setting


class WganSettings(AdversarialSettings):
    discriminator_steps: int = setting(3, "Updates of the critic in each step.", minimum=0, maximum=10, live=True)
    clip: float = setting(
        0.1, "The critic's weights are clipped to this, both ways.", minimum=1e-5, maximum=10, live=True
    )


class WganGpSettings(AdversarialSettings):
    discriminator_steps: int = setting(2, "Updates of the critic in each step.", minimum=0, maximum=10, live=True)
    gradient_penalty_weight: float = setting(
        0.1, "Weight of the gradient penalty, on gradient norms other than 1.", minimum=0, maximum=1000, live=True
    )


def build_wgan(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_G max_D E[D(x)] - E[D(G(z))] over critics D whose weights lie in [-c, c]

    Arjovsky et al. 2017, "Wasserstein GAN". The maximum is at most the Wasserstein distance times the steepest slope
    that clipping allows. The paper takes c = 0.01, five updates of the critic and RMSProp at 5e-5; in the few thousand
    steps here that hardly moves, so the preset clips at 0.1 after three updates by Adam. On images it clips at 0.05
    after two updates, without momentum, which the paper found unstable; the critic's layers are normalised (Ba et al.
    2016, "Layer Normalization"), for through clipped weights alone little of a picture reaches the last; and samples
    are from an average of the generator's weights.

    Recorded:

    - `discriminator/gap`: the critic's mean on real less its mean on generated examples, a distance in units of its
      slope; `discriminator/loss`: minus the gap.
    - `discriminator/clipped`: the share of the critic's weights that are at the bound.
    - `generator/loss`: minus the critic's mean on generated examples. Its zero means nothing.
    - `generator/gradient_norm`: the norm of the gradient that reaches the generator, over all its weights.
    - `discriminator/r1` and `discriminator/r2`: the weighted penalties, part of the loss where they are on.
    """
    from keras import ops

    discriminator = Discriminator(settings, dataset, context)

    def clip_weights() -> None:
        for weight in discriminator.network.trainable_variables:
            weight.assign(ops.clip(weight, -settings.clip, settings.clip))

    def clipped() -> Tensor:
        at_bound = ops.abs(_weights(discriminator)) >= 0.999 * ops.convert_to_tensor(settings.clip)
        return ops.mean(ops.cast(at_bound, "float32"))

    return _build(settings, dataset, context, discriminator, clipped=clipped, after=clip_weights)


def build_wgan_gp(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_G max_D E[D(x)] - E[D(G(z))] - w E[(||grad D(m)|| - 1)^2], m uniformly between a real and a generated example

    Gulrajani et al. 2017, "Improved Training of Wasserstein GANs". The weight w is 10 in the paper and on images; on
    points 0.1, as in the authors' own toy code. The presets update the critic twice a step, the paper five times. No
    network here uses batch normalisation, which the penalty forbids.

    Recorded:

    - `discriminator/gap`: the critic's mean on real less its mean on generated examples, an estimate of the Wasserstein
      distance, in the units of the data as far as the slope is 1.
    - `discriminator/penalty`: the weighted penalty; `discriminator/loss`: the penalty less the gap.
    - `generator/loss`: minus the critic's mean on generated examples. Its zero means nothing.
    - `generator/gradient_norm`: the norm of the gradient that reaches the generator, over all its weights.
    - `discriminator/r1` and `discriminator/r2`: the weighted penalties, part of the loss where they are on.
    """
    import keras
    from keras import ops

    from genlab.models import losses

    discriminator = Discriminator(settings, dataset, context)

    def penalty(real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        share = keras.random.uniform((real.shape[0], *[1] * (len(real.shape) - 1)), seed=context.seed_generator)
        between = share * real + (1.0 - share) * fake
        gradient = context.input_gradient(lambda x: discriminator(x, labels), between)
        return ops.convert_to_tensor(settings.gradient_penalty_weight) * losses.gradient_penalty(gradient)

    return _build(settings, dataset, context, discriminator, penalty=penalty)


def _weights(discriminator: Discriminator) -> Tensor:
    """All that training moves of it, (n,)."""
    from keras import ops

    return ops.concatenate([ops.reshape(weight, (-1,)) for weight in discriminator.network.trainable_variables])


def _build(
    settings: Any,
    dataset: Dataset,
    context: Context,
    discriminator: Discriminator,
    penalty: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None,
    clipped: Callable[[], Tensor] | None = None,
    after: Callable[[], None] | None = None,
) -> Model:
    """The two updates that both have, with a penalty in the critic's loss, or something done after its update."""
    from keras import ops

    from genlab.models import losses

    generator = Generator(settings, dataset, context)

    def critic_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        real = discriminator.inputs(x)
        fake = discriminator.inputs(generator.batch(labels))
        labels = discriminator.labels(labels)
        real_logits = discriminator(real, labels, training=True)
        fake_logits = discriminator(fake, labels, training=True)
        penalties = {"penalty": penalty(real, fake, labels)} if penalty else {}
        penalties |= discriminator.penalties(real, fake, labels)
        value = losses.wasserstein_critic_loss(real_logits, fake_logits)
        gap = ops.mean(real_logits) - ops.mean(fake_logits)
        shares = {"clipped": clipped()} if clipped else {}
        return {"loss": sum(penalties.values(), start=value), "gap": gap, **shares, **penalties}

    def generator_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        fake = discriminator.inputs(generator.batch(labels, training=True))
        return {"loss": losses.wasserstein_generator_loss(discriminator(fake, discriminator.labels(labels)))}

    def value(x: Tensor, labels: Tensor) -> Tensor:
        return discriminator(x, labels)[:, 0]

    judges_single_examples = settings.packing == 1
    logs = ("loss", "gap") + ("clipped",) * bool(clipped) + ("penalty",) * bool(penalty)
    return Model(
        # In the order of a checkpoint: the average last.
        networks={"generator": generator.networks["generator"], "discriminator": discriminator.network}
        | generator.networks,
        phases=[discriminator.phase(critic_loss, logs, after), generator.phase(generator_loss)],
        latent_dim=settings.latent_dim,
        sample=generator.sample,
        decode=generator.decode,
        score=value if judges_single_examples else None,
        logit=value if judges_single_examples else None,
        score_is="value",
        critic_weights=lambda: _weights(discriminator),
        prior=settings.prior,
        latent_categories=settings.latent_categories,
        conditional=settings.conditional,
    )


MODELS.add(
    ModelFamily(
        name="wgan",
        title="WGAN",
        description="A GAN whose critic measures how far samples are from the data; clipped weights keep it gentle.",
        settings=WganSettings,
        build=build_wgan,
        curves=CURVES,
        abilities=("sample", "score", "critic_weights"),
        defaults={
            "images": {
                **IMAGES,
                "discriminator_learning_rate": 2e-3,
                "discriminator_width": 16,
                "discriminator_normalization": "layer",
                "generator_beta_1": 0.0,
                "discriminator_beta_1": 0.0,
                "discriminator_steps": 2,
                "clip": 0.05,
                "ema_decay": 0.995,
            }
        },
    )
)
MODELS.add(
    ModelFamily(
        name="wgan-gp",
        title="WGAN-GP",
        description="A GAN whose critic measures how far samples are from the data; a penalty keeps its slope at 1.",
        settings=WganGpSettings,
        build=build_wgan_gp,
        curves=CURVES,
        abilities=("sample", "score", "critic_weights"),
        defaults={
            "table": {
                "latent_dim": 16,
                "generator_width": 128,
                "discriminator_width": 128,
                "activation": "leaky-relu",
                "gradient_penalty_weight": 10.0,
                "ema_decay": 0.99,
            },
            "images": {**IMAGES, "gradient_penalty_weight": 10.0},
        },
    )
)
