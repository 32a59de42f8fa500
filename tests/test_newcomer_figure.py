"""A figure in one new file, with its line of registration, is on the pages, the command line and in the docs."""

from __future__ import annotations

import dataclasses
import importlib
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from test_pages import ROOT, no_worker, shown  # noqa: F401
from typer.testing import CliRunner

from genlab.cli import app
from genlab.figures.base import FigureEntry, draw, lane_views
from genlab.registry import FIGURES
from genlab.runs import Run, Store
from genlab.runs.view import RunReader
from genlab.spec import make_spec
from genlab.ui import coverage_page, live

FILE = Path(__file__).with_name("newcomer_figure.py")


@pytest.fixture
def newcomer() -> Iterator[FigureEntry]:
    list(FIGURES)  # those that are there come first
    yield importlib.import_module(FILE.stem).NORMS
    del FIGURES._entries["norms"]
    del sys.modules[FILE.stem]


def test_it_is_short() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert text.count("FIGURES.add(") == 1


def test_it_draws_what_the_frame_holds(newcomer: FigureEntry, digits_run: Run) -> None:
    lane = lane_views(RunReader(digits_run).read())[1]
    real, samples = draw(newcomer, [lane]).data
    farthest = np.linalg.norm(
        lane.arrays["samples"].reshape(len(lane.arrays["samples"]), -1).astype(float), axis=1
    ).max()
    assert samples.y[-1] == pytest.approx(farthest) and samples.line.color == lane.colour and real.name == "real data"


def test_it_is_offered_on_the_train_page(newcomer: FigureEntry, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.create(make_spec())
    page = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id)
    choice = page.selectbox(key="picture")
    assert list(choice.options) == ["Samples", "Reconstructions", "Manifold", "Gradients", newcomer.title]
    choice.set_value("norms").run()
    assert not page.exception
    assert {"0-norms", "1-norms"} <= {cell.name for cell in live.cells(lane_views(RunReader(run).read()), "norms")}


@pytest.mark.parametrize("belongs", ["lane", "run"])
def test_it_stands_where_it_belongs(belongs: str, newcomer: FigureEntry, ring_run: Run) -> None:
    def describe(lanes):
        return newcomer.describe(lanes[:1])

    def frame(lanes):
        return newcomer.frame(lanes[:1])

    FIGURES._entries["norms"] = dataclasses.replace(newcomer, belongs=belongs, describe=describe, frame=frame)
    view = RunReader(ring_run).read()
    on_train = {cell.name for cell in live.cells(lane_views(view))}
    on_coverage = {cell.name for cell in coverage_page._charts(view)}
    if belongs == "lane":
        assert {"0-norms", "1-norms"} <= on_train and not any("norms" in name for name in on_coverage)
    else:
        assert "norms" in on_coverage and not any("norms" in name for name in on_train)


def test_it_is_in_the_list_and_in_the_docs(newcomer: FigureEntry) -> None:
    result = CliRunner().invoke(app, ["list", "figures", "--json"], catch_exceptions=False)
    (row,) = [row for row in json.loads(result.stdout)["figures"] if row["name"] == "norms"]
    assert row["title"] == newcomer.title and row["belongs"] == "picture" and row["description"] == newcomer.alt
    page = runpy.run_path(str(ROOT / "docs" / "make_figures.py"))["page"]()
    assert f"## {newcomer.title}" in page and "How far samples lie from the origin" in page
