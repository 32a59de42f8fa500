"""The server of the app that scripts start: it answers while they run, on their folder of runs, and is gone after."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import psutil
import pytest

from genlab.ui import app_server
from genlab.ui.app_server import serving


def test_a_server_answers_until_its_context_ends(tmp_path: Path) -> None:
    with serving(tmp_path / "runs") as server:
        with urllib.request.urlopen(server.address) as answer:
            assert answer.status == 200
        assert server.process.environ()["GENLAB_RUNS_DIR"] == str(tmp_path / "runs")
    assert not psutil.pid_exists(server.process.pid)


def test_a_server_that_ends_at_once_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_server.sys, "executable", "false")  # a program that ends at once
    with pytest.raises(SystemExit, match="did not answer"), serving(tmp_path / "runs"):
        pass
