"""What several test files call."""

from __future__ import annotations

from typing import Any

from genlab.runs import Run, Store


def train_fully(store: Store, run: Run) -> list[Any]:
    """Train a run in this process; returns its events."""
    from genlab.training.recorder import record

    return list(record(run, store))
