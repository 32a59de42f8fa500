"""The updates of `gan`, `wgan` and `wgan-gp` as plain Keras: see genlab/models/adversarial.py, gan.py and wgan.py."""

from __future__ import annotations

from typing import Any

from genlab.export.scripts.parts import Family, Plain, decoder, encoder, lines, optimizer, repeated
from genlab.models.architecture import Architecture, category_boundaries

# By the setting `loss`: what the discriminator and the generator minimise.
LOSSES = {
    "non-saturating": ("cross_entropy_discriminator_loss", "non_saturating_generator_loss"),
    "minimax": ("cross_entropy_discriminator_loss", "minimax_generator_loss"),
    "least-squares": ("least_squares_discriminator_loss", "least_squares_generator_loss"),
    "hinge": ("hinge_discriminator_loss", "wasserstein_generator_loss"),
    "relativistic": ("relativistic_discriminator_loss", "relativistic_generator_loss"),
}
WASSERSTEIN = ("wasserstein_critic_loss", "wasserstein_generator_loss")


def gan(lane: Plain) -> Family:
    return _family(lane, LOSSES[lane.settings.loss], smoothing=lane.settings.label_smoothing)


def wgan(lane: Plain) -> Family:
    clip = lines(
        "for weight in discriminator.trainable_variables:",
        f"    weight.assign(ops.clip(weight, {-lane.settings.clip!r}, {lane.settings.clip!r}))",
    )
    return _family(lane, WASSERSTEIN, after=clip)


def wgan_gp(lane: Plain) -> Family:
    return _family(lane, WASSERSTEIN, gradient_penalty=True)


def _family(
    lane: Plain, losses: tuple[str, str], smoothing: float = 0.0, after: str = "", gradient_penalty: bool = False
) -> Family:
    s, classes, pack = lane.settings, lane.classes, lane.settings.packing
    zero_centred = {name: weight for name, weight in (("real", s.r1_weight), ("fake", s.r2_weight)) if weight}
    relativistic = losses[1] == "relativistic_generator_loss"
    networks = "\n".join(
        (
            decoder(
                "generator",
                s.latent_dim,
                lane.shape,
                Architecture(s.generator_width, s.hidden_layers, s.activation, s.generator_normalization),
                classes=classes,
                boundaries=category_boundaries(s.latent_categories, s.prior),
            ),
            encoder(
                "discriminator",
                lane.shape,
                1,
                Architecture(
                    s.discriminator_width,
                    s.hidden_layers,
                    s.activation,
                    s.discriminator_normalization,
                    s.discriminator_dropout,
                    s.spectral_normalization,
                ),
                classes=classes,
                pack=pack,
            ),
        )
    )
    used = [*losses]
    used += ["zero_centered_penalty"] if zero_centred else []
    used += ["gradient_penalty"] if gradient_penalty else []
    used += ["packed"] if pack > 1 else []
    labels, x_labels = (", labels", "x, labels = batch()") if classes else ("", "x = batch()")
    judge = "judge" if classes else "discriminator"
    smoothed = f", {smoothing!r}" if smoothing else ""
    penalties = [penalty(f"{name}{labels}", weight, s.penalty_interval) for name, weight in zero_centred.items()]
    if gradient_penalty:
        weight = f"{s.gradient_penalty_weight!r} * "
        penalties.append(f"{weight}gradient_penalty(gradient(share * real + (1.0 - share) * fake{labels}))")
    updates = lines(
        s.ema_decay and "average = keras.models.clone_model(generator)  # of its weights, to sample from",
        s.ema_decay and "average.set_weights(generator.get_weights())",
        optimizer(
            "generator_optimizer",
            s.generator_learning_rate,
            s.learning_rate_decay,
            s.generator_beta_1,
            s.generator_steps,
        ),
        optimizer(
            "discriminator_optimizer",
            s.discriminator_learning_rate,
            s.learning_rate_decay,
            s.discriminator_beta_1,
            s.discriminator_steps,
        ),
        _counts_steps(lane) and "step = tf.Variable(0.0)",
        "",
        "def latents():",
        f"    return {_draw(s.prior)}",
        "",
        f"def generate(network, latent{labels}, training=False):",
        f"    output = network({'[latent, labels]' if classes else 'latent'}, training=training)"
        + (f" + {s.generator_offset!r}" if s.generator_offset else ""),
        "    return output" if lane.points else "    return ops.sigmoid(output)",
        "",
        _sees(lane),
        classes > 0 and "def judge(x, labels, training=False):",
        classes > 0 and "    return discriminator([x, labels], training=training)\n",
        *(gradient(f"{judge}(x{labels})", labels) if penalties else ()),
        "def discriminator_loss():",
        f"    {x_labels}",
        f"    real, fake = {_seen(lane, 'x')}, {_seen(lane, f'generate(generator, latents(){labels})')}",
        classes > 0 and pack > 1 and f"    labels = packed(labels, {pack})",
        f"    real_logits, fake_logits = {judge}(real{labels}, training=True), {judge}(fake{labels}, training=True)",
        gradient_penalty and f"    share = tf.random.uniform({_one_a_row(lane)})",
        f"    loss = {losses[0]}(real_logits, fake_logits{smoothed})",
        *(f"    loss += {penalty}" for penalty in penalties),
        "    return loss",
        "",
        "def generator_loss():",
        bool(classes or relativistic) and f"    {x_labels}",
        f"    fake = {_seen(lane, f'generate(generator, latents(){labels}, training=True)')}",
        classes > 0 and pack > 1 and f"    labels = packed(labels, {pack})",
        f"    return {losses[1]}({judge}(fake{labels})"
        + (f", {judge}({_seen(lane, 'x')}{labels})" if relativistic else "")
        + ")",
        "",
        "@tf.function(autograph=False)",
        "def train_step():",
        repeated(
            s.discriminator_steps,
            "descend(discriminator_loss, discriminator.trainable_variables, discriminator_optimizer)",
            *after.splitlines(),
        ),
        repeated(
            s.generator_steps,
            "descend(generator_loss, generator.trainable_variables, generator_optimizer)",
            *_averaged(s),
        ),
        _counts_steps(lane) and "    step.assign_add(1.0)",
        "",
        f"def sample(latent{labels}):",
        f"    return generate({'average' if s.ema_decay else 'generator'}, latent{labels})",
    )
    return Family(networks, tuple(used), updates)


def _draw(prior: str) -> str:
    return "tf.random.normal((BATCH, LATENT))" if prior == "normal" else "tf.random.uniform((BATCH, LATENT), -1.0, 1.0)"


def _one_a_row(lane: Plain) -> tuple[int, ...]:
    return (lane.settings.batch_size // lane.settings.packing, *[1] * len(lane.shape))


def _counts_steps(lane: Plain) -> bool:
    s = lane.settings
    lazy = s.penalty_interval > 1 and bool(s.r1_weight or s.r2_weight)
    return lazy or bool(s.instance_noise and s.instance_noise_steps)


def _sees(lane: Plain) -> str | None:
    """How the discriminator gets examples, where that is not as they are."""
    s = lane.settings
    if not s.instance_noise and s.packing == 1:
        return None
    std = f"{s.instance_noise!r} * float(train.std())"
    if s.instance_noise_steps:
        std += f" * ops.maximum(1.0 - step / {s.instance_noise_steps}, 0.0)"
    return lines(
        "def seen(x):",
        s.instance_noise > 0 and f"    x = x + {std} * tf.random.normal(tf.shape(x))",
        f"    return packed(x, {s.packing})" if s.packing > 1 else "    return x",
        "",
    )


def _seen(lane: Plain, examples: str) -> str:
    return f"seen({examples})" if _sees(lane) else examples


def gradient(judged: str, labels: str) -> tuple[str, ...]:
    """The gradient with respect to x of the sum of what a discriminator says; it is given labels, or codes, too."""
    return (
        f"def gradient(x{labels}):",
        "    with tf.GradientTape(watch_accessed_variables=False) as tape:",
        "        tape.watch(x)",
        f"        total = tf.reduce_sum({judged})",
        "    return tape.gradient(total, x)",
        "",
    )


def penalty(inputs: str, weight: float, interval: int) -> str:
    """R1 at real inputs or R2 at generated ones, in every so many-th step with so many times its weight."""
    value = f"{interval * weight!r} * zero_centered_penalty(gradient({inputs}))"
    if interval == 1:
        return value
    return f"tf.cond(tf.equal(step % {interval}, 0.0), lambda: {value}, lambda: 0.0)"


def _averaged(settings: Any) -> list[str]:
    """Lines that move the average of the generator's weights after an update."""
    if not settings.ema_decay:
        return []
    kept, new = repr(settings.ema_decay), f"{1 - settings.ema_decay:.6g}"
    half_life = f"({settings.ema_ramp_up!r} * tf.cast(generator_optimizer.iterations, 'float32'))"
    ramp_up = [f"kept = tf.minimum({kept}, 0.5 ** (1.0 / {half_life}))"] if settings.ema_ramp_up else []
    kept, new = ("kept", "(1.0 - kept)") if ramp_up else (kept, new)
    return [
        *ramp_up,
        "for mean, weight in zip(average.weights, generator.weights):",
        f"    mean.assign({kept} * mean + {new} * weight)",
    ]
