"""The updates of `ae`, `wae` and `vae` as plain Keras: see genlab/models/autoencoder.py and vae.py."""

from __future__ import annotations

from genlab.export.scripts.parts import Family, Plain, decoder, encoder, lines, optimizer
from genlab.models.architecture import Architecture

REPARAMETERIZE = lines(
    "def reparameterize(mean, log_variance):",
    "    return mean + ops.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))",
)


def ae(lane: Plain) -> Family:
    return _deterministic(lane, 0.0)


def wae(lane: Plain) -> Family:
    return _deterministic(lane, lane.settings.mmd_weight)


def _deterministic(lane: Plain, mmd_weight: float) -> Family:
    s = lane.settings
    standardised = ("layers.BatchNormalization(center=False, scale=False)",)
    after = standardised if not mmd_weight and getattr(s, "standardized_codes", False) else ()
    updates = lines(
        optimizer("optimizer", s.learning_rate, s.learning_rate_decay),
        "",
        decode(lane),
        "",
        "def autoencoder_loss():",
        "    x = batch()",
        "    codes = encoder(x, training=True)",
        "    loss = squared_error(x, decode(codes, training=True))",
        bool(mmd_weight)
        and f"    loss += {mmd_weight!r} * maximum_mean_discrepancy(codes, tf.random.normal((BATCH, LATENT)))",
        "    return loss",
        "",
        "@tf.function(autograph=False)",
        "def train_step():",
        "    descend(autoencoder_loss, encoder.trainable_variables + decoder.trainable_variables, optimizer)",
        "",
        "def sample(latent):",
        "    return decode(latent)",
    )
    used = ("squared_error", "maximum_mean_discrepancy") if mmd_weight else ("squared_error",)
    return Family(coder_networks(lane, after=after), used, updates)


def vae(lane: Plain) -> Family:
    s, classes = lane.settings, lane.classes
    gaussian, learned = s.likelihood == "gaussian", s.decoder_variance == "learned"
    labels, batch = (", labels", "x, labels = batch()") if classes else ("", "x = batch()")
    beta = {
        "constant": f"{s.beta!r}",
        "warm-up": f"{s.beta!r} * ops.minimum(step / {s.schedule_steps}, 1.0)",
        "cyclical": f"{s.beta!r} * ops.minimum(2.0 * (step / {s.schedule_steps} % 1.0), 1.0)",
    }[s.beta_schedule]
    charged = f"ops.maximum(kl, {s.free_bits!r})" if s.free_bits else "kl"
    weights = "encoder.trainable_variables + decoder.trainable_variables"
    start = "np.log(0.5 * train.std())" if learned else f"np.log({s.decoder_std!r})"
    if gaussian:
        likelihood = f"gaussian_negative_log_likelihood(x, decode(latent{labels}, training=True), log_std.value)"
    else:
        raw = f"decoder({'[latent, labels]' if classes else 'latent'}, training=True)"
        likelihood = f"bernoulli_negative_log_likelihood(x, {raw})"
    updates = lines(
        *start_average(lane),
        gaussian and f'log_std = keras.Variable({start}, trainable={learned}, dtype="float32")  # of the decoder',
        optimizer("optimizer", s.learning_rate, s.learning_rate_decay),
        s.beta_schedule != "constant" and "step = tf.Variable(0.0)",
        "",
        decode(lane),
        "",
        *decode_averaged(lane),
        REPARAMETERIZE,
        "",
        "def negative_elbo():",
        f"    {batch}",
        f"    output = encoder({'[x, labels]' if classes else 'x'}, training=True)",
        "    mean, log_variance = ops.split(output, 2, axis=1)",
        "    latent = reparameterize(mean, log_variance)",
        f"    reconstruction = {likelihood}",
        "    kl = kl_per_dimension(mean, log_variance)",
        f"    return reconstruction + {beta} * ops.sum({charged})",
        "",
        "@tf.function(autograph=False)",
        "def train_step():",
        f"    weights = {weights}" + (" + [log_std]" if gaussian and learned else ""),
        "    descend(negative_elbo, weights, optimizer)",
        *update_average(lane),
        s.beta_schedule != "constant" and "    step.assign_add(1.0)",
        "",
        f"def sample(latent{labels}):",
        *_sampled(lane, gaussian, labels),
    )
    used = ("kl_per_dimension", f"{s.likelihood}_negative_log_likelihood")
    return Family(coder_networks(lane, moments=True), used, updates)


def _sampled(lane: Plain, gaussian: bool, labels: str) -> list[str]:
    """The decoder's mean, or a draw from its distribution."""
    decodes = "decode_averaged" if lane.settings.ema_decay else "decode"
    if lane.settings.decoding == "mean":
        return [f"    return {decodes}(latent{labels})"]
    mean = f"    mean = {decodes}(latent{labels})"
    if not gaussian:
        return [mean, '    return ops.cast(tf.random.uniform(tf.shape(mean)) < mean, "float32")']
    noisy = "mean + ops.exp(log_std.value) * tf.random.normal(tf.shape(mean))"
    return [mean, f"    return {noisy if lane.points else f'ops.clip({noisy}, 0.0, 1.0)'}"]


def decode(lane: Plain, name: str = "decode", decoder: str = "decoder") -> str:
    """Latents -> examples."""
    labels, given = (", labels", "[latent, labels]") if lane.classes else ("", "latent")
    raw = f"{decoder}({given}, training=training)"
    return lines(
        f"def {name}(latent{labels}, training=False):",
        f"    return {raw if lane.points else f'ops.sigmoid({raw})'}",
    )


def start_average(lane: Plain) -> tuple[str, ...]:
    """A copy of the decoder, for an average of its weights, where there is one."""
    if not lane.settings.ema_decay:
        return ()
    return (
        "average = keras.models.clone_model(decoder)  # of its weights, to sample from",
        "average.set_weights(decoder.get_weights())",
    )


def update_average(lane: Plain) -> tuple[str, ...]:
    decay = lane.settings.ema_decay
    if not decay:
        return ()
    return (
        "    for mean, weight in zip(average.weights, decoder.weights):",
        f"        mean.assign({decay!r} * mean + {1 - decay:.6g} * weight)",
    )


def decode_averaged(lane: Plain) -> tuple[str, ...]:
    return (decode(lane, "decode_averaged", "average"), "") if lane.settings.ema_decay else ()


def coder_networks(lane: Plain, moments: bool = False, after: tuple[str, ...] = ()) -> str:
    """An encoder and a decoder of the same width; with moments, the encoder has twice as many outputs as the latent has
    dimensions. `after` are layers that follow the encoder's last.
    """
    s = lane.settings
    made_of = Architecture(
        s.width, s.hidden_layers, s.activation, s.normalization, s.dropout, dense_units=s.dense_units
    )
    outputs = (2 if moments else 1) * s.latent_dim
    return "\n".join(
        (
            encoder("encoder", lane.shape, outputs, made_of, classes=lane.classes, then=after),
            decoder("decoder", s.latent_dim, lane.shape, made_of, classes=lane.classes),
        )
    )
