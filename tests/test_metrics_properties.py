"""What holds for every metric: limits, what must not change it, its ideal, one collapsed point, and bad input.

A new metric needs a row in IDEAL and in COLLAPSED.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import KINDS, check, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm

from genlab.metrics.base import Diverged, limits
from genlab.metrics.modes import assign_classes, assign_modes
from genlab.registry import METRICS

quick = settings(max_examples=5, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)
every_metric = pytest.mark.parametrize("name", list(METRICS))
every_kind = pytest.mark.parametrize("kind", KINDS)

LEAST = {"precision_recall_density_coverage": 6, "linear_probe": 2, "nearest_pairs": 2, "active_units": 2}
LEAST |= dict.fromkeys(
    (
        *("frechet_distance", "kernel_distance", "maximum_mean_discrepancy", "aggregated_posterior_gap"),
        "association_error",
    ),
    2,
)
WIDTH = {"hole_map": 2, "sharpness": 64}
OPTIONS = {"bin_differences": {"bins": 5}, "precision_recall_curve": {"clusters": 5, "runs": 2}}
# What arguments hold that are not rows of numbers of any sign, made from such rows.
HOLDS = {
    "modes": lambda x: x.argmax(axis=1) - (x[:, 0] > 0.5),
    "word_counts": lambda x: np.zeros(x.shape[1], int),
    "reference_share": lambda x: np.full(x.shape[1], 1 / x.shape[1]),
    **dict.fromkeys(("norms", "held_out_distances", "fake_distances"), lambda x: np.abs(x[:, 0])),
    "log_density": lambda x: x[:, 0],
    # Two thirds are of one class: at a tie, rounding would decide.
    **dict.fromkeys(("labels_train", "labels_test"), lambda x: (np.arange(len(x)) % 3 > 0).astype(int)),
    **{f"{of}_{kind}": lambda x: x[:, 0] for of in ("train", "held_out", "fake") for kind in ("logits", "scores")},
}
BELONGS_TO = {"labels_train": "codes_train", "labels_test": "codes_test", "log_variance": "mean", "reconstructed": "x"}


def inputs(name: str, kind: str = "random", seed: int = 0) -> dict[str, Any]:
    """The arguments of a metric, each of 30 rows drawn by itself, or of as few as it takes."""
    random = np.random.default_rng(seed)
    count = LEAST.get(name, 1) if kind == "tiny" else 30
    kind = "random" if name in WIDTH and kind == "high-dimensional" else kind
    made = {argument: rows(kind, random, count, WIDTH.get(name, 3)) for argument in METRICS[name].arguments}
    if name == "sharpness":
        return {argument: expit(x).reshape(-1, 8, 8, 1) for argument, x in made.items()}
    return {argument: HOLDS.get(argument, np.asarray)(x) for argument, x in made.items()}


def numbers(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Those results that are one number."""
    metric = METRICS[name]
    returned = metric.function(*given.values(), **OPTIONS.get(name, {}))
    return {result.name: returned[result.name] for result in metric.results}


@every_kind
@every_metric
@quick
@given(seed=seeds)
def test_every_number_is_finite_and_within_its_limits(name, kind, seed):
    values = numbers(name, inputs(name, kind, seed))
    known = [result for result in METRICS[name].results if values[result.name] is not None]
    check(values, {result.name: limits(result, values) for result in known})


@every_kind
@pytest.mark.parametrize("name", [name for name in METRICS if name not in OPTIONS])
@quick
@given(seed=seeds)
def test_the_order_of_the_examples_changes_nothing(name, kind, seed):
    """It does where k-means starts from examples that a seed picks by their place: those two are left out; and so are
    p-values of divisions that a seed draws by place. The examples are too few for a metric to take some of them."""
    given, random = inputs(name, kind, seed), np.random.default_rng(seed)
    order = {argument: random.permutation(len(x)) for argument, x in given.items() if np.ndim(x)}
    mixed = {a: x[order[BELONGS_TO.get(a, a)]] if np.ndim(x) else x for a, x in given.items()}
    expected = numbers(name, given)
    if name in ("maximum_mean_discrepancy", "aggregated_posterior_gap"):
        expected.pop("p_value")
    check(numbers(name, mixed), expected)


NEIGHBOURS = ("precision_recall_density_coverage", "nearest_pairs")
SHAPES = ("maximum_mean_discrepancy", "aggregated_posterior_gap", "vendi_score")
UNCHANGED_BY = {  # changes of all positions together
    **dict.fromkeys((*NEIGHBOURS, *SHAPES, *OPTIONS), ("moved", "turned", "scaled")),
    **dict.fromkeys(("frechet_distance", "reconstruction_error"), ("moved", "turned")),
    **dict.fromkeys(("sliced_wasserstein", "active_units"), ("moved",)),
    "kernel_distance": ("turned",),
    "linear_probe": ("moved", "stretched"),
}


@pytest.mark.parametrize("name, change", [(name, each) for name in UNCHANGED_BY for each in UNCHANGED_BY[name]])
@quick
@given(kind=st.sampled_from(["random", "clustered", "high-dimensional", "tiny"]), seed=seeds)
def test_changes_of_all_positions_together_change_nothing(name, change, kind, seed):
    given, random = inputs(name, kind, seed), np.random.default_rng(seed)
    width = next(iter(given.values())).shape[1]
    shift, turn = random.normal(size=width), np.linalg.qr(random.normal(size=(width, width)))[0]
    made = {
        "moved": lambda x: x + shift,
        "turned": lambda x: x @ turn,
        "scaled": lambda x: 3 * x,
        "stretched": lambda x: x * np.exp(3 * shift),
    }[change]
    expected = numbers(name, given)
    for unit in {"bandwidth", "threshold"} & set(expected):
        expected[unit] *= 3 if change == "scaled" else 1
    changed = {a: made(x) if np.ndim(x) == 2 or (a, change) == ("std", "scaled") else x for a, x in given.items()}
    check(numbers(name, changed), expected)


def test_turning_both_changes_the_sliced_distance_no_more_than_new_directions_do():
    """Another seed changes this distance by 2.7 % with 100 directions, so by 0.27 % with 10,000. A turn is a new draw
    of all of them: four times √2 of that."""
    random = np.random.default_rng(0)
    sets = random.normal(size=(2, 50, 5)) * [[[1]], [[2]]]
    turned = sets @ np.linalg.qr(random.normal(size=(5, 5)))[0]
    before, after = (METRICS["sliced_wasserstein"].function(*each, projections=10_000) for each in (sets, turned))
    check(after, before, rel=0.015)


X, Y = np.random.default_rng(0).normal(size=(2, 100, 2))
D = np.linalg.norm(X - Y, axis=1)
COPY, POINT = np.repeat(X[:1], 100, axis=0), np.full((100, 2), 0.1)
MODES, MODE = np.repeat(10 * np.eye(4), 25, axis=0), np.repeat(10 * np.eye(4)[:1], 100, axis=0)
IMAGES = expit(np.random.default_rng(0).normal(size=(9, 8, 8, 3)))
CELLS = np.stack(np.meshgrid(*2 * [np.arange(-2.75, 3, 0.5)]), axis=-1).reshape(-1, 2)  # the middle of each
COVERED = {"captured": 4, "solid": 4, "on_mode_share": 1, "reverse_kl": 0, "mode_tv": 0}
ONE_OF_FOUR = {"captured": 1, "solid": 1, "on_mode_share": 1, "reverse_kl": np.log(4), "mode_tv": 0.75}
UNBIASED = (-np.inf, 0)  # each example's kernel with itself counts between the sets, but not within them
RIGHT = {"accuracy_train": 1, "accuracy_held_out": 1, "accuracy_fake": 1}
HALF = {"accuracy_train": 1, "accuracy_held_out": 0.5, "accuracy_fake": 0}
FRECHET = ((X.mean(axis=0) - 0.1) ** 2).sum() + np.trace(np.cov(X.T))

# A number that is half of a normal distribution below zero with one word, half above with the other.
WORDS = np.array([0, 2])
TABLE = np.stack([norm.ppf((np.arange(2000) + 0.5) / 2000), np.arange(2000) // 1000], axis=1)
RATIO = np.abs(TABLE[:, 0]).mean() / TABLE[:, 0].std()  # of its deviation, that between the words

IDEAL = {
    "mode_coverage": ((MODES.argmax(axis=1), np.full(4, 0.25)), COVERED),
    "precision_recall_density_coverage": ((X, X), {"precision": 1, "recall": 1, "density": (1, np.inf), "coverage": 1}),
    "nearest_pairs": ((X, X), {"pairs": 1, "estimated_support": 4950, "real_support": 4950}),
    "memorisation": ((D, D), {"memorised": 0, "share_within_1": 0.01, "share_within_5": 0.05, "median_ratio": 1}),
    "frechet_distance": ((X, X), {"distance": 0, "of_means": 0, "of_covariances": 0}),
    "kernel_distance": ((X, X), {"distance": UNBIASED}),
    "maximum_mean_discrepancy": ((X, X), {"discrepancy": UNBIASED, "p_value": 1}),
    "sliced_wasserstein": ((X, X), {"distance": 0}),
    "bin_differences": ((X, X), {"different": 0, "different_share": 0, "jensen_shannon": 0}),
    "precision_recall_curve": ((X, X), {"f_8": (0.999, 1), "f_1_8": (0.999, 1)}),  # between two angles
    "vendi_score": ((X, X), {"ratio": 1}),
    "sharpness": ((IMAGES, IMAGES), {"laplacian_ratio": 1}),
    "linear_probe": (2 * (MODES, MODES.argmax(axis=1)), {"accuracy": 1, "chance": 0.25}),
    "aggregated_posterior_gap": ((X, X), {"discrepancy": UNBIASED, "p_value": 1}),
    "hole_map": ((CELLS,), {"hole_share": 0, "outside": 0}),
    "kl_per_dimension": ((0 * X, 0 * X), {"total": 0, "kl": [0, 0]}),
    "active_units": ((X,), {"active": 2, "dimensions": 2}),
    "iwae_bound": ((np.full((9, 5), -0.7),), {"bound": -0.7, "elbo": -0.7, "samples": 5}),
    "log_likelihood": ((np.full(9, -0.7),), {"mean": -0.7}),
    "reconstruction_error": ((X, X), {"mean_squared": 0, "summed": 0}),
    "discriminator_accuracy": ((np.ones(4), np.ones(4), -np.ones(4)), RIGHT),
    "score_gap": ((np.ones(4), np.ones(4), -np.ones(4)), {"fake_gap": 2, "held_out_gap": 0}),
    "generator_gradient": ((np.ones(9),), {"norm": 1, "least": 1}),
    "column_distances": ((WORDS, TABLE, TABLE), {"total_variation": 0, "wasserstein": 0}),
    "association_error": ((WORDS, TABLE, TABLE), {"mean": 0, "largest": 0}),
    "train_on_synthetic": ((WORDS, TABLE, TABLE), {"score": (0.99, 1), "most_frequent": 0.5}),
}
COLLAPSED = {
    "mode_coverage": ((MODE.argmax(axis=1), np.full(4, 0.25)), ONE_OF_FOUR),
    "precision_recall_density_coverage": ((X, COPY), {"precision": 1, "recall": 0.01, "coverage": (0, 0.1)}),
    "nearest_pairs": ((X, POINT), {"pairs": 4950, "estimated_support": 1}),
    "memorisation": ((D, 0 * D), {"memorised": 1, "share_within_1": 1, "median_ratio": 0}),
    "frechet_distance": ((X, POINT), {"distance": FRECHET}),
    "kernel_distance": ((X, POINT), {"distance": (-np.inf, np.inf)}),
    "maximum_mean_discrepancy": ((X, POINT), {"discrepancy": (0, 10), "p_value": (0, 0.01)}),
    "sliced_wasserstein": ((X[:, :1], POINT[:, :1]), {"distance": np.sqrt(((X[:, 0] - 0.1) ** 2).mean())}),
    "bin_differences": ((np.repeat(MODES, 2, axis=0), MODE), {"bins": 4, "different": 4}),
    "precision_recall_curve": ((MODES, MODE), {"f_8": (0, 0.4), "f_1_8": (0.85, 1)}),
    "vendi_score": ((X, POINT), {"score": 1}),
    "sharpness": ((IMAGES, 0 * IMAGES + 0.5), {"laplacian_variance": 0, "high_frequency_share": 0}),
    "linear_probe": ((POINT[:9], 5 * [0] + 4 * [1], POINT[:4], [0, 0, 0, 1]), {"accuracy": 0.75, "chance": 0.75}),
    "aggregated_posterior_gap": ((POINT, X), {"p_value": (0, 0.01), "deviation": [0, 0]}),
    "hole_map": ((POINT,), {"outside": 0, "holes": np.arange(144).reshape(12, 12) != 6 * 12 + 6}),
    "kl_per_dimension": ((0 * POINT, 0 * POINT), {"total": 0}),
    "active_units": ((POINT,), {"active": 0, "dimensions": 2}),
    "iwae_bound": ((POINT,), {"bound": 0.1, "elbo": 0.1}),
    "log_likelihood": ((POINT[:, 0],), {"mean": 0.1}),
    "reconstruction_error": ((X, POINT), {"mean_squared": ((X - 0.1) ** 2).mean()}),
    "discriminator_accuracy": ((np.ones(4), np.zeros(3), np.ones(2)), HALF),
    "score_gap": ((np.ones(4), np.zeros(3), np.ones(2)), {"fake_gap": 0, "held_out_gap": 1}),
    "generator_gradient": ((POINT[:, 0],), {"norm": 0.1, "least": 0.1}),
    "column_distances": ((WORDS, TABLE, 0 * TABLE), {"total_variation": 0.5, "wasserstein": RATIO}),
    "association_error": ((WORDS, TABLE, 0 * TABLE), {"mean": RATIO}),
    "train_on_synthetic": ((WORDS, TABLE, 0 * TABLE), {"score": 0.5, "most_frequent": 0.5}),
}


@pytest.mark.parametrize("table", [IDEAL, COLLAPSED], ids=["ideal", "collapsed"])
@every_metric
def test_ideal_and_collapsed_examples_get_what_the_docstring_says(name, table):
    arguments, expected = table[name]
    check(METRICS[name].function(*arguments), expected)


EQUAL = ("precision_recall_density_coverage", "nearest_pairs", "sliced_wasserstein", "precision_recall_curve")
EQUAL += ("vendi_score", "kl_per_dimension", "reconstruction_error")
NO_ROWS = ("reference_share", "labels_train", "labels_test", "word_counts")


@every_metric
def test_too_few_or_unequal_examples_are_an_error_in_words(name):
    good = inputs(name)
    parts = [argument for argument in good if argument not in NO_ROWS]
    last = parts[-1]

    def fails(words: str, **changed: Any) -> None:
        with pytest.raises(ValueError, match=words):
            numbers(name, good | changed)

    for part in parts:
        fails("There are 0|at least one sample", **{part: good[part][:0]})
    if name in LEAST:
        fails("at least", **{a: x[: LEAST[name] - 1] for a, x in good.items()})
    if name in EQUAL or name == "linear_probe":
        fails("Take 29 of both|one label for each", **{last: good[last][1:]})
    else:
        assert numbers(name, good | {last: good[last][1:]})
    if len(parts) > 1 and np.ndim(good[last]) > 1:
        fails("same feature space", **{last: good[last][:, 1:]})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", [name for name in METRICS if name != "mode_coverage"])
def test_one_number_that_is_not_finite_is_an_error_in_words(name, value):
    good = dict(zip(METRICS[name].arguments, IDEAL[name][0]))
    for argument in set(good) - set(NO_ROWS):
        broken = good[argument].copy()
        broken.flat[1] = value
        with pytest.raises(Diverged, match=r"1 of .* examples hold NaN"):
            numbers(name, good | {argument: broken})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_not_finite_is_on_no_mode(value):
    places, probabilities = MODES.copy(), MODES / 10
    places[0, 1] = probabilities[0, 1] = value
    for modes in (assign_modes(places, 10 * np.eye(4), 1.0), assign_classes(probabilities)):
        assert modes.tolist() == [-1, *MODES.argmax(axis=1)[1:]]


@quick
@given(kind=st.sampled_from(["random", "clustered", "high-dimensional", "tiny"]), seed=seeds)
def test_the_mode_of_a_sample_is_unchanged_by_changes_of_all_positions_together(kind, seed):
    random = np.random.default_rng(seed)
    samples = rows(kind, random, 30)
    centres, width = samples[:4] + 0.1, samples.shape[1]
    shift, turn = random.normal(size=width), np.linalg.qr(random.normal(size=(width, width)))[0]
    expected = assign_modes(samples, centres, 0.5)
    for changed in (lambda x: x + shift, lambda x: x @ turn):
        np.testing.assert_array_equal(assign_modes(changed(samples), changed(centres), 0.5), expected)
    np.testing.assert_array_equal(assign_modes(3 * samples, 3 * centres, 1.5), expected)


def test_other_modes_than_there_are_shares_of_are_an_error_in_words():
    with pytest.raises(ValueError, match="one share for each mode"):
        METRICS["mode_coverage"].function(np.array([0, 3]), np.full(3, 1 / 3))


def test_other_dimensions_and_missing_labels_are_an_error():
    with pytest.raises(ValueError, match="coordinates"):
        assign_modes(np.ones((9, 1)), np.eye(2), 1.0)
    with pytest.raises(ValueError, match="labels are NaN"):
        METRICS["linear_probe"].function(X, MODES[:, 0], X, MODES[:, 0] * np.nan)
