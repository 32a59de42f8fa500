"""What a grid of charts sends: everything at first, then what changed, then next to nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import plotly.graph_objects as go
import pytest

from genlab.ui import chart_grid as module
from genlab.ui.chart_grid import Cell, chart_grid, send_everything


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(module, "_grid", lambda key, data, on_missing_change: sent.append(data))
    monkeypatch.setattr(module, "st", SimpleNamespace(session_state={}))
    return sent


def cells(*values: int) -> list[Cell]:
    return [Cell(f"{i}-losses", 1, 100, go.Figure({"y": [value]})) for i, value in enumerate(values)]


def test_a_figure_is_sent_once_and_again_when_it_changed(messages: list[dict[str, Any]]) -> None:
    for values in ((1, 2), (1, 2), (1, 3), (1, 3)):
        chart_grid(cells(*values), key="charts", only_new=True)  # new figures at each look, most of them equal
    first, same, changed, same_again = messages
    figures = dict(first["figures"])
    assert len(figures) == 2 and [cell["figure"] in figures for cell in first["cells"]] == [True] * 2
    assert same == {"digest": first["digest"]} and same_again == {"digest": changed["digest"]} != same
    ((digest, text),) = changed["figures"]
    assert digest == changed["cells"][1]["figure"] and "[3]" in text, "the first lane's is there already"


def test_words_that_changed_are_sent_without_figures(messages: list[dict[str, Any]]) -> None:
    for heading in ("step 1", "step 2"):
        chart_grid([*cells(1), Cell("title", 1, 30, heading=heading)], key="charts", only_new=True)
    assert messages[1]["cells"][1]["heading"] == "step 2" and messages[1]["figures"] == ()


def test_who_comes_anew_or_missed_something_gets_everything(messages: list[dict[str, Any]]) -> None:
    chart_grid(cells(1, 2), key="charts", only_new=True)
    chart_grid(cells(1, 2), key="charts", only_new=True)
    send_everything("charts")
    chart_grid(cells(1, 2), key="charts", only_new=True)
    chart_grid(cells(1, 2), key="charts")
    assert messages[2] == messages[3] == messages[0] != messages[1]
