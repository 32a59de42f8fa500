"""How good each preset gets, and how reliably: every model on a data set, over seeds, one lane at a time.

    python benchmarks/presets.py ring8 --models gan vae --seeds 0 1 2
    python benchmarks/presets.py mnist --models gan --seconds 60
    python benchmarks/presets.py ring --models gan --set packing=2

Prints of every run its solid modes, its share on a mode, the Fréchet distance to held-out data in the first feature
space of the data, its steps and its training seconds; then the medians, beside what held-out real data gets. Numbers
are of 5,000 samples, or of as many as there are held-out examples to compare with.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from genlab.registry import MODELS
from genlab.spec import make_spec

SAMPLES = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the models")
    parser.add_argument("--cache", type=Path, help="a folder that keeps the classifiers")
    given = parser.parse_args()
    settings = dict(_setting(word) for word in given.set)
    budget = {"clock": "seconds", "budget": given.seconds} if given.seconds else {"budget": given.steps}

    from genlab.training import backend

    backend.prepare()
    with tempfile.TemporaryDirectory() as folder:
        for model in given.models:
            rows = []
            for seed in given.seeds:
                lane = {"model": model, "settings": settings}
                row, real = _train(
                    make_spec(dataset=given.dataset, lanes=[lane], seed=seed, **budget), given.cache or Path(folder)
                )
                rows.append(row)
                _print(f"{model:8} seed {seed}", row)
            _print(f"{model:8} median", {name: statistics.median(row[name] for row in rows) for name in rows[0]})
            _print(f"{model:8} real  ", real)


def _train(spec: Any, cache: Path) -> tuple[dict[str, float], dict[str, float]]:
    """What a run has got at its end, and what held-out real data gets."""
    from genlab.evaluation.samples import halves, prepared
    from genlab.metrics.distances import frechet_distance
    from genlab.metrics.modes import mode_coverage
    from genlab.observing.feature_spaces import feature_spaces
    from genlab.observing.frames import draw_latents
    from genlab.training.loop import Training

    training = Training(spec, cache)
    for _ in training.events():
        pass
    lane, builder = training.lanes[0], training.frame_builder
    dataset, space = builder.dataset, feature_spaces(builder.dataset, cache)[0]
    first, second = (prepared(dataset.test[half]) for half in halves(len(dataset.test)))
    latents, labels = draw_latents(lane, np.random.default_rng(spec.seed), SAMPLES, dataset.modes.shares)
    parts = [lane.sample(latents[i : i + 500], labels[i : i + 500]) for i in range(0, SAMPLES, 500)]
    samples = prepared(np.concatenate(parts))
    features = space.features(first)

    def quality(examples: np.ndarray) -> dict[str, float]:
        modes = mode_coverage(builder.mode_assigner.assign(examples), dataset.modes.shares)
        compared = space.features(examples[: len(first)])
        return {
            "solid": modes["solid"],
            "modes": modes["modes"],
            "on_mode": modes["on_mode_share"],
            "frechet": frechet_distance(features, compared)["distance"],
        }

    place = {"steps": lane.step, "seconds": lane.seconds}
    return {**quality(samples), **place}, {**quality(second), "steps": 0, "seconds": 0.0}


def _print(who: str, row: dict[str, float]) -> None:
    print(
        f"{who}  solid {row['solid']:4.0f} of {row['modes']:.0f}  on mode {row['on_mode']:6.1%}  "
        f"Fréchet {row['frechet']:7.2f}  {row['steps']:7,.0f} steps  {row['seconds']:6.1f} s",
        flush=True,
    )


def _setting(word: str) -> tuple[str, Any]:
    name, _, value = word.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


if __name__ == "__main__":
    main()
