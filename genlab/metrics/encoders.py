"""What an encoder keeps: reconstructions, bounds on the likelihood, and how many dimensions it uses."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import ANY, NON_NEGATIVE, Metric, Result, examples, pair
from genlab.registry import METRICS

ACTIVE = 0.01  # variance of the posterior means above which a dimension counts as used


def kl_per_dimension(mean: np.ndarray, log_variance: np.ndarray) -> dict[str, Any]:
    """KL divergence in nats of the posteriors N(mean, exp(log_variance)), both (n, d), from a standard normal prior.

    ½ (μ² + σ² - ln σ² - 1) for each dimension, averaged over the n examples.

    Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", appendix B.

    Failure modes: 0 in every dimension is posterior collapse, which is good for the loss and useless; neither more nor
    less is better by itself.

    Returns:
        total: sum over the dimensions, the KL term of the ELBO.
        kl: (d,) of each dimension.

    One collapsed point at 0 with variance 1 has 0. Sizes that differ, none, or NaN are a ValueError.
    """
    mean, log_variance = pair(mean, log_variance, ("mean", "log variance"), equal=True, float64=True)
    kl = ((mean**2 + np.exp(log_variance) - log_variance - 1) / 2).mean(axis=0)
    return {"total": float(kl.sum()), "kl": kl}


def active_units(mean: np.ndarray, threshold: float = ACTIVE) -> dict[str, Any]:
    """How many dimensions of the latent the encoder uses, from its posterior means (n, d).

    A dimension is active if the variance over the examples of its posterior mean is above 0.01.

    Source: Burda, Grosse and Salakhutdinov 2016, "Importance Weighted Autoencoders".

    Failure modes: the threshold is absolute, so it fits a prior of variance 1 only. A dimension may be active and the
    decoder ignore it.

    Returns:
        active: number of active dimensions.
        dimensions: d.
        variance: (d,) variance of the posterior means.
        is_active: (d,) whether each is active.

    One collapsed point has 0 active dimensions. Fewer than 2 examples, none, or NaN are a ValueError.
    """
    variance = examples(mean, "mean", least=2).astype("float64").var(axis=0)
    used = variance > threshold
    return {"active": int(used.sum()), "dimensions": len(used), "variance": variance, "is_active": used}


def iwae_bound(log_weights: np.ndarray) -> dict[str, Any]:
    """Estimate of the log-likelihood in nats an example, from ln p(x, z) - ln q(z | x) of S draws of z each: (n, S).

    ln (1/S Σ w), averaged over the examples: a lower bound on ln p(x) that rises with S, and the ELBO for S = 1.

    Source: Burda, Grosse and Salakhutdinov 2016, "Importance Weighted Autoencoders".

    Failure modes: values compare at one S only, so state it. For continuous data it is a log-density: it may be
    positive, and grows without limit as the decoder's noise shrinks on data that lies on a surface. Of a decoder that
    says a Bernoulli of each pixel it is the log-probability of images in black and white, not of grey ones.

    Returns:
        bound: the estimate.
        elbo: mean of the logarithms, the evidence lower bound, which training maximises where beta is 1.
        samples: S.

    Equal weights give bound = elbo. ValueError without examples or with NaN.
    """
    from scipy.special import logsumexp

    rows = examples(log_weights, "weighted").astype("float64")
    bound = logsumexp(rows, axis=1) - np.log(rows.shape[1])
    return {"bound": float(bound.mean()), "elbo": float(rows.mean()), "samples": rows.shape[1]}


def reconstruction_error(x: np.ndarray, reconstructed: np.ndarray) -> dict[str, Any]:
    """Squared error of reconstructions against their examples x, both (n, ...) in the units of the data.

    Source: the definition.

    Failure modes: favours blur. An error far below the noise in the data is an encoder that copies.

    Returns:
        mean_squared: mean over all numbers.
        summed: sum over the numbers of an example, averaged over the examples, as the loss has it.
        each: (n,) the sum for each example.

    One collapsed point has the mean squared distance of the data from it. Sizes that differ, none, or NaN are a
    ValueError.
    """
    x, reconstructed = pair(x, reconstructed, ("given", "reconstructed"), equal=True, float64=True)
    squared = (x - reconstructed) ** 2
    summed = squared.sum(axis=1)
    return {"mean_squared": float(squared.mean()), "summed": float(summed.mean()), "each": summed}


METRICS.add(
    Metric(
        "kl_per_dimension",
        "KL of each latent dimension",
        kl_per_dimension,
        needs="posteriors",
        results=(Result("total", "KL of all latent dimensions, in nats", NON_NEGATIVE),),
        example=(
            "mean, log_variance = np.array([[1.0, 0], [-1, 0]]), np.zeros((2, 2))\nkl_per_dimension(mean, log_variance)"
        ),
    )
)
METRICS.add(
    Metric(
        "active_units",
        "Active units",
        active_units,
        needs="codes",
        results=(
            Result("active", "Active units", (0, "dimensions"), better="higher", role="first", interval=False),
            Result("dimensions", "Dimensions of the latent", NON_NEGATIVE, role="yardstick"),
        ),
        example="active_units(np.array([[1.0, 0.05], [-1, -0.05], [1, -0.05], [-1, 0.05]]))",
    )
)
METRICS.add(
    Metric(
        "iwae_bound",
        "Importance weighted bound",
        iwae_bound,
        needs="likelihood weights",
        cost="slow",
        results=(
            Result("bound", "Importance weighted bound", ANY, better="higher", role="first"),
            Result("elbo", "Evidence lower bound, in nats", ANY, better="higher"),
            Result("samples", "Importance weighted bound: draws of the latent", NON_NEGATIVE, role="yardstick"),
        ),
        example="iwae_bound(np.log([[0.1, 0.3], [0.5, 0.5]]))  # half of ln 0.2 + ln 0.5",
    )
)
METRICS.add(
    Metric(
        "reconstruction_error",
        "Reconstruction error",
        reconstruction_error,
        needs="reconstructions",
        results=(
            Result("mean_squared", "Reconstruction error: mean squared", NON_NEGATIVE, better="lower", role="first"),
            Result("summed", "Reconstruction error: summed", NON_NEGATIVE, better="lower"),
        ),
        example="reconstruction_error(np.zeros((2, 3)), np.array([[0, 0, 0], [1, 1, 2]]))",
    )
)
