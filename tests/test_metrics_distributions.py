"""Bins, precision-recall curve and diversity against shares and spectra that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency
from sklearn.metrics.pairwise import rbf_kernel

from genlab.metrics.distributions import bin_differences, precision_recall_curve, vendi_score

quick = settings(max_examples=10, deadline=None, derandomize=True)
CENTRES = 20 * np.eye(8)


def mixture(shares, count: int = 800, seed: int = 0) -> np.ndarray:
    """Points around eight centres far apart, with exactly these shares."""
    random = np.random.default_rng(seed)
    modes = np.repeat(np.arange(8), np.round(np.array(shares) * count).astype(int))
    return random.permutation(CENTRES[modes] + 0.1 * random.normal(size=(len(modes), 8)))


EVEN = np.full(8, 1 / 8)
shares_of_eight = st.lists(st.integers(0, 40), min_size=8, max_size=8).filter(any)


@quick
@given(shares_of_eight)
def test_bins_that_are_the_modes_have_the_statistics_of_their_shares(weights):
    """With one k-means bin a mode, z² is the chi-squared of the two-by-two table of the bin."""
    counts = np.array(weights)
    fake = np.repeat(CENTRES, counts, axis=0)
    result = bin_differences(mixture(EVEN), fake, bins=8)
    mode = result["centres"].argmax(axis=1)  # the mode each bin is on
    assert sorted(mode) == list(range(8))
    p, q = EVEN, counts[mode] / counts.sum()
    np.testing.assert_allclose(result["real_share"], p)
    np.testing.assert_allclose(result["fake_share"], q)
    for i in range(8):
        table = [[100, 700], [counts[mode[i]], counts.sum() - counts[mode[i]]]]
        assert result["z"][i] ** 2 == pytest.approx(chi2_contingency(table, correction=False).statistic, abs=1e-9)
        assert np.sign(result["z"][i]) == np.sign(round(q[i] - p[i], 12))
    assert result["different"] == (np.abs(result["z"]) > 1.959964).sum()
    assert result["jensen_shannon"] == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-9)


def test_a_twentieth_of_the_bins_differ_by_chance():
    """Real against fresh real data: each bin of a test at 5 % differs with a probability of 5 %, or a little more since
    the centres were fitted to one of the two."""
    random = np.random.default_rng(0)
    shares = [bin_differences(*random.normal(size=(2, 2000, 2)), bins=20, seed=i)["different_share"] for i in range(15)]
    assert np.mean(shares) == pytest.approx(0.05, abs=0.03)


def test_dropped_modes_are_the_underfilled_bins():
    dropped = np.array([1, 1, 1, 0, 1, 0, 1, 1]) / 6
    result = bin_differences(mixture(EVEN, 2400), mixture(dropped, 2400, seed=1), bins=8)
    mode = result["centres"].argmax(axis=1)
    assert set(mode[result["z"] < -1.96]) == {3, 5} == set(mode[result["fake_share"] == 0])
    assert result["different"] == 8  # the six others are over-filled


def test_bins_of_few_equal_examples():
    """Three different examples make three bins; all equal, one, in which nothing can differ."""
    three = np.repeat(np.eye(3), 10, axis=0)
    result = bin_differences(three, three[:10], bins=100)
    assert result["bins"] == 3 and result["different"] == 3
    one = bin_differences(np.ones((5, 2)), np.ones((9, 2)))
    assert bin_differences(np.arange(200.0)[:, None], three[:, :1])["bins"] == 4, "one for each 50 real examples"
    assert one["bins"] == 1 and one["different"] == one["jensen_shannon"] == 0


@quick
@given(st.integers(1, 8))
def test_the_curve_of_samples_from_some_of_the_modes(kept):
    """Precision min(λ p, q) summed: all samples are on the data, kept / 8 of the data is reached, so both F scores come
    from precision 1 and recall kept / 8, or from one on the straight part of the curve."""
    shares = np.where(np.arange(8) < kept, 1 / kept, 0)
    count = 840  # divisible by 1 to 8
    fake = np.repeat(CENTRES, np.round(shares * count).astype(int), axis=0)
    real = np.repeat(CENTRES, count // 8, axis=0)
    result = precision_recall_curve(real, fake, clusters=8, runs=2)
    reach = kept / 8
    slopes = np.tan(np.linspace(1e-10, np.pi / 2 - 1e-10, 1001))
    np.testing.assert_allclose(result["precision"], np.minimum(slopes * reach, 1), atol=1e-9)
    np.testing.assert_allclose(result["recall"], np.minimum(reach, 1 / slopes), atol=1e-9)

    def f(b):
        return (1 + b**2) * reach / (b**2 + reach)  # at the corner, where precision is 1 and recall is kept / 8

    assert result["f_8"] == pytest.approx(f(8), abs=2e-3)
    assert result["f_1_8"] == pytest.approx(f(1 / 8), abs=2e-3)


def test_junk_costs_precision_and_lost_modes_cost_recall():
    real = mixture(EVEN)
    junk = mixture(EVEN, seed=1)
    junk[:400] = 50 + junk[:400]
    noisy, dropped = (precision_recall_curve(real, fake) for fake in (junk, mixture(np.eye(8)[0], seed=1)))
    assert noisy["f_8"] > noisy["f_1_8"] and dropped["f_8"] < dropped["f_1_8"]
    ideal = precision_recall_curve(real, real)
    assert ideal["f_8"] == pytest.approx(1, abs=1e-3) and ideal["f_1_8"] == pytest.approx(1, abs=1e-3)
    apart = precision_recall_curve(real, real + 1000)
    assert apart["f_8"] == apart["f_1_8"] == 0
    constant = precision_recall_curve(np.ones((7, 2)), np.ones((7, 2)))
    assert constant["f_8"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kept", [1, 2, 5, 8])
def test_vendi_score_counts_equal_groups_far_apart(kept):
    """K groups of equal examples with a kernel of k within and c between: eigenvalues (1 + (K - 1) c) / K once and
    (1 - c) / K for the others. The median distance is that between the groups, so c = exp(-1/2)."""
    real = np.repeat(CENTRES, 10, axis=0)
    fake = np.repeat(CENTRES[:kept], 80 // kept, axis=0)
    fake = np.concatenate([fake, fake[: 80 - len(fake)]])
    result = vendi_score(real, fake)
    c = np.exp(-0.5)

    def expected(k):
        values = np.array([(1 + (k - 1) * c) / k] + [(1 - c) / k] * (k - 1))
        return np.exp(-(values * np.log(values)).sum())

    assert result["real_score"] == pytest.approx(expected(8), rel=1e-9)
    assert result["score"] == pytest.approx(expected(kept), rel=1e-9)
    assert result["ratio"] == pytest.approx(expected(kept) / expected(8), rel=1e-9)


@quick
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 30]), st.sampled_from([1, 5, 100]))
def test_vendi_score_by_the_kernel_of_scikit_learn(seed, count, width):
    random = np.random.default_rng(seed)
    real, fake = random.normal(size=(2, count, width))
    result = vendi_score(real, fake)
    i, j = np.triu_indices(count, 1)
    bandwidth = np.median(np.linalg.norm(real[i] - real[j], axis=1)) if count > 1 else 1
    values = np.linalg.eigvalsh(rbf_kernel(fake, gamma=1 / (2 * bandwidth**2)) / count)
    values = values[values > 0]
    assert result["score"] == pytest.approx(np.exp(-(values * np.log(values)).sum()), rel=1e-6)
    assert 1 - 1e-9 <= result["score"] <= count + 1e-9
