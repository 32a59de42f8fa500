"""Stacked MNIST: a thousand modes, on which dropped modes are counted in the literature."""

from __future__ import annotations

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, Modes
from genlab.datasets.byte_images import ByteImages
from genlab.datasets.image_sets import MNIST, downloads, load_images, unavailable
from genlab.registry import DATASETS
from genlab.spec import Settings, setting

TEST_SIZE = 10_000


class StackedSettings(Settings):
    size: int = setting(20_000, "Training pictures.", minimum=100, maximum=60_000)
    seed: int = setting(0, "Draws the same triples every time; apart from the seed of the run.", minimum=0)


def load_stacked(settings: StackedSettings) -> Dataset:
    """Three random digits of MNIST in the red, green and blue channel: (size, 28, 28, 3) float32 in [0, 1], and 10,000
    test pictures made of test digits. The mode is the number that the three spell, red first.

    After Metz et al. 2016, "Unrolled Generative Adversarial Networks". Raises DataUnavailable.
    """
    mnist = load_images(MNIST, Settings())
    random = np.random.default_rng(settings.seed)

    def stack(images: np.ndarray, labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = random.integers(0, len(images), (count, 3))
        stacked = np.stack([images[column, :, :, 0] for column in chosen.T], axis=-1)
        return stacked, labels[chosen] @ (100, 10, 1)

    assert isinstance(mnist.train, ByteImages)
    train, train_labels = stack(mnist.train.stored, mnist.train_labels, settings.size)
    test, test_labels = stack(mnist.test, mnist.test_labels, TEST_SIZE)
    digit = mnist.modes.shares
    shares = np.einsum("i,j,k->ijk", digit, digit, digit).ravel()
    modes = Modes(tuple(f"{number:03d}" for number in range(1000)), shares)
    return Dataset("stacked-mnist", ByteImages(train), test, train_labels, test_labels, modes, channel=mnist)


DATASETS.add(
    DatasetEntry(
        name="stacked-mnist",
        title="Stacked MNIST, 28x28 in colour",
        description="Three random digits in three channels: 1,000 modes, of which many are easily dropped.",
        kind="images",
        steps=4000,
        settings=StackedSettings,
        shape=(28, 28, 3),
        load=load_stacked,
        unavailable=unavailable,
        downloads=downloads,
    )
)
