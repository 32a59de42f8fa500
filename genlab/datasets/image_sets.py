"""The image sets everybody uses, each from a file where there is one, else downloaded by Keras."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, DataUnavailable, labelled
from genlab.datasets.byte_images import ByteImages
from genlab.registry import DATASETS
from genlab.spec import Settings, setting

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
GOOGLE, TORONTO = "storage.googleapis.com", "www.cs.toronto.edu"  # where keras.datasets downloads from


@dataclass(frozen=True)
class ImageSet:
    """An image set with ten classes, as it is stored and downloaded.

    Attributes:
        files: names of the .npz in GENLAB_DATA_DIR that may hold it.
        downloaded: what Keras leaves in its own folder once it is downloaded.
    """

    name: str
    title: str
    keras_name: str
    host: str
    files: tuple[str, ...]
    downloaded: str
    classes: tuple[str, ...]

    @property
    def offline(self) -> str:
        return (
            "Choose ring8 or digits, which need no download, or set GENLAB_DATA_DIR to a folder that holds "
            f"{self.files[0]}."
        )


class Cifar10Settings(Settings):
    size: int = setting(
        20_000, "Training pictures, the first of the 50,000; all take 0.6 GB twice.", minimum=100, maximum=50_000
    )


MNIST = ImageSet("mnist", "MNIST", "mnist", GOOGLE, ("mnist.npz",), "mnist.npz", tuple("0123456789"))
FASHION_MNIST = ImageSet(
    "fashion-mnist",
    "Fashion-MNIST",
    "fashion_mnist",
    GOOGLE,
    ("fashion-mnist.npz", "fashion_mnist.npz"),
    "fashion-mnist/train-images-idx3-ubyte.gz",
    ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
CIFAR10 = ImageSet(
    "cifar10",
    "CIFAR-10",
    "cifar10",
    TORONTO,
    ("cifar10.npz",),
    "cifar-10-batches-py-target",
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
)


def local_file(images: ImageSet = MNIST) -> Path | None:
    """The .npz on this machine: the one in GENLAB_DATA_DIR, else the one that Keras downloaded earlier."""
    folder = os.environ.get("GENLAB_DATA_DIR")
    candidates = [Path(folder, name) for name in images.files] if folder else []
    if images.downloaded.endswith(".npz"):
        candidates.append(_downloaded(images))
    return next((path for path in candidates if path.is_file()), None)


def _downloaded(images: ImageSet) -> Path:
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets" / images.downloaded


def reachable(host: str, port: int = 443) -> bool:
    """Whether the host takes connections, within two seconds."""
    import socket

    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def downloads(images: ImageSet = MNIST) -> bool:
    return not (local_file(images) or _downloaded(images).exists())


def unavailable(images: ImageSet = MNIST) -> str:
    if not downloads(images) or reachable(images.host):
        return ""
    return f"{images.title} is not on this machine and its download cannot be reached. {images.offline}"


def load_images(images: ImageSet, settings: Settings) -> Dataset:
    """An image set, in [0, 1], (examples, height, width, channels). Raises DataUnavailable.

    mnist: 60,000 and 10,000 grey handwritten digits of 28x28 pixels; LeCun, Cortes and Burges, "The MNIST database of
    handwritten digits". fashion-mnist: the same of clothes; Xiao et al. 2017. cifar10: 50,000 (of which `size`) and
    10,000 colour photographs of 32x32 pixels; Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
    """
    path = local_file(images)
    try:
        if path is None:
            import keras

            halves = getattr(keras.datasets, images.keras_name).load_data()
            train, train_labels, test, test_labels = (array for half in halves for array in half)
        else:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                train, train_labels, test, test_labels = (file[name] for name in ARRAYS)
    except KeyError as error:
        raise DataUnavailable(
            f"{path} is not {images.title}: it has no array called {error}; expected {', '.join(ARRAYS)}. "
            f"{images.offline}"
        ) from None
    except Exception as error:  # a download fails in many ways: no network, a proxy, a broken file
        raise DataUnavailable(f"{images.title} could not be loaded ({error}). {images.offline}") from error

    size = getattr(settings, "size", len(train))
    of_train, of_test = (
        ByteImages((half if half.ndim == 4 else half[..., None]).astype("uint8", copy=False))
        for half in (train[:size], test)
    )
    return labelled(
        images.name,
        of_train,
        train_labels.ravel()[:size],
        np.asarray(of_test),
        test_labels.ravel(),
        images.classes,
    )


def _add(images: ImageSet, title: str, description: str, steps: int, **more: Any) -> None:
    DATASETS.add(
        DatasetEntry(
            name=images.name,
            title=title,
            description=description,
            kind="images",
            steps=steps,
            load=partial(load_images, images),
            shape=(32, 32, 3) if images is CIFAR10 else (28, 28, 1),
            count=60_000,
            unavailable=partial(unavailable, images),
            downloads=partial(downloads, images),
            **more,
        )
    )


_add(MNIST, "MNIST, 28x28", "70,000 handwritten digits of 28x28 pixels.", 2200)
_add(FASHION_MNIST, "Fashion-MNIST, 28x28", "70,000 pictures of clothes of 28x28 pixels.", 2200)
_add(
    CIFAR10,
    "CIFAR-10, 32x32 in colour",
    "Colour photographs of animals and vehicles, 32x32 pixels: far beyond a small model in a few minutes.",
    3000,
    settings=Cifar10Settings,
)
