"""The updates of `aae`, `bigan` and `vae-gan` as plain Keras: see the files of these names in genlab/models."""

from __future__ import annotations

from genlab.export.scripts.adversarial import gradient, penalty
from genlab.export.scripts.autoencoders import (
    REPARAMETERIZE,
    coder_networks,
    decode,
    decode_averaged,
    start_average,
    update_average,
)
from genlab.export.scripts.parts import Family, Plain, encoder, lines, optimizer, repeated
from genlab.models.architecture import Architecture

BETA_1 = 0.5
DRAW = "tf.random.normal((BATCH, LATENT))"
CODERS = "encoder.trainable_variables + decoder.trainable_variables"


def aae(lane: Plain) -> Family:
    s = lane.settings
    gaussian = s.posterior == "gaussian"
    networks = "\n".join(
        (
            coder_networks(lane, moments=gaussian),
            encoder(
                "discriminator", (s.latent_dim,), 1, Architecture(s.discriminator_width, activation="relu")
            ),
        )
    )  # fmt: skip
    drawn = "reparameterize(*ops.split(encoder(x, training=training), 2, axis=1))"
    updates = lines(
        optimizer("optimizer", s.learning_rate, s.learning_rate_decay, BETA_1),
        _discriminator_optimizer(lane, s.discriminator_steps),
        "",
        decode(lane),
        "",
        gaussian and REPARAMETERIZE + "\n",
        "def code(x, training=False):",
        f"    return {drawn if gaussian else 'encoder(x, training=training)'}",
        "",
        "def autoencoder_loss():",
        "    x = batch()",
        "    codes = code(x, training=True)",
        "    error = squared_error(x, decode(codes, training=True))",
        f"    return error + {s.adversarial_weight!r} * non_saturating_generator_loss(discriminator(codes))",
        "",
        "def discriminator_loss():",
        "    real_logits = discriminator(tf.random.normal((BATCH, LATENT)), training=True)",
        "    fake_logits = discriminator(code(batch()), training=True)",
        "    return cross_entropy_discriminator_loss(real_logits, fake_logits)",
        "",
        "@tf.function(autograph=False)",
        "def train_step():",
        f"    descend(autoencoder_loss, {CODERS}, optimizer)",
        repeated(s.discriminator_steps, _descend_discriminator()),
        *_decoded_sample(),
    )
    used = ("squared_error", "non_saturating_generator_loss", "cross_entropy_discriminator_loss")
    return Family(networks, used, updates)


def bigan(lane: Plain) -> Family:
    s = lane.settings
    lazy = s.r1_weight > 0 and s.penalty_interval > 1
    updates = lines(
        *start_average(lane),
        optimizer("optimizer", s.learning_rate, s.learning_rate_decay, s.beta_1),
        _discriminator_optimizer(lane, s.discriminator_steps, s.beta_1),
        lazy and "step = tf.Variable(0.0)",
        "",
        decode(lane),
        "",
        *decode_averaged(lane),
        *(gradient("discriminator([x, codes])", ", codes") if s.r1_weight else ()),
        "def logits(training):",
        '    """Of real and of generated pairs; `training` says whether the discriminator learns, or the others."""',
        "    x, drawn = batch(), tf.random.normal((BATCH, LATENT))",
        "    codes, generated = encoder(x, training=not training), decode(drawn, training=not training)",
        "    real = discriminator([x, codes], training=training)",
        "    return real, discriminator([generated, drawn], training=training), x, codes",
        "",
        "def discriminator_loss():",
        "    real, fake, x, codes = logits(training=True)",
        "    loss = cross_entropy_discriminator_loss(real, fake)",
        s.r1_weight > 0 and f"    loss += {penalty('x, codes', s.r1_weight, s.penalty_interval)}",
        "    return loss",
        "",
        "def generator_loss():",
        "    real, fake, _, _ = logits(training=False)",
        "    return cross_entropy_discriminator_loss(fake, real)",
        "",
        "@tf.function(autograph=False)",
        "def train_step():",
        repeated(s.discriminator_steps, _descend_discriminator()),
        f"    descend(generator_loss, {CODERS}, optimizer)",
        *update_average(lane),
        lazy and "    step.assign_add(1.0)",
        *_decoded_sample("decode_averaged" if s.ema_decay else "decode"),
    )
    networks = _with_discriminator(lane, coder_networks(lane), latent_dim=s.latent_dim)
    used = ("cross_entropy_discriminator_loss", "zero_centered_penalty")
    return Family(networks, used if s.r1_weight else used[:1], updates)


def vae_gan(lane: Plain) -> Family:
    s = lane.settings
    updates = lines(
        "features = keras.Model(discriminator.inputs, discriminator.layers[-1].input)",
        optimizer("encoder_optimizer", s.learning_rate, s.learning_rate_decay, BETA_1),
        optimizer("decoder_optimizer", s.learning_rate, s.learning_rate_decay, BETA_1),
        _discriminator_optimizer(lane, 1),
        "",
        decode(lane),
        "",
        "def encode(x, training=False):",
        "    mean, log_variance = ops.split(encoder(x, training=training), 2, axis=1)",
        "    codes = mean + ops.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))",
        "    return codes, ops.sum(kl_per_dimension(mean, log_variance))",
        "",
        "def dissimilarity(x, decoded):",
        f"    return {s.similarity_weight / 2!r} * squared_error(features(x), features(decoded))"
        + (f" + {s.pixel_weight!r} * squared_error(x, decoded)" if s.pixel_weight else ""),
        "",
        "def encoder_loss():",
        "    x = batch()",
        "    codes, kl = encode(x, training=True)",
        f"    return {s.beta!r} * kl + dissimilarity(x, decode(codes))",
        "",
        "def decoder_loss():",
        "    x = batch()",
        f"    decoded, drawn = decode(encode(x)[0], training=True), decode({DRAW}, training=True)",
        "    logits = discriminator(ops.concatenate([decoded, drawn]))",
        f"    return dissimilarity(x, decoded) + {2 * s.adversarial_weight!r} * non_saturating_generator_loss(logits)",
        "",
        "def discriminator_loss():",
        "    x = batch()",
        f"    fakes = ops.concatenate([decode(encode(x)[0]), decode({DRAW})])",
        "    real_logits, fake_logits = discriminator(x, training=True), discriminator(fakes, training=True)",
        "    return cross_entropy_discriminator_loss(real_logits, fake_logits)",
        "",
        "@tf.function(autograph=False)",
        "def train_step():",
        "    descend(encoder_loss, encoder.trainable_variables, encoder_optimizer)",
        "    descend(decoder_loss, decoder.trainable_variables, decoder_optimizer)",
        f"    {_descend_discriminator()}",
        *_decoded_sample(),
    )
    used = (
        "squared_error",
        "kl_per_dimension",
        "non_saturating_generator_loss",
        "cross_entropy_discriminator_loss",
    )
    return Family(_with_discriminator(lane, coder_networks(lane, moments=True)), used, updates)


def _with_discriminator(lane: Plain, networks: str, latent_dim: int = 0) -> str:
    s = lane.settings
    made_of = Architecture(s.discriminator_width, s.hidden_layers, s.activation, spectral=s.spectral_normalization)
    return f"{networks}\n{encoder('discriminator', lane.shape, 1, made_of, latent_dim=latent_dim)}"


def _discriminator_optimizer(lane: Plain, repeats: int, beta_1: float = BETA_1) -> str:
    s = lane.settings
    rate, decay = s.discriminator_learning_rate, s.learning_rate_decay
    return optimizer("discriminator_optimizer", rate, decay, beta_1, repeats)


def _descend_discriminator() -> str:
    return "descend(discriminator_loss, discriminator.trainable_variables, discriminator_optimizer)"


def _decoded_sample(decodes: str = "decode") -> tuple[str, ...]:
    return ("", f"sample = {decodes}")
