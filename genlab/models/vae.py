"""The variational autoencoder: an encoder and a decoder trained on the evidence lower bound."""

from __future__ import annotations

from typing import Any, Literal

from genlab.datasets.base import Dataset, spread
from genlab.models import encoder_decoder
from genlab.models.base import Context, Model, ModelFamily, Phase, Tensor
from genlab.models.outputs import uniform_from_normal
from genlab.models.updates import average_setting
from genlab.registry import MODELS
from genlab.spec import setting


class VaeSettings(encoder_decoder.AutoencoderSettings):
    beta: float = setting(
        1.0, "Weight of the KL; 1 is the evidence lower bound.", minimum=0, maximum=1000, live=True, main=True
    )
    beta_schedule: Literal["constant", "warm-up", "cyclical"] = setting(
        "constant", "Constant beta, one linear rise from 0 to it, or a rise from 0 in every cycle."
    )
    schedule_steps: int = setting(
        1000, "Steps of the rise, or of one cycle, half of which is the rise.", minimum=1, maximum=1_000_000
    )
    free_bits: float = setting(
        0.0, "A latent dimension's KL below this many nats is not reduced further.", minimum=0, maximum=100, live=True
    )
    likelihood: Literal["gaussian", "bernoulli"] = setting(
        "gaussian",
        "Distribution of a value given the latent: Gaussian, or, for images only, Bernoulli.",
        architecture=True,
    )
    decoder_variance: Literal["learned", "fixed"] = setting(
        "learned", "Whether the Gaussian's standard deviation is learned.", architecture=True
    )
    decoder_std: float = setting(
        0.1, "That deviation where it is fixed, in the units of the data.", minimum=1e-3, maximum=100
    )
    decoding: Literal["mean", "sampled"] = setting(
        "mean", "Samples are the decoder's mean, or a draw from the decoder's distribution."
    )
    ema_decay: float = average_setting("the weights of encoder and decoder, used after training")
    conditional: bool = setting(
        False, "Tell the encoder and the decoder the class, so that one can be asked for.", architecture=True
    )


def build_vae(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min E_q(z|x)[-log p(x|z)] + beta KL(q(z|x) || N(0, I)), the negative evidence lower bound where beta = 1

    Kingma and Welling 2013, "Auto-Encoding Variational Bayes"; beta after Higgins et al. 2017 (beta-VAE). On points
    p(x|z) is a Gaussian with one learned standard deviation (Rybkin et al. 2021, sigma-VAE), which starts at half the
    data's: a fixed 1 would be more noise than ring8 has spread, and the posterior would collapse. On images the preset
    is a Bernoulli per pixel, and has what gave the best samples in half a minute to a minute on MNIST, digits and
    shapes: batch normalisation with a step four times as large, wide dense layers, an average of the weights (Yazici et
    al. 2019), and as few dimensions as leave the digits readable, for what the prior has beside the codes is drawn too.

    Of a table p(x|z) is a categorical distribution for each category and a Gaussian with a deviation of its own for
    each number, from which samples are drawn (Xu et al. 2019, "Modeling Tabular Data using Conditional GAN", TVAE).

    Further settings: beta rises once, along a line (Sønderby et al. 2016, "Ladder Variational Autoencoders") or in
    cycles (Fu et al. 2019); free bits (Kingma et al. 2016) take max(free bits, KL) in place of the KL of each
    dimension, averaged over the batch; a conditional version (Sohn et al. 2015).

    Recorded, each averaged over examples:

    - `vae/reconstruction`: -log p(x|z) at one draw of z, in nats. Of a Gaussian it may be below 0.
    - `vae/kl`: the KL in nats, all dimensions together, before free bits.
    - `vae/loss`: what is minimised.
    - `vae/beta`: the weight of the KL at this step.
    - `vae/decoder_std`: the Gaussian's standard deviation, in the units of the data.
    """
    import keras
    from keras import ops

    from genlab.models import losses, networks

    gaussian = settings.likelihood == "gaussian"
    autoencoder = encoder_decoder.build_encoder_decoder(
        settings,
        dataset,
        context,
        moments=True,
        conditional=settings.conditional,
        averaged=bool(settings.ema_decay),
    )
    outputs, trained = autoencoder.outputs, autoencoder.trained
    if not gaussian and outputs.points:
        raise ValueError("A Bernoulli likelihood is for pixels between 0 and 1. Choose gaussian for points.")
    parts = dict(autoencoder.networks)
    shape = dataset.train.shape[1:]
    if gaussian:
        learned = settings.decoder_variance == "learned"
        start = 0.5 * spread(dataset.train) if learned else settings.decoder_std
        learned = learned and bool(outputs.numbers.any())  # a table may have none
        log_std_layer = networks.LearnedLogStd(start, bool(outputs.categories), name="log_std", trainable=learned)
        parts["log_std"] = keras.Sequential([keras.layers.Input(shape), log_std_layer], name="log_std")

    def beta() -> Tensor:
        done = ops.cast(context.step, "float32") / settings.schedule_steps
        share = {
            "constant": lambda: ops.ones(()),
            "warm-up": lambda: ops.minimum(done, 1.0),
            "cyclical": lambda: ops.minimum(2.0 * (done - ops.floor(done)), 1.0),
        }[settings.beta_schedule]()
        return ops.convert_to_tensor(settings.beta) * share

    def negative_elbo(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        mean, log_variance = autoencoder.moments(x, labels, training=True)
        latent = context.reparameterize(mean, log_variance)
        logs = {"beta": beta()}
        if gaussian:
            raw = autoencoder.decoder_output(latent, labels, training=True)
            log_std = parts["log_std"](raw, training=True)
            reconstruction = -ops.mean(outputs.log_density(x, raw, log_std))
            logs["decoder_std"] = ops.exp(outputs.mean_of_numbers(log_std))
        else:
            reconstruction = losses.bernoulli_negative_log_likelihood(
                x, autoencoder.decoder_output(latent, labels, training=True)
            )
        kl = losses.kl_per_dimension(mean, log_variance)
        charged = ops.sum(ops.maximum(kl, ops.convert_to_tensor(settings.free_bits)))
        loss = reconstruction + logs["beta"] * charged
        return {"loss": loss, "reconstruction": reconstruction, "kl": ops.sum(kl), **logs}

    def sample(latent: Tensor, labels: Tensor) -> Tensor:
        if outputs.categories:
            return table_sample(latent, labels)
        mean = trained.decode(latent, labels)
        if settings.decoding == "mean":
            return mean
        if gaussian:
            noisy = mean + ops.exp(parts["log_std"](mean)) * context.noise(latent, mean)
            return noisy if outputs.points else ops.clip(noisy, 0.0, 1.0)
        return ops.cast(uniform_from_normal(context.noise(latent, mean)) < mean, "float32")

    def table_sample(latent: Tensor, labels: Tensor) -> Tensor:
        made = trained.sample(latent, labels)
        if settings.decoding == "mean":
            return made
        noise = context.noise(-latent, made)  # apart from that by which words are drawn
        return made + outputs.numbers * ops.exp(parts["log_std"](made)) * noise

    def log_likelihood(x: Tensor, latent: Tensor, labels: Tensor) -> Tensor:
        if not gaussian:
            return losses.bernoulli_log_density(x, trained.decoder_output(latent, labels))
        raw = trained.decoder_output(latent, labels)
        return outputs.log_density(x, raw, parts["log_std"](raw))

    optimizer = context.adam(settings.learning_rate, decay=settings.learning_rate_decay)
    logs = ("loss", "reconstruction", "kl", "beta") + (("decoder_std",) if gaussian else ())
    return Model(
        networks=parts | autoencoder.averages,
        phases=[
            Phase(
                "vae",
                tuple(parts),
                negative_elbo,
                logs,
                optimizer,
                after=autoencoder.update_average(settings.ema_decay),
                follows=tuple(autoencoder.averages),
            )
        ],
        latent_dim=settings.latent_dim,
        sample=sample,
        decode=trained.decode,
        encode=trained.moments,
        log_likelihood=log_likelihood,
        likelihood_of="values" if gaussian else "binary pixels",
        conditional=settings.conditional,
    )


MODELS.add(
    ModelFamily(
        name="vae",
        title="VAE",
        description="An autoencoder whose encoder gives a Gaussian for each example, held close to the prior.",
        settings=VaeSettings,
        build=build_vae,
        curves={"reconstruction": "vae/reconstruction", "KL": "vae/kl"},
        abilities=("sample", "encode", "reconstruct"),
        defaults={
            "table": {"decoding": "sampled", "latent_dim": 8, "width": 128},
            "images": {
                "likelihood": "bernoulli",
                "latent_dim": 6,
                "width": 16,
                "dense_units": 256,
                "batch_size": 128,
                "learning_rate": 4e-3,
                "activation": "relu",
                "normalization": "batch",
                "ema_decay": 0.995,
            },
        },
    )
)
