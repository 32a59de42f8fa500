"""Losses: pure functions of logits, of moments or of examples. Every one is summed per example, then averaged."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

Tensor = Any


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), averaged over the batch, in nats; 2 ln 2 = 1.386 where D cannot tell.

    Goodfellow et al. 2014, "Generative Adversarial Nets", equation 1; logits are (batch, 1).
    """
    return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))


def non_saturating_loss(fake_logits: Tensor) -> Tensor:
    """-log D(G(z)), averaged over the batch, in nats; ln 2 = 0.693 where D cannot tell. Goodfellow et al. 2014, section
    3.
    """
    return ops.mean(ops.softplus(-fake_logits))


def kl_per_dimension(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of N(mean, exp(log_variance)) from N(0, 1) in nats, averaged over the batch: (batch, d) -> (d,).

    Kingma and Welling 2013, "Auto-Encoding Variational Bayes", appendix B.
    """
    return 0.5 * ops.mean(ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance, axis=0)


def gaussian_negative_log_likelihood(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """-log N(x; mean, std^2) in nats, summed over the dimensions and averaged over the batch; may be negative."""
    scaled = (x - mean) * ops.exp(-log_std)
    per_value = 0.5 * ops.square(scaled) + log_std + 0.5 * np.log(2 * np.pi)
    return ops.mean(_sum_per_example(per_value))


def bernoulli_negative_log_likelihood(x: Tensor, logits: Tensor) -> Tensor:
    """-log p(x) in nats for pixels x in [0, 1], summed over the pixels and averaged over the batch.

    Summed, not averaged, over the pixels: the average makes the KL outweigh the picture and the posterior collapse.
    """
    per_pixel = ops.softplus(logits) - x * logits
    return ops.mean(_sum_per_example(per_pixel))


def _sum_per_example(values: Tensor) -> Tensor:
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))
