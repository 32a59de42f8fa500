"""Which lanes of the runs that an address names are compared, and in which order."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from genlab.ui import compared_runs

LANES = {"four": 4, "two": 2, "one": 1}


@pytest.mark.parametrize(
    ("named", "expected", "left_out"),
    [
        ({"two": [], "one": [0]}, [("two", 0), ("two", 1), ("one", 0)], []),
        ({"one": [], "two": [1]}, [("one", 0), ("two", 1)], []),
        # A lane that is named has its place before those of a run without a choice of its own.
        ({"four": [], "two": [1]}, [("four", 0), ("four", 1), ("four", 2), ("two", 1)], ["four:3"]),
        ({"two": [1, 7], "one": []}, [("two", 1), ("one", 0)], ["two:7"]),
        ({"four": [3, 1], "two": [0]}, [("four", 3), ("four", 1), ("two", 0)], []),
    ],
)
def test_lanes_stand_in_the_order_of_their_runs(named, expected, left_out, monkeypatch) -> None:
    views = {run: SimpleNamespace(id=run, spec=SimpleNamespace(lanes=[None] * count)) for run, count in LANES.items()}
    said: list[str] = []
    monkeypatch.setattr(compared_runs, "runs_from_address", lambda: named)
    monkeypatch.setattr(compared_runs, "get_store", lambda: SimpleNamespace(open=lambda run: run))
    monkeypatch.setattr(compared_runs, "reader", lambda run: SimpleNamespace(read=lambda: views[run]))
    monkeypatch.setattr(compared_runs, "ignored", lambda name, value, expected: said.append(value))
    assert compared_runs.read_named_runs()[1] == expected
    assert said == left_out
