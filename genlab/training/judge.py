"""Names the mode that a sample falls in: by distance on a known mixture, by a small classifier on labelled images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset
from genlab.metrics import modes
from genlab.runs.atomic import write_arrays

VERSION = 1  # of the classifier; a change of its network or training makes old caches invalid
STEPS = 1_000
BATCH = 128


@dataclass(frozen=True)
class Judge:
    """Assigns samples to modes.

    Attributes:
        assign: samples -> (n,) index of the mode each is on, -1 for none.
        accuracy: share of held-out real images that the classifier names rightly; None for a mixture.
        real: coverage of held-out real data, the value that a perfect model could reach.
    """

    assign: Callable[[np.ndarray], np.ndarray]
    accuracy: float | None
    real: dict[str, Any]


def make_judge(dataset: Dataset, cache: Path) -> Judge:
    """The judge of a data set; a classifier is trained once and its weights kept in the folder `cache`."""
    accuracy = None
    if dataset.modes.centres is not None:

        def assign(samples: np.ndarray) -> np.ndarray:
            return modes.assign_modes(samples, dataset.modes.centres, dataset.modes.std)  # type: ignore[arg-type]
    elif dataset.modes.assign is not None:
        assign = dataset.modes.assign
    else:
        classify = _classifier(dataset, cache)
        guesses = classify(dataset.test)
        accuracy = float((guesses.argmax(axis=1) == dataset.test_labels).mean())

        def assign(samples: np.ndarray) -> np.ndarray:
            return modes.assign_classes(classify(samples))

    return Judge(assign, accuracy, modes.coverage(assign(dataset.test), dataset.modes.shares))


def _classifier(dataset: Dataset, cache: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Images (n, height, width, channels) -> class probabilities (n, K); trained on the training half, then cached."""
    import keras

    from genlab.models import networks
    from genlab.training import backend

    logits = networks.encoder(dataset.train.shape[1:], len(dataset.modes.names), 16, 0, "classifier")
    path = cache / f"classifier-{VERSION}-{fingerprint(dataset)}.npz"
    if path.is_file():
        with np.load(path) as file:
            logits.set_weights([file[name] for name in file.files])
    else:
        keras.utils.set_random_seed(0)
        logits.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        epochs = -(-STEPS * BATCH // len(dataset.train))
        logits.fit(dataset.train, dataset.train_labels, batch_size=BATCH, epochs=epochs, verbose=0)
        write_arrays(path, {f"{i:02d}": weights for i, weights in enumerate(logits.get_weights())})
    softmax = backend.compile_function(lambda x: keras.ops.softmax(logits(x, training=False)))

    def classify(images: np.ndarray) -> np.ndarray:
        return np.concatenate([softmax(images[i : i + 1000]) for i in range(0, len(images), 1000)])

    return classify


def fingerprint(dataset: Dataset) -> str:
    """Twelve characters that tell this training set, pixels and labels, from any other."""
    digest = hashlib.sha256(dataset.train.tobytes())
    digest.update(dataset.train_labels.tobytes())
    return digest.hexdigest()[:12]
