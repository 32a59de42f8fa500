"""What the cheap metrics of the frames cost, as a share of training time: python benchmarks/frame_metrics.py"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from genlab.spec import make_spec
from genlab.training import backend, frames
from genlab.training.loop import FrameBuilt, Training

SECONDS = 6.0  # of training, each lane
TARGET = 0.05


def cost(dataset: str) -> tuple[float, float, int]:
    """Seconds spent training and on metrics, and the number of frames, of a GAN and a VAE with their presets."""
    spent, counted = 0.0, frames.coverage

    def timed(function: Any) -> Any:
        def call(*given: Any) -> Any:
            nonlocal spent
            began = time.perf_counter()
            result = function(*given)
            spent += time.perf_counter() - began
            return result

        return call

    spec = make_spec(dataset=dataset, clock="seconds", budget=SECONDS)
    taken = 0
    with tempfile.TemporaryDirectory() as folder:
        training = Training(spec, Path(folder))
        events = training.events()
        for event in events:
            if isinstance(event, FrameBuilt):
                taken += 1
                if taken == len(spec.lanes):  # the first frames compile; from here on it is counted
                    mode_assigner = training.frame_builder.mode_assigner
                    training.frame_builder.mode_assigner = dataclasses.replace(
                        mode_assigner, assign=timed(mode_assigner.assign)
                    )
                    frames.coverage = timed(counted)
    frames.coverage = counted
    return float(np.sum([lane.seconds for lane in training.lanes])), spent, taken


def main() -> None:
    backend.prepare()
    for dataset in ("ring8", "digits"):
        training, metrics, taken = cost(dataset)
        share = metrics / training
        said = "less" if share < TARGET else "MORE"
        print(
            f"{dataset:7} {taken} frames: {metrics:.2f} s of metrics in {training:.1f} s of training, {share:.1%}: "
            f"{said} than {TARGET:.0%}"
        )


if __name__ == "__main__":
    main()
