"""Measures a run as it stands: all that applies of each lane, with intervals, and with the value of real data beside.

The lanes are built anew from their checkpoints and draw with a seed of their own, so that measuring never changes
training, not even that of a run that is training meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from genlab.datasets.base import Dataset, fingerprint
from genlab.evaluation.gallery import gallery
from genlab.evaluation.measuring import Steps
from genlab.evaluation.networks import NetworkEvaluator, in_batches
from genlab.evaluation.samples import References, SampleEvaluator, prepared
from genlab.metrics.base import Diverged
from genlab.observing.feature_spaces import FeatureSpace, feature_spaces
from genlab.observing.frames import draw_latents
from genlab.observing.mode_assignment import make_mode_assigner
from genlab.registry import MODELS
from genlab.runs.atomic import write_json
from genlab.runs.data import load_run_dataset
from genlab.runs.evaluation import Evaluation, LaneEvaluation
from genlab.runs.folder import Run
from genlab.training.lane import Lane

REFERENCES_VERSION = 3  # a change of what is measured of real data makes old caches invalid
SAMPLES = 2_500  # unless asked otherwise
SAMPLES_A_MODE = 10  # at least: with fewer, a perfect model leaves modes out by chance
T = TypeVar("T")
NOT_TRAINED = "There is no checkpoint of this lane, so there is nothing to measure yet. Train it first."


@dataclass(frozen=True)
class Progress:
    """What is measured next, and how many measurements of how many are done."""

    name: str
    done: int
    total: int


@dataclass(frozen=True)
class Evaluated:
    """The last event: all measures, and the pictures as arrays, "LANE-NAME"."""

    evaluation: Evaluation
    arrays: dict[str, np.ndarray]


def evaluate(run: Run, cache: Path, samples: int | None = None, seed: int = 0) -> Iterator[Progress | Evaluated]:
    """Measure a run and write what was found into its folder; whoever reads the events may stop at any.

    samples: 2,500 or 10 for each mode unless given; what is compared with real data takes at most half as many as there
    are held-out examples. Raises RunUnreadable, DataUnavailable, SpecError for a run that this genlab cannot build, and
    ValueError for a device or a checkpoint that does not fit.
    """
    spec = run.runnable_spec()
    yield Progress("loading", 0, 1)
    dataset = load_run_dataset(run, spec)
    lanes, messages = [], {}
    for index in range(len(spec.lanes)):
        checkpoint = run.checkpoint(index)
        if checkpoint is None:
            messages[index] = NOT_TRAINED
            continue
        lane = Lane(index, spec.lanes[index], dataset, spec.seed, spec.device)
        lane.restore(checkpoint)
        lanes.append(lane)
    for event in evaluate_lanes(dataset, lanes, cache, samples, seed):
        if isinstance(event, Evaluated):
            for index, message in messages.items():
                missing = LaneEvaluation(lane=index, model=spec.lanes[index].model, step=0, message=message)
                event.evaluation.lanes.insert(index, missing)
            run.write_evaluation(event.evaluation, event.arrays)
        yield event


def evaluate_lanes(
    dataset: Dataset, lanes: list[Lane], cache: Path, samples: int | None = None, seed: int = 0
) -> Iterator[Progress | Evaluated]:
    """The same for lanes that are built; nothing is written but the caches of the data set."""
    yield Progress("preparing", 0, 1)
    mode_assigner = make_mode_assigner(dataset, cache)
    spaces = feature_spaces(dataset, cache)
    samples = samples or max(SAMPLES, SAMPLES_A_MODE * len(dataset.modes.names))
    evaluator = SampleEvaluator(dataset, mode_assigner, spaces, samples)
    path = cache / f"references-{_key(dataset, spaces, samples)}.json"
    references = _read_references(path)
    missing = [step for step in evaluator.references() if step.place not in references] if lanes else []
    evaluators = [_LaneEvaluator(lane, evaluator, samples, seed) for lane in lanes]
    total, done = len(missing) + sum(len(lane_evaluator) for lane_evaluator in evaluators), 0
    for step in missing:
        yield Progress(f"real data: {step.name}", done, total)
        references[step.place] = _alone(step.measure)
        done += 1
    if missing:
        write_json(path, [(*place, numbers) for place, numbers in references.items()])
    evaluation = Evaluation(samples=samples, seed=seed, spaces={space.name: space.version for space in spaces})
    arrays: dict[str, np.ndarray] = {}
    for lane_evaluator in evaluators:
        title = MODELS[lane_evaluator.lane.family.name].title
        for name in lane_evaluator.steps(references):
            yield Progress(f"{title}: {name}", min(done, total), total)
            done += 1
        evaluation.lanes.append(lane_evaluator.measured)
        arrays |= {f"{lane_evaluator.lane.index}-{name}": array for name, array in lane_evaluator.arrays.items()}
    yield Evaluated(evaluation, arrays)


def _alone(step: Callable[[], T]) -> T:
    """Take a step on one thread: on a machine that is busy training, more of them wait for each other."""
    with threadpool_limits(1):
        return step()


def _read_references(path: Path) -> References:
    """What was measured of real data; nothing where it was not."""
    try:
        return {(metric, space): numbers for metric, space, numbers in json.loads(path.read_text())}
    except FileNotFoundError:
        return {}


def _key(dataset: Dataset, spaces: list[FeatureSpace], samples: int) -> str:
    """Tells this data, these spaces and this number of samples from any others."""
    held_out = hashlib.sha256(dataset.test.tobytes()).hexdigest()
    parts = [REFERENCES_VERSION, fingerprint(dataset), held_out, *((space.name, space.version) for space in spaces)]
    return f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]}-{samples}"


class _LaneEvaluator:
    """Measures one lane, and holds what was measured."""

    def __init__(self, lane: Lane, evaluator: SampleEvaluator, samples: int, seed: int) -> None:
        self.lane, self.evaluator, self.samples, self.seed = lane, evaluator, samples, seed
        self.network_evaluator = NetworkEvaluator(
            lane, evaluator.dataset, evaluator.spaces[0], min(samples, 10_000), seed
        )
        self.measured = LaneEvaluation(lane=lane.index, model=lane.family.name, step=lane.step)
        self.arrays: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        nothing = np.empty(0)
        return len(self.evaluator.names()) + len(self.network_evaluator.steps(nothing, nothing)) + 2

    def steps(self, references: References) -> Iterator[str]:
        """Measure one thing after another, naming each first. A lane that diverged says so and is left."""
        try:
            yield from self._steps(references)
        except (Diverged, ValueError) as error:
            self.measured.message = str(error)

    def _steps(self, references: References) -> Iterator[str]:
        yield "samples"
        samples, labels = self._draw()
        steps: Steps = self.evaluator.steps(samples, references) + self.network_evaluator.steps(samples, labels)
        for name, step in steps:
            yield name
            self.measured.measures += _alone(step)
        self.measured.kl = self.network_evaluator.kl()
        yield "pictures"
        evaluator = self.evaluator
        mode_share = evaluator.mode_share(samples)
        self.measured.mode_share = mode_share.tolist()
        self.arrays = gallery(
            evaluator.dataset, evaluator.mode_assigner, evaluator.spaces[0], evaluator.for_copies, samples, mode_share
        )

    def _draw(self) -> tuple[np.ndarray, np.ndarray]:
        """Samples as they are measured, and the labels that were asked for. All lanes get the same latents."""
        random = np.random.default_rng([self.seed, 2])
        latent, labels = draw_latents(self.lane, random, self.samples, self.evaluator.dataset.modes.shares)
        samples = in_batches(self.lane.sample, latent, labels)
        if not np.isfinite(samples).all():
            raise Diverged(f"A sample is not a finite number at step {self.lane.step:,}: the model has diverged.")
        return prepared(samples), labels
