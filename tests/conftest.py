"""What the tests share: a folder of runs that is thrown away, and two short real runs to read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from helpers import keep_classifiers, train_fully

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Networks this small gain nothing from a second thread, and another process of tests runs beside this one.
for _threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from genlab.runs import Run, Store  # noqa: E402
from genlab.spec import make_spec  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is in the browser first: it takes the longest."""
    items.sort(key=lambda item: item.path.parent.name != "browser")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What one of the processes of tests takes at a time: one case of the models, or a file."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path, _, name = nodeid.partition("::")
            return f"{path}-{name.partition('[')[2]}" if path.endswith("test_models.py") else path

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def session_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One folder for the whole session, so that each classifier is trained once."""
    store = Store(tmp_path_factory.mktemp("runs"))
    keep_classifiers(store, tmp_path_factory)
    return store


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
