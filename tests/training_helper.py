"""A process that has TensorFlow loaded and trains each run it is told of in a child of its own, which may be killed.

A line of its input is the folder of a run. The child says its number, then a word for each event.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from genlab.runs import Run, Store
from genlab.training import backend, loop, recorder


def train(run: Run, chance: random.Random) -> None:
    """With frames and checkpoints at random moments, and a single step now and then."""
    loop.FRAME_SHARE = 1e9
    print(os.getpid(), flush=True)
    for event in recorder.record(run, Store(run.path.parent)):
        loop.FRAME_SECONDS = chance.choice((0.0, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9))
        recorder.CHECKPOINT_SECONDS = chance.choice((0.0, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9))
        if isinstance(event, loop.RoundCompleted) and chance.random() < 0.02:
            run.request("step")
            run.request("resume")
        print(type(event).__name__, flush=True)


backend.prepare()
for number, line in enumerate(sys.stdin):
    child = os.fork()
    if not child:
        train(Run(Path(line.strip())), random.Random(number))
        os._exit(0)
    os.waitpid(child, 0)
    print("ended", flush=True)
