"""How two distributions differ in shape: over- and under-filled bins, precision against recall, diversity."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import NON_NEGATIVE, SHARE, Metric, Result, pair
from genlab.metrics.distances import median_distance
from genlab.registry import METRICS

EXAMPLES_A_BIN = 50


def bin_differences(
    real: np.ndarray, fake: np.ndarray, bins: int | None = None, seed: int = 0, significance: float = 0.05
) -> dict[str, Any]:
    """Number of statistically different bins (NDB) of real (n, d) and fake (m, d) examples, in one space.

    The real examples are divided into K bins by k-means and the fake ones go to the nearest centre. K is one for each
    50 real examples, at most 100, unless given. Per bin, with shares p of the real and q of the fake examples and s
    their common share, z = (q - p) / √(s (1 - s) (1/n + 1/m));
    the bin differs if |z| is beyond the two-sided `significance`. Unchanged by rotation, translation and scale.

    Source: Richardson and Weiss 2018, "On GANs and GMMs".

    Failure modes: identical distributions have `significance` of their bins different, or fewer where bins are many and
    dimensions too, since the centres were fitted to the same real examples: read it beside what real data gets.
    It grows with n, as every test does. Where there are fewer different ones
    than bins, there are that many bins. It depends on the space, and on the seed of k-means and the order of the real
    examples, from which that starts.

    Returns:
        different: number of bins that differ.
        different_share: the same, divided by the number of bins.
        jensen_shannon: Jensen-Shannon divergence of the shares in nats, at most ln 2.
        bins: K.
        real_share: (K,) share of the real examples in each bin.
        fake_share: (K,) share of the fake examples; over-filled if larger.
        z: (K,) the statistic, positive where over-filled.
        centres: (K, d) centres of the bins.
        real_bins: (n,) the bin of each real example.
        fake_bins: (m,) the bin of each fake example.

    One collapsed point fills one bin and differs in nearly all. Sizes may differ. ValueError without examples or with
    NaN.
    """
    from scipy.special import ndtri, rel_entr
    from sklearn.cluster import KMeans

    real, fake = pair(real, fake, float64=True)
    bins = bins or int(np.clip(len(real) // EXAMPLES_A_BIN, 2, 100))
    bins = min(bins, len(np.unique(real, axis=0)))
    groups = KMeans(bins, n_init=1, random_state=seed).fit(real)
    labels = groups.labels_, groups.predict(fake)
    p, q = (np.bincount(assigned, minlength=bins) / len(assigned) for assigned in labels)
    common = (len(real) * p + len(fake) * q) / (len(real) + len(fake))
    error = np.sqrt(common * (1 - common) * (1 / len(real) + 1 / len(fake)))
    z = np.divide(q - p, error, out=np.zeros(bins), where=error > 0)
    different = int((np.abs(z) > -ndtri(significance / 2)).sum())
    middle = (p + q) / 2
    return {
        "different": different,
        "different_share": different / bins,
        "jensen_shannon": float((rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2),
        "bins": bins,
        "real_share": p,
        "fake_share": q,
        "z": z,
        "centres": groups.cluster_centers_,
        "real_bins": labels[0],
        "fake_bins": labels[1],
    }


def precision_recall_curve(
    real: np.ndarray, fake: np.ndarray, clusters: int = 20, angles: int = 1001, runs: int = 10, seed: int = 0
) -> dict[str, Any]:
    """Precision against recall of a distribution (PRD), of real (n, d) and fake (n, d) examples, in one space.

    k-means of all examples gives shares p (real) and q (fake) of each cluster. For slopes λ = tan θ, with θ over
    `angles` steps from 0 to π/2, precision α = Σ min(λ p, q) and recall β = α / λ, averaged over `runs` of k-means.
    F_b = (1 + b²) α β / (b² α + β), at its largest along the curve: F_8 weighs recall, F_1/8 precision.

    Source: Sajjadi et al. 2018, "Assessing Generative Models via Precision and Recall".

    Failure modes: it sees differences between clusters only, none within one: a blurred copy of each example costs
    nothing. It depends on the space.

    Returns:
        f_8: in [0, 1], mostly recall; 1 for identical distributions.
        f_1_8: in [0, 1], mostly precision; 1 for identical distributions.
        precision: (angles,) along the curve, rising with θ.
        recall: (angles,) along the curve, falling with θ.

    One collapsed point on real data has a high F_1/8 and a low F_8. Where there are fewer different examples than
    clusters, there are that many clusters. Sizes that differ, none, or NaN are a ValueError.
    """
    from sklearn.cluster import KMeans

    real, fake = pair(real, fake, equal=True, float64=True)
    together = np.concatenate([real, fake])
    clusters = min(clusters, len(np.unique(together, axis=0)))
    slopes = np.tan(np.linspace(1e-10, np.pi / 2 - 1e-10, angles))[:, None]  # without the ends, 0 and infinity
    precision, recall = np.zeros(angles), np.zeros(angles)
    for run in range(runs):
        groups = KMeans(clusters, n_init=1, random_state=seed + run).fit_predict(together)
        p, q = (np.bincount(assigned, minlength=clusters) / len(real) for assigned in np.split(groups, 2))
        precision += np.minimum(slopes * p, q).sum(axis=1) / runs
        recall += np.minimum(p, q / slopes).sum(axis=1) / runs

    def best(b: float) -> float:
        below = b**2 * precision + recall
        return float(np.divide((1 + b**2) * precision * recall, below, out=np.zeros(angles), where=below > 0).max())

    return {"f_8": best(8), "f_1_8": best(1 / 8), "precision": precision, "recall": recall}


def vendi_score(real: np.ndarray, fake: np.ndarray) -> dict[str, Any]:
    """The effective number of different examples among fake (n, d), and among as many real ones, (n, d), in one space.

    exp(-Σ λ ln λ) over the eigenvalues λ of K / n with K = exp(-|x - y|² / 2 s²), s the median distance between real
    examples, for both. Unchanged by rotation, translation and scale.

    Source: Friedman and Dieng 2023, "The Vendi Score: A Diversity Evaluation Metric for Machine Learning". The Gaussian
    kernel with this bandwidth is our choice, so compare with the real value and not with published ones.

    Failure modes: it does not know the data: noise is diverse. Modes nearer to each other than s count as one. Time
    grows with the cube of the number of examples.

    Returns:
        score: 1 if all samples are equal, n if all are infinitely far apart.
        real_score: the same of the real examples.
        ratio: score divided by real_score; 1 is as diverse as the data.

    One collapsed point has the score 1. Sizes that differ, none, or NaN are a ValueError.
    """
    from scipy.spatial.distance import cdist

    real, fake = pair(real, fake, equal=True)
    bandwidth = median_distance(real)

    def effective(rows: np.ndarray) -> float:
        values = np.linalg.eigvalsh(np.exp(cdist(rows, rows, "sqeuclidean") / (-2 * bandwidth**2)) / len(rows))
        values = values[values > 0]
        return float(np.exp(-(values * np.log(values)).sum()))

    score, real_score = effective(fake), effective(real)
    return {"score": score, "real_score": real_score, "ratio": score / real_score}


METRICS.add(
    Metric(
        "bin_differences",
        "Number of different bins",
        bin_differences,
        needs="features",
        cost="slow",
        results=(
            Result("different", "Different bins", (0, "bins"), better="lower", interval=False),
            Result(
                "different_share",
                "Different bins, share of all",
                SHARE,
                better="lower",
                role="first",
                interval=False,
            ),
            Result(
                "jensen_shannon",
                "Jensen-Shannon divergence of the bins, in nats",
                (0.0, np.log(2)),
                better="lower",
                interval=False,
            ),
            Result("bins", "Bins", NON_NEGATIVE, role="yardstick"),
        ),
        example=(
            "real = np.repeat([[0.0], [10], [20]], [40, 40, 20], axis=0)\n"
            "fake = np.repeat([[0.0], [10], [20]], [80, 0, 20], axis=0)\n"
            "bin_differences(real, fake, bins=3)"
        ),
    )
)
METRICS.add(
    Metric(
        "precision_recall_curve",
        "Precision-recall curve",
        precision_recall_curve,
        needs="features",
        cost="slow",
        results=(
            Result("f_8", "Precision-recall curve: F 8, mostly recall", SHARE, better="higher", interval=False),
            Result("f_1_8", "Precision-recall curve: F 1/8, mostly precision", SHARE, better="higher", interval=False),
        ),
        example=(
            "real = np.repeat([[0.0], [10]], 50, axis=0)\n"
            "fake = np.zeros((100, 1))  # one of two modes\n"
            "precision_recall_curve(real, fake, clusters=2, angles=5)"
        ),
    )
)
METRICS.add(
    Metric(
        "vendi_score",
        "Vendi score",
        vendi_score,
        needs="features",
        maximum=1000,
        cost="slow",
        results=(
            Result("score", "Vendi score", (1, np.inf), interval=False),
            Result("real_score", "Vendi score of real data", (1, np.inf), role="yardstick"),
            Result("ratio", "Vendi score, divided by that of real data", NON_NEGATIVE, role="first"),
        ),
        example=("real = np.repeat([[0.0], [10]], 50, axis=0)\nvendi_score(real, np.zeros((100, 1)))"),
    )
)
