"""Mode coverage against what a perfect sampler gets, and against samples spoiled on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from genlab.metrics.base import NEEDS
from genlab.metrics.modes import assign_modes, mixture_log_density, mode_coverage, mode_radius
from genlab.registry import METRICS

ANGLES = 2 * np.pi * np.arange(8) / 8
CENTRES = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
STD = 0.05


def perfect(count: int, seed: int = 0, modes: int = 8) -> np.ndarray:
    random = np.random.default_rng(seed)
    return CENTRES[random.integers(0, modes, count)] + STD * random.normal(size=(count, 2))


def covered(samples: np.ndarray) -> dict[str, Any]:
    return mode_coverage(assign_modes(samples, CENTRES, STD), np.full(8, 1 / 8))


@pytest.mark.parametrize("name", list(METRICS))
def test_every_metric_says_what_it_is(name: str) -> None:
    entry = METRICS[name]
    assert entry.title and entry.results and entry.needs in NEEDS
    labels = [result.label for result in entry.results]
    assert len(set(labels)) == len(labels) and all(label[0].isupper() for label in labels)
    assert "(n," in entry.function.__doc__ or name == "memorisation", "the docstring gives shapes"


def test_a_perfect_sampler_gets_98_89_percent_and_the_floor_of_the_kl() -> None:
    result = covered(perfect(200_000))
    assert (result["captured"], result["solid"], result["modes"]) == (8, 8, 8)
    assert result["on_mode_share"] == pytest.approx(1 - np.exp(-4.5), abs=0.001)
    divergences = [covered(perfect(2500, seed))["reverse_kl"] for seed in range(200)]
    assert np.mean(divergences) == pytest.approx(7 / (2 * 2500), rel=0.15)
    assert result["reverse_kl_floor"] == pytest.approx(7 / 400_000)


def test_the_density_of_a_mixture_is_scipys() -> None:
    from scipy import stats

    random = np.random.default_rng(0)
    centres, shares, samples = random.normal(size=(3, 4)), np.array([0.5, 0.3, 0.2]), random.normal(size=(50, 4))
    parts = [share * stats.multivariate_normal(at, 0.7**2).pdf(samples) for share, at in zip(shares, centres)]
    got = mixture_log_density(samples, centres, 0.7, shares)
    np.testing.assert_allclose(got, np.log(np.sum(parts, axis=0)), rtol=1e-12)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 10, 64])
def test_the_radius_holds_the_same_share_in_any_dimension(dimensions: int) -> None:
    points = np.random.default_rng(0).normal(size=(100_000, dimensions))
    share = (np.linalg.norm(points, axis=1) <= mode_radius(1.0, dimensions)).mean()
    assert share == pytest.approx(0.98889, abs=0.0015)
    assert mode_radius(2.0, 2) == pytest.approx(6.0)


@pytest.mark.parametrize("kept", [1, 3, 7])
def test_dropped_modes_are_missed_and_named(kept: int) -> None:
    result = covered(perfect(2500, modes=kept))
    assert result["solid"] == result["captured"] == kept
    assert (result["share"] == 0).tolist() == [mode >= kept for mode in range(8)]
    assert result["reverse_kl"] == pytest.approx(np.log(8 / kept), abs=0.01)
    assert result["mode_tv"] == pytest.approx(1 - kept / 8, abs=0.01)


def test_one_sample_captures_a_mode_but_does_not_make_it_solid() -> None:
    modes = np.array([0] * 799 + [1])
    result = mode_coverage(modes, np.full(8, 1 / 8))
    assert (result["captured"], result["solid"]) == (2, 1)
    # Exactly 20 % of the fair share of 800 samples is 20 samples.
    assert mode_coverage(np.array([0] * 780 + [1] * 20), np.full(8, 1 / 8))["solid"] == 2
    assert mode_coverage(np.array([0] * 781 + [1] * 19), np.full(8, 1 / 8))["solid"] == 1


def test_bridges_lower_the_share_on_a_mode_and_nothing_else() -> None:
    half = np.concatenate([perfect(2000), np.zeros((2000, 2))])
    result = covered(half)
    assert result["solid"] == 8
    assert result["on_mode_share"] == pytest.approx(0.9889 / 2, abs=0.01)


def test_samples_on_no_mode_leave_the_divergence_undefined() -> None:
    for samples in (np.zeros((10, 2)), np.full((10, 2), np.nan)):
        result = covered(samples)
        assert result["on_mode_share"] == result["captured"] == result["solid"] == 0
        assert result["reverse_kl"] is None and result["mode_tv"] is None


def test_shares_are_judged_against_the_datas_own() -> None:
    modes = np.array([0] * 90 + [1] * 10)
    assert mode_coverage(modes, np.array([0.9, 0.1]))["reverse_kl"] == pytest.approx(0)
    assert mode_coverage(modes, np.array([0.5, 0.5]))["reverse_kl"] == pytest.approx(
        0.9 * np.log(1.8) + 0.1 * np.log(0.2)
    )
    # 10 % is less than 20 % of a fair share of 60 %.
    assert mode_coverage(modes, np.array([0.4, 0.6]))["solid"] == 1
