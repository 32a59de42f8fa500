"""A model of one's own, as somebody adds it: one file, and the last statement registers it."""

from __future__ import annotations

from typing import Any

from genlab.datasets.base import Dataset
from genlab.models.base import Context, Model, ModelFamily, Phase, Tensor
from genlab.registry import MODELS
from genlab.spec import Settings, setting


class LinearSettings(Settings):
    learning_rate: float = setting(1e-2, "Step size of Adam.", minimum=0, maximum=1, live=True, main=True)
    latent_dim: int = setting(2, "Dimensions of the latent.", minimum=1, maximum=64)
    batch_size: int = setting(128, "Examples in each update.", minimum=8, maximum=4096)


def build_linear(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_{E,D} E[||x - D(E(x))||^2], E and D linear

    Baldi and Hornik 1989, "Neural networks and principal component analysis": the codes span the principal components.

    Recorded:

    - `linear/loss`: the squared error summed over the values of an example.
    """
    import keras

    from genlab.models import losses

    shape = dataset.train.shape[1:]
    flat = [keras.layers.Input(shape), keras.layers.Flatten()]
    first, second = (keras.initializers.GlorotUniform(context.seed + i) for i in range(2))
    encoder = keras.Sequential([*flat, keras.layers.Dense(settings.latent_dim, kernel_initializer=first)])
    decoder = keras.Sequential(
        [
            keras.layers.Input((settings.latent_dim,)),
            keras.layers.Dense(dataset.train[0].size, kernel_initializer=second),
            keras.layers.Reshape(shape),
        ]
    )

    def error(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        return {"loss": losses.squared_error(x, decoder(encoder(x, training=True), training=True))}

    optimizer = keras.optimizers.Adam(lambda: settings.learning_rate.value)
    return Model(
        networks={"encoder": encoder, "decoder": decoder},
        phases=[Phase("linear", ("encoder", "decoder"), error, ("loss",), optimizer)],
        latent_dim=settings.latent_dim,
        sample=lambda latent, labels: decoder(latent),
        encode=lambda x, labels: (encoder(x),),
    )


LINEAR = ModelFamily(
    name="linear-ae",
    title="Linear autoencoder",
    settings=LinearSettings,
    build=build_linear,
    curves={"reconstruction": "linear/loss"},
    description="An encoder and a decoder without hidden layers.",
    abilities=("sample", "encode", "reconstruct"),
)
MODELS.add(LINEAR)
