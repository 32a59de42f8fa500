"""In place of `genlab.training.backend`: a processor, and no framework."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

# A run notes the version of Keras; importing Keras would import TensorFlow too.
sys.modules["keras"] = SimpleNamespace(__version__="none", backend=SimpleNamespace(backend=lambda: "numpy"))  # type: ignore[assignment]


class TrainingData:
    def __init__(self, examples: Any, labels: Any, device: str) -> None: ...


def prepare() -> None: ...


def devices() -> dict[str, str]:
    return {"cpu": "CPU, played"}


def describe(device: str) -> str:
    return devices()["cpu"]
