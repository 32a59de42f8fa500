"""A model in one new file, with its line of registration, is on the page, the command line and in the docs."""

from __future__ import annotations

import importlib
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_pages import ROOT, no_worker, shown  # noqa: F401
from typer.testing import CliRunner

from genlab.cli import app
from genlab.export import ExportRefused, export
from genlab.models.base import ModelFamily
from genlab.registry import MODELS
from genlab.runs import Run, Store

FILE = Path(__file__).with_name("newcomer_model.py")


@pytest.fixture
def newcomer() -> Iterator[ModelFamily]:
    yield importlib.import_module(FILE.stem).LINEAR
    del MODELS._entries["linear-ae"]
    del sys.modules[FILE.stem]


def genlab(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_it_is_short() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 80
    assert text.count("MODELS.add(") == 1


def test_it_trains_from_the_command_line(newcomer: ModelFamily, tmp_path: Path, backend: Any) -> None:
    listed = {row["name"]: row for row in genlab("list", "models")["models"]}
    assert listed["linear-ae"]["title"] == newcomer.title and len(listed["linear-ae"]["settings"]) == 3
    words = ("train", "--model", "linear-ae", "--steps", "20", "--runs", str(tmp_path))
    summary = genlab(*words, "--set", "0.learning_rate=0.02")
    assert summary["lanes"][0]["steps"] == 20 and summary["lanes"][0]["modes"] == 8
    frame = Run(Path(summary["run"])).newest_frame(0)
    assert frame and frame.arrays["reconstructed"].shape == (300, 2)
    for to in ("html", "gif", "csv", "zip", "keras"):
        assert all(export(Run(Path(summary["run"])), to, "it").values())
    with pytest.raises(ExportRefused, match="no script for the model 'linear-ae'"):
        export(Run(Path(summary["run"])), "script", "it")


def test_it_is_on_the_train_page(newcomer: ModelFamily, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    page = shown(ROOT / "pages" / "train.py", store, monkeypatch)
    assert newcomer.title in page.selectbox(key="model.1").options
    page.selectbox(key="model.1").set_value("linear-ae").run()
    assert not page.exception
    assert any(newcomer.description in caption.value for caption in page.caption)
    assert page.number_input(key="1.linear-ae.points.learning_rate").value == 0.01
    page.button(key="train").click().run()
    (run,) = store.runs()
    assert [lane.model for lane in run.spec().lanes] == ["gan", "linear-ae"]


def test_it_is_in_the_docs(newcomer: ModelFamily) -> None:
    page = runpy.run_path(str(ROOT / "docs" / "make_models.py"))["models_page"]()
    assert f"## {newcomer.title}" in page and "Baldi and Hornik 1989" in page
    assert f"| [{newcomer.title}](#linear-autoencoder) | `linear-ae` | • | • | • |  |" in page
