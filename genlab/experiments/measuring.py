"""What experiments ask of a model at the end of its run, beside what every frame says: see `Experiment.asks`."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from genlab.datasets.base import Dataset
from genlab.datasets.coding import table_coding
from genlab.latent.trained import Trained, project
from genlab.metrics.modes import mixture_log_density
from genlab.metrics.tables import association_error, column_distances, train_on_synthetic
from genlab.observing.frames import RECONSTRUCTED, draw_latents
from genlab.registry import EXPERIMENTS
from genlab.runs.folder import Run
from genlab.training.lane import Lane
from genlab.training.recorder import Measurement

JUDGED = 2000  # held-out examples whose likelihood is asked for
DRAWS = 5  # tables of samples, each of as many rows as there are to train on: over so few, a score differs by draw


def projection(lane: Lane, dataset: Dataset) -> dict[str, float]:
    """`projection_error` of a model without an encoder: mean squared, over the held-out examples that the frames of the
    others encode, of the nearest samples that a search of its latent finds.
    """
    if lane.encode:
        return {}
    count = RECONSTRUCTED[dataset.kind]
    found = project(Trained(lane, dataset), dataset.test[:count], dataset.test_labels[:count])
    return {"projection_error": float(found.error.mean())}


def table(lane: Lane, dataset: Dataset) -> dict[str, float]:
    """How far made-up rows are from held-out ones, and what they teach about these: means over five draws, and beside
    each as `real_...` what the training rows themselves get. Nothing for data that is no table.
    """
    coding = table_coding(dataset)
    if coding is None:
        return {}
    counts = np.array([len(column.words) for column in coding.columns])
    train, held_out = coding.decoded(dataset.train[:]), coding.decoded(dataset.test)

    def numbers(rows: np.ndarray) -> np.ndarray:
        columns = column_distances(counts, held_out, rows)["columns"].mean()
        associations = association_error(counts, held_out, rows)["mean"]
        return np.array([columns, associations, train_on_synthetic(counts, held_out, rows)["score"]])

    random = np.random.default_rng(0)
    with threadpool_limits(1):  # of the trees
        real, made = numbers(train), np.zeros(3)
        for _ in range(DRAWS):
            samples = lane.sample(*draw_latents(lane, random, len(train), dataset.modes.shares))
            made += numbers(coding.decoded(samples)) / DRAWS
    names = ("column_distance", "association_error", "trained_on")
    return dict(zip(names, made.tolist())) | {f"real_{name}": value for name, value in zip(names, real.tolist())}


def density(lane: Lane, dataset: Dataset) -> dict[str, float]:
    """`nats_short` of a model that says the log-likelihood of an example: how much less than the data's own, which is
    known of Gaussian mixtures, on average over held-out examples. It estimates the divergence of the two.
    """
    modes, x = dataset.modes, dataset.test[:JUDGED]
    if not lane.log_density or modes.centres is None or modes.std is None:
        return {}
    known = mixture_log_density(x, modes.centres, modes.std, modes.shares)
    return {"nats_short": float((known - lane.log_density(x, dataset.test_labels[:JUDGED].astype("int32"))).mean())}


MEASUREMENTS: dict[str, Measurement] = {"projection": projection, "table": table, "density": density}


def asked_of(run: Run) -> Measurement | None:
    """What the experiment that a run belongs to asks of its lanes; None where it asks nothing, or there is none."""
    grouped = run.metadata().grouped
    if grouped is None or grouped.experiment not in EXPERIMENTS or not (asks := EXPERIMENTS[grouped.experiment].asks):
        return None
    return MEASUREMENTS[asks]
