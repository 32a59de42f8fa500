"""What follows the last layer of a generator or a decoder: what makes its numbers points, pixels or rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.datasets.base import Dataset

Tensor = Any

TEMPERATURE = 0.5  # of the softmax that gradients pass through
LEAST = 1e-6  # chance, so that its logarithm is finite


class Outputs:
    """Attributes:
    points: whether examples are coordinates or rows of a table; else images.
    categories: of a table, the columns of each of its categories, one for each word.
    numbers: (columns,) 1 for a number, 0 for what belongs to a category.
    """

    def __init__(self, dataset: Dataset) -> None:
        coding = dataset.coding
        self.points = dataset.kind == "points"
        self.categories = coding.categories if coding else ()
        self.numbers = np.ones(dataset.train.shape[1:], "float32")
        for block in self.categories:
            self.numbers[block] = 0.0

    def mean(self, raw: Tensor) -> Tensor:
        """The last layer's (batch, ...) -> examples: of a category the chance of each word, a softmax."""
        from keras import ops

        if not self.points:
            return ops.sigmoid(raw)
        return self._replaced(raw, lambda logits, _: ops.softmax(logits), None)

    def drawn(self, raw: Tensor, uniform: Tensor) -> Tensor:
        """The last layer's (batch, ...) -> examples: of each category one word, drawn with its chance from uniform
        noise of the same shape. Gradients pass as those of a softmax of the disturbed logits do.

        Jang et al. 2017, "Categorical Reparameterization with Gumbel-Softmax": the straight-through estimator, which
        shows a discriminator words as whole as those of real rows; Maddison et al. 2017, "The Concrete Distribution".
        """
        from keras import ops

        def draw(logits: Tensor, noise: Tensor) -> Tensor:
            noise = ops.clip(noise, LEAST, 1.0 - LEAST)
            disturbed = logits - ops.log(-ops.log(noise))
            soft = ops.softmax(disturbed / TEMPERATURE)
            hard = ops.one_hot(ops.argmax(disturbed, axis=-1), logits.shape[-1], dtype=soft.dtype)
            return soft + ops.stop_gradient(hard - soft)

        return self._replaced(raw, draw, uniform) if self.categories else self.mean(raw)

    def log_density(self, x: Tensor, raw: Tensor, log_std: Tensor) -> Tensor:
        """ln p of examples, (batch,) in nats: of numbers and pixels a Gaussian's around the last layer's, of each
        category that of its word.
        """
        from keras import ops

        from genlab.models import losses

        if not self.categories:
            return losses.gaussian_log_density(x, self.mean(raw), log_std)
        density = sum(losses.categorical_log_density(x[:, block], raw[:, block]) for block in self.categories)
        places = np.flatnonzero(self.numbers)
        if not len(places):
            return density
        return density + losses.gaussian_log_density(*(ops.take(part, places, axis=1) for part in (x, raw, log_std)))

    def mean_of_numbers(self, values: Tensor) -> Tensor:
        """The mean of values (batch, ...) over all that is a number, or a pixel."""
        from keras import ops

        return ops.sum(ops.mean(values, axis=0) * self.numbers) / max(float(self.numbers.sum()), 1.0)

    def _replaced(self, raw: Tensor, function: Any, noise: Tensor | None) -> Tensor:
        """A function of the logits of each category, and of their noise, in the place of these."""
        from keras import ops

        if not self.categories:
            return raw
        parts, end = [], 0
        for block in self.categories:
            parts += [raw[:, end : block.start], function(raw[:, block], None if noise is None else noise[:, block])]
            end = block.stop
        return ops.concatenate([*parts, raw[:, end:]], axis=1)


def uniform_from_normal(noise: Tensor) -> Tensor:
    """Standard normal noise as uniform noise between 0 and 1: its distribution function."""
    from keras import ops

    return 0.5 + 0.5 * ops.erf(noise / 2**0.5)
