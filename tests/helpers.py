"""What several test files call."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from genlab.runs import Run, Store

PATIENCE = 600.0  # seconds: how long a test waits for what a machine ten times slower than today's takes a minute for


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait for what takes as long as it takes."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"Waited {seconds:.0f} s for {what}."
        time.sleep(0.02)


def train_fully(store: Store, run: Run) -> list[Any]:
    """Train a run in this process; returns its events."""
    from genlab.training.recorder import record

    return list(record(run, store))


def keep_classifiers(store: Store, folders: pytest.TempPathFactory) -> None:
    """Keep what a store caches in a folder that all processes of this session share. Two that need the
    same classifier at the same time both train it.
    """
    kept = folders.getbasetemp() / "classifiers"
    if "PYTEST_XDIST_WORKER" in os.environ:  # each process has a folder of its own within the session's
        kept = folders.getbasetemp().parent / "classifiers"
    kept.mkdir(exist_ok=True)
    store.root.mkdir(parents=True, exist_ok=True)
    store.cache.symlink_to(kept)


KINDS = ("random", "clustered", "duplicated", "constant", "high-dimensional", "tiny")


def rows(kind: str, random: np.random.Generator, count: int, width: int = 3) -> np.ndarray:
    x = random.normal(size=(count, 64 if kind == "high-dimensional" else width))
    if kind == "clustered":
        return 0.01 * x + 3 * random.integers(0, 3, (count, 1))
    if kind == "duplicated":
        return np.round(x)[random.integers(0, 2, count)]
    return np.full_like(x, x[0, 0]) if kind == "constant" else x


def check(result: dict[str, Any], expected: dict[str, Any], rel: float = 1e-9) -> None:
    """Expected are numbers, arrays, None, or a tuple of the least and the greatest value."""
    for key, value in expected.items():
        if isinstance(value, tuple):
            assert np.isfinite(result[key]) and value[0] - 1e-9 <= result[key] <= value[1] + 1e-9, key
        else:
            assert result[key] is value or result[key] == pytest.approx(value, rel=rel, abs=1e-9), key
