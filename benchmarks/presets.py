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

from quality import lane_samples, line_of, make_quality

from genlab.registry import MODELS
from genlab.spec import make_spec


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
                print(line_of(f"{model:8} seed {seed}", row), flush=True)
            medians = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
            print(line_of(f"{model:8} median", medians))
            print(line_of(f"{model:8} real  ", real), flush=True)


def _train(spec: Any, cache: Path) -> tuple[dict[str, float], dict[str, float]]:
    """What a run has got at its end, and what held-out real data gets."""
    from genlab.training.loop import Training

    training = Training(spec, cache)
    for _ in training.events():
        pass
    lane, builder = training.lanes[0], training.frame_builder
    quality, real = make_quality(builder.dataset, builder.mode_assigner, cache)
    samples = lane_samples(lane, spec.seed, builder.dataset.modes.shares)
    return {**quality(samples), "steps": lane.step, "seconds": lane.seconds}, {**real, "steps": 0, "seconds": 0.0}


def _setting(word: str) -> tuple[str, Any]:
    name, _, value = word.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


if __name__ == "__main__":
    main()
