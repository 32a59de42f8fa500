"""The variational autoencoder: an encoder and a decoder that agree on a latent close to the prior."""

from __future__ import annotations

from typing import Any, Literal

from genlab.datasets.base import Dataset
from genlab.models.base import Model, ModelFamily, Phase, Tensor
from genlab.registry import MODELS
from genlab.spec import Settings, setting


class VaeSettings(Settings):
    learning_rate: float = setting(1e-3, "Step size of Adam.", minimum=0, maximum=1, live=True, main=True)
    beta: float = setting(
        1.0, "Weight of the KL; 1 is the evidence lower bound.", minimum=0, maximum=1000, live=True, main=True
    )
    latent_dim: int = setting(2, "Dimensions of the latent.", minimum=1, maximum=256)
    width: int = setting(64, "Units per hidden layer; channels of the first convolution.", minimum=1, maximum=512)
    batch_size: int = setting(128, "Examples in each update.", minimum=2, maximum=4096)
    decoding: Literal["mean", "sampled"] = setting(
        "mean", "Samples are the decoder's mean, or that with the decoder's own noise added."
    )


def build_vae(settings: Any, dataset: Dataset, seed: int) -> Model:
    """min E_q(z|x)[-log p(x|z)] + beta KL(q(z|x) || N(0, I)), the negative evidence lower bound where beta = 1.

    Kingma and Welling 2013, "Auto-Encoding Variational Bayes"; beta after Higgins et al. 2017 (beta-VAE). On points
    p(x|z) is a Gaussian with one learned standard deviation (Rybkin et al. 2021, sigma-VAE), which starts at half the
    data's: an unlearned 1 would be more noise than ring8 has spread, and the posterior would collapse. On images it is
    a
    Bernoulli per pixel.

    Recorded, in nats per example: `vae/loss`, `vae/reconstruction`, `vae/kl`; and `vae/decoder_std` on points, in the
    units of the data.
    """
    import keras
    from keras import ops

    from genlab.models import losses, networks

    points = dataset.kind == "points"
    shape = dataset.train.shape[1:]
    encoder = networks.encoder(shape, 2 * settings.latent_dim, settings.width, seed, "encoder")
    decoder = networks.decoder(settings.latent_dim, shape, settings.width, seed + 1000, "decoder")
    parts = {"encoder": encoder, "decoder": decoder}
    if points:
        noise = networks.LearnedNoise(0.5 * float(dataset.train.std()), name="noise")
        parts["noise"] = keras.Sequential([keras.layers.Input(shape), noise], name="noise")
    seeds = keras.random.SeedGenerator(seed)

    def encode(x: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        mean, log_variance = ops.split(encoder(x, training=training), 2, axis=1)
        return mean, log_variance

    def evidence_lower_bound(x: Tensor) -> dict[str, Tensor]:
        mean, log_variance = encode(x, training=True)
        latent = mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=seeds)
        decoded = decoder(latent, training=True)
        logs = {}
        if points:
            log_std = parts["noise"](decoded, training=True)
            reconstruction = losses.gaussian_negative_log_likelihood(x, decoded, log_std)
            logs["decoder_std"] = ops.exp(ops.mean(log_std))
        else:
            reconstruction = losses.bernoulli_negative_log_likelihood(x, decoded)
        kl = ops.sum(losses.kl_per_dimension(mean, log_variance))
        return {"loss": reconstruction + settings.beta * kl, "reconstruction": reconstruction, "kl": kl, **logs}

    def sample(latent: Tensor) -> Tensor:
        decoded = decoder(latent, training=False)
        mean = decoded if points else ops.sigmoid(decoded)
        if settings.decoding == "mean":
            return mean
        if points:
            return mean + ops.exp(parts["noise"](mean)) * keras.random.normal(ops.shape(mean), seed=seed)
        return ops.cast(keras.random.uniform(ops.shape(mean), seed=seed) < mean, "float32")

    optimizer = keras.optimizers.Adam(lambda: settings.learning_rate.value)
    logs = ("loss", "reconstruction", "kl") + (("decoder_std",) if points else ())
    return Model(
        networks=parts,
        phases=[Phase("vae", tuple(parts), evidence_lower_bound, logs, optimizer)],
        seed=seeds,
        latent_dim=settings.latent_dim,
        sample=sample,
        encode=encode,
    )


MODELS.add(
    ModelFamily(
        name="vae",
        title="VAE",
        settings=VaeSettings,
        build=build_vae,
        curves={"reconstruction": "vae/reconstruction", "KL": "vae/kl"},
        defaults={"images": {"latent_dim": 8, "width": 16, "batch_size": 32}},
    )
)
