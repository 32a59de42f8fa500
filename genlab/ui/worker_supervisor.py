"""Keeps the worker process alive: started with the first visitor, restarted if it dies, gone with the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import streamlit as st
from filelock import FileLock, Timeout

import genlab
from genlab.runs import Store

RESTART_SECONDS = 5.0  # at least so long between two starts ...
SLOWEST_RESTART_SECONDS = 300.0  # ... and twice as long after each that ends early, up to this
EARLY_SECONDS = 60.0
RELEASE_SECONDS = 10.0  # to wait for a worker that leaves; what stops services seldom waits longer for us
HEAD_START_SECONDS = 1.5  # for the first page to be painted, before TensorFlow takes the processor for ten seconds


class WorkerSupervisor:
    """One worker process on one folder of runs. It leaves when its standard input closes, so also when we die."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._not_before = time.monotonic() + HEAD_START_SECONDS
        self._pause = RESTART_SECONDS
        self._starting = threading.Lock()  # every visitor has a thread, and all of them ask

    def ensure_running(self) -> None:
        """Start the worker unless it runs. One that ends again and again is started less and less often: each start
        keeps the processor busy for ten seconds.
        """
        with self._starting:
            self._start_unless_running()

    def _start_unless_running(self) -> None:
        now = time.monotonic()
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._process = None
            self._not_before = self._started + self._pause
            early = now - self._started < EARLY_SECONDS
            self._pause = min(2 * self._pause, SLOWEST_RESTART_SECONDS) if early else RESTART_SECONDS
        if now < self._not_before:
            return
        self._process = start_worker(self.root)
        self._started = time.monotonic()

    def release(self) -> None:
        """Let the worker write a checkpoint and leave: it does so by itself once its standard input is closed."""
        if self._process is None or self._process.poll() is not None:
            return
        if self._process.stdin:
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(RELEASE_SECONDS)


def start_worker(root: Path) -> subprocess.Popen[bytes]:
    """A worker process on a folder of runs. It leaves when its standard input closes."""
    from genlab.datasets.own import data_folder  # not before the first page is painted: it imports all data sets

    root.mkdir(parents=True, exist_ok=True)
    with (root / ".worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "genlab.training.worker", "--runs", str(root)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=Path(genlab.__file__).parents[1],
            # It may be another folder than ours, from which a relative path leads elsewhere.
            env={**os.environ, "GENLAB_DATA_DIR": str(data_folder().resolve())},
        )


@st.cache_resource(show_spinner=False, on_release=WorkerSupervisor.release)
def _supervisor(root: str) -> WorkerSupervisor:
    return WorkerSupervisor(Path(root))


def get_store() -> Store:
    """The folder of runs that this server shows and trains in."""
    return Store()


def ensure_worker() -> None:
    """Start the worker if it is not there, or no longer."""
    _supervisor(str(get_store().root)).ensure_running()


def worker_status() -> dict[str, Any]:
    """What the worker says of itself: state in words, and devices by "cpu" and "gpu" once it is "ready"."""
    ensure_worker()
    root = get_store().root
    try:
        if _is_held(root / ".worker.lock"):  # by our worker, or by that of another server on the same folder
            return json.loads((root / ".worker.json").read_text())
    except (OSError, ValueError):
        pass
    return {"state": "starting the worker", "devices": {}}


def worker_memory() -> float:
    """Bytes that the worker holds, 0 where there is none."""
    pid = worker_status().get("pid")
    with suppress(psutil.Error):
        return float(psutil.Process(pid).memory_info().rss) if pid else 0.0
    return 0.0


def _is_held(lock: Path) -> bool:
    if not lock.is_file():
        return False
    try:
        FileLock(lock).acquire(timeout=0).lock.release()
    except Timeout:
        return True
    return False
