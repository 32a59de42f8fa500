"""Names the mode that a sample falls in: by distance on a known mixture, by a small classifier on labelled data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset, fingerprint
from genlab.metrics import modes
from genlab.runs.atomic import write_arrays

VERSION = 3  # of the classifier; a change of its network or training makes old caches invalid
STEPS = 1_000
BATCH = 128
LEARNING_RATE = 3e-3  # at first; it falls to zero
WIDTHS = {"points": 64, "images": 16}
ACTIVATIONS = {"points": "relu", "images": "leaky-relu"}
NEIGHBOURS = 5_000  # training points that a sample is compared with, at most
NEAR = 0.99
SAME = 0.1
EXAMPLES_PER_CALL = 1000


@dataclass(frozen=True)
class ModeAssigner:
    """Assigns samples to modes.

    Attributes:
        assign: samples -> (n,) index of the mode each is on, -1 for none.
        accuracy: share of held-out real data that the classifier names rightly; None where none is needed.
        real: coverage of held-out real data, the value that a perfect model could reach.
    """

    assign: Callable[[np.ndarray], np.ndarray]
    accuracy: float | None
    real: dict[str, Any]


def make_mode_assigner(dataset: Dataset, cache: Path) -> ModeAssigner:
    """The mode assigner of a data set; a classifier is trained once and its weights kept in the folder `cache`."""
    known = dataset.modes
    if known.centres is not None and known.std is not None:
        assign: Callable[[np.ndarray], np.ndarray] = partial(modes.assign_modes, centres=known.centres, std=known.std)
    elif known.assign is not None:
        assign = known.assign
    else:
        return _by_classifier(dataset, cache)
    return ModeAssigner(assign, None, modes.mode_coverage(assign(dataset.test), known.shares))


def _by_classifier(dataset: Dataset, cache: Path) -> ModeAssigner:
    probabilities_of = _classifier(dataset.channel or dataset, cache)
    classes = len((dataset.channel or dataset).modes.names)
    near = _nearness(dataset.train[:]) if dataset.kind == "points" else None

    def probabilities(examples: np.ndarray) -> list[np.ndarray]:
        """Of each class, (n, K); where the channels are images of their own, of each channel."""
        if dataset.channel is None:
            return [probabilities_of(examples)]
        return [probabilities_of(channel[..., None]) for channel in np.moveaxis(examples, -1, 0)]

    def name(samples: np.ndarray, judged: list[np.ndarray]) -> np.ndarray:
        assigned = _number([modes.assign_classes(channel) for channel in judged], classes)
        return np.where(near(samples), assigned, -1) if near else assigned

    judged = probabilities(dataset.test)
    guesses = _number([channel.argmax(axis=1) for channel in judged], classes)
    return ModeAssigner(
        lambda samples: name(samples, probabilities(samples)),
        float((guesses == dataset.test_labels).mean()),
        modes.mode_coverage(name(dataset.test, judged), dataset.modes.shares),
    )


def has_classifier(dataset: Dataset, cache: Path) -> bool:
    """Whether the classifier of a data set that needs one is in the folder `cache`."""
    return _classifier_path(dataset.channel or dataset, cache).is_file()


def _number(digits: list[np.ndarray], base: int) -> np.ndarray:
    """The number with these digits, each (n,), the first one counting most; -1 where one of them is."""
    number = np.zeros(len(digits[0]), dtype="int64")
    for digit in digits:
        number = base * number + digit
    return np.where(np.min(digits, axis=0) < 0, -1, number)


def classifier_network(dataset: Dataset, cache: Path) -> Any:
    """A small Keras model, examples -> logits, trained on the training half, then cached."""
    import keras

    from genlab.models import networks

    architecture = networks.Architecture(WIDTHS[dataset.kind], activation=ACTIVATIONS[dataset.kind])
    logits = networks.encoder(dataset.train.shape[1:], len(dataset.modes.names), architecture, 0, "classifier")
    path = _classifier_path(dataset, cache)
    if path.is_file():
        with np.load(path) as file:
            logits.set_weights([file[name] for name in file.files])
    else:
        keras.utils.set_random_seed(0)
        pace = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, STEPS)
        logits.compile(keras.optimizers.Adam(pace), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        random, count = np.random.default_rng(0), len(dataset.train)
        order = np.concatenate([random.permutation(count) for _ in range(-(-STEPS * BATCH // count))])
        for start in range(0, STEPS * BATCH, BATCH):  # `fit` would copy all of the training set, and keep it
            batch = order[start : start + BATCH]
            logits.train_on_batch(dataset.train[batch], dataset.train_labels[batch])
        write_arrays(path, {f"{i:02d}": weights for i, weights in enumerate(logits.get_weights())})
    return logits


def _classifier_path(dataset: Dataset, cache: Path) -> Path:
    return cache / f"classifier-{VERSION}-{fingerprint(dataset)}.npz"


def _classifier(dataset: Dataset, cache: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Examples (n, ...) -> the probability of each class, (n, K)."""
    import keras

    logits = classifier_network(dataset, cache)
    return predictor(keras.Model(logits.inputs, keras.ops.softmax(logits.output)))


def predictor(network: Any) -> Callable[[np.ndarray], np.ndarray]:
    """A Keras model as a function of arrays, compiled, and called on so many examples at a time that memory stays
    small.
    """
    network.compile(jit_compile=False)  # XLA makes convolutions on a CPU several times slower

    def predict(examples: np.ndarray) -> np.ndarray:
        starts = range(0, len(examples), EXAMPLES_PER_CALL)
        return np.concatenate([network.predict_on_batch(examples[i : i + EXAMPLES_PER_CALL]) for i in starts])

    return predict


def _nearness(train: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Points (n, d) -> (n,) whether each is as near to a training point as 99 % of those are to each other. A
    classifier of points alone is sure almost everywhere, far from all data too. Columns are divided by their standard
    deviation.
    """
    from sklearn.neighbors import NearestNeighbors

    spread = train.std(axis=0)
    scale = np.where(spread > 0, spread, 1)
    known = train[np.random.default_rng(0).permutation(len(train))[:NEIGHBOURS]] / scale
    neighbours = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(known)
    reach = np.quantile(neighbours.kneighbors()[0], NEAR)  # without arguments: of each to the others
    distinct = np.unique(known, axis=0)
    if reach == 0 and len(distinct) > 1:  # few rows, each of them often: near is a part of the way to the next
        others = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(distinct).kneighbors()[0]
        reach = SAME * np.median(others)

    def near(points: np.ndarray) -> np.ndarray:
        return neighbours.kneighbors(points / scale)[0][:, 0] <= reach

    return near
