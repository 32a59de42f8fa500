"""Mode coverage: how many modes the samples reach, how evenly, and how many samples lie on a mode at all.

"At least one sample" calls a nearly untrained model complete, so a *solid* mode must hold at least 20 % of its fair
share, and the share of samples on a mode is always reported beside the count.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import NON_NEGATIVE, SHARE, Metric, Result
from genlab.registry import METRICS

SOLID = 0.2  # of the fair share
CONFIDENT = 0.9  # top probability from which a classified sample counts as on its mode
WITHIN = float(1 - np.exp(-4.5))  # the share of a Gaussian within 3 standard deviations in the plane: 98.89 %


def mode_radius(std: float, dimensions: int) -> float:
    """The radius that holds 98.89 % of a Gaussian: 3 std in two dimensions, and the same share in any other number."""
    from scipy.special import chdtri  # the quantile of chi-squared; imported here, since pages read this file

    return std * float(np.sqrt(chdtri(dimensions, 1 - WITHIN)))


def assign_modes(samples: np.ndarray, centres: np.ndarray, std: float) -> np.ndarray:
    """The mode each sample is on, (n,), -1 where it is on none: the nearest centre, if within `mode_radius` of it.

    Samples (n, d), centres (K, d), float; samples that are not finite are on no mode.
    """
    if samples.shape[1] != centres.shape[1]:
        raise ValueError(
            f"The samples have {samples.shape[1]} coordinates and the centres {centres.shape[1]}. Give both as many."
        )
    distances = np.linalg.norm(samples[:, None, :].astype("float64") - centres, axis=-1)
    distances = np.where(np.isfinite(distances), distances, np.inf)
    nearest = distances.argmin(axis=1)
    within = distances.min(axis=1) <= mode_radius(std, samples.shape[1])
    return np.where(within, nearest, -1)


def mixture_log_density(samples: np.ndarray, centres: np.ndarray, std: float, shares: np.ndarray) -> np.ndarray:
    """ln p in nats, (n,), of samples (n, d) under K Gaussians with centres (K, d), one std and shares (K,)."""
    from scipy.special import logsumexp

    squared = ((samples[:, None, :].astype("float64") - centres) ** 2).sum(axis=-1)
    constant = samples.shape[1] * np.log(std * np.sqrt(2 * np.pi))
    return logsumexp(-squared / (2 * std**2), axis=1, b=shares) - constant


def assign_classes(probabilities: np.ndarray) -> np.ndarray:
    """The class each sample is on, (n,), -1 where the top probability is below 0.9. Probabilities (n, K)."""
    sure = np.isfinite(probabilities).all(axis=1) & (probabilities.max(axis=1) >= CONFIDENT)
    return np.where(sure, probabilities.argmax(axis=1), -1)


def mode_coverage(modes: np.ndarray, reference_share: np.ndarray) -> dict[str, Any]:
    """How many modes the samples reach, and how evenly, from the mode of each, (n,), -1 for none, and the data's own
    share of each of the K modes, (K,).

    Of a mixture of K Gaussians with known centres and one std a sample is on its nearest mode if within 3 std of the
    centre (in the plane; in d dimensions the radius that holds the same 98.89 %): see `assign_modes`. A perfect sampler
    therefore scores an on-mode share of 0.9889, not 1. Of labelled classes a sample is on its most probable class if a
    classifier gives that a probability of at least 0.9: see `assign_classes`. The value that real data gets depends on
    the classifier and belongs beside it.

    Source: Srivastava et al. 2017, "VEEGAN", whose rule of 3 std is for the plane; Che et al. 2017, "Mode Regularized
    Generative Adversarial Networks", who count classes by a classifier. The 0.9 and the 20 % of a solid mode are ours.

    Failure modes: a mode with a single sample counts as captured, so read `solid`. With fewer than some 10 samples a
    mode a perfect sampler leaves modes out by chance. Where Gaussians overlap, a sample of one may be on its neighbour.
    A classifier may be sure of what is no image of any class, and unsure of rare but real ones, so that it never
    reaches the share of their class.

    Returns:
        captured: modes with at least one sample (the rule of VEEGAN, Srivastava et al. 2017, and of PacGAN).
        solid: modes with at least one sample and at least 20 % of their fair share of all samples.
        modes: K.
        on_mode_share: share of the samples that are on a mode, in [0, 1].
        reverse_kl: KL in nats of the on-mode samples' shares from the data's; None if no sample is on a mode. The
            maximum for equal shares is ln K. It is blind to samples on no mode.
        reverse_kl_floor: what a perfect sampler gets, about (K - 1) / 2n.
        mode_tv: total variation between the same two, in [0, 1]; None likewise.
        share: (K,) share of all samples on each mode.

    One collapsed point is on one mode or on none. A sample on a mode of which the data has none makes the KL infinite.
    No samples, a mode beyond K, or shares that do not add up to 1 are a ValueError.
    """
    count = len(modes)
    if count == 0:
        raise ValueError("Mode coverage needs at least one sample; got none.")
    reference_share = np.asarray(reference_share, dtype="float64")
    if not np.isclose(reference_share.sum(), 1, atol=1e-3):
        raise ValueError(f"The shares of the modes add up to {reference_share.sum():.3g}; they must add up to 1.")
    if modes.max() >= len(reference_share):
        raise ValueError(
            f"A sample is on mode {modes.max()} and there are shares of {len(reference_share)} modes, counted from 0. "
            "Give one share for each mode."
        )
    per_mode = np.bincount(modes[modes >= 0], minlength=len(reference_share))
    on_mode = int(per_mode.sum())
    share = per_mode / count
    result: dict[str, Any] = {
        "captured": int((per_mode > 0).sum()),
        "solid": int(((per_mode > 0) & (share >= SOLID * reference_share)).sum()),
        "modes": len(reference_share),
        "on_mode_share": on_mode / count,
        "reverse_kl": None,
        "reverse_kl_floor": (len(reference_share) - 1) / (2 * count),
        "mode_tv": None,
        "share": share,
    }
    if on_mode:
        among = per_mode / on_mode
        filled = among > 0
        with np.errstate(divide="ignore"):
            result["reverse_kl"] = float(np.sum(among[filled] * np.log(among[filled] / reference_share[filled])))
        result["mode_tv"] = float(0.5 * np.abs(among - reference_share).sum())
    return result


METRICS.add(
    Metric(
        "mode_coverage",
        "Mode coverage",
        mode_coverage,
        needs="modes",
        results=(
            Result("captured", "Captured modes", (0, "modes"), better="higher", interval=False),
            Result("solid", "Solid modes", (0, "modes"), better="higher", role="first", interval=False),
            Result("modes", "Modes", NON_NEGATIVE, role="yardstick"),
            Result("on_mode_share", "Share on a mode", SHARE, better="higher", role="first"),
            Result("reverse_kl", "Reverse KL of the modes, in nats", NON_NEGATIVE, better="lower", role="first"),
            Result("reverse_kl_floor", "Reverse KL of a perfect sampler", NON_NEGATIVE, role="yardstick"),
            Result("mode_tv", "Total variation of the modes", SHARE, better="lower"),
        ),
        example=(
            "samples = np.array([[0, 0], [0.1, 0], [4, 4], [2, 2]])\n"
            "modes = assign_modes(samples, centres=np.array([[0, 0], [4, 4], [9, 9]]), std=0.1)  # 0, 0, 1 and none\n"
            "mode_coverage(modes, reference_share=np.full(3, 1 / 3))"
        ),
    )
)
