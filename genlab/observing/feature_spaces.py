"""Feature spaces: what examples are compared in. Each has a name that every number taken in it carries, and a version.

The data alone decides which apply: a space that a model of the run has learned would favour that model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genlab.datasets.base import Dataset
from genlab.observing.mode_assignment import VERSION as CLASSIFIER_VERSION
from genlab.observing.mode_assignment import classifier_network, predictor

COMPONENTS = 50  # of the pixels, at most
MINIMUM_FOR_A_CLASSIFIER = 500  # training images; fewer teach it their pixels and not their classes
CONVOLUTION = 64  # features of the random network
CONVOLUTION_WIDTH = 16
VERSION = 1  # of the spaces that are computed here; a change of one makes cached references of real data invalid


@dataclass(frozen=True)
class FeatureSpace:
    """A feature space.

    Attributes:
        name: as titles and tables say it.
        version: numbers taken in different versions do not compare.
        features: examples (n, ...) -> (n, d), float32.
    """

    name: str
    version: str
    features: Callable[[np.ndarray], np.ndarray]


def feature_spaces(dataset: Dataset, cache: Path) -> list[FeatureSpace]:
    """The spaces in which a data set is measured. The first is the one to read; a second is a second opinion.

    Points: their coordinates. Labelled images: the penultimate layer of the classifier that names their modes, which
    sees what separates classes and little else, beside the pixels. Images without labels, or too few for a classifier:
    the pixels, beside a random network. The classifier's weights are kept in the folder `cache`.
    """
    if dataset.kind == "points":
        return [FeatureSpace("coordinates", "1", lambda points: points)]
    pixels = _pixels(dataset)
    if dataset.modes.assign is not None or len(dataset.train) < MINIMUM_FOR_A_CLASSIFIER:
        return [pixels, _random_convolution(dataset)]
    return [_classifier(dataset, cache), pixels]


def _pixels(dataset: Dataset) -> FeatureSpace:
    """Principal components of the training half's pixels."""
    from sklearn.decomposition import PCA

    flat = dataset.train[:].reshape(len(dataset.train), -1)
    count = min(COMPONENTS, *flat.shape)
    parts = PCA(count, random_state=0).fit(flat)
    mean, axes = parts.mean_.astype("float32"), parts.components_.T.astype("float32")
    return FeatureSpace(
        f"pixels-pca-{count}", f"{VERSION}", lambda images: (images.reshape(len(images), -1) - mean) @ axes
    )


def _classifier(dataset: Dataset, cache: Path) -> FeatureSpace:
    """What enters the last layer of the classifier; of images whose channels are images, of each channel in turn."""
    import keras

    named = dataset.channel or dataset  # whose classes the classifier knows
    classifier = classifier_network(named, cache)
    network = keras.Model(classifier.inputs, classifier.layers[-1].input)
    width = network.output_shape[-1]
    # Learned anew, the weights differ a little from machine to machine, and so do the numbers.
    digest = hashlib.sha256(b"".join(weights.tobytes() for weights in classifier.get_weights())).hexdigest()
    version = f"classifier {CLASSIFIER_VERSION}, weights {digest[:8]}"
    predict = predictor(network)
    if dataset.channel is None:
        return FeatureSpace(f"{named.name}-classifier-{width}", version, predict)

    def features(images: np.ndarray) -> np.ndarray:
        return np.concatenate([predict(channel[..., None]) for channel in np.moveaxis(images, -1, 0)], axis=1)

    return FeatureSpace(f"{named.name}-classifier-{dataset.train.shape[-1]}x{width}", version, features)


def _random_convolution(dataset: Dataset) -> FeatureSpace:
    """A small convolutional network with fixed random weights: cheap and weak, but nothing has taught it anything."""
    from genlab.models import networks

    architecture = networks.Architecture(CONVOLUTION_WIDTH)
    network = networks.encoder(dataset.train.shape[1:], CONVOLUTION, architecture, 0, "random_convolution")
    return FeatureSpace(f"random-convolution-{CONVOLUTION}", f"{VERSION}", predictor(network))
