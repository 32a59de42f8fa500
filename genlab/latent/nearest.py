"""The training examples that are nearest to given ones."""

from __future__ import annotations

import numpy as np


class TrainingSet:
    """Training examples (m, ...), made ready to be searched.

    Distances are Euclidean: of pictures over their pixels in [0, 1], of points over their coordinates, of tables over
    the scaled columns that the networks learn from.
    """

    def __init__(self, examples: np.ndarray) -> None:
        from sklearn.neighbors import NearestNeighbors

        self._rows = examples.reshape(len(examples), -1)
        self._search = NearestNeighbors().fit(self._rows)

    def nearest(self, examples: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances (n, count) of examples (n, ...) from the training examples nearest to each, the nearest first, and
        which those are; fewer where the set has fewer.

        Many columns are searched by a product of matrices in float64, which is exact to about a millionth; the
        distances are then taken again from the differences, so that a copy has distance 0.
        """
        rows = examples.reshape(len(examples), -1)
        index = self._search.kneighbors(rows, min(count, len(self._rows)), return_distance=False)
        difference = self._rows[index] - rows[:, None].astype("float64")
        distances = np.sqrt(np.square(difference).sum(axis=2))
        order = np.argsort(distances, axis=1, kind="stable")
        return np.take_along_axis(distances, order, 1), np.take_along_axis(index, order, 1)
