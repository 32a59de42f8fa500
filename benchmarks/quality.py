"""How good samples are: what benchmarks print of them, by genlab's own measures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SAMPLES = 5_000

Quality = Callable[[np.ndarray], dict[str, float]]


def make_quality(dataset: Any, mode_assigner: Any, cache: Path) -> tuple[Quality, dict[str, float]]:
    """A function of samples (n, ...) that says their solid modes, their share on a mode, and the Fréchet distance of as
    many of them as there are to one half of the held-out data, in the first feature space of the data; and what the
    other half gets.
    """
    from genlab.evaluation.samples import halves, prepared
    from genlab.metrics.distances import frechet_distance
    from genlab.metrics.modes import mode_coverage
    from genlab.observing.feature_spaces import feature_spaces

    space = feature_spaces(dataset, cache)[0]
    first, second = (dataset.test[half] for half in halves(len(dataset.test)))
    features = space.features(prepared(first))

    def quality(samples: np.ndarray) -> dict[str, float]:
        examples = prepared(samples)
        modes = mode_coverage(mode_assigner.assign(examples), dataset.modes.shares)
        compared = space.features(examples[: len(first)])
        return {
            "solid": modes["solid"],
            "modes": modes["modes"],
            "on_mode": modes["on_mode_share"],
            "frechet": frechet_distance(features, compared)["distance"],
        }

    return quality, quality(second)


def lane_samples(lane: Any, seed: int, shares: np.ndarray) -> np.ndarray:
    """Samples of a lane, (SAMPLES, ...), from latents that the seed draws."""
    from genlab.observing.frames import draw_latents

    latents, labels = draw_latents(lane, np.random.default_rng(seed), SAMPLES, shares)
    parts = [lane.sample(latents[i : i + 500], labels[i : i + 500]) for i in range(0, SAMPLES, 500)]
    return np.concatenate(parts)


def line_of(who: str, row: dict[str, float]) -> str:
    return (
        f"{who}  solid {row['solid']:4.0f} of {row['modes']:.0f}  on mode {row['on_mode']:6.1%}  "
        f"Fréchet {row['frechet']:7.2f}  {row['steps']:7,.0f} steps  {row['seconds']:6.1f} s"
    )
