"""The generative adversarial network: a generator against a discriminator that says how likely an example is real."""

from __future__ import annotations

from typing import Any, Literal

from genlab.datasets.base import Dataset
from genlab.models.adversarial import CURVES, IMAGES, AdversarialSettings, Discriminator, Generator
from genlab.models.base import Context, Model, ModelFamily, Tensor
from genlab.registry import MODELS
from genlab.spec import setting


class GanSettings(AdversarialSettings):
    loss: Literal["non-saturating", "minimax", "least-squares", "hinge", "relativistic"] = setting(
        "non-saturating", "What the two networks minimise."
    )
    label_smoothing: float = setting(
        0.0,
        "One-sided label smoothing: the target for real examples is 1 minus this.",
        minimum=0,
        maximum=0.5,
        live=True,
    )


def build_gan(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_G max_D E[log D(x)] + E[log(1 - D(G(z)))]

    Goodfellow et al. 2014, "Generative Adversarial Nets". The loss "minimax" is this formula; "non-saturating" lets the
    generator minimise -log D(G(z)) instead, which has a gradient where the discriminator is sure. "least-squares" is
    Mao et al. 2017, "hinge" Lim and Ye 2017. "relativistic" (Jolicoeur-Martineau 2018) judges a generated example
    against a real one; with R1 and R2 it is that of R3GAN (Huang et al. 2024). Adam with beta_1 = 0.5 after Radford et
    al. 2015 (DCGAN). On images the preset has what gave the best samples in half a minute to a minute on MNIST, digits
    and shapes: R1 in place of spectral normalisation, in every fourth step (lazy regularisation, Karras et al. 2020,
    StyleGAN2), large steps by Adam without momentum (as in Mescheder et al. 2018), those of the discriminator half as
    large (two rates: Heusel et al. 2017), a narrow discriminator, and samples from an average of the generator that
    grows longer (Karras et al. 2020, StyleGAN2-ADA). Without R1 the discriminator tells every sample apart within
    a few hundred steps, and the generator learns nothing.

    A generator is continuous and its latent connected, so that it must also make what lies between the modes
    (Khayatkhoei et al. 2018, "Disconnected Manifold Learning for Generative Adversarial Networks"). With
    `latent_categories` its first layer is told, one-hot, which part of the first latent dimension a latent is in, all
    parts being equally likely; as with the categorical code of InfoGAN (Chen et al. 2016) and the mixture of DeLiGAN
    (Gurumurthy et al. 2017), samples of two parts need have nothing in common. The preset for images has ten parts.

    Of a table the discriminator sees one word of each category, drawn by the straight-through Gumbel estimator (Jang et
    al. 2017, "Categorical Reparameterization with Gumbel-Softmax"); the preset there has R1 too, and the average.

    Further settings, off unless said above: packing (Lin et al. 2018, PacGAN), instance noise (Sønderby et al. 2016),
    the R1 and R2 penalties (Mescheder et al. 2018), one-sided label smoothing (Salimans et al. 2016), an average of the
    generator's weights (Yazici et al. 2019), and a conditional version (Mirza and Osindero 2014). A packed
    discriminator judges several examples at once and so has no score for one.

    Recorded:

    - `discriminator/loss`: 2 ln 2 = 1.386 where it cannot tell; least squares 0.25; hinge 2; relativistic 0.693; all
      without penalties and label smoothing.
    - `generator/loss`: ln 2 = 0.693 there, minimax -0.693, least squares 0.125; with hinge minus the discriminator's
      mean on generated examples, whose zero means nothing.
    - `discriminator/accuracy_real` and `discriminator/accuracy_fake`: the shares of real and of generated examples that
      the discriminator gets right, in the batches it learned from. With hinge and relativistic `discriminator/gap` in
      their place: its mean on real less its mean on generated examples.
    - `generator/gradient_norm`: the norm of the gradient that reaches the generator, over all its weights.
    - `discriminator/r1` and `discriminator/r2`: the weighted penalties, part of the loss where they are on.
    """
    from keras import ops

    from genlab.models import losses

    generator = Generator(settings, dataset, context)
    discriminator = Discriminator(settings, dataset, context)
    loss = losses.ADVERSARIAL_LOSSES[settings.loss]
    logs = ("loss", "accuracy_real", "accuracy_fake") if loss.to_probability else ("loss", "gap")

    def discriminator_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        real = discriminator.inputs(x)
        fake = discriminator.inputs(generator.batch(labels))
        labels = discriminator.labels(labels)
        real_logits = discriminator(real, labels, training=True)
        fake_logits = discriminator(fake, labels, training=True)
        value = loss.discriminator(real_logits, fake_logits, settings.label_smoothing)
        if loss.to_probability:
            recorded = losses.accuracies(real_logits, fake_logits, loss.threshold)
        else:
            recorded = {"gap": ops.mean(real_logits) - ops.mean(fake_logits)}
        penalties = discriminator.penalties(real, fake, labels)
        return {"loss": sum(penalties.values(), start=value), **recorded, **penalties}

    def generator_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        fake = discriminator.inputs(generator.batch(labels, training=True))
        labels = discriminator.labels(labels)
        fake_logits = discriminator(fake, labels)
        if not loss.relativistic:
            return {"loss": loss.generator(fake_logits)}
        return {"loss": loss.generator(fake_logits, discriminator(discriminator.inputs(x), labels))}

    def logit(x: Tensor, labels: Tensor) -> Tensor:
        return discriminator(x, labels)[:, 0] - loss.threshold

    def score(x: Tensor, labels: Tensor) -> Tensor:
        logits = discriminator(x, labels)
        return (loss.to_probability(logits) if loss.to_probability else logits)[:, 0]

    judges_single_examples = settings.packing == 1
    return Model(
        # In the order of a checkpoint: the average last.
        networks={"generator": generator.networks["generator"], "discriminator": discriminator.network}
        | generator.networks,
        phases=[discriminator.phase(discriminator_loss, logs), generator.phase(generator_loss)],
        latent_dim=settings.latent_dim,
        sample=generator.sample,
        decode=generator.decode,
        score=score if judges_single_examples else None,
        logit=logit if judges_single_examples else None,
        score_is="probability" if loss.to_probability else "value",
        prior=settings.prior,
        latent_categories=settings.latent_categories,
        conditional=settings.conditional,
    )


MODELS.add(
    ModelFamily(
        name="gan",
        title="GAN",
        description="A generator makes examples from noise, against a discriminator that tells them from real ones.",
        settings=GanSettings,
        build=build_gan,
        curves=CURVES,
        abilities=("sample", "score"),
        defaults={
            "table": {
                "latent_dim": 16,
                "generator_width": 128,
                "discriminator_width": 128,
                "activation": "leaky-relu",
                "r1_weight": 0.1,
                "ema_decay": 0.99,
            },
            "images": {
                **IMAGES,
                "generator_learning_rate": 4e-3,
                "discriminator_learning_rate": 2e-3,
                "discriminator_width": 16,
                "generator_beta_1": 0.0,
                "discriminator_beta_1": 0.0,
                "r1_weight": 0.5,
                "penalty_interval": 4,
                "ema_decay": 0.999,
                "ema_ramp_up": 0.1,
                "latent_categories": 10,
            },
        },
    )
)
