"""In place of `genlab.training.lane`: a lane that learns nothing. The longer it "trains", the closer its samples
come to real examples, so that charts and numbers change as they do in training, at a pace of its own.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset
from genlab.registry import MODELS
from genlab.spec import LaneSpec

SECONDS_A_STEP = 0.001
HALFWAY = 100.0  # steps after which samples are half real


class Lane:
    def __init__(self, index: int, spec: LaneSpec, dataset: Dataset, seed: int, device: str, data: Any = None) -> None:
        self.index, self.dataset = index, dataset
        self.family = MODELS[spec.model]
        self.settings = self.family.settings(**spec.settings)
        self.step, self.seconds, self.examples = 0, 0.0, 0
        abilities = self.family.abilities
        self.encode = self._encode if "encode" in abilities else None
        self.reconstruct = self._reconstruct if "reconstruct" in abilities else None
        self.score = self._score if "score" in abilities else None
        self.paths = self.decode = self.critic_weights = None
        self.model = SimpleNamespace(
            conditional=False, score_is="probability", latent_categories=0, draw_prior=self._draw_prior
        )

    def compile(self) -> None: ...

    def sample_gradients(self) -> None: ...

    def parameters(self) -> dict[str, int]:
        return (
            {"generator": 8450, "discriminator": 8600}
            if "score" in self.family.abilities
            else {"encoder": 8700, "decoder": 8450}
        )

    def advance(self, steps: int, expected_steps: float = 0.0) -> dict[str, float]:
        time.sleep(SECONDS_A_STEP * steps)
        self.step += steps
        self.seconds += SECONDS_A_STEP * steps
        self.examples += steps * self.settings.batch_size
        return {name: self._noise() + 0.1 * np.sin(self.step) for name in self.family.curves.values()}

    def change_settings(self, values: dict[str, Any]) -> None:
        self.settings = type(self.settings)(**{**self.settings.model_dump(), **values})

    def checkpoint(self) -> dict[str, np.ndarray]:
        return {"clock": np.array([self.step, self.seconds, self.examples], dtype="float64")}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.step, self.seconds, self.examples = (type(was)(now) for was, now in zip((0, 0.0, 0), arrays["clock"]))

    def _noise(self) -> float:
        return HALFWAY / (HALFWAY + self.step)

    def _draw_prior(self, random: np.random.Generator, count: int) -> np.ndarray:
        return random.normal(size=(count, 2)).astype("float32")

    def sample(self, latent: np.ndarray, labels: np.ndarray) -> np.ndarray:
        real = np.resize(self.dataset.test, (len(latent), *self.dataset.test.shape[1:]))
        noise = np.random.default_rng(0).random(real.shape, dtype="float32")
        return ((1 - self._noise()) * real + self._noise() * noise).astype("float32")

    def _encode(self, examples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = (2 - self._noise()) * examples.reshape(len(examples), -1)[:, :2]
        return mean, np.full_like(mean, -1.0)

    def _reconstruct(self, examples: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return (examples * (1 - self._noise())).astype("float32")

    def _score(self, examples: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(self._noise() * examples[:, 0]))
