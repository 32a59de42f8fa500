"""One model in training: its networks on a device, its place on the clock, and everything needed to go on later."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset
from genlab.metrics.base import Diverged
from genlab.models.base import with_variables
from genlab.registry import MODELS
from genlab.spec import LETTERS, LaneSpec, live_names
from genlab.training import backend

GENERATOR_PHASES = ("generator", "decoder")  # the phases that train a generator against a discriminator


class Lane:
    """A model of a run, trained in chunks.

    The same spec and seed give the same numbers on the same machine, however the steps are split into chunks.

    Attributes:
        step, seconds, examples: how far it is. Seconds are spent in `advance` alone; examples are steps times batch
        size, however many batches the phases of a step draw.

    Args:
        index: its place in the run, from 0.
        data: the training set on the device, shared by the lanes of a run; None: the lane makes its own.
    """

    def __init__(
        self,
        index: int,
        spec: LaneSpec,
        dataset: Dataset,
        seed: int,
        device: str,
        data: backend.TrainingData | None = None,
    ) -> None:
        self.index = index
        self.family = MODELS[spec.model]
        self.settings: Any = self.family.settings(**spec.settings)
        self.step, self.seconds, self.examples = 0, 0.0, 0
        with backend.place_on(device):
            backend.seed_initializers(seed)
            namespace, self._live = with_variables(self.settings)
            self._context = backend.make_context(seed)
            model = self.model = self.family.build(namespace, dataset, self._context)
            self._train = backend.compile_steps(
                model.phases,
                model.networks,
                self._context,
                data or backend.TrainingData(dataset.train, dataset.train_labels, device),
                namespace.batch_size,
                device,
            )

        def compiled(function: Callable[..., Any] | None) -> Any:
            return function and backend.compile_function(function, self.model_variables)

        self.sample = compiled(model.sample)
        self.encode, self.reconstruct = compiled(model.encode), compiled(model.reconstruct)
        self.score, self.logit = compiled(model.score), compiled(model.logit)
        self.log_likelihood = compiled(model.log_likelihood)

    def compile(self) -> None:
        """Compile the training call, without a step, so that compiling is not counted as training."""
        self._train(0)

    def advance(self, steps: int, expected_steps: float = math.inf) -> dict[str, float]:
        """Train for so many steps; returns the mean of each recorded number, named "phase/log". Raises Diverged.

        expected_steps: at the end of the budget, from the first; what learning rates fall by, where they do.
        """
        began = time.perf_counter()
        self._context.expected_steps.assign(expected_steps)
        means = self._train(steps)
        self.seconds += time.perf_counter() - began
        self.step += steps
        self.examples += steps * self.settings.batch_size
        names = [f"{phase.name}/{log}" for phase in self.model.phases for log in phase.logs]
        losses = {name: float(value) for name, value in zip(names, means, strict=True)}
        for name, value in losses.items():
            if not np.isfinite(value):
                raise Diverged(
                    f"{name} became {value} by step {self.step:,}, so this lane ended there. The frames before it are "
                    "kept. A smaller learning rate usually helps."
                )
        return losses

    def change_settings(self, values: dict[str, Any]) -> None:
        """Change live settings from the next step on. Raises ValueError (pydantic's too) if one is not live or out of
        bounds.
        """
        fixed = sorted(set(values) - set(live_names(type(self.settings))))
        if fixed:
            raise ValueError(f"{', '.join(fixed)} cannot change while {self.family.title} trains; start a new run.")
        self.settings = type(self.settings)(**{**self.settings.model_dump(), **values})
        for name in values:
            self._live[name].assign(getattr(self.settings, name))

    def generator_gradient_norm(self, examples: np.ndarray, labels: np.ndarray) -> float | None:
        """Norm of the gradient that the generator, or the decoder where that is one, would follow on this batch of the
        lane's batch size; None without a phase of either name. Random numbers are drawn for it, so it is asked only of
        a lane that trains no further.
        """
        phase = next((phase for phase in self.model.phases if phase.name in GENERATOR_PHASES), None)
        return backend.gradient_norm(phase, self.model.networks, examples, labels) if phase else None

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Every number that the next step depends on, the place on the clock, and by name the live settings."""
        values = backend.read_variables(self._variables())
        arrays = {f"variable{i:04d}": value for i, value in enumerate(values)}
        arrays |= {f"setting.{name}": np.array(getattr(self.settings, name)) for name in self._live}
        return {**arrays, "clock": np.array([self.step, self.seconds, self.examples], dtype="float64")}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go back to a checkpoint, with its live settings. Raises ValueError if it belongs to other networks."""
        stored = [arrays[name] for name in sorted(arrays) if name.startswith("variable")]
        try:
            backend.write_variables(self._variables(), stored)
        except ValueError:
            raise ValueError(
                f"The checkpoint of model {LETTERS[self.index]} belongs to other networks than its spec describes. "
                "Start a new run; what this one has recorded is kept."
            ) from None
        self.step, self.examples = int(arrays["clock"][0]), int(arrays["clock"][2])
        self.seconds = float(arrays["clock"][1])
        values = self.settings.model_dump()
        for name, variable in self._live.items():
            if f"setting.{name}" in arrays:  # as it was given, or as a fork changed it
                values[name] = arrays[f"setting.{name}"].item()
                variable.assign(values[name])
            else:  # of a checkpoint from before they were kept by name
                values[name] = type(values[name])(backend.read_variables([variable])[0])
        self.settings = type(self.settings).model_construct(**values)

    @property
    def model_variables(self) -> list[Any]:
        """The variables that the model's functions read: those of its networks, and the live settings."""
        networks = self.model.networks.values()
        return [*(variable for network in networks for variable in network.variables), *self._live.values()]

    def _variables(self) -> list[Any]:
        """Every variable that the next step depends on, in the order of a checkpoint."""
        variables = [variable for network in self.model.networks.values() for variable in network.variables]
        variables += [variable for phase in self.model.phases for variable in phase.optimizer.variables]
        return [*variables, self._context.seed_generator.state, self._context.step, *self._live.values()]
