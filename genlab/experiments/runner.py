"""Runs an experiment: trains its runs, which form a group in the store, and asks them for the verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import genlab
from genlab.experiments.base import Experiment, verdict
from genlab.experiments.measuring import asked_of
from genlab.experiments.outcomes import Recorded
from genlab.runs.metadata import Grouped
from genlab.runs.store import Store
from genlab.runs.view import RunReader
from genlab.training import backend
from genlab.training.recorder import record


@dataclass(frozen=True)
class Training:
    """A run of so many is on its way, and how far it is: a share of its budget."""

    run: int
    runs: int
    share: float


def run_experiment(experiment: Experiment, seed: int, store: Store) -> Iterator[Training | Recorded]:
    """Train all runs of one seed, then say the verdict, which is the last event. Raises what `make_spec` raises."""
    backend.prepare()
    began, began_process = time.monotonic(), time.process_time()
    specs, views = experiment.runs(seed), []
    for place, spec in enumerate(specs):
        run = store.create(spec, grouped=Grouped(experiment=experiment.name, seed=seed, place=place))
        reader = RunReader(run)
        yield Training(place, len(specs), 0.0)
        for event in record(run, store, measure=asked_of(run)):
            if (step := getattr(event, "step", None)) and spec.clock == "steps":
                yield Training(place, len(specs), step / spec.budget)
        views.append(reader.read())
    said = verdict(experiment, views, len(specs))
    yield Recorded(
        seed,
        said.outcome,
        {name: round(value, 4) for name, value in said.evidence.items()},
        said.reason,
        round(time.monotonic() - began, 1),
        round(time.process_time() - began_process, 1),
        genlab.__version__,
    )
