"""`genlab list`: everything the registries hold, for people and as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from genlab.cli import app
from genlab.cli.listing import format_range, format_value
from genlab.registry import DATASETS, FIGURES, METRICS, MODELS

REGISTRIES = {"models": MODELS, "datasets": DATASETS, "metrics": METRICS, "figures": FIGURES}


def listed(*words: str, width: int = 80) -> str:
    result = CliRunner().invoke(app, ["list", *words], env={"COLUMNS": str(width)}, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def rows(what: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(listed(what, "--json"))[what]}


@pytest.mark.parametrize("what", list(REGISTRIES))
def test_the_list_is_the_registry_in_its_order(what: str) -> None:
    assert {name: row["title"] for name, row in rows(what).items()} == {
        entry.name: entry.title for entry in REGISTRIES[what].values()
    }


def test_every_setting_of_a_model_comes_with_its_preset_and_its_bounds() -> None:
    for name, row in rows("models").items():
        family = MODELS[name]
        assert row["abilities"] == list(family.abilities) and "sample" in row["abilities"] and row["description"]
        assert [setting["name"] for setting in row["settings"]] == list(family.settings.model_fields)
        for kind in ("points", "images"):
            preset = {setting["name"]: setting["default"][kind] for setting in row["settings"]}
            assert family.resolve({}, kind).model_dump() == preset
        for setting in row["settings"]:
            for default in setting["default"].values():
                if "options" in setting:
                    assert default in setting["options"]
                else:
                    assert setting["minimum"] <= default <= setting["maximum"]


def test_every_setting_of_a_data_set_is_named() -> None:
    for name, row in rows("datasets").items():
        assert row["kind"] in ("points", "images") and row["steps"] > 0
        assert [setting["name"] for setting in row["settings"]] == list(DATASETS[name].settings.model_fields)


def test_every_result_of_a_metric_says_what_it_means() -> None:
    for name, row in rows("metrics").items():
        assert [result["name"] for result in row["results"]] == list(METRICS[name].meanings)
        assert all(result["meaning"] for result in row["results"])
        labels = {result["name"]: result["label"] for result in row["results"] if "label" in result}
        assert labels == {result.name: result.label for result in METRICS[name].results}


@pytest.mark.parametrize("what", list(REGISTRIES))
def test_a_narrow_terminal_shows_every_name_in_one_piece(what: str) -> None:
    text = listed(what)
    assert max(map(len, text.splitlines())) <= 80
    first_words = [line.split()[0] for line in text.splitlines() if line.split()]
    assert set(REGISTRIES[what]) <= set(first_words)


def test_values_and_bounds_in_words() -> None:
    assert [format_value(value) for value in (True, False, 20_000, 5e-4, "normal")] == [
        *("on", "off", "20,000", "0.0005", "normal")
    ]
    assert format_range({"options": [False, True]}) == "off, on"
    assert format_range({"minimum": 0, "maximum": 1_000}) == "0 to 1,000"
    assert format_range({"minimum": 0, "maximum": None}) == "0 or more"
    assert format_range({"minimum": None, "maximum": 1}) == "at most 1"
    assert format_range({"minimum": None, "maximum": None}) == "any"
