"""Distances between two sets of examples: Fréchet, kernel (KID), maximum mean discrepancy and sliced Wasserstein.

None of them may be called FID: that is the Fréchet distance in the features of one Inception network. Say which space,
and how many examples: "Fréchet distance, 64 principal components, n = 5,000".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import ANY, NON_NEGATIVE, SHARE, Metric, Result, pair
from genlab.registry import METRICS

BLOCK = 1000  # rows of a kernel held at once
BANDWIDTHS = (0.1, 0.2, 0.5, 1.0, 2.0)  # of the median distance: one alone is blind to modes closer than it is wide
DISCREPANCY = (-2.0 * len(BANDWIDTHS), 2.0 * len(BANDWIDTHS))  # each kernel is at most 1


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> dict[str, Any]:
    """Squared Fréchet distance, as FID reports it, between two Gaussians with the means and covariances of real (n, d)
    and fake (m, d) examples.

    |μ₁ - μ₂|² + tr(C₁ + C₂ - 2 (C₁ C₂)^½), in squared units of the features. With C = Rᵀ R, where R
    comes from a QR decomposition of the centred examples, the trace of the root is the sum of the singular values of
    R₁ R₂ᵀ, which needs no root of a matrix and no small constant for singular covariances. Unchanged by rotation and
    translation.

    Source: Dowson and Landau 1982, "The Fréchet Distance between Multivariate Normal Distributions"; Heusel et al.
    2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium".

    Failure modes: biased upwards for few examples, the more so the larger d is, so compare at equal n only. It sees
    means and covariances and nothing else: samples on every second of ring8's eight modes have a distance of about 0.

    Returns:
        distance: the squared distance; 0 for equal means and covariances.
        of_means: its part |μ₁ - μ₂|².
        of_covariances: the rest of it.

    One collapsed point has the distance |μ₁ - μ₂|² + tr C₁. Sizes may differ. ValueError for fewer than 2 examples or
    NaN.
    """
    real, fake = pair(real, fake, float64=True, least=2)
    means = [rows.mean(axis=0) for rows in (real, fake)]
    factors = [_covariance_factor(rows - mean) for rows, mean in zip((real, fake), means)]
    of_means = float(((means[0] - means[1]) ** 2).sum())
    trace_of_root = np.linalg.svd(factors[0] @ factors[1].T, compute_uv=False).sum()
    of_covariances = max(0.0, float(sum((root**2).sum() for root in factors) - 2 * trace_of_root))
    return {"distance": of_means + of_covariances, "of_means": of_means, "of_covariances": of_covariances}


def _covariance_factor(centred: np.ndarray) -> np.ndarray:
    """R with Rᵀ R = the covariance of centred rows."""
    return np.asarray(np.linalg.qr(centred / np.sqrt(len(centred) - 1), mode="r"))


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> dict[str, Any]:
    """Unbiased squared maximum mean discrepancy with a cubic kernel of real (n, d) and fake (m, d), in the form of KID.

    k(x, y) = (x · y / d + 1)³; the mean of k over pairs of different real examples, plus that of the fake ones, minus
    twice the mean over real with fake. Unchanged by rotation, but not by translation. Its expected value does not
    depend on n.

    Source: Bińkowski et al. 2018, "Demystifying MMD GANs", who average it over subsets of 1,000; here it is taken of
    all examples at once, which has the same expected value and a smaller variance.

    Failure modes: may be slightly negative. The value depends on the scale of the features, so compare in one space
    only.

    Returns:
        distance: about 0 for identical distributions.

    One collapsed point is measured as any other set. Sizes may differ. ValueError for fewer than 2 examples or
    NaN.
    """
    real, fake = pair(real, fake, float64=True, least=2)
    width = real.shape[1]

    def total(a: np.ndarray, b: np.ndarray) -> float:
        """Sum of the kernel over all pairs, of so many rows at a time that memory stays small."""
        blocks = (a[start : start + BLOCK] @ b.T / width + 1 for start in range(0, len(a), BLOCK))
        return float(sum((block * block * block).sum() for block in blocks))  # five times as fast as ** 3

    within = 0.0
    for rows in (real, fake):
        itself = (((rows**2).sum(axis=1) / width + 1) ** 3).sum()
        within += (total(rows, rows) - itself) / (len(rows) * (len(rows) - 1))
    return {"distance": float(within - 2 * total(real, fake) / (len(real) * len(fake)))}


def median_distance(rows: np.ndarray) -> float:
    """Median distance of the pairs of rows, (n, d); if that is 0 their mean distance, and 1 if all rows are equal."""
    from scipy.spatial.distance import pdist

    distances = pdist(rows)
    if not distances.size:
        return 1.0
    return float(np.median(distances) or distances.mean() or 1.0)


def maximum_mean_discrepancy(
    real: np.ndarray, fake: np.ndarray, permutations: int = 200, seed: int = 0
) -> dict[str, Any]:
    """Unbiased squared maximum mean discrepancy with Gaussian kernels of real (n, d) and fake (m, d), and a test of it.

    k(x, y) = Σ exp(-|x - y|² / 2 s²) over s = 0.1, 0.2, 0.5, 1 and 2 times the median distance between real examples.
    The p-value is the share of random divisions of all examples into two sets that give at least this discrepancy, the
    actual division counted among them: (1 + c) / (1 + permutations). Unchanged by rotation, translation and scale.

    Source: Gretton et al. 2012, "A Kernel Two-Sample Test"; the sum of five bandwidths is ours.

    Failure modes: may be slightly negative. In many dimensions all distances are alike and the test loses power. Time
    and memory grow with the square of the number of examples.

    Returns:
        discrepancy: squared, of the sum of five kernels; about 0 for identical distributions.
        p_value: small if the two distributions differ; uniform in (0, 1] if they do not.
        bandwidth: the median distance.

    One collapsed point has a p-value near 0; if all examples are equal the discrepancy is 0 and the p-value 1. Sizes
    may differ. Fewer than 2 examples, none, or NaN are a ValueError.
    """
    from scipy.spatial.distance import cdist

    real, fake = pair(real, fake, float64=True, least=2)
    bandwidth = median_distance(real)
    together = np.concatenate([real, fake])
    squared = cdist(together, together, "sqeuclidean")
    kernel = np.zeros_like(squared)
    for factor in BANDWIDTHS:
        kernel += np.exp(squared / (-2 * (factor * bandwidth) ** 2))
    np.fill_diagonal(kernel, 0)  # pairs of different examples only

    n, m = len(real), len(fake)
    first = np.zeros((n + m, permutations + 1))
    first[:n] = 1
    random = np.random.default_rng(seed)
    first[:, 1:] = random.permuted(first[:, 1:], axis=0)
    within_first = (first * (kernel @ first)).sum(axis=0)
    to_first = kernel.sum(axis=0) @ first
    between = to_first - within_first
    within_second = kernel.sum() - 2 * between - within_first
    values = within_first / (n * (n - 1)) + within_second / (m * (m - 1)) - 2 * between / (n * m)
    as_large = int((values[1:] >= values[0] - 1e-12).sum())  # equal up to rounding counts
    return {
        "discrepancy": float(values[0]),
        "p_value": (1 + as_large) / (1 + permutations),
        "bandwidth": bandwidth,
    }


def sliced_wasserstein(real: np.ndarray, fake: np.ndarray, seed: int = 0, projections: int = 200) -> dict[str, Any]:
    """Sliced 2-Wasserstein distance of real (n, d) and fake (n, d) examples, in units of the features.

    Both are projected on `projections` random directions θ, uniform on the sphere, where the optimal transport is that
    of the sorted values: square root of the mean over θ and i of (sort(x θ)ᵢ - sort(y θ)ᵢ)². In one dimension it is the
    Wasserstein distance itself. Unchanged by translation of both; by rotation only on average over the directions.

    Source: Rabin et al. 2012, "Wasserstein Barycenter and its Application to Texture Mixing"; Bonneel et al. 2015.

    Failure modes: two samples of one distribution are more than 0 apart, the less the larger n is. Other directions
    give another value, by about 8 % with 100 of them: the seed fixes them, so that values compare.

    Returns:
        distance: 0 for identical sets.

    One collapsed point has the mean distance of the data from it along a line. Sizes that differ, none, or NaN are a
    ValueError.
    """
    real, fake = pair(real, fake, float64=True, equal=True)
    directions = np.random.default_rng(seed).normal(size=(real.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    gaps = np.sort(real @ directions, axis=0) - np.sort(fake @ directions, axis=0)
    return {"distance": float(np.sqrt((gaps**2).mean()))}


METRICS.add(
    Metric(
        "frechet_distance",
        "Fréchet distance",
        frechet_distance,
        needs="features",
        every_space=True,
        results=(
            Result("distance", "Fréchet distance", NON_NEGATIVE, better="lower", role="first"),
            Result("of_means", "Fréchet distance: of means", NON_NEGATIVE, better="lower"),
            Result("of_covariances", "Fréchet distance: of covariances", NON_NEGATIVE, better="lower"),
        ),
        example=(
            "real = np.array([[-1.0], [0], [1]])  # mean 0, variance 1\n"
            "fake = np.array([[1.0], [3], [5]])  # mean 3, variance 4: 3² + (2 - 1)²\n"
            "frechet_distance(real, fake)"
        ),
    )
)
METRICS.add(
    Metric(
        "kernel_distance",
        "Kernel distance",
        kernel_distance,
        needs="features",
        cost="slow",
        results=(Result("distance", "Kernel distance", ANY, better="lower", role="first"),),
        example=(
            "real = np.array([[0.0], [1]])\n"
            "fake = np.array([[1.0], [2]])  # 1 + 27 - 2 (1 + 1 + 8 + 27) / 4\n"
            "kernel_distance(real, fake)"
        ),
    )
)
METRICS.add(
    Metric(
        "maximum_mean_discrepancy",
        "Maximum mean discrepancy",
        maximum_mean_discrepancy,
        needs="features",
        maximum=1000,
        cost="slow",
        results=(
            Result("discrepancy", "Maximum mean discrepancy", DISCREPANCY, better="lower"),
            Result("p_value", "Maximum mean discrepancy: p-value", SHARE, better="higher", interval=False),
            Result("bandwidth", "Maximum mean discrepancy: bandwidth", NON_NEGATIVE, role="yardstick"),
        ),
        example=("real = np.linspace(0, 1, 20)[:, None]\nmaximum_mean_discrepancy(real, real + 2)"),
    )
)
METRICS.add(
    Metric(
        "sliced_wasserstein",
        "Sliced Wasserstein distance",
        sliced_wasserstein,
        needs="features",
        results=(Result("distance", "Sliced Wasserstein distance", NON_NEGATIVE, better="lower", role="first"),),
        example=("real = np.array([[0.0], [1], [2]])\nsliced_wasserstein(real, real[::-1] + 3)"),
    )
)
