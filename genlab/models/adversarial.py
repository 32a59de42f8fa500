"""What `gan` and `wgan` share: the settings, and a generator and a discriminator with all that can be switched on
around them: conditioning, packing, instance noise, R1 and R2, a moving average of the generator's weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from genlab.datasets.base import Dataset, spread
from genlab.models.architecture import category_boundaries
from genlab.models.base import Context, NetworkSettings, Normalization, Phase, Tensor
from genlab.models.outputs import Outputs, uniform_from_normal
from genlab.models.updates import average_setting, averaging, r1_setting, zero_centered_penalty
from genlab.spec import setting


class AdversarialSettings(NetworkSettings):
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
    latent_dim: int = setting(2, "Dimensions of the latent.", minimum=1, maximum=256, architecture=True)
    latent_categories: int = setting(
        0,
        "Equally likely parts that the first latent dimension is cut into; the generator is told which one a latent is "
        "in, so that its modes need not be connected; 0: none.",
        minimum=0,
        maximum=1000,
        architecture=True,
    )
    prior: Literal["normal", "uniform"] = setting(
        "normal", "The latent is drawn from a standard normal, or uniformly from -1 to 1."
    )
    batch_size: int = setting(128, "Examples in each update.", minimum=8, maximum=4096)
    generator_width: int = setting(
        64,
        "Units per hidden layer; channels of the last hidden feature map.",
        minimum=1,
        maximum=512,
        architecture=True,
    )
    discriminator_width: int = setting(
        64, "Units per hidden layer; channels of the first convolution.", minimum=1, maximum=512, architecture=True
    )
    generator_normalization: Normalization = setting("none", "Normalisation before each activation.", architecture=True)
    discriminator_normalization: Normalization = setting(
        "none", "Normalisation before each activation.", architecture=True
    )
    discriminator_dropout: float = setting(
        0.0,
        "Share of the discriminator's hidden units left out while it learns.",
        minimum=0,
        maximum=0.9,
        architecture=True,
    )
    generator_beta_1: float = setting(
        0.5, "Adam's beta_1: decay of its running mean of gradients.", minimum=0, maximum=0.999
    )
    discriminator_beta_1: float = setting(0.5, "beta_1 of the discriminator's Adam.", minimum=0, maximum=0.999)
    instance_noise: float = setting(
        0.0,
        "Noise on all that the discriminator sees, in standard deviations of the data.",
        minimum=0,
        maximum=10,
        live=True,
    )
    instance_noise_steps: int = setting(
        0,
        "Steps over which the instance noise falls linearly to zero; 0: constant.",
        minimum=0,
        maximum=1_000_000,
        live=True,
    )
    r1_weight: float = r1_setting()
    r2_weight: float = setting(
        0.0,
        "Weight of the R2 penalty: the discriminator's squared gradient norm at generated examples.",
        minimum=0,
        maximum=1000,
    )
    penalty_interval: int = setting(
        1, "R1 and R2 are taken in every so many-th step, with so many times their weight.", minimum=1, maximum=100
    )
    packing: int = setting(
        1, "Examples that the discriminator judges together.", minimum=1, maximum=8, architecture=True
    )
    spectral_normalization: bool = setting(
        False,
        "Spectral normalisation of the discriminator's hidden layers, which limits how steep they are.",
        architecture=True,
    )
    generator_offset: float = setting(
        0.0,
        "Added to the generator's outputs (to the logits of pixels), for a deliberately bad start.",
        minimum=-10,
        maximum=10,
    )
    ema_decay: float = average_setting("the generator's weights, to sample from")
    ema_ramp_up: float = setting(
        0.0,
        "Half-life of that average, as a share of the updates so far, until its decay is reached; 0: at once.",
        minimum=0,
        maximum=1,
    )
    conditional: bool = setting(False, "Tell both networks the class, so that one can be asked for.", architecture=True)


IMAGES = {
    "latent_dim": 16,
    "generator_learning_rate": 2e-3,
    "generator_width": 16,
    "discriminator_width": 32,
    "batch_size": 32,
    "activation": "leaky-relu",
}
CURVES = {"generator": "generator/loss", "discriminator": "discriminator/loss"}


class Generator:
    """The generator, from latents and labels to examples, and the moving average of its weights where there is one.

    Attributes:
        networks: "generator" and, with `ema_decay`, "ema_generator" (Yazici et al. 2019), which samples are drawn from.
    """

    def __init__(self, settings: Any, dataset: Dataset, context: Context) -> None:
        from genlab.models import networks

        shape, outputs = dataset.train.shape[1:], Outputs(dataset)
        classes = len(dataset.modes.names) if settings.conditional else 0

        architecture = networks.Architecture(
            settings.generator_width, settings.hidden_layers, settings.activation, settings.generator_normalization
        )

        boundaries = category_boundaries(settings.latent_categories, settings.prior)

        def build(name: str) -> Any:
            return networks.decoder(
                settings.latent_dim, shape, architecture, context.seed, name, classes=classes, boundaries=boundaries
            )

        self.settings, self.context, self.outputs = settings, context, outputs
        self.networks = {"generator": build("generator")}
        if settings.ema_decay:
            self.networks["ema_generator"] = build("ema_generator")  # of the same seed: it starts as a copy

    def batch(self, labels: Tensor, training: bool = False) -> Tensor:
        """Generated examples (batch, ...), from latents drawn from the prior."""
        import keras

        latents = self.context.draw_prior(self.settings.batch_size, self.settings.latent_dim, self.settings.prior)
        output = self._output(self.networks["generator"], latents, labels, training)
        if not self.outputs.categories:
            return self.outputs.mean(output)
        return self.outputs.drawn(output, keras.random.uniform(output.shape, seed=self.context.seed_generator))

    def sample(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Examples (n, ...) at these latents (n, latent_dim), after training."""
        output = self._output(self._averaged(), latents, labels, training=False)
        if not self.outputs.categories:
            return self.outputs.mean(output)
        return self.outputs.drawn(output, uniform_from_normal(self.context.noise(latents, output)))

    @property
    def decode(self) -> Callable[[Tensor, Tensor], Tensor] | None:
        """Of a table, latents and labels -> its rows before words are drawn; None where nothing is drawn."""
        if not self.outputs.categories:
            return None
        return lambda latents, labels: self.outputs.mean(self._output(self._averaged(), latents, labels, False))

    def phase(self, loss: Callable[[Tensor, Tensor], dict[str, Tensor]]) -> Phase:
        """The update of the generator against this loss, and of the average of its weights after it."""
        settings = self.settings
        optimizer = self.context.adam(
            settings.generator_learning_rate, settings.generator_beta_1, settings.learning_rate_decay
        )
        average = self.networks.get("ema_generator")
        return Phase(
            "generator",
            ("generator",),
            loss,
            ("loss",),
            optimizer,
            settings.generator_steps,
            after=averaging(
                average, self.networks["generator"], settings.ema_decay, settings.ema_ramp_up, optimizer.iterations
            )
            if average
            else None,
            follows=("ema_generator",) if average else (),
            gradient_norm=True,
        )

    def _averaged(self) -> Any:
        return self.networks.get("ema_generator", self.networks["generator"])

    def _output(self, network: Any, latents: Tensor, labels: Tensor, training: bool) -> Tensor:
        from genlab.models import networks

        return networks.call(network, latents, labels, training=training) + self.settings.generator_offset


class Discriminator:
    """The discriminator, from examples and labels to logits (batch, 1). With packing, k examples share a logit."""

    def __init__(self, settings: Any, dataset: Dataset, context: Context) -> None:
        from genlab.models import networks

        self.settings, self.context = settings, context
        self.data_std = spread(dataset.train)
        weights = {"r1": settings.r1_weight, "r2": settings.r2_weight}
        self.penalty_weights = {name: weight for name, weight in weights.items() if weight}
        self.network = networks.encoder(
            dataset.train.shape[1:],
            1,
            networks.Architecture(
                settings.discriminator_width,
                settings.hidden_layers,
                settings.activation,
                settings.discriminator_normalization,
                settings.discriminator_dropout,
                settings.spectral_normalization,
            ),
            context.seed + 1000,
            "discriminator",
            classes=len(dataset.modes.names) if settings.conditional else 0,
            pack=settings.packing,
        )

    def inputs(self, x: Tensor) -> Tensor:
        """Examples as the discriminator gets them in training: with instance noise (Sønderby et al. 2016), and packed
        (Lin et al. 2018, PacGAN).
        """
        import keras
        from keras import ops

        from genlab.models import networks

        std, seeds = self._noise_std(), self.context.seed_generator

        def none() -> Tensor:
            seeds.next()  # as if it had been drawn: what is drawn after it is the same with noise and without
            return ops.zeros_like(x)

        noise = ops.cond(std > 0.0, lambda: std * keras.random.normal(ops.shape(x), seed=seeds), none)
        return networks.packed(x + noise, self.settings.packing)

    def labels(self, labels: Tensor) -> Tensor:
        """Labels (batch,) as they go with such inputs, (batch // packing, packing)."""
        from genlab.models import networks

        return networks.packed(labels[:, None], self.settings.packing)

    def __call__(self, inputs: Tensor, labels: Tensor, training: bool = False) -> Tensor:
        """The logits of inputs; `training` only where the discriminator is updated."""
        from genlab.models import networks

        return networks.call(self.network, inputs, labels, training=training)

    def penalties(self, real: Tensor, fake: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The weighted R1 penalty at real inputs and R2 at generated ones, by name; without those whose weight is 0."""
        inputs, interval = {"r1": real, "r2": fake}, self.settings.penalty_interval
        return {
            name: zero_centered_penalty(self.context, lambda x: self(x, labels), inputs[name], weight, interval)
            for name, weight in self.penalty_weights.items()
        }

    def phase(
        self,
        loss: Callable[[Tensor, Tensor], dict[str, Tensor]],
        logs: tuple[str, ...],
        after: Callable[[], None] | None = None,
    ) -> Phase:
        """The update of the discriminator against this loss, which records these logs and the penalties that are on."""
        return Phase(
            "discriminator",
            ("discriminator",),
            loss,
            (*logs, *self.penalty_weights),
            self.context.adam(
                self.settings.discriminator_learning_rate,
                self.settings.discriminator_beta_1,
                self.settings.learning_rate_decay,
            ),
            self.settings.discriminator_steps,
            after=after,
        )

    def _noise_std(self) -> Tensor:
        """Standard deviation of the instance noise at this step, in the units of the data."""
        from keras import ops

        steps = ops.cast(self.settings.instance_noise_steps, "float32")
        remaining = 1.0 - ops.cast(self.context.step, "float32") / ops.maximum(steps, 1.0)
        remaining = ops.where(steps > 0, ops.maximum(remaining, 0.0), 1.0)
        return self.data_std * ops.convert_to_tensor(self.settings.instance_noise) * remaining
