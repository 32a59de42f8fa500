"""Autoencoders without a posterior: plain, and Wasserstein (its codes as a whole made to match the prior)."""

from __future__ import annotations

from typing import Any

from genlab.datasets.base import Dataset
from genlab.models import encoder_decoder
from genlab.models.base import Context, Model, ModelFamily, Phase, Tensor
from genlab.registry import MODELS
from genlab.spec import setting


class AeSettings(encoder_decoder.AutoencoderSettings):
    standardized_codes: bool = setting(
        False, "Give the codes mean 0 and variance 1, so that draws from the prior fall among them.", architecture=True
    )


class WaeSettings(encoder_decoder.AutoencoderSettings):
    mmd_weight: float = setting(
        10.0, "Weight of the distance between codes and prior.", minimum=0, maximum=10_000, live=True, main=True
    )


def build_ae(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_{E,D} E[||x - D(E(x))||^2]

    Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors"; Hinton and Salakhutdinov
    2006. Nothing asks the codes to be where the prior is, so that samples decoded from the prior are no claim of the
    model: they show what the other autoencoders add. On images the preset standardises the codes in each dimension, the
    least that brings draws and codes to the same place; on points it does not.

    Recorded:

    - `autoencoder/loss`: the squared error summed over the values of an example.
    """
    return _build(settings, dataset, context, None)


def build_wae(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_{E,D} E[||x - D(E(x))||^2] + w MMD^2(E(x), z), z from the prior

    Tolstikhin et al. 2018, "Wasserstein Auto-Encoders": the deterministic WAE-MMD with inverse multiquadratics kernels.
    The weight w is 10 for MNIST in the paper.

    Recorded:

    - `autoencoder/reconstruction`: the squared error summed over the values of an example.
    - `autoencoder/mmd`: the unweighted squared maximum mean discrepancy, 0 where codes and prior agree. It is estimated
      without bias, and so may be a little below 0.
    - `autoencoder/loss`: the weighted sum.
    """
    return _build(settings, dataset, context, settings.mmd_weight)


def _build(settings: Any, dataset: Dataset, context: Context, mmd_weight: Any) -> Model:
    from keras import ops

    from genlab.models import losses

    standardized = mmd_weight is None and settings.standardized_codes
    autoencoder = encoder_decoder.build_encoder_decoder(settings, dataset, context, standardized=standardized)

    def autoencoder_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        codes = autoencoder.encoder_output(x, labels, training=True)
        error = losses.squared_error(x, autoencoder.decode(codes, labels, training=True))
        if mmd_weight is None:
            return {"loss": error}
        draws = context.draw_prior(settings.batch_size, settings.latent_dim)
        mmd = losses.maximum_mean_discrepancy(codes, draws)
        return {"loss": error + ops.convert_to_tensor(mmd_weight) * mmd, "reconstruction": error, "mmd": mmd}

    logs = ("loss",) if mmd_weight is None else ("loss", "reconstruction", "mmd")
    optimizer = context.adam(settings.learning_rate, decay=settings.learning_rate_decay)
    return Model(
        networks=autoencoder.networks,
        phases=[Phase("autoencoder", ("encoder", "decoder"), autoencoder_loss, logs, optimizer)],
        latent_dim=settings.latent_dim,
        sample=autoencoder.sample,
        decode=autoencoder.decode,
        encode=lambda x, labels: (autoencoder.encoder_output(x, labels),),
    )


MODELS.add(
    ModelFamily(
        name="ae",
        title="Autoencoder",
        description="An encoder and a decoder that only learn to give examples back: nothing ties codes to the prior.",
        settings=AeSettings,
        build=build_ae,
        curves={"reconstruction": "autoencoder/loss"},
        abilities=("sample", "encode", "reconstruct"),
        defaults={"images": {**encoder_decoder.IMAGES, "standardized_codes": True}},
    )
)
MODELS.add(
    ModelFamily(
        name="wae",
        title="WAE",
        description="An autoencoder whose codes, taken together, are pulled towards the prior.",
        settings=WaeSettings,
        build=build_wae,
        curves={"reconstruction": "autoencoder/reconstruction", "MMD": "autoencoder/mmd"},
        abilities=("sample", "encode", "reconstruct"),
        defaults={"images": encoder_decoder.IMAGES},
    )
)
