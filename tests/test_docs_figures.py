"""docs/figures.md is what the figures say of themselves."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_is_up_to_date() -> None:
    page = runpy.run_path(str(DOCS / "make_figures.py"))["page"]()
    assert (DOCS / "figures.md").read_text(encoding="utf-8") == page, "Run: python docs/make_figures.py"
