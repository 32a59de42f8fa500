"""Nearest neighbours against all distances by plain differences, against prdc, and against damage done on purpose."""

from __future__ import annotations

import contextlib
import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from genlab.metrics.copies import memorisation, nearest_distances, nearest_pairs
from genlab.metrics.modes import assign_classes, mode_coverage
from genlab.metrics.neighbours import nearest, precision_recall_density_coverage, radii

FOUR = ("precision", "recall", "density", "coverage")
quick = settings(max_examples=40, deadline=None, derandomize=True)


def four(real: np.ndarray, fake: np.ndarray, k: int = 5) -> list[float]:
    result = precision_recall_density_coverage(real, fake, k)
    return [result[name] for name in FOUR]


def squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return ((a[:, None].astype("float64") - b[None]) ** 2).sum(axis=-1)


def four_by_definition(real: np.ndarray, fake: np.ndarray, k: int) -> list[float]:
    """Every distance by differences and every comparison as the papers write it."""

    def radius(points):
        own = squared(points, points)
        np.fill_diagonal(own, np.inf)
        return np.sort(own, axis=1)[:, k - 1]

    between = squared(real, fake)
    near_real = between <= radius(real)[:, None]
    near_fake = between <= radius(fake)[None]
    density = near_real.sum() / (k * len(fake))
    return [near_real.any(axis=0).mean(), near_fake.any(axis=1).mean(), density, near_real.any(axis=1).mean()]


@st.composite
def two_sets(draw, kinds=("random", "clustered", "duplicated", "constant", "integer", "far", "outlier")):
    """Two sets of one size and width, of every kind that rounding could trouble, in either float type."""
    kind, random = draw(st.sampled_from(kinds)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, width = draw(st.integers(7, 60)), draw(st.sampled_from([1, 2, 3, 17, 200]))
    sets = []
    for _ in range(2):
        points = random.normal(size=(count, width))
        if kind == "clustered":
            points = 1e-6 * points + 5 * np.arange(3)[random.integers(0, 3, count)][:, None]
        elif kind == "duplicated":
            points = np.round(points)[random.integers(0, 4, count)]
        elif kind == "constant":
            points = np.full((count, width), 0.1)
        elif kind == "integer":
            points = random.integers(0, 3, (count, width)).astype("float64")
        elif kind == "far":
            points = points + 1e5
        elif kind == "outlier":
            points[draw(st.integers(0, count - 1))] *= draw(st.sampled_from([1e5, 1e20]))
        sets.append(points)
    if kind in ("clustered", "duplicated", "integer", "far") and draw(st.booleans()):
        sets[1][: count // 2] = sets[0][: count // 2]  # exact copies
    kinds_of_float = st.sampled_from(["float64", "float32"])
    return [points.astype(draw(kinds_of_float)) for points in sets] if kind != "clustered" else sets


@quick
@given(two_sets(), st.sampled_from([1, 3, 5]))
def test_every_comparison_comes_out_as_with_exact_distances(sets, k):
    real, fake = sets
    wide = [points.astype(np.result_type(*sets)) for points in sets]
    assert four(real, fake, k) == pytest.approx(four_by_definition(*wide, k), abs=1e-12)


@quick
@given(two_sets(), st.sampled_from([1, 2, 5]))
def test_the_kth_nearest_neighbour_is_that_of_the_sorted_distances(sets, k):
    a, b = (points.astype(np.result_type(*sets)) for points in sets)
    distance, index = nearest(a, b, k)
    expected = np.sort(squared(a, b), axis=1)[:, k - 1]
    np.testing.assert_array_equal(distance, expected)
    np.testing.assert_array_equal(squared(a, b)[np.arange(len(a)), index], expected)


def test_as_prdc_on_many_examples_in_blocks(monkeypatch):
    from prdc import compute_prdc

    monkeypatch.setattr("genlab.metrics.neighbours.BLOCK", 10_000)  # 20 rows at a time, the last block smaller
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(490, 64)), 0.9 * random.normal(size=(490, 64))
    with contextlib.redirect_stdout(io.StringIO()):
        expected = compute_prdc(real, fake, 5)
    assert four(real, fake) == pytest.approx([expected[name] for name in FOUR], abs=1e-6)
    assert four(real.astype("float32"), fake.astype("float32")) == pytest.approx(
        [expected[name] for name in FOUR], abs=1e-6
    )


@quick
@given(two_sets())
def test_identical_sets_are_ideal(sets):
    precision, recall, density, coverage = four(sets[0], sets[0])
    assert precision == recall == coverage == 1
    assert density >= 1


@pytest.mark.parametrize("k", [3, 5])
def test_identical_distributions_have_the_coverage_of_the_closed_form(k):
    """Naeem et al. 2020: 1 - product of (N - i) / (M + N - i); near 0.875 for k = 3 and 0.969 for k = 5."""
    random = np.random.default_rng(0)
    count, repeats = 400, 40
    results = [precision_recall_density_coverage(*random.normal(size=(2, count, 8)), k=k) for _ in range(repeats)]
    expected = 1 - np.prod([(count - i) / (2 * count - i) for i in range(1, k + 1)])
    assert expected == pytest.approx(1 - 2.0**-k, abs=0.002)
    assert results[0]["expected_coverage"] == pytest.approx(expected, rel=1e-12)
    assert np.mean([result["coverage"] for result in results]) == pytest.approx(expected, abs=0.005)
    assert np.mean([result["density"] for result in results]) == pytest.approx(1, abs=0.02)


def test_a_collapsed_model_fools_precision_alone():
    real = np.random.default_rng(0).normal(size=(1000, 16))
    precision, recall, density, coverage = four(real, np.repeat(real[:1], 1000, axis=0))
    assert precision == 1
    assert recall == 0.001  # the one real example that the samples copy
    # The point itself is in its own ball and in those of the examples it is a neighbour of.
    reached = (squared(real[:1], real)[0] <= radii(real, 5)).sum()
    assert coverage == reached / 1000
    assert density == pytest.approx(reached / 5)


def test_deleted_modes_lower_recall_and_coverage_by_their_share():
    random = np.random.default_rng(0)
    centres = 10 * np.eye(8)
    real, all_modes = (centres[np.arange(1600) % 8] + random.normal(size=(1600, 8)) for _ in range(2))
    some_modes = centres[np.arange(1600) % 5] + random.normal(size=(1600, 8))
    complete, dropped = (precision_recall_density_coverage(real, fake) for fake in (all_modes, some_modes))
    assert dropped["recall"] == pytest.approx(complete["recall"] * 5 / 8, abs=0.05)
    assert dropped["coverage"] == pytest.approx(complete["coverage"] * 5 / 8, abs=0.05)
    assert dropped["precision"] == pytest.approx(complete["precision"], abs=0.05)


def test_no_neighbours_are_an_error_in_words():
    with pytest.raises(ValueError, match="at least one neighbour"):
        four(np.zeros((9, 2)), np.zeros((9, 2)), 0)


@quick
@given(two_sets())
def test_close_pairs_are_those_of_all_distances(sets):
    real, fake = (points.astype(np.result_type(*sets)) for points in sets)
    own = squared(real, real)
    np.fill_diagonal(own, np.inf)
    limit = np.sort(own.min(axis=1))[0]  # the closest hundredth of fewer than 100 examples is the closest
    i, j = np.triu_indices(len(fake), 1)
    distances = squared(fake, fake)[i, j]
    pairs = (distances <= limit).sum()
    result = nearest_pairs(real, fake, shown=5)
    assert result["pairs"] == pairs
    assert result["estimated_support"] == pytest.approx(len(distances) / max(pairs, 1))
    assert result["threshold"] == pytest.approx(np.sqrt(limit))
    shown = result["closest"]
    assert (shown[:, 0] < shown[:, 1]).all() and len(np.unique(shown, axis=0)) == 5
    np.testing.assert_allclose(result["distances"] ** 2, squared(fake, fake)[tuple(shown.T)], rtol=1e-12)
    scale = 1e-12 if fake.dtype == "float64" else 1e-4  # which of nearly equal pairs are shown may differ
    np.testing.assert_allclose(result["distances"] ** 2, np.sort(distances)[:5], atol=scale * np.ptp(fake) ** 2 * 200)


@pytest.mark.parametrize("support", [50, 200])
def test_the_birthday_test_finds_the_size_of_a_small_support(support):
    random = np.random.default_rng(0)
    real, different = random.normal(size=(1000, 10)), random.normal(size=(support, 10))
    estimates = [
        nearest_pairs(real, different[random.integers(0, support, 1000)])["estimated_support"] for _ in range(5)
    ]
    assert np.mean(estimates) == pytest.approx(support, rel=0.05)


def test_one_point_has_a_support_of_one_and_fresh_data_that_of_real_data():
    random = np.random.default_rng(0)
    real = random.normal(size=(1000, 4))
    assert nearest_pairs(real, np.zeros((1000, 4)))["estimated_support"] == 1
    fresh = nearest_pairs(real, random.normal(size=(1000, 4)))
    assert fresh["estimated_support"] == pytest.approx(fresh["real_support"], rel=1)


DIGITS = load_digits().data


def copied(train, held_out, fake):
    """The memorisation of examples."""
    return memorisation(nearest_distances(train, held_out), nearest_distances(train, fake))


def test_copying_the_training_set_is_noticed_and_fresh_data_is_not():
    shuffled = np.random.default_rng(0).permutation(DIGITS)
    train, held_out, fresh = shuffled[:800], shuffled[800:1300], shuffled[1300:]
    random = np.random.default_rng(1)
    copies = train[random.integers(0, 800, 497)] + random.normal(0, 0.1, (497, 64))
    result = copied(train, held_out, copies)
    assert result["memorised"] is True
    assert result["share_within_1"] == 1
    clean = copied(train, held_out, fresh)
    assert clean["memorised"] is False
    assert clean["share_within_1"] == pytest.approx(0.01, abs=0.015)
    assert clean["share_within_5"] == pytest.approx(0.05, abs=0.03)
    assert clean["median_ratio"] == pytest.approx(1, abs=0.05)
    # A fifth of copies among fresh data is memorisation too.
    mixed = copied(train, held_out, np.concatenate([copies[:100], fresh[:400]]))
    assert mixed["memorised"] and mixed["share_within_1"] == pytest.approx(0.2, abs=0.03)


def test_the_distance_from_the_training_set_is_the_least_of_all():
    random = np.random.default_rng(0)
    train, held_out = random.normal(size=(300, 5)), random.normal(size=(200, 5))
    expected = np.sqrt(squared(held_out, train).min(axis=1))
    np.testing.assert_allclose(nearest_distances(train, held_out), expected, rtol=1e-12)
    assert not nearest_distances(train, train[random.integers(0, 300, 50)]).any()
    with pytest.raises(ValueError, match="same feature space"):
        nearest_distances(train, held_out[:, :4])


@pytest.mark.parametrize("held_out", [12, 25, 100])
def test_fresh_data_gets_no_false_alarm(held_out):
    random = np.random.default_rng(0)
    sizes = (100, held_out, 100)
    flags = [copied(*(random.normal(size=(size, 2)) for size in sizes))["memorised"] for _ in range(500)]
    assert np.mean(flags) <= 0.004, "one in a thousand is expected"


def test_data_that_repeats_itself_is_not_memorised():
    """Dice: held-out examples are exact copies of training examples, and so are those of a perfect model."""
    train, held_out, fake = np.random.default_rng(0).integers(0, 6, (3, 200, 3)).astype("float64")
    result = copied(train, held_out, fake)
    assert result["share_within_1"] > 0.4 and result["memorised"] is False and result["p_value"] > 0.05


def test_how_probable_that_many_close_samples_are_is_beta_binomial():
    """Of 99 held-out distances the least is the limit: a sample is within it with a probability that is Beta(1, 99)."""
    random = np.random.default_rng(0)
    train, held_out = np.zeros((1, 1)), random.random((99, 1))
    within = [int((random.random(40) <= random.random(99).min()).sum()) for _ in range(20_000)]
    for count in (1, 2, 4):
        fake = np.full((40, 1), 2.0)
        fake[:count] = 0
        p_value = copied(train, held_out, fake)["p_value"]
        assert p_value == pytest.approx(np.mean(np.array(within) >= count), abs=4 * np.sqrt(p_value / 20_000))


@pytest.mark.parametrize("outlier", [1.0, 1e5, 1e20])
def test_ten_thousand_examples_stay_below_400_megabytes_even_with_an_outlier(outlier):
    random = np.random.default_rng(0)
    real, fake = (random.normal(size=(10_000, 64)).astype("float32") for _ in range(2))
    fake[17] *= outlier
    tracemalloc.start()
    result = precision_recall_density_coverage(real, fake)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400e6
    assert result["coverage"] == pytest.approx(result["expected_coverage"], abs=0.005)


def test_deleted_digits_are_named_and_blur_deletes_none():
    images, labels = load_digits(return_X_y=True)
    classifier = KNeighborsClassifier(5).fit(images[:900] / 16, labels[:900])
    real, fake = images[900:1300], images[1300:1700]
    kept = ~np.isin(labels[1300:1700], [1, 4, 7])
    dropped = np.resize(fake[kept], fake.shape)  # as many, of the seven other digits
    shares = np.bincount(labels[900:1300]) / 400

    def named(pixels):
        return mode_coverage(assign_classes(classifier.predict_proba(pixels / 16)), shares)

    lost = named(dropped)
    assert np.flatnonzero(lost["share"] < 0.2 * shares).tolist() == [1, 4, 7]
    assert lost["solid"] == 7 and named(fake)["solid"] == 10
    whole, part = (precision_recall_density_coverage(real, each) for each in (fake, dropped))
    gone = shares[[1, 4, 7]].sum()
    assert part["coverage"] == pytest.approx(whole["coverage"] * (1 - gone), abs=0.07)
    assert part["recall"] < whole["recall"] * (1 - gone) + 0.07
    blurred = gaussian_filter(fake.reshape(-1, 8, 8), (0, 0.5, 0.5)).reshape(-1, 64)
    assert named(blurred)["solid"] == 10
