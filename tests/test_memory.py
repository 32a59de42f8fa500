"""The memory of a run: estimated before it is queued, held to the peak of a real process, and refused in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from genlab.cli import app
from genlab.datasets import load_dataset
from genlab.registry import DATASETS
from genlab.runs import Store, memory
from genlab.runs.memory import check_memory, estimate_memory
from genlab.spec import SpecError, make_spec

ROOT = Path(__file__).parents[1]
LARGE = {"dataset": "ring8", "lanes": [{"model": "wae", "settings": {"batch_size": 4096, "latent_dim": 256}}]}


def peak(fields: dict[str, Any], cache: Path) -> float:
    """Bytes that a process takes at most which trains two steps."""
    program = """
import json, sys
from pathlib import Path
from genlab.spec import make_spec
from genlab.training.loop import train
list(train(make_spec(**json.loads(sys.argv[1]), budget=2), Path(sys.argv[2])))
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(status["VmHWM"].split()[0])
"""
    words = [sys.executable, "-c", program, json.dumps(fields), str(cache)]
    result = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert result.returncode == 0, result.stderr
    return 1024.0 * int(result.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux tells a process's own peak.")
@pytest.mark.parametrize("fields, limit", [({"dataset": "ring8"}, 1.2e9), (LARGE, 4e9)], ids=["default", "large"])
def test_the_estimate_is_near_the_peak_of_a_real_process(fields: dict[str, Any], limit: float, tmp_path: Path) -> None:
    """The large one took 17 GB, when all pairs of codes were subtracted from each other."""
    measured, estimated = peak(fields, tmp_path), estimate_memory(make_spec(**fields))
    assert measured < limit
    assert measured / 1.5 < estimated < 1.5 * measured


@pytest.mark.parametrize("name", DATASETS.added())
def test_the_registry_knows_the_size_of_every_data_set(name: str) -> None:
    entry = DATASETS[name]
    if entry.unavailable():
        assert entry.shape
        return
    dataset = load_dataset(name, {})
    assert dataset.train.shape[1:] == entry.shape
    assert len(dataset.train) == getattr(entry.settings(), "size", entry.count)


@pytest.mark.parametrize("larger", [{"batch_size": 512}, {"generator_width": 256}, {"latent_dim": 250}])
def test_more_of_anything_takes_more(larger: dict[str, int]) -> None:
    small, large = (make_spec(lanes=[{"model": "gan", "settings": values}]) for values in ({}, larger))
    assert estimate_memory(small) <= estimate_memory(large)
    assert estimate_memory(make_spec(lanes=[{"model": "gan"}] * 2)) > estimate_memory(small)


@pytest.mark.parametrize(
    "fields, advice",
    [
        (LARGE, "halve the batch size"),
        ({"dataset": "ring8"}, "train fewer models at once"),
        ({"dataset": "ring8", "lanes": [{"model": "vae"}]}, "close other programs"),
    ],
)
def test_a_run_that_does_not_fit_is_refused_with_what_helps(
    fields: dict[str, Any], advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(**fields)
    monkeypatch.setattr(memory, "free_memory", lambda: 0.5e9)
    with pytest.raises(SpecError, match=rf"needs about \d\.\d GB of memory and 0\.[45] GB is free: {advice}"):
        check_memory(spec)
    monkeypatch.setattr(memory, "free_memory", lambda: 64e9)
    check_memory(spec)


def test_the_command_line_refuses_it_before_there_is_a_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 0.5e9)
    result = CliRunner().invoke(app, ["train", "--steps", "5", "--runs", str(store.root)])
    assert result.exit_code == 2 and "GB is free" in result.output
    assert store.runs() == []
