"""Data without labels: its modes are the bins of a k-means over the training half."""

from __future__ import annotations

import numpy as np

from genlab.datasets.base import Dataset, Modes
from genlab.datasets.byte_images import ByteImages

MAXIMUM_BINS = 20
MINIMUM_EXAMPLES_A_BIN = 25
COMPONENTS = 64  # principal components in which images are binned
LEAST_RADIUS = 0.1  # of the distance to the nearest other bin, where all examples of a bin are the same
ROUNDING = 1e-6  # of that distance: what a radius is where it is 0
WITHIN = 0.9889  # share of a bin's own training examples that its radius holds: that of a Gaussian within 3 std


def unlabelled(name: str, train: np.ndarray | ByteImages, test: np.ndarray) -> Dataset:
    """A data set whose modes are up to 20 k-means bins, after Richardson and Weiss 2018, "On GANs and GMMs".

    Points (n, d) are binned with each column divided by its standard deviation; images (n, height, width, channels) in
    their first 64 principal components. A sample is on the nearest bin if no farther from its centre than 98.89 % of
    the bin's training examples are, so that real data scores about 98.89 % on a mode.
    """
    from scipy.spatial.distance import cdist
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    examples = train[:]
    flat = examples.reshape(len(train), -1).astype("float64")
    if train.ndim == 2:
        spread = flat.std(axis=0)
        mean, turn = flat.mean(axis=0), np.diag(1 / np.where(spread > 0, spread, 1))
    else:
        parts = PCA(min(COMPONENTS, *flat.shape), random_state=0).fit(flat)
        mean, turn = parts.mean_, parts.components_.T

    def place(x: np.ndarray) -> np.ndarray:
        return (x.reshape(len(x), -1) - mean) @ turn

    distinct = len(np.unique(place(examples), axis=0))
    count = int(np.clip(min(len(train) // MINIMUM_EXAMPLES_A_BIN, distinct), 1, MAXIMUM_BINS))
    bins = KMeans(count, n_init=4, random_state=0).fit(place(examples))

    def nearest(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        distances = cdist(place(x), bins.cluster_centers_)
        distances = np.where(np.isfinite(distances), distances, np.inf)
        return distances.argmin(axis=1), distances.min(axis=1)

    train_labels, distances = nearest(examples)
    count = len(bins.cluster_centers_)
    radii = np.array([np.quantile(distances[train_labels == i], WITHIN) for i in range(count)])
    if count > 1:  # the examples of a bin may all be the same
        between = cdist(bins.cluster_centers_, bins.cluster_centers_) + np.where(np.eye(count), np.inf, 0)
        nearest_bin = between.min(axis=1)
        radii = np.where(radii > ROUNDING * nearest_bin, radii, LEAST_RADIUS * nearest_bin)

    def assign(samples: np.ndarray) -> np.ndarray:
        labels, distances = nearest(samples)
        return np.where(distances <= radii[labels], labels, -1)

    shares = np.bincount(train_labels, minlength=count) / len(train)
    names = tuple(f"bin {i + 1}" for i in range(count))
    modes = Modes(names, shares, assign=assign)
    return Dataset(name, train, test, train_labels, nearest(test)[0], modes)
