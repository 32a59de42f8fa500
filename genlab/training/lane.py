"""One model in training: its networks on a device, its place on the clock, and everything needed to go on later."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from genlab.datasets.base import Dataset
from genlab.metrics.base import Diverged
from genlab.models.base import Phase, with_variables
from genlab.models.flows import ModelFlow
from genlab.registry import MODELS
from genlab.spec import LETTERS, LaneSpec, live_names
from genlab.training import backend

SAME_DRAW = 1_000_000_007  # where its random numbers start for a look at the gradients
GENERATOR_PHASES = ("generator", "decoder")  # the phases that train a generator against a discriminator


class Lane:
    """A model of a run, trained in chunks.

    The same spec and seed give the same numbers on the same machine, however the steps are split into chunks.

    Attributes:
        step, seconds, examples: how far it is. Seconds are spent in `advance` alone; examples are steps times batch
        size, however many batches the phases of a step draw.
        resting: the phases, by name, that make no updates for now.

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
        self.index, self.dataset = index, dataset
        self.family = MODELS[spec.model]
        self.settings: Any = self.family.settings(**spec.settings)
        self.step, self.seconds, self.examples = 0, 0.0, 0
        self.resting: frozenset[str] = frozenset()
        with backend.place_on(device):
            backend.seed_initializers(seed)
            namespace, self._live = with_variables(self.settings)
            self._context = backend.make_context(seed)
            model = self.model = self.family.build(namespace, dataset, self._context)
            backend.use_quick_convolutions(model.networks, device)
            self._data = data or backend.TrainingData(dataset.train, dataset.train_labels, device)
            self._train = backend.compile_steps(
                model.phases, model.networks, self._context, self._data, namespace.batch_size, device
            )

        def compiled(function: Callable[..., Any] | None) -> Any:
            return function and backend.compile_function(function, self.model_variables)

        self.sample, self.decode = compiled(model.sample), compiled(model.decode or model.sample)
        self.encode, self.reconstruct = compiled(model.encode), compiled(model.reconstruct)
        self.score, self.logit = compiled(model.score), compiled(model.logit)
        self.log_likelihood, self.log_density = compiled(model.log_likelihood), compiled(model.log_density)
        self.paths, self.critic_weights = compiled(model.paths), compiled(model.critic_weights)

    def parameters(self) -> dict[str, int]:
        """How many weights each network has that training moves, or that follow those that it moves."""
        moved = {name for phase in self.model.phases for name in (*phase.updates, *phase.follows)}
        return {name: network.count_params() for name, network in self.model.networks.items() if name in moved}

    def flow(self, example: Sequence[int]) -> ModelFlow:
        """What flows where in its phases, for examples of this shape; takes up to seconds."""
        return backend.model_flow(self.model, example, self.settings.batch_size)

    def compile(self) -> None:
        """Compile the training call, without a step, so that compiling is not counted as training."""
        self._train(0, self.resting)

    def advance(self, steps: int, expected_steps: float = math.inf) -> dict[str, float]:
        """Train for so many steps; returns the mean of each recorded number, named "phase/log", of the phases that do
        not rest. Raises Diverged.

        expected_steps: at the end of the budget, from the first; what learning rates fall by, where they do.
        """
        began = time.perf_counter()
        self._context.expected_steps.assign(expected_steps)
        means = self._train(steps, self.resting)
        self.seconds += time.perf_counter() - began
        self.step += steps
        self.examples += steps * self.settings.batch_size
        recorded = [(phase.name, log) for phase in self.model.phases for log in phase.recorded]
        losses = {
            f"{phase}/{log}": float(value)
            for (phase, log), value in zip(recorded, means, strict=True)
            if phase not in self.resting
        }
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

    def train_only(self, names: Collection[str]) -> None:
        """Let only these phases make updates, from the next step on. Raises ValueError if there is none of such a name,
        or no name.
        """
        known = [phase.name for phase in self.model.phases]
        if not names or not set(names) <= set(known):
            raise ValueError(f"{self.family.title} has the phases {', '.join(known)}: name those that shall train.")
        self.resting = frozenset(known) - frozenset(names)
        self.compile()

    def generator_gradient_norm(self, examples: np.ndarray, labels: np.ndarray) -> float | None:
        """Norm of the gradient that the generator, or the decoder where that is one, would follow on this batch of the
        lane's batch size; None without a phase of either name. Random numbers are drawn for it, so it is asked only of
        a lane that trains no further.
        """
        phase = next((phase for phase in self.model.phases if phase.name in GENERATOR_PHASES), None)
        return backend.gradient_norm(phase, self.model.networks, examples, labels) if phase else None

    @cached_property
    def maker(self) -> str:
        """The network that makes examples, "" for none: see `backend.maker_of`."""
        return backend.maker_of(self.model)

    @property
    def makes_points(self) -> bool:
        """Whether what it makes is a point of the plane or of more dimensions: no picture, no row of words."""
        return self.dataset.kind == "points" and not self.dataset.coding

    @property
    def makes_pictures(self) -> bool:
        return self.dataset.kind == "images"

    def as_examples(self, outputs: np.ndarray) -> np.ndarray:
        """What the last layer of the maker gives, as points, or as pictures between 0 and 1."""
        raw = outputs + getattr(self.settings, "generator_offset", 0.0)
        return 0.5 + 0.5 * np.tanh(0.5 * raw) if self.makes_pictures else raw  # the sigmoid, without overflow

    def watch(self, phase: Phase, expected_steps: float = math.inf) -> backend.WatchedUpdate:
        """The next update of a phase, made without moving its weights: see `backend.watch_update`."""
        self._context.expected_steps.assign(expected_steps)
        return backend.watch_update(phase, *self._drawn_from)

    @property
    def _drawn_from(self) -> tuple[Any, ...]:
        """What an update of any phase needs."""
        return self.model.networks, self.maker, self._context, self._data, self.settings.batch_size

    def move(self, phase: Phase, update: backend.WatchedUpdate) -> None:
        """Move the weights of a phase as an update says."""
        backend.apply_update(phase, self.model.networks, update)

    def sample_gradients(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Points that the model makes of the same draws each time, (n, d), and at each the gradient of the loss that
        the maker follows; None where no phase moves one. Nothing is changed by it, not even the random numbers.
        """
        if self._sample_gradients is None:
            return None
        networks = self.model.networks.values()
        moved = {id(variable) for network in networks for variable in network.trainable_variables}
        kept = [variable for network in networks for variable in network.variables if id(variable) not in moved]
        kept.append(self._context.seed_generator.state)
        before = backend.read_variables(kept)
        self._context.seed_generator.state.assign([before[-1][0], SAME_DRAW])
        try:
            outputs, gradients = self._sample_gradients()
        finally:
            backend.write_variables(kept, before)
        return self.as_examples(outputs), gradients

    @cached_property
    def _sample_gradients(self) -> Callable[[], tuple[np.ndarray, np.ndarray]] | None:
        phase = next((phase for phase in self.model.phases if self.maker in phase.updates), None)
        return backend.compile_sample_gradients(phase, *self._drawn_from) if phase else None

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Every number that the next step depends on, the place on the clock, and by name the live settings and the
        phases that rest.
        """
        values = backend.read_variables(self._variables())
        arrays = {f"variable{i:04d}": value for i, value in enumerate(values)}
        arrays |= {f"setting.{name}": np.array(getattr(self.settings, name)) for name in self._live}
        if self.resting:
            arrays["resting"] = np.array(sorted(self.resting))
        return {**arrays, "clock": np.array([self.step, self.seconds, self.examples], dtype="float64")}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go back to a checkpoint, with its live settings and resting phases. Raises ValueError if it belongs to other
        networks.
        """
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
        self.resting = frozenset(arrays["resting"].tolist()) if "resting" in arrays else frozenset()
        values = self.settings.model_dump()
        for name, variable in self._live.items():
            if f"setting.{name}" in arrays:  # as it was given, or as a fork changed it
                values[name] = arrays[f"setting.{name}"].item()
                variable.assign(values[name])
            else:  # of a checkpoint from before they were kept by name
                values[name] = type(values[name])(backend.read_variables([variable])[0])
        self.settings = type(self.settings).model_construct(**values)
        if self.resting:
            self.compile()

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
