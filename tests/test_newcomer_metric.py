"""A metric in one new file, with its line of registration, is on the page, the command line and in the docs."""

from __future__ import annotations

import importlib
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_coverage_page import no_worker, shown, words  # noqa: F401
from typer.testing import CliRunner

from genlab.cli import app
from genlab.registry import METRICS
from genlab.runs import Run, Store

FILE = Path(__file__).with_name("newcomer_metric.py")
TITLE = "Largest gap between the means, coordinates, N = 100"


@pytest.fixture(scope="module")
def newcomer() -> Iterator[None]:
    importlib.import_module(FILE.stem)
    yield
    del METRICS._entries["largest_gap"]
    del sys.modules[FILE.stem]


def genlab(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def evaluated(newcomer: None, ring_run: Run, session_store: Store) -> Iterator[list[dict[str, Any]]]:
    """The measures of each lane, as the command line prints them."""
    words = ("evaluate", ring_run.id, "--samples", "100", "--runs", str(session_store.root))
    yield [lane["measures"] for lane in genlab(*words)["lanes"]]
    for name in ("evaluation.json", "evaluation.npz"):
        (ring_run.path / name).unlink()


def test_it_is_one_short_file() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 50
    assert text.count("METRICS.add(") == 1


def test_it_is_measured_from_the_command_line(evaluated: list[list[dict[str, Any]]]) -> None:
    for measures in evaluated:
        gap, features = (measure for measure in measures if measure["metric"] == "largest_gap")
        assert gap["title"] == TITLE and gap["better"] == "lower"
        assert 0 <= gap["low"] <= gap["value"] <= gap["high"] and 0 < gap["real_reference"] < gap["value"]
        assert features["value"] == features["real_reference"] == 2 and features["low"] is None


def test_it_is_measured_where_real_data_was_before_it_came(
    evaluated: list[list[dict[str, Any]]], session_store: Store
) -> None:
    """What real data gets is kept by metric: one that is new is added to it, and the others are not taken again."""
    (path,) = (path for path in session_store.cache.glob("references-*-100.json") if "largest_gap" in path.read_text())
    references = json.loads(path.read_text())
    path.write_text(json.dumps([reference for reference in references if reference[0] != "largest_gap"]))
    run = next(run for run in session_store.runs() if run.evaluation())
    again = genlab("evaluate", run.id, "--samples", "100", "--runs", str(session_store.root))
    assert [lane["measures"] for lane in again["lanes"]] == evaluated
    assert sorted(json.loads(path.read_text())) == sorted(references)


def test_it_is_on_the_mode_coverage_page(
    evaluated: list[list[dict[str, Any]]],
    ring_run: Run,
    session_store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = words(shown(session_store, monkeypatch, run=ring_run.id))
    assert page.count(f"{TITLE} ↓") == 2, "among those to read first, and among all"
    assert page.count("Largest gap: features") == 1


def test_it_is_listed(newcomer: None) -> None:
    row = {row["name"]: row for row in genlab("list", "metrics")["metrics"]}["largest_gap"]
    assert row["title"] == "Largest gap"
    assert [(result["name"], result["role"]) for result in row["results"]] == [
        ("gap", "first"),
        ("features", "yardstick"),
    ]


def test_it_is_in_the_docs(newcomer: None) -> None:
    page = runpy.run_path(str(FILE.parents[1] / "docs" / "make_metrics.py"))["page"]()
    assert "## Largest gap" in page and "gap: 2" in page
