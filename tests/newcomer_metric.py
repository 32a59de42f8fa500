"""A metric of one's own, as somebody adds it: one file, and the last statement registers it."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import NON_NEGATIVE, Metric, Result, pair
from genlab.registry import METRICS


def largest_gap(real: np.ndarray, fake: np.ndarray) -> dict[str, Any]:
    """How far apart the means of real (n, d) and fake (m, d) examples are, in the feature where that is the most.

    Source: the definition.

    Failure modes: it sees means and nothing else.

    Returns:
        gap: in units of the features; 0 for equal means.
        features: d.

    One collapsed point has the largest coordinate of its difference from the mean of the data. ValueError without
    examples or with NaN.
    """
    real, fake = pair(real, fake, float64=True)
    gaps = np.abs(real.mean(axis=0) - fake.mean(axis=0))
    return {"gap": float(gaps.max()), "features": len(gaps)}


METRICS.add(
    Metric(
        "largest_gap",
        "Largest gap",
        largest_gap,
        needs="features",
        results=(
            Result("gap", "Largest gap between the means", NON_NEGATIVE, better="lower", role="first"),
            Result("features", "Largest gap: features", NON_NEGATIVE, role="yardstick"),
        ),
        example="largest_gap(np.array([[0.0, 1], [2, 1]]), np.array([[1.0, 3]]))",
    )
)
