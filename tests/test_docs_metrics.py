"""docs/metrics.md is what the metrics say, and what they say holds for their example."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from genlab.metrics.base import NEEDS, limits
from genlab.registry import METRICS

DOCS = Path(__file__).parents[1] / "docs"
make_metrics = runpy.run_path(str(DOCS / "make_metrics.py"))
run_example = make_metrics["run_example"]


def test_the_page_is_up_to_date():
    assert (DOCS / "metrics.md").read_text(encoding="utf-8") == make_metrics["page"](), (
        "Run: python docs/make_metrics.py"
    )


@pytest.mark.parametrize("name", list(METRICS))
def test_a_metric_gives_what_it_says(name):
    """Every result is described; each number has a direction and lies in its range; all values are plain."""
    entry = METRICS[name]
    result = run_example(entry)
    assert list(result) == list(entry.meanings)
    numbers = [key for key, value in result.items() if not isinstance(value, np.ndarray)]
    assert set(numbers) == {each.name for each in entry.results}
    for each in entry.results:
        value, (low, high) = result[each.name], limits(each, result)
        assert value is None or type(value) in (bool, int, float), each.name
        assert value is None or low <= value <= high, each.name


@pytest.mark.parametrize("name", list(METRICS))
def test_a_metric_says_where_it_comes_from_and_when_it_fails(name):
    entry = METRICS[name]
    text = entry.function.__doc__
    assert entry.cost in ("cheap", "slow") and entry.needs in NEEDS
    assert "One collapsed point" in text or name == "iwae_bound", "what a model gets that makes one thing only"
    assert "ValueError" in text
    for part in ("Source:", "Failure modes:"):
        assert part in text
    assert "Returns:" in text


EXAMPLES_BY_HAND = [
    ("mode_coverage", "on_mode_share", 3 / 4),
    ("mode_coverage", "reverse_kl", np.log(3) + (2 / 3) * np.log(2 / 3) + (1 / 3) * np.log(1 / 3)),
    ("mode_coverage", "mode_tv", 1 / 3),
    ("precision_recall_density_coverage", "precision", 4 / 6),
    ("precision_recall_density_coverage", "coverage", 4 / 6),
    ("nearest_pairs", "estimated_support", 6),
    ("memorisation", "share_within_1", 1),
    ("frechet_distance", "distance", 3**2 + (2 - 1) ** 2),
    ("kernel_distance", "distance", 1 + 27 - 2 * (1 + 1 + 8 + 27) / 4),
    ("sliced_wasserstein", "distance", 3),
    ("bin_differences", "different", 2),
    ("precision_recall_curve", "f_8", 0.5),
    ("vendi_score", "score", 1),
    ("sharpness", "laplacian_variance", 4**2 / 4),
    ("kl_per_dimension", "total", 0.5),
    ("active_units", "active", 1),
    ("iwae_bound", "bound", (np.log(0.2) + np.log(0.5)) / 2),
    ("log_likelihood", "mean", (np.log(0.1) + np.log(0.4)) / 2),
    ("reconstruction_error", "summed", 3),
    ("linear_probe", "accuracy", 3 / 4),
    ("hole_map", "hole_share", 0.4772499**2),
    ("discriminator_accuracy", "accuracy_train", 3 / 4),
    ("score_gap", "fake_gap", 5 / 4 + 3),
    ("column_distances", "total_variation", 1 / 2),
    ("column_distances", "wasserstein", 1),
    ("association_error", "mean", 1),
    ("train_on_synthetic", "score", 2 / 3),
]


@pytest.mark.parametrize("name, result, expected", EXAMPLES_BY_HAND)
def test_examples_that_can_be_followed_by_hand(name, result, expected):
    # A point on the curve at 8 is not quite its corner, where the score is (1 + 64) / 2 / (64 + 1 / 2).
    tolerance = 1e-2 if name == "precision_recall_curve" else 1e-6
    assert run_example(METRICS[name])[result] == pytest.approx(expected, abs=tolerance)
