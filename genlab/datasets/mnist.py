"""MNIST, from a file where there is one, else downloaded by Keras."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from genlab.datasets.base import Dataset, DatasetEntry, DataUnavailable, labelled
from genlab.registry import DATASETS
from genlab.spec import Settings

HOST = ("storage.googleapis.com", 443)  # where keras.datasets downloads from
OFFLINE = "Choose ring8 or digits, which need no download, or set GENLAB_DATA_DIR to a folder that holds mnist.npz."


def local_file() -> Path | None:
    """The file on this machine: the one in GENLAB_DATA_DIR, else the one that Keras downloaded earlier."""
    keras_home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    folders = [keras_home / "datasets"]
    if os.environ.get("GENLAB_DATA_DIR"):
        folders.insert(0, Path(os.environ["GENLAB_DATA_DIR"]))
    return next((folder / "mnist.npz" for folder in folders if (folder / "mnist.npz").is_file()), None)


def unavailable() -> str:
    import socket

    if local_file():
        return ""
    try:
        socket.create_connection(HOST, timeout=2).close()
    except OSError:
        return f"MNIST is not on this machine and its download cannot be reached. {OFFLINE}"
    return ""


def load_mnist(settings: Settings) -> Dataset:
    """70,000 grey handwritten digits in [0, 1]: train (60000, 28, 28, 1), test (10000, 28, 28, 1), float32.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits". Raises DataUnavailable.
    """
    path = local_file()
    try:
        if path is None:
            import keras

            (train, train_labels), (test, test_labels) = keras.datasets.mnist.load_data()
        else:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                train, train_labels = file["x_train"], file["y_train"]
                test, test_labels = file["x_test"], file["y_test"]
    except KeyError as error:
        raise DataUnavailable(
            f"{path} is not MNIST: it has no array called {error}; expected x_train, y_train, x_test, y_test. {OFFLINE}"
        ) from None
    except Exception as error:  # a download fails in many ways: no network, a proxy, a broken file
        raise DataUnavailable(f"MNIST could not be loaded ({error}). {OFFLINE}") from error

    def pixels(images: np.ndarray) -> np.ndarray:
        return (images[..., None] / 255).astype("float32")

    return labelled("mnist", pixels(train), train_labels, pixels(test), test_labels, tuple("0123456789"))


DATASETS.add(
    DatasetEntry(
        name="mnist",
        title="MNIST, 28x28",
        description="70,000 handwritten digits of 28x28 pixels.",
        kind="images",
        steps=2200,
        load=load_mnist,
        unavailable=unavailable,
    )
)
