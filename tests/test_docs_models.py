"""docs/models.md and docs/datasets.md are what models and data sets say, and a model says what it has to."""

from __future__ import annotations

import re
import runpy
import typing
from pathlib import Path
from typing import Any

import pytest

from genlab.cli.listing import setting_rows
from genlab.datasets import load_dataset
from genlab.models.base import with_variables
from genlab.registry import MODELS

DOCS = Path(__file__).parents[1] / "docs"
make_models = runpy.run_path(str(DOCS / "make_models.py"))


@pytest.mark.parametrize("name", list(make_models["PAGES"]))
def test_the_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == make_models["PAGES"][name](), "Run: python docs/make_models.py"


@pytest.mark.parametrize("name", list(MODELS))
def test_a_model_says_what_it_is_what_it_optimises_and_who_proposed_it(name: str) -> None:
    family = MODELS[name]
    assert re.fullmatch(r"[A-Z].*[^.]\.", family.description) and len(family.description) <= 110, "one short sentence"
    formula, empty, text = make_models["documentation"](family.build).split("\n", 2)
    assert not empty and re.search(r"\bmin(_\S+)? ", formula), "the objective, alone on the first line"
    assert re.search(r"[A-Z]\w+.* (19|20)\d\d, \"", text.partition("Recorded:")[0]), "a paper: authors, year, title"


def variants(name: str) -> list[dict[str, Any]]:
    """Settings of a model that together make it record all it can: every choice in turn, and the penalties."""
    rows = setting_rows(MODELS[name].settings)
    chosen = [{row["name"]: option} for row in rows for option in row.get("options", []) if isinstance(option, str)]
    return [{}, *chosen, *({row["name"]: 1.0} for row in rows if row["name"] in ("r1_weight", "r2_weight"))]


@pytest.mark.parametrize("name", list(MODELS))
def test_a_model_says_what_every_number_means_that_it_records(name: str, backend: Any) -> None:
    family = MODELS[name]
    recorded = set()
    for changed in variants(name):
        settings, _ = with_variables(family.resolve(changed, "images"))
        model = family.build(settings, load_dataset("digits", {}), backend.make_context(0))
        recorded |= {f"{phase.name}/{log}" for phase in model.phases for log in phase.recorded}
    explained = re.findall(r"`(\w+/\w+)`", typing.cast(str, family.build.__doc__).partition("Recorded")[2])
    assert set(explained) == recorded
