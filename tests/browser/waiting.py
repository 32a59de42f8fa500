"""Waiting for what takes as long as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 120  # seconds: a loaded machine imports TensorFlow and compiles two models in a minute


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"Waited {seconds:.0f} s for {what}."
        time.sleep(0.05)
