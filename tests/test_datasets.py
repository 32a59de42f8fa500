"""The contract of every data set, and what each must be."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from genlab.datasets import DataUnavailable, load_dataset
from genlab.datasets.image_sets import local_file
from genlab.registry import DATASETS


def load(name: str):
    if reason := DATASETS[name].unavailable():
        if os.environ.get("GENLAB_CI") and os.environ.get("GENLAB_DATA_DIR"):
            pytest.fail(reason)
        pytest.skip(reason)
    return load_dataset(name, {})


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_data_set_keeps_the_contract(name: str) -> None:
    entry, dataset = DATASETS[name], load(name)
    assert entry.title and entry.description.endswith(".") and entry.steps > 0
    assert dataset.name == name and dataset.kind == entry.kind
    for examples, labels in ((dataset.train, dataset.train_labels), (dataset.test, dataset.test_labels)):
        assert examples.dtype == np.float32 and np.isfinite(examples).all()
        assert len(examples) == len(labels)
        assert set(np.unique(labels)) == set(range(len(dataset.modes.names)))
    assert dataset.modes.shares.sum() == pytest.approx(1)
    if dataset.kind == "images":
        assert dataset.train.ndim == 4 and dataset.train.min() >= 0 and dataset.train.max() <= 1
    again = load(name)
    assert (again.train == dataset.train).all() and (again.test == dataset.test).all()


def test_ring8_has_eight_distinct_centres_and_the_spread_it_says() -> None:
    ring = load("ring8")
    distances = np.linalg.norm(ring.modes.centres[:, None] - ring.modes.centres, axis=-1)
    assert np.sort(distances, axis=1)[:, 1] == pytest.approx(
        2 * np.sin(np.pi / 8)
    )  # neighbours on a circle of radius 1
    assert np.linalg.norm(ring.modes.centres, axis=1) == pytest.approx(1)
    residuals = ring.train - ring.modes.centres[ring.train_labels]
    assert residuals.std() == pytest.approx(0.05, rel=0.02)


def test_digits_are_all_of_scikit_learns_in_stratified_halves() -> None:
    digits = load("digits")
    assert digits.train.shape[1:] == (8, 8, 1)
    assert len(digits.train) + len(digits.test) == 1797
    gap = np.bincount(digits.train_labels) / len(digits.train) - np.bincount(digits.test_labels) / len(digits.test)
    assert np.abs(gap).max() < 0.002


def test_mnist_has_the_shapes_of_the_original() -> None:
    mnist = load("mnist")
    assert mnist.train.shape == (60_000, 28, 28, 1) and mnist.test.shape == (10_000, 28, 28, 1)
    assert np.bincount(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_without_mnist_the_offline_choices_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("genlab.datasets.image_sets.reachable", lambda host: False)
    assert local_file() is None
    reason = DATASETS["mnist"].unavailable()
    assert "ring8 or digits" in reason and "GENLAB_DATA_DIR" in reason


@pytest.mark.parametrize("content", ["other arrays", "not an archive"])
def test_a_file_that_is_not_mnist_is_refused_by_name(content: str, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mnist.npz"
    if content == "other arrays":
        np.savez(path, images=np.zeros(3))
    else:
        path.write_bytes(b"not an archive")
    monkeypatch.setenv("GENLAB_DATA_DIR", str(tmp_path))
    with pytest.raises(DataUnavailable, match="MNIST") as refusal:
        load_dataset("mnist", {})
    assert "ring8 or digits" in str(refusal.value)
