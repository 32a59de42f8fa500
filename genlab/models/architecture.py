"""What networks are made of, free of Keras: `networks.py` builds them, and a script of an export spells them out."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

END = 0.05  # a time at the end of the way from the prior to points: what is shorter is not told apart
KERNEL = 4  # pixels, the side of a convolution's kernel
SMALLEST = 2  # pixels, the side below which images are not halved
DOUBLINGS = 3  # of the channels, at most
GROUPS = 8  # of channels that are normalised together
BATCH_MOMENTUM = 0.9  # of the averages that batch normalisation keeps: the runs are short
EMBEDDING = 16  # numbers that stand for a label
CATEGORY_SCALE = 2.0  # of the 1 that stands for a category of the latent, whose other numbers have a spread of 1


@dataclass(frozen=True)
class Architecture:
    """What the networks of a model are made of, apart from what goes in and comes out.

    Attributes:
        width: units of each hidden layer; of images, channels of the largest ones, doubled where they are halved.
        hidden_layers: dense layers of points, convolutions of images.
        activation: one of `ACTIVATIONS`.
        normalization: "none", "batch" (Ioffe and Szegedy 2015), "layer" (Ba et al. 2016) or "group" (Wu and He 2018),
        before each activation.
        dropout: share of the units that is left out of each hidden layer in training (Srivastava et al. 2014).
        spectral: spectral normalisation (Miyato et al. 2018) of each hidden layer, which bounds how steep the network
        can be, layer by layer; the last layer stays free, to set the scale of what comes out.
        dense_units: of images, the units of the dense layer between convolutions and latent; 0: four times `width`.
    """

    width: int
    hidden_layers: int = 2
    activation: str = "leaky-relu"
    normalization: str = "none"
    dropout: float = 0.0
    spectral: bool = False
    dense_units: int = 0


def image_sizes(shape: tuple[int, ...], count: int) -> list[tuple[int, int]]:
    """Height and width of an image before the first of so many convolutions and after each."""
    found = [(shape[0], shape[1])]
    for _ in range(count):
        height, width = found[-1]
        halved = min(height, width) >= 2 * SMALLEST
        found.append((-(-height // 2), -(-width // 2)) if halved else (height, width))
    return found


def image_channels(architecture: Architecture) -> list[int]:
    """Channels of each convolution, from the largest image to the smallest."""
    return [architecture.width * 2 ** min(i, DOUBLINGS) for i in range(architecture.hidden_layers)]


def image_units(architecture: Architecture) -> int:
    """Units of the dense layer between the convolutions of images and the latent."""
    return architecture.dense_units or 4 * architecture.width


def category_boundaries(count: int, prior: str) -> list[float]:
    """Where the first latent dimension is cut into so many parts of equal mass; none for 0 or 1 parts."""
    shares = [part / count for part in range(1, count)]
    return [2 * share - 1 if prior == "uniform" else NormalDist().inv_cdf(share) for share in shares]
