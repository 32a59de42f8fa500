"""Losses: pure functions of logits, of gradients, of moments or of examples.

A loss of examples is summed over the values of each, then averaged over the batch; "per dimension" and "log density"
say what is left out. Logits are (batch, 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

Tensor = Any


@dataclass(frozen=True)
class AdversarialLosses:
    """What a discriminator and a generator each minimise.

    Attributes:
        discriminator: real logits, fake logits, smoothing -> scalar. One-sided label smoothing (Salimans et al. 2016)
        asks for 1 - smoothing instead of 1 on real examples.
        generator: fake logits -> scalar; of the relativistic loss, fake logits, real logits -> scalar.
        to_probability: logits -> probability of being real; None where they are values without a scale.
        threshold: the logit above which an example is taken for real.
        relativistic: a generated example is judged against a real one, which the generator's loss needs too.
    """

    discriminator: Callable[[Tensor, Tensor, Tensor], Tensor]
    generator: Callable[..., Tensor]
    to_probability: Callable[[Tensor], Tensor] | None
    threshold: float = 0.0
    relativistic: bool = False


def cross_entropy_discriminator_loss(real_logits: Tensor, fake_logits: Tensor, smoothing: Tensor = 0.0) -> Tensor:
    """-(1 - s) log D(x) - s log(1 - D(x)) - log(1 - D(G(z))) in nats; 2 ln 2 = 1.386 where D cannot tell and s = 0.

    Goodfellow et al. 2014, "Generative Adversarial Nets", equation 1, with D the sigmoid of the logits.
    """
    real = ops.softplus(-real_logits) + smoothing * real_logits
    return ops.mean(real) + ops.mean(ops.softplus(fake_logits))


def minimax_generator_loss(fake_logits: Tensor) -> Tensor:
    """log(1 - D(G(z))) in nats; -ln 2 where D cannot tell. Its gradient vanishes where D is sure of a fake.

    Goodfellow et al. 2014, equation 1: the generator's half of the minimax game.
    """
    return -ops.mean(ops.softplus(fake_logits))


def non_saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """-log D(G(z)) in nats; ln 2 = 0.693 where D cannot tell. Goodfellow et al. 2014, section 3."""
    return ops.mean(ops.softplus(-fake_logits))


def least_squares_discriminator_loss(real_logits: Tensor, fake_logits: Tensor, smoothing: Tensor = 0.0) -> Tensor:
    """(D(x) - (1 - s))^2 / 2 + D(G(z))^2 / 2, with D the logits; 0.25 where D cannot tell and s = 0.

    Mao et al. 2017, "Least Squares Generative Adversarial Networks", equation 9.
    """
    return 0.5 * (ops.mean(ops.square(real_logits - (1.0 - smoothing))) + ops.mean(ops.square(fake_logits)))


def least_squares_generator_loss(fake_logits: Tensor) -> Tensor:
    """(D(G(z)) - 1)^2 / 2; 0.125 where D cannot tell. Mao et al. 2017, equation 9."""
    return 0.5 * ops.mean(ops.square(fake_logits - 1.0))


def hinge_discriminator_loss(real_logits: Tensor, fake_logits: Tensor, smoothing: Tensor = 0.0) -> Tensor:
    """max(0, 1 - s - D(x)) + max(0, 1 + D(G(z))), with D the logits. Lim and Ye 2017, "Geometric GAN"."""
    return ops.mean(ops.relu(1.0 - smoothing - real_logits)) + ops.mean(ops.relu(1.0 + fake_logits))


def relativistic_discriminator_loss(real_logits: Tensor, fake_logits: Tensor, smoothing: Tensor = 0.0) -> Tensor:
    """-(1 - s) log p - s log(1 - p) in nats, p = sigmoid(D(x) - D(G(z))) the chance that of a pair the real example is
    the real one; ln 2 = 0.693 where D cannot tell.

    Jolicoeur-Martineau 2018, "The relativistic discriminator: a key element missing from standard GAN", RSGAN.
    """
    difference = real_logits - fake_logits
    return ops.mean(ops.softplus(-difference) + smoothing * difference)


def relativistic_generator_loss(fake_logits: Tensor, real_logits: Tensor) -> Tensor:
    """-log sigmoid(D(G(z)) - D(x)) in nats; ln 2 = 0.693 where D cannot tell. Jolicoeur-Martineau 2018, RSGAN."""
    return ops.mean(ops.softplus(real_logits - fake_logits))


def wasserstein_critic_loss(real_logits: Tensor, fake_logits: Tensor, smoothing: Tensor = 0.0) -> Tensor:
    """D(G(z)) - D(x), with D the logits: minus an estimate of the Wasserstein distance, if D is 1-Lipschitz.

    Arjovsky et al. 2017, "Wasserstein GAN", equation 3. A critic has no label that could be smoothed.
    """
    return ops.mean(fake_logits) - ops.mean(real_logits)


def wasserstein_generator_loss(fake_logits: Tensor) -> Tensor:
    """-D(G(z)), with D the logits. Of the critic in Arjovsky et al. 2017 and of the hinge in Lim and Ye 2017."""
    return -ops.mean(fake_logits)


def accuracies(real_logits: Tensor, fake_logits: Tensor, threshold: float = 0.0) -> dict[str, Tensor]:
    """The shares of real and of generated examples on their side of the threshold."""
    return {
        "accuracy_real": ops.mean(ops.cast(real_logits > threshold, "float32")),
        "accuracy_fake": ops.mean(ops.cast(fake_logits < threshold, "float32")),
    }


ADVERSARIAL_LOSSES = {
    "non-saturating": AdversarialLosses(cross_entropy_discriminator_loss, non_saturating_generator_loss, ops.sigmoid),
    "minimax": AdversarialLosses(cross_entropy_discriminator_loss, minimax_generator_loss, ops.sigmoid),
    "least-squares": AdversarialLosses(
        least_squares_discriminator_loss, least_squares_generator_loss, lambda logits: ops.clip(logits, 0.0, 1.0), 0.5
    ),
    "hinge": AdversarialLosses(hinge_discriminator_loss, wasserstein_generator_loss, None),
    "relativistic": AdversarialLosses(
        relativistic_discriminator_loss, relativistic_generator_loss, None, relativistic=True
    ),
    "wasserstein": AdversarialLosses(wasserstein_critic_loss, wasserstein_generator_loss, None),
}


def gradient_penalty(gradient: Tensor) -> Tensor:
    """(||g|| - 1)^2 for gradients g (batch, ...) of a critic at points between real and generated examples.

    Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", equation 3. The 1e-12 keeps the root differentiable
    where a gradient is zero.
    """
    norm = ops.sqrt(_sum_per_example(ops.square(gradient)) + 1e-12)
    return ops.mean(ops.square(norm - 1.0))


def zero_centered_penalty(gradient: Tensor) -> Tensor:
    """||g||^2 / 2 for gradients g (batch, ...) of a discriminator: R1 at real examples, R2 at generated ones.

    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equations 9 and 10 without their
    weights.
    """
    return 0.5 * ops.mean(_sum_per_example(ops.square(gradient)))


def kl_per_dimension(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of N(mean, exp(log_variance)) from N(0, 1) in nats, averaged over the batch: (batch, d) -> (d,).

    Kingma and Welling 2013, "Auto-Encoding Variational Bayes", appendix B.
    """
    return 0.5 * ops.mean(ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance, axis=0)


def squared_error(x: Tensor, decoded: Tensor) -> Tensor:
    """||x - decoded||^2, summed over the values of an example."""
    return ops.mean(_sum_per_example(ops.square(x - decoded)))


def gaussian_log_density(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """log N(x; mean, std^2) in nats, (batch,), summed over the values of an example; may be positive."""
    scaled = (x - mean) * ops.exp(-log_std)
    per_value = 0.5 * ops.square(scaled) + log_std + 0.5 * np.log(2 * np.pi)
    return -_sum_per_example(per_value)


def gaussian_negative_log_likelihood(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """-log N(x; mean, std^2) in nats, summed over the values of an example; may be negative."""
    return -ops.mean(gaussian_log_density(x, mean, log_std))


def categorical_log_density(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x) in nats, (batch,), of words (batch, K) of which each is 1 at one place, and 0 elsewhere."""
    return ops.sum(x * ops.log_softmax(logits), axis=1)


def bernoulli_log_density(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x) in nats, (batch,), summed over the pixels of an example, each 0 or 1.

    Of grey pixels it is the mean over all ways to draw them black or white with their grey as the chance of white.
    """
    return -_sum_per_example(ops.softplus(logits) - x * logits)


def bernoulli_negative_log_likelihood(x: Tensor, logits: Tensor) -> Tensor:
    """-log p(x) in nats for pixels x in [0, 1], summed over the pixels of an example.

    Summed, not averaged, over the pixels: the average makes the KL outweigh the picture and the posterior collapse.
    """
    return -ops.mean(bernoulli_log_density(x, logits))


def maximum_mean_discrepancy(codes: Tensor, draws: Tensor) -> Tensor:
    """Squared maximum mean discrepancy between codes and draws from a standard normal, both (batch, d); unbiased, so it
    may be a little below zero.

    Kernel: the inverse multiquadratics C / (C + ||a - b||^2), summed over C = 2 d s for the scales s in 0.1 ... 10.
    Tolstikhin et al. 2018, "Wasserstein Auto-Encoders", algorithm 2 and section 4.
    """
    count, dimensions = codes.shape
    apart = 1.0 - ops.eye(count)

    def distances(a: Tensor, b: Tensor) -> Tensor:
        # Not from the differences, which take batch times as much memory.
        squares = ops.sum(ops.square(a), axis=1)[:, None] + ops.sum(ops.square(b), axis=1)[None, :]
        return ops.maximum(squares - 2.0 * ops.matmul(a, ops.transpose(b)), 0.0)

    codes_codes, draws_draws, codes_draws = distances(codes, codes), distances(draws, draws), distances(codes, draws)
    total = 0.0
    for scale in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0):
        c = 2.0 * dimensions * scale
        within = ops.sum(apart * (c / (c + codes_codes) + c / (c + draws_draws))) / (count * (count - 1))
        total += within - 2.0 * ops.mean(c / (c + codes_draws))
    return total


def _sum_per_example(values: Tensor) -> Tensor:
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))
