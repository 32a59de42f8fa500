"""What all adversarial models share: a generator and a discriminator of examples, their settings and their phases."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from genlab.datasets.base import Dataset
from genlab.models.base import Context, Model, Phase, Tensor
from genlab.spec import Settings, setting

if TYPE_CHECKING:
    from genlab.models.losses import AdversarialLosses


class AdversarialSettings(Settings):
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
    prior: Literal["normal", "uniform"] = setting(
        "normal", "The latent is drawn from a standard normal, or uniformly from -1 to 1."
    )
    batch_size: int = setting(128, "Examples in each update.", minimum=8, maximum=4096)
    generator_width: int = setting(64, "Units per hidden layer; channels of the largest image.", minimum=1, maximum=512)
    discriminator_width: int = setting(64, "The same, of the discriminator.", minimum=1, maximum=512)
    generator_beta_1: float = setting(0.5, "Adam's memory of past gradients.", minimum=0, maximum=0.999)
    discriminator_beta_1: float = setting(0.5, "The same, of the discriminator.", minimum=0, maximum=0.999)
    instance_noise: float = setting(
        0.0,
        "Noise on all that the discriminator sees, in standard deviations of the data.",
        minimum=0,
        maximum=10,
        live=True,
    )
    instance_noise_steps: int = setting(
        0, "Steps in which that noise falls to zero along a line; 0 keeps it.", minimum=0, maximum=1_000_000, live=True
    )
    r1_weight: float = setting(
        0.0,
        "Weight of the R1 penalty: the discriminator's squared gradient norm at real examples.",
        minimum=0,
        maximum=1000,
    )
    packing: int = setting(1, "Examples that the discriminator judges together.", minimum=1, maximum=8)
    spectral_normalization: bool = setting(
        False, "Spectral normalisation of the discriminator's layers, which bounds its Lipschitz constant."
    )
    generator_offset: float = setting(
        0.0, "Added to all that the generator makes: a bad start, to see what recovers.", minimum=-10, maximum=10
    )
    ema_decay: float = setting(
        0.0,
        "Decay of a running average of the generator's weights, to sample from; 0: none.",
        minimum=0,
        maximum=0.9999,
    )
    conditional: bool = setting(False, "Tell both networks the class, so that one can be asked for.")


IMAGES = {
    "latent_dim": 16,
    "generator_learning_rate": 2e-3,
    "generator_width": 16,
    "discriminator_width": 32,
    "batch_size": 32,
}
CURVES = {"generator": "generator/loss", "discriminator": "discriminator/loss"}

# judge(examples, labels) -> logits, real and fake examples as the discriminator sees them, labels -> penalty
Penalty = Callable[[Callable[[Tensor, Tensor], Tensor], Tensor, Tensor, Tensor], Tensor]


def build_adversarial(
    settings: Any,
    dataset: Dataset,
    context: Context,
    adversarial: AdversarialLosses,
    penalty: Penalty | None = None,
    largest_weight: Any = None,
) -> Model:
    """A generator and a discriminator of examples that play this adversarial, as the settings ask.

    Args:
        penalty: added to the discriminator's loss and recorded as `discriminator/penalty`.
        largest_weight: if given, the discriminator's weights are clipped to it, both ways, after each update.
    """
    import keras
    from keras import ops

    from genlab.models import losses, networks

    shape = dataset.train.shape[1:]
    points = dataset.kind == "points"
    classes = len(dataset.modes.names) if settings.conditional else 0
    pack = settings.packing

    def make_generator(name: str) -> keras.Model:
        return networks.decoder(
            settings.latent_dim, shape, settings.generator_width, context.seed, name, classes=classes
        )

    generator = make_generator("generator")
    discriminator = networks.encoder(
        shape,
        1,
        settings.discriminator_width,
        context.seed + 1000,
        "discriminator",
        spectral_normalization=settings.spectral_normalization,
        classes=classes,
        pack=pack,
    )
    parts = {"generator": generator, "discriminator": discriminator}
    if settings.ema_decay:
        parts["ema_decay"] = make_generator("ema_decay")  # the same seed: it starts as a copy
    spread = float(dataset.train.std())
    smoothing = getattr(settings, "label_smoothing", 0.0)

    def generate(network: keras.Model, latent: Tensor, labels: Tensor, training: bool) -> Tensor:
        raw = networks.call(network, latent, labels, training=training) + settings.generator_offset
        return raw if points else ops.sigmoid(raw)

    def fakes(labels: Tensor, training: bool) -> Tensor:
        size = (settings.batch_size, settings.latent_dim)
        if settings.prior == "uniform":
            latent = keras.random.uniform(size, -1.0, 1.0, seed=context.seeds)
        else:
            latent = keras.random.normal(size, seed=context.seeds)
        return generate(generator, latent, labels, training)

    def noise() -> Tensor:
        """Standard deviation of the instance noise at this step, in the units of the data."""
        steps = ops.cast(settings.instance_noise_steps, "float32")
        left = 1.0 - ops.cast(context.step, "float32") / ops.maximum(steps, 1.0)
        left = ops.where(steps > 0, ops.maximum(left, 0.0), 1.0)
        return spread * ops.convert_to_tensor(settings.instance_noise) * left

    def seen(x: Tensor) -> Tensor:
        """Examples as the discriminator gets them: noisy, and packed."""
        return networks.packed(x + noise() * keras.random.normal(ops.shape(x), seed=context.seeds), pack)

    def judge(x: Tensor, labels: Tensor, training: bool = False) -> Tensor:
        return networks.call(discriminator, x, labels, training=training)

    def together(labels: Tensor) -> Tensor:
        return networks.packed(labels[:, None], pack)

    def discriminator_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        real, fake, given = seen(x), seen(fakes(labels, training=False)), together(labels)
        real_logits, fake_logits = judge(real, given, training=True), judge(fake, given, training=True)
        loss = adversarial.discriminator(real_logits, fake_logits, smoothing)
        logs: dict[str, Tensor] = {}
        if adversarial.probability:
            logs |= losses.accuracies(real_logits, fake_logits, adversarial.threshold)
        else:
            logs["gap"] = ops.mean(real_logits) - ops.mean(fake_logits)
        if penalty:
            logs["penalty"] = penalty(judge, real, fake, given)
            loss = loss + logs["penalty"]
        if settings.r1_weight:
            gradient = context.input_gradient(lambda at: judge(at, given), real)
            logs["r1"] = settings.r1_weight * losses.r1_penalty(gradient)
            loss = loss + logs["r1"]
        return {"loss": loss, **logs}

    def generator_loss(_: Tensor, labels: Tensor) -> dict[str, Tensor]:
        fake = seen(fakes(labels, training=True))
        return {"loss": adversarial.generator(judge(fake, together(labels)))}

    def clip() -> None:
        for weight in discriminator.trainable_variables:
            weight.assign(ops.clip(weight, -largest_weight, largest_weight))

    def average() -> None:
        decay = settings.ema_decay
        for mean, weight in zip(parts["ema_decay"].weights, generator.weights, strict=True):
            mean.assign(decay * mean + (1.0 - decay) * weight)

    def adam(learning_rate: Any, beta_1: float) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(lambda: learning_rate.value, beta_1=beta_1)

    logs = ("loss", *(("accuracy_real", "accuracy_fake") if adversarial.probability else ("gap",)))
    logs += ("penalty",) * bool(penalty) + ("r1",) * bool(settings.r1_weight)
    final = parts.get("ema_decay", generator)
    to_score = adversarial.probability or (lambda logits: logits)
    return Model(
        networks=parts,
        phases=[
            Phase(
                "discriminator",
                ("discriminator",),
                discriminator_loss,
                logs,
                adam(settings.discriminator_learning_rate, settings.discriminator_beta_1),
                settings.discriminator_steps,
                after=clip if largest_weight is not None else None,
            ),
            Phase(
                "generator",
                ("generator",),
                generator_loss,
                ("loss",),
                adam(settings.generator_learning_rate, settings.generator_beta_1),
                settings.generator_steps,
                after=average if settings.ema_decay else None,
                follows=("ema_decay",) if settings.ema_decay else (),
            ),
        ],
        latent_dim=settings.latent_dim,
        sample=lambda latent, labels: generate(final, latent, labels, training=False),
        score=None if pack > 1 else lambda x, labels: to_score(judge(x, labels))[:, 0],
        logit=None if pack > 1 else lambda x, labels: judge(x, labels)[:, 0] - adversarial.threshold,
        score_is="probability" if adversarial.probability else "value",
        prior=settings.prior,
        conditional=settings.conditional,
    )
