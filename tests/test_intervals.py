"""Intervals: of a mean they are the textbook's, and 95 % of them hold what they should."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy import stats

from genlab.evaluation.measuring import GROUPS, INTERVAL, STUDENT, Arguments, measure
from genlab.metrics.base import NON_NEGATIVE, Metric, Result
from genlab.metrics.modes import assign_modes
from genlab.registry import METRICS
from genlab.runs.evaluation import Measure

ANGLES = 2 * np.pi * np.arange(8) / 8
CENTRES = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
SHARES = np.full(8, 1 / 8)
DRAWS = 400


def ring(random: np.random.Generator, count: int, modes: int = 8, std: float = 0.05) -> np.ndarray:
    return CENTRES[random.integers(0, modes, count)] + std * random.normal(size=(count, 2))


def measured(metric: str | Metric, *arrays: np.ndarray, fixed: tuple[int, ...] = ()) -> dict[str, Measure]:
    entry = METRICS[metric] if isinstance(metric, str) else metric
    return {each.result: each for each in measure(entry, Arguments(arrays, fixed))}


def test_of_a_mean_it_is_students_interval_of_the_means_of_the_groups() -> None:
    random = np.random.default_rng(0)
    x, decoded = random.normal(size=(2, 200, 3))
    error = measured("reconstruction_error", x, decoded)["mean_squared"]
    means = ((x - decoded) ** 2).mean(axis=1).reshape(GROUPS, -1).mean(axis=1)
    width = stats.t.ppf(0.975, GROUPS - 1) * means.std(ddof=1) / np.sqrt(GROUPS)
    assert pytest.approx(stats.t.ppf(0.975, GROUPS - 1), abs=5e-4) == STUDENT
    assert (error.low, error.high) == pytest.approx((means.mean() - width, means.mean() + width), rel=1e-3)
    assert error.interval == INTERVAL


def modes_of_a_model(random: np.random.Generator) -> Any:
    return (assign_modes(ring(random, 500, 7, 0.07), CENTRES, 0.05), SHARES)


def points_of_a_model(random: np.random.Generator) -> Any:
    return (ring(random, 150), ring(random, 150, 7, 0.07))


@pytest.mark.parametrize(
    "metric, result, draw, fixed",
    [
        ("mode_coverage", "on_mode_share", modes_of_a_model, (1,)),
        ("frechet_distance", "distance", points_of_a_model, ()),
        ("precision_recall_density_coverage", "density", points_of_a_model, ()),
    ],
)
def test_95_percent_of_the_intervals_hold_the_mean_of_the_number_at_its_count(metric, result, draw, fixed) -> None:
    """Samples and real examples drawn anew each time. Of 400 intervals of 95 % between 367 and 393 hold it, three
    standard deviations of a binomial to either side; as for the nearest neighbours, which are not smooth, at least so
    many, and the intervals are less than 1.8 times as wide as they would be if the error were known.
    """
    random = np.random.default_rng(1)
    draws = [measured(metric, *draw(random), fixed=fixed)[result] for _ in range(DRAWS)]
    values = np.array([each.value for each in draws])
    low, high = np.array([(each.low, each.high) for each in draws]).T
    held = ((low <= values.mean()) & (values.mean() <= high)).sum()
    chance = 3 * np.sqrt(DRAWS * 0.95 * 0.05)
    assert held >= 0.95 * DRAWS - chance
    if metric != "precision_recall_density_coverage":
        assert held <= 0.95 * DRAWS + chance
    assert (high - low).mean() < 1.8 * 2 * 1.96 * values.std()


def test_what_no_new_draw_would_change_is_left_as_it_is() -> None:
    """A number that depends on what is fixed alone is as sure as can be."""
    size = Metric(
        "size",
        "Size",
        lambda given, drawn: {"given": len(given), "drawn": len(drawn)},
        needs="features",
        results=(Result("given", "Given", NON_NEGATIVE), Result("drawn", "Drawn", NON_NEGATIVE)),
        example="",
    )
    sizes = measured(size, np.zeros((50, 1)), np.zeros((55, 1)), fixed=(0,))
    assert sizes["given"].low == sizes["given"].high == 50 and sizes["given"].count == 55
    assert sizes["drawn"].low < 55 < sizes["drawn"].high


def test_without_enough_there_is_a_number_and_no_interval() -> None:
    codes = np.random.default_rng(0).normal(size=(40, 2))
    labels = np.repeat([0, 1], [39, 1])  # without the group of the last there is one class only
    probe = measured("linear_probe", codes, labels, codes, labels)["accuracy"]
    assert probe.value is not None and probe.low is probe.high is None and probe.interval == ""


def test_a_metric_is_given_no_more_than_it_takes_and_says_how_many() -> None:
    real, fake = np.random.default_rng(0).normal(size=(2, 60, 2))
    ratio = measured(dataclasses.replace(METRICS["vendi_score"], maximum=50), real, fake)["ratio"]
    assert ratio.count == 50
    assert ratio.value == measured("vendi_score", real[:50], fake[:50])["ratio"].value
