"""The pictures of an evaluation: what a lane lost, what it makes that belongs nowhere, and what it may have copied."""

from __future__ import annotations

import numpy as np

from genlab.datasets.base import Dataset
from genlab.metrics.distributions import bin_differences
from genlab.metrics.modes import SOLID
from genlab.metrics.neighbours import nearest
from genlab.observing.feature_spaces import FeatureSpace
from genlab.observing.frames import as_stored
from genlab.observing.mode_assignment import ModeAssigner

SAMPLES = 32  # shown, each with its nearest training example
A_MODE = 8  # real members of a lost mode, and as many of the nearest samples
LOST_MODES = 20
ON_NO_MODE = {"points": 500, "images": 32}
BINS = 20
A_SIDE = 8  # bins that are over-filled the most, and under-filled
BEYOND_CHANCE = 3.0  # standard errors, so that about none of 20 bins of real data is


def gallery(
    dataset: Dataset,
    mode_assigner: ModeAssigner,
    space: FeatureSpace,
    for_copies: FeatureSpace,
    samples: np.ndarray,
    mode_share: np.ndarray,
) -> dict[str, np.ndarray]:
    """Pictures of samples, (n, ...) as prepared, stored as frames store them.

    samples, copied: samples, and the nearest training example to each. lost_modes: modes that are not solid, with
    lost_real and lost_fake, (modes, 8, ...): real members, and the samples nearest to their middle. on_no_mode: samples
    on none.
    For data without labels, over_filled and under_filled: real examples from the middle of bins that hold more samples
    than they should, or fewer, and over_z and under_z, by how many standard errors.
    """
    shown = samples[:SAMPLES]
    index = nearest(for_copies.features(shown), for_copies.features(dataset.train[:]))[1]
    none = samples[mode_assigner.assign(samples) < 0]
    pictures = {
        "samples": as_stored(shown),
        "copied": as_stored(dataset.train[index]),
        "on_no_mode": as_stored(none[: ON_NO_MODE[dataset.kind]]),
        **_lost(dataset, space, samples, mode_share),
    }
    if dataset.kind == "images" and dataset.modes.assign is not None:
        pictures |= _bins(dataset, space, samples)
    return pictures


def _lost(dataset: Dataset, space: FeatureSpace, samples: np.ndarray, mode_share: np.ndarray) -> dict[str, np.ndarray]:
    """Members that held-out data has, nearest to the middle of the mode first."""
    lost = np.flatnonzero(mode_share < SOLID * dataset.modes.shares)
    modes = [mode for mode in lost if (dataset.test_labels == mode).sum() >= A_MODE][:LOST_MODES]
    features = space.features(samples) if modes else np.empty(0)
    real, fake = [], []
    for mode in modes:
        members = dataset.test[dataset.test_labels == mode]
        places = space.features(members)
        middle = places.mean(axis=0)
        real.append(as_stored(members[np.linalg.norm(places - middle, axis=1).argsort()[:A_MODE]]))
        fake.append(as_stored(samples[np.linalg.norm(features - middle, axis=1).argsort()[:A_MODE]]))
    if not modes:
        return {"lost_modes": np.empty(0, dtype="int64")}
    return {"lost_modes": np.array(modes), "lost_real": np.stack(real), "lost_fake": np.stack(fake)}


def _bins(dataset: Dataset, space: FeatureSpace, samples: np.ndarray) -> dict[str, np.ndarray]:
    places = space.features(dataset.test)
    result = bin_differences(places, space.features(samples), min(BINS, max(2, len(dataset.test) // 50)))
    z = result["z"]
    pictures = {}
    for name, order, sign in (("over", (-z).argsort(), 1), ("under", z.argsort(), -1)):
        bins = [index for index in order[:A_SIDE] if sign * z[index] > BEYOND_CHANCE]
        middles = [np.linalg.norm(places - result["centres"][index], axis=1).argmin() for index in bins]
        pictures[f"{name}_filled"] = as_stored(dataset.test[middles])
        pictures[f"{name}_z"] = z[bins]
    return pictures
