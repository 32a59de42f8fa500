"""Training that is killed at random moments and resumed: one history, on each of the three clocks."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from genlab.cli.show import run_values
from genlab.runs import Run, Store
from genlab.runs.history import History
from genlab.runs.view import RunReader
from genlab.spec import make_spec

LANES = [{"model": "ae", "settings": {"width": 4}}, {"model": "vae", "settings": {"width": 4, "batch_size": 32}}]


@pytest.fixture(scope="module")
def helper() -> Iterator[subprocess.Popen[str]]:
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    command = [sys.executable, str(Path(__file__).with_name("training_helper.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


def kill_after(helper: subprocess.Popen[str], run: Run, events: int, delay: float) -> None:
    """Train a run until so many events have been, and a moment longer, then kill what trains it."""
    print(run.path, file=helper.stdin, flush=True)
    child = int(helper.stdout.readline())
    for _ in range(events):
        assert helper.stdout.readline() != "ended\n", run.state().message
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    while helper.stdout.readline() != "ended\n":
        pass


def check(run: Run, open_history: History) -> None:
    """One history: for a reader that comes now, one that has read all along, and one that looks at the lines."""
    values = run_values(run)
    for index, lane in enumerate(values["lanes"]):
        curves = lane["curves"]
        for name in ("step", "seconds", "examples"):
            assert all(a < b for a, b in zip(curves[name], curves[name][1:])), f"{name} rise strictly"
        assert curves["examples"] == [step * LANES[index]["settings"].get("batch_size", 128) for step in curves["step"]]
        if curves["step"]:
            assert lane["step"] == curves["step"][-1]
        frames = run.frame_steps(index)
        assert all(step <= lane["step"] for step in frames), "no frame is later than the lane"
        # The newest may have been written without its numbers.
        recorded = [step for step, solid in zip(curves["step"], curves.get("solid", [])) if solid is not None]
        assert set(frames[:-1]) <= set(recorded), "what was given up is gone"
        open_history.update()
        assert open_history.column(index, "step").tolist() == curves["step"]
        assert open_history.rewound == History(run).update().rewound
    last = {0: -1, 1: -1}
    lines = run.path / "metrics.jsonl"
    for line in lines.read_text().splitlines() if lines.is_file() else ():
        try:
            row = json.loads(line)
        except ValueError:  # cut short by a kill
            continue
        if "rewound" in row:
            assert row["step"] < last[row["lane"]]
            last[row["lane"]] = row["step"]
        elif "losses" in row:
            assert row["step"] > last[row["lane"]], "a lane goes back only where the history says so"
            last[row["lane"]] = row["step"]


@pytest.mark.slow
@pytest.mark.parametrize("clock, kills", [("steps", 10), ("examples", 5), ("seconds", 5)])
def test_a_run_killed_at_random_moments_has_one_history(
    clock: str, kills: int, store: Store, helper: subprocess.Popen[str]
) -> None:
    run, chance = store.create(make_spec(lanes=LANES, clock=clock, budget=10**9)), random.Random(clock)
    history, reader = History(run), RunReader(run)
    killed = 0
    while killed < kills or (not history.rewound and killed < 10 * kills):  # whether one takes it back is chance, too
        killed += 1
        kill_after(helper, run, chance.choice((chance.randrange(8), chance.randrange(10, 150))), chance.random() / 50)
        check(run, history)
        view = reader.read()
        assert all(not frame or frame.step <= view.lane_state(lane).step for lane, frame in enumerate(view.frames))
    assert history.rewound, "it was taken back at least once"
