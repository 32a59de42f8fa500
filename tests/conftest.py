"""What the tests share: a folder of runs that is thrown away, and two short real runs to read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers import train_fully

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from genlab.runs import Run, Store
from genlab.spec import make_spec


@pytest.fixture(scope="session")
def session_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One folder for the whole session, so that each classifier is trained once."""
    return Store(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture(scope="session")
def backend():
    """The backend, made ready as the worker does it."""
    from genlab.training import backend

    backend.prepare()
    return backend


@pytest.fixture(scope="session")
def ring_run(session_store: Store, backend) -> Run:
    """A GAN and a VAE, 60 steps on ring8."""
    run = session_store.create(make_spec(dataset="ring8", budget=60))
    train_fully(session_store, run)
    return run


@pytest.fixture(scope="session")
def digits_run(session_store: Store, backend) -> Run:
    """A GAN and a VAE, 6 steps on digits."""
    run = session_store.create(make_spec(dataset="digits", budget=6))
    train_fully(session_store, run)
    return run
