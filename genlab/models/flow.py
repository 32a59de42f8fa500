"""Flow matching: a network of velocities that carries draws of the prior to the data."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset
from genlab.models.base import Context, Decay, Model, ModelFamily, NetworkSettings, Phase, Tensor
from genlab.registry import MODELS
from genlab.spec import setting

DENSITY_STEPS = 100  # with the 20 of a sample, the likelihood of ring8 under its true velocity is 0.04 nats too high


class FlowSettings(NetworkSettings):
    learning_rate: float = setting(3e-3, "Step size of Adam.", minimum=0, maximum=1, live=True, main=True)
    integration_steps: int = setting(
        20, "Steps of Heun's method from the prior to a sample; each asks the network twice.", minimum=1, maximum=200
    )
    hidden_layers: int = setting(
        3,
        "Hidden layers of the network; of images, convolutions, each of which halves them.",
        minimum=1,
        maximum=6,
        architecture=True,
    )
    width: int = setting(
        128, "Units per hidden layer; channels of the first convolution.", minimum=1, maximum=512, architecture=True
    )
    batch_size: int = setting(512, "Examples in each update.", minimum=8, maximum=4096)
    learning_rate_decay: Decay = setting(
        "cosine", "How the learning rate falls to zero over the budget: not at all, along a line, or half a cosine."
    )
    conditional: bool = setting(False, "Tell the network the class, so that one can be asked for.", architecture=True)


def gaussian_velocity(x: Tensor, time: Tensor, mean: Any, variance: float) -> Tensor:
    """The velocity at x (batch, ...) and time (batch, 1, ...) of the lines from N(0, I) to N(mean, variance I), in
    closed form: what there is to know of the data without its shape.

    mean + c (x - t mean), c = (t variance - (1 - t)) / (t² variance + (1 - t)²)
    """
    rest = 1.0 - time
    slope = (time * variance - rest) / (time * time * variance + rest * rest)
    return mean + slope * (x - time * mean)


def heun_times(share: Any) -> Any:
    """The times of such shares of all steps, in [0, 1]: 1 - (1 - share)^1.5. Paths to narrow data turn at their end."""
    return 1.0 - (1.0 - share) ** 1.5


def build_flow(settings: Any, dataset: Dataset, context: Context) -> Model:
    """min_v E[||v(x_t, t) - (x - z)||^2], x_t = (1 - t) z + t x, z from the prior, t uniform in [0, 1]

    Lipman et al. 2023, "Flow Matching for Generative Modeling"; Liu et al. 2023, "Flow Straight and Fast: Learning to
    Generate and Transfer Data with Rectified Flow". The velocity v at a place and a time is the mean over all straight
    lines that pass there, from a draw of the prior to an example; so the paths of samples bend where those lines cross,
    and all of them set out towards the mean of the data. Of v, the part that leads to a Gaussian of the data's mean and
    variance is known, and the network learns the rest; on points that fades out towards t = 1, where x says nothing of
    z and v = x, as of the Gaussian. A sample is where dx/dt = v(x, t) leads from a draw of the prior at t = 0; the
    equation is solved by Heun's method, in steps that get shorter towards the data, and backwards it encodes. Latents
    have as many dimensions as examples have values. On points the log-likelihood is exact but for the error of the
    integration (Chen et al. 2018, "Neural Ordinary Differential Equations"):

    ln p(x) = ln N(z; 0, I) - integral over t of the trace of dv/dx

    Images are moved from [0, 1] to [-1, 1]; the network has connections past its middle (Ronneberger et al. 2015,
    "U-Net"), where the time joins.

    Recorded:

    - `velocity/loss`: the squared error summed over the values of an example. It does not go to 0: lines cross, and
      only their mean can be learned.
    """
    import keras
    from keras import ops

    from genlab.models import losses, networks

    shape, points = dataset.train.shape[1:], dataset.kind == "points"
    latent_dim = math.prod(shape)
    network = networks.velocity(
        shape,
        networks.Architecture(settings.width, settings.hidden_layers, settings.activation),
        context.seed,
        "velocity",
        classes=len(dataset.modes.names) if settings.conditional else 0,
    )

    train = dataset.train[:]
    mean, variance = train.mean(axis=0), float(train.var(axis=0).mean())
    if not points:
        mean, variance = 2.0 * mean - 1.0, 4.0 * variance

    def velocity(x: Tensor, time: Tensor, labels: Tensor, training: bool = False) -> Tensor:
        told = [labels[:, None]] if settings.conditional else []
        rough = gaussian_velocity(x, ops.reshape(time, (-1,) + (1,) * len(shape)), mean, variance)
        return rough + network([x, *told, time], training=training)

    def velocity_loss(x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        data = scaled(x)
        noise = keras.random.normal(ops.shape(data), seed=context.seed_generator)
        time = keras.random.uniform((settings.batch_size, 1), seed=context.seed_generator)
        share = ops.reshape(time, (-1,) + (1,) * len(shape))
        predicted = velocity((1.0 - share) * noise + share * data, time, labels, training=True)
        return {"loss": losses.squared_error(data - noise, predicted)}

    def scaled(x: Tensor) -> Tensor:
        return x if points else 2.0 * x - 1.0

    def as_examples(x: Tensor) -> Tensor:
        return x if points else ops.clip(0.5 * (x + 1.0), 0.0, 1.0)

    def integrate(
        derivatives: Any, state: list[Tensor], start: float, end: float, steps: int = settings.integration_steps
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The state at the end, and after each step, by Heun's method."""

        def step(state: list[Tensor], times: Tensor) -> tuple[list[Tensor], list[Tensor]]:
            time, size = ops.ones((ops.shape(state[0])[0], 1)) * times[0], times[1] - times[0]
            first = derivatives(state, time)
            ahead = [value + size * slope for value, slope in zip(state, first, strict=True)]
            second = derivatives(ahead, time + size)
            state = [value + 0.5 * size * (a + b) for value, a, b in zip(state, first, second, strict=True)]
            return state, state

        times = heun_times(np.linspace(start, end, steps + 1))
        return ops.scan(step, state, ops.convert_to_tensor(np.stack([times[:-1], times[1:]], axis=1).astype("float32")))

    def trajectory(latent: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Where the prior's draws arrive, and where they are after each step, the steps first."""
        start = ops.reshape(latent, (-1, *shape))
        end, passed = integrate(lambda state, time: [velocity(state[0], time, labels)], [start], 0.0, 1.0)
        return end[0], ops.concatenate([start[None], passed[0]])

    def encode(x: Tensor, labels: Tensor) -> tuple[Tensor]:
        end, _ = integrate(lambda state, time: [velocity(state[0], time, labels)], [scaled(x)], 1.0, 0.0)
        return (ops.reshape(end[0], (-1, latent_dim)),)

    def log_density(x: Tensor, labels: Tensor) -> Tensor:
        def component(time: Tensor, i: int, at: Tensor) -> Tensor:
            return velocity(at, time, labels)[:, i]

        def derivatives(state: list[Tensor], time: Tensor) -> list[Tensor]:
            at = state[0]
            diagonal = [context.input_gradient(partial(component, time, i), at)[:, i] for i in range(latent_dim)]
            return [velocity(at, time, labels), sum(diagonal)]

        (latent, trace), _ = integrate(derivatives, [x, ops.zeros_like(x[:, 0])], 1.0, 0.0, DENSITY_STEPS)
        return losses.gaussian_log_density(latent, 0.0, ops.zeros_like(latent)) + trace

    return Model(
        networks={"velocity": network},
        phases=[
            Phase(
                "velocity",
                ("velocity",),
                velocity_loss,
                ("loss",),
                context.adam(settings.learning_rate, decay=settings.learning_rate_decay),
            )
        ],
        latent_dim=latent_dim,
        sample=lambda latent, labels: as_examples(trajectory(latent, labels)[0]),
        paths=lambda latent, labels: as_examples(ops.moveaxis(trajectory(latent, labels)[1], 0, 1)),
        encode=encode,
        log_density=log_density if points else None,
        conditional=settings.conditional,
    )


MODELS.add(
    ModelFamily(
        name="flow",
        title="Flow matching",
        description="A network of velocities that carries noise to the data, step by step.",
        settings=FlowSettings,
        build=build_flow,
        curves={"velocity": "velocity/loss"},
        abilities=("sample", "encode", "reconstruct", "paths"),
        defaults={
            "images": {
                "width": 16,
                "hidden_layers": 2,
                "learning_rate": 2e-3,
                "batch_size": 64,
                "integration_steps": 10,
                "activation": "silu",
            }
        },
    )
)
