"""How reliably each preset works: every model on a data set, over seeds, one lane at a time.

    python benchmarks/presets.py ring8 --models gan vae --seeds 5
    python benchmarks/presets.py ring --models gan --set packing=2

Prints solid modes, on-mode share and training seconds of every run, and in how many runs at most one mode in five is
not solid.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from genlab.registry import MODELS
from genlab.runs.folder import Frame
from genlab.spec import make_spec


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=None)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the models")
    given = parser.parse_args()
    settings = dict(_setting(word) for word in given.set)

    from genlab.training import backend

    backend.prepare()
    with tempfile.TemporaryDirectory() as cache:
        for model in given.models:
            good = 0
            for seed in range(given.seeds):
                lane = {"model": model, "settings": settings}
                spec = make_spec(dataset=given.dataset, lanes=[lane], seed=seed, budget=given.steps)
                frame, seconds = _train(spec, Path(cache))
                solid, modes = frame.metrics["solid"], frame.metrics["modes"]
                good += solid >= 0.8 * modes
                on_mode = frame.metrics["on_mode_share"]
                print(
                    f"{model:8} seed {seed}  solid {solid:4} of {modes}  on mode {on_mode:6.1%}  {seconds:6.1f} s",
                    flush=True,
                )
            print(f"{model:8} at least four modes in five are solid in {good} of {given.seeds} runs", flush=True)


def _train(spec: Any, cache: Path) -> tuple[Frame, float]:
    """The last frame, and the seconds of training."""
    from genlab.training.loop import FrameBuilt, train

    last = [event for event in train(spec, cache) if isinstance(event, FrameBuilt)][-1]
    return last.frame, last.seconds


def _setting(word: str) -> tuple[str, Any]:
    name, _, value = word.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


if __name__ == "__main__":
    main()
