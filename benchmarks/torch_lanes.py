"""The networks, losses and updates of a lane in PyTorch, for its speed beside genlab: eager, or by `torch.compile`.

The networks are translated layer by layer from those of the lane and have as many weights, which start at other
values. Adam has the settings of the lane's phases and is the fused one, batches are rows of a tensor in memory, and a
phase asks for no gradient at weights that it does not update. This file needs PyTorch, which genlab does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from genlab.training import backend


def torch_training(lane: Any, threads: int, *, compiled: bool) -> Callable[[int], Any]:
    """A function of a number of steps that trains the networks of a lane, translated, for so many.

    threads: for an operation. Raises ValueError where the translated networks are not of the same size, or a layer has
    no translation.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    names = [name for phase in lane.model.phases for name in phase.updates]
    networks = nn.ModuleDict({name: translate(lane.model.networks[name]) for name in names})
    draw = Draw(lane)
    updates = []
    for phase in lane.model.phases:
        function = LOSSES[phase.name]
        loss = torch.compile(function, dynamic=False) if compiled else function
        updates.append((phase.name, phase.updates, loss, adam(phase, networks)))

    def train(steps: int) -> None:
        for _ in range(steps):
            for phase, updated, loss, optimizer in updates:
                for name, network in networks.items():
                    network.requires_grad_(name in updated)
                optimizer.zero_grad()
                batch = () if phase in WITHOUT_EXAMPLES else (draw.batch(),)
                loss(networks, draw, *batch).backward()
                optimizer.step()

    return train


def adam(phase: Any, networks: nn.ModuleDict) -> torch.optim.Optimizer:
    """Adam of the weights that a phase updates, with its settings."""
    weights = [weight for name in phase.updates for weight in networks[name].parameters()]
    given = phase.optimizer
    betas = (float(given.beta_1), float(given.beta_2))
    return torch.optim.Adam(weights, backend.learning_rate(phase), betas, given.epsilon, fused=True)


class Draw:
    """What the losses draw: batches of the data with replacement, and latents."""

    def __init__(self, lane: Any) -> None:
        self.batch_size, self.latent_dim = lane.settings.batch_size, lane.settings.latent_dim
        self.images = lane.dataset.kind == "images"
        examples = torch.from_numpy(lane.dataset.train[:])
        self.examples = examples.permute(0, 3, 1, 2).contiguous() if self.images else examples

    def batch(self) -> Tensor:
        return self.examples[torch.randint(len(self.examples), (self.batch_size,))]

    def latents(self) -> Tensor:
        return torch.randn(self.batch_size, self.latent_dim)

    def as_examples(self, output: Tensor) -> Tensor:
        return output.sigmoid() if self.images else output


def discriminator_loss(networks: nn.ModuleDict, draw: Draw, x: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), by the logits."""
    fake = draw.as_examples(networks["generator"](draw.latents()))
    real_logits, fake_logits = networks["discriminator"](x), networks["discriminator"](fake)
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def generator_loss(networks: nn.ModuleDict, draw: Draw) -> Tensor:
    """-log D(G(z)), by the logits."""
    fake = draw.as_examples(networks["generator"](draw.latents()))
    return softplus(-networks["discriminator"](fake)).mean()


def negative_elbo(networks: nn.ModuleDict, draw: Draw, x: Tensor) -> Tensor:
    """-log p(x|z) + KL(q(z|x) || N(0, I)); p(x|z) is a Bernoulli for each pixel, of points a Gaussian with a learned
    standard deviation.
    """
    mean, log_variance = networks["encoder"](x).chunk(2, dim=1)
    output = networks["decoder"](mean + (0.5 * log_variance).exp() * torch.randn_like(mean))
    if draw.images:
        surprise = softplus(output) - x * output
    else:
        log_std = networks["log_std"](output)
        surprise = 0.5 * ((x - output) * (-log_std).exp()).square() + log_std + 0.5 * math.log(2 * math.pi)
    kl = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(dim=1)
    return surprise.flatten(1).sum(dim=1).mean() + kl.mean()


LOSSES: dict[str, Callable[..., Tensor]] = {  # by phase
    "discriminator": discriminator_loss,
    "generator": generator_loss,
    "vae": negative_elbo,
}
WITHOUT_EXAMPLES = ("generator",)  # phases whose loss asks for none


def translate(network: Any) -> nn.Module:
    """A Keras network of one input and layers in a row, in PyTorch; pictures have their channels first.

    Raises ValueError where it has not the same number of weights that training moves, or not the same size of output.
    """
    translated = nn.Sequential(*(translate_layer(layer) for layer in network.layers))
    counts = [sum(math.prod(weight.shape) for weight in network.trainable_weights)]
    counts.append(sum(weight.numel() for weight in translated.parameters()))
    shape = network.input_shape[1:]
    with torch.no_grad():
        output = translated(torch.zeros(2, *channels_first(shape)))
    sizes = [channels_first(network.output_shape[1:]), tuple(output.shape[1:])]
    if counts[0] != counts[1] or sizes[0] != sizes[1]:
        raise ValueError(
            f"The network {network.name} has {counts[0]:,} weights and an output of {sizes[0]} in Keras, and "
            f"{counts[1]:,} and {sizes[1]} in PyTorch. They must be equal to be compared."
        )
    return translated


def channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[-1], *shape[:-1])


def translate_layer(layer: Any) -> nn.Module:
    """Raises ValueError for a layer that has no translation here."""
    match type(layer).__name__:
        case "InputLayer":
            return nn.Identity()
        case "Rescaling":
            return Rescaling(float(layer.scale), float(layer.offset))
        case "Dense":
            return nn.Linear(*layer.kernel.shape, bias=layer.use_bias)
        case "Conv2D":
            inputs, outputs = layer.kernel.shape[2:]
            return nn.Conv2d(inputs, outputs, layer.kernel_size, layer.strides, padding_of(layer))
        case "Conv2DTranspose":
            outputs, inputs = layer.kernel.shape[2:]
            return nn.ConvTranspose2d(inputs, outputs, layer.kernel_size, layer.strides, padding_of(layer))
        case "BatchNormalization":
            normalization = nn.BatchNorm2d if len(layer.input.shape) == 4 else nn.BatchNorm1d
            return normalization(layer.input.shape[-1], layer.epsilon, 1.0 - layer.momentum)
        case "ReLU":
            return nn.ReLU()
        case "LeakyReLU":
            return nn.LeakyReLU(float(layer.negative_slope))
        case "Flatten":
            return nn.Flatten()
        case "Reshape":
            return nn.Unflatten(1, channels_first(layer.target_shape))
        case "LearnedLogStd":
            return LearnedLogStd(layer.initial_std)
    raise ValueError(f"The layer {layer.name} ({type(layer).__name__}) has no translation to PyTorch.")


def padding_of(layer: Any) -> tuple[int, ...]:
    """The rows and columns of zeros on each side that "same" means for a convolution which halves or doubles an image.
    Raises ValueError where the two sides differ.
    """
    extra = [size - stride for size, stride in zip(layer.kernel_size, layer.strides, strict=True)]
    if layer.padding != "same" or any(pixels % 2 for pixels in extra):
        raise ValueError(f"The padding of the layer {layer.name} has no translation to PyTorch.")
    return tuple(pixels // 2 for pixels in extra)


class Rescaling(nn.Module):
    def __init__(self, scale: float, offset: float) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale + self.offset


class LearnedLogStd(nn.Module):
    """The logarithm of one learned standard deviation."""

    def __init__(self, initial_std: float) -> None:
        super().__init__()
        self.log_std = nn.Parameter(torch.tensor(math.log(initial_std)))

    def forward(self, mean: Tensor) -> Tensor:
        return self.log_std.expand_as(mean)
