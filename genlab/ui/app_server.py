"""A server of the app, for scripts that visit it: benchmarks, and those that take the pictures of the documentation."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Drawn in software, WebGL too.
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@dataclass(frozen=True)
class AppServer:
    address: str
    process: psutil.Popen


@contextmanager
def serving(runs: Path, port: int | None = None) -> Iterator[AppServer]:
    """A server that nobody has visited yet, once it answers, on a folder of runs; on any free port unless one is given.
    It ends with the context. Raises SystemExit if it does not answer within a minute.
    """
    port = port or _free_port()
    flags = [f"--server.port={port}", "--server.headless=true", "--server.fileWatcherType=none"]
    process = psutil.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *flags],
        cwd=ROOT,
        env={**os.environ, "GENLAB_RUNS_DIR": str(runs), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = AppServer(f"http://localhost:{port}", process)
    try:
        _wait_for(server)
        yield server
    finally:
        with suppress(psutil.NoSuchProcess):  # it has ended by itself
            process.terminate()
        process.wait(START_SECONDS)


def chromium_program() -> str | None:
    """A Chromium or Chrome on the path; None if there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(server: AppServer) -> None:
    end = time.monotonic() + START_SECONDS
    while server.process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{server.address} did not answer within {START_SECONDS:.0f} s, or its server ended.")
