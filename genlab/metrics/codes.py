"""How the codes of the data lie in the latent: what they tell about the class, and whether they fill the prior."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import SHARE, Metric, Result, examples, pair
from genlab.metrics.distances import DISCREPANCY, maximum_mean_discrepancy
from genlab.registry import METRICS


def linear_probe(
    codes_train: np.ndarray, labels_train: np.ndarray, codes_test: np.ndarray, labels_test: np.ndarray
) -> dict[str, Any]:
    """How well a straight line tells the classes apart in the latent: codes (n, d) and (m, d), labels (n,) and (m,).

    Accuracy on the test codes of a logistic regression fitted to the training codes, each dimension divided by its
    standard deviation there.

    Source: Alain and Bengio 2017, "Understanding Intermediate Layers Using Linear Classifier Probes".

    Failure modes: classes that are apart but not by straight lines score low. Read it beside `chance`.

    Returns:
        accuracy: share of the test codes whose class is named rightly.
        chance: share of the commonest class among the test labels.

    One collapsed point names the commonest class of the training labels. One class in the training labels, sizes that
    differ between codes and labels, none, or NaN are a ValueError.
    """
    from sklearn.linear_model import LogisticRegression

    train, test = pair(codes_train, codes_test, ("training", "test"), float64=True)
    for codes, labels, name in ((train, labels_train, "training"), (test, labels_test, "test")):
        if len(codes) != len(labels):
            raise ValueError(f"There are {len(codes)} {name} codes and {len(labels)} labels. Give one label for each.")
        if not np.isfinite(labels).all():
            raise ValueError(f"Some {name} labels are NaN or infinite; expected the number of a class for each code.")
    if len(np.unique(labels_train)) < 2:
        raise ValueError("All training labels are of one class; a probe needs at least two. Give it labelled data.")
    spread = train.std(axis=0)
    scale = np.where(spread > 1e-12 * np.abs(train).max(), spread, np.inf)  # a dimension without spread says nothing
    probe = LogisticRegression(max_iter=1000).fit((train - train.mean(axis=0)) / scale, labels_train)
    accuracy = (probe.predict((test - train.mean(axis=0)) / scale) == labels_test).mean()
    commonest = np.unique(labels_test, return_counts=True)[1].max()
    return {"accuracy": float(accuracy), "chance": float(commonest / len(test))}


def aggregated_posterior_gap(codes_sampled: np.ndarray, prior_draws: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """How far the codes of the data, sampled from their posteriors, (n, d), are from draws of the prior, (m, d).

    What the decoder was trained on against what it is given when the model generates: see `maximum_mean_discrepancy`,
    with the prior as the real side, for the formula.

    Source: Makhzani et al. 2016, "Adversarial Autoencoders"; Tolstikhin et al. 2018, "Wasserstein Auto-Encoders".

    Failure modes: sample the codes; posterior means alone are too narrow. A small p-value says that there is a gap, not
    where: see `hole_map`.

    Returns:
        discrepancy: squared, of the sum of five kernels; about 0 if the codes fill the prior.
        p_value: small if they do not.
        mean: (d,) mean of the codes; 0 if they fill a standard normal prior.
        deviation: (d,) their standard deviation; 1 likewise.

    One collapsed point has a deviation of 0. Sizes may differ. Fewer than 2 codes, none, or NaN are a ValueError.
    """
    codes, prior = pair(codes_sampled, prior_draws, ("code", "prior"), least=2, float64=True)
    result = maximum_mean_discrepancy(prior, codes, seed=seed)
    return {
        "discrepancy": result["discrepancy"],
        "p_value": result["p_value"],
        "mean": codes.mean(axis=0),
        "deviation": codes.std(axis=0),
    }


def hole_map(codes: np.ndarray, cells: int = 12, extent: float = 3.0, mass: np.ndarray | None = None) -> dict[str, Any]:
    """Where a standard normal prior in the plane has mass and the sampled codes, (n, 2), have none.

    The square from -extent to extent is divided into cells x cells; a cell without a code is a hole, and holes count by
    the prior's mass in them, which is a product of differences of the normal distribution function. The codes of a
    perfect encoder leave Σ mass (1 - mass)ⁿ by chance. Of another prior, give its mass in the cells, (cells, cells).

    Source: the holes of Rezende and Viola 2018, "Taming VAEs"; the gap of prior and aggregated posterior that Rosca,
    Lakshminarayanan and Mohamed 2018, "Distribution Matching in Variational Inference", measure; the grid is ours.

    Failure modes: with few codes nearly everything is a hole: read it beside `chance`, or use fewer cells. Only two
    dimensions.

    Returns:
        hole_share: share of the prior's mass in holes.
        chance: the share to expect from codes that follow the prior.
        outside: share of the codes outside the square; 0.5 % for the prior and an extent of 3.
        mass: (cells, cells) the prior's mass in each cell, first dimension first.
        share: (cells, cells) share of the codes in each cell.
        holes: (cells, cells) whether the cell is a hole.
        edges: (cells + 1,) borders of the cells, in either dimension.

    One collapsed point leaves all but one cell. Codes of other than 2 dimensions, none, or NaN are a ValueError.
    """
    from scipy.special import ndtr

    rows = examples(codes, "code").astype("float64")
    if rows.shape[1] != 2:
        raise ValueError(f"The codes have {rows.shape[1]} dimensions; a map needs 2. Use `aggregated_posterior_gap`.")
    edges = np.linspace(-extent, extent, cells + 1)
    if mass is None:
        strips = np.diff(ndtr(edges))
        mass = np.outer(strips, strips)
    share = np.histogram2d(rows[:, 0], rows[:, 1], bins=[edges, edges])[0] / len(rows)
    holes = share == 0
    return {
        "hole_share": float(mass[holes].sum()),
        "chance": float((mass * (1 - mass) ** len(rows)).sum()),
        "outside": float((np.abs(rows) > extent).any(axis=1).mean()),
        "mass": mass,
        "share": share,
        "holes": holes,
        "edges": edges,
    }


METRICS.add(
    Metric(
        "linear_probe",
        "Linear probe",
        linear_probe,
        needs="labelled codes",
        cost="slow",
        results=(
            Result("accuracy", "Linear probe: accuracy", SHARE, better="higher", role="first"),
            Result("chance", "Linear probe: accuracy by chance", SHARE, role="yardstick"),
        ),
        example=(
            "codes, labels = np.array([[-2.0], [-1], [1], [2]]), np.array([0, 0, 1, 1])\n"
            "linear_probe(codes, labels, np.array([[-3.0], [3], [0.1], [-0.1]]), np.array([0, 1, 0, 0]))"
        ),
    )
)
METRICS.add(
    Metric(
        "aggregated_posterior_gap",
        "Aggregated posterior against prior",
        aggregated_posterior_gap,
        needs="codes and prior",
        maximum=1000,
        cost="slow",
        results=(
            Result("discrepancy", "Aggregated posterior against prior", DISCREPANCY, better="lower"),
            Result("p_value", "Aggregated posterior against prior: p-value", SHARE, better="higher", interval=False),
        ),
        example=(
            "prior_draws = np.linspace(-2, 2, 20)[:, None]\naggregated_posterior_gap(0.1 * prior_draws, prior_draws)"
        ),
    )
)
METRICS.add(
    Metric(
        "hole_map",
        "Holes of the prior",
        hole_map,
        needs="codes in the plane",
        results=(
            Result(
                "hole_share",
                "Holes of the prior, share of its mass",
                SHARE,
                better="lower",
                role="first",
            ),
            Result("chance", "Holes of the prior by chance", SHARE, role="yardstick"),
            Result("outside", "Codes outside the map of the prior", SHARE),
        ),
        example=("codes = np.array([[1.0, 1], [1, -1], [-1, 1]])\nhole_map(codes, cells=2, extent=2)"),
    )
)
