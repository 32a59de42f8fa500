"""Writes docs/figures.md from what the figures say of themselves: python docs/make_figures.py"""

from __future__ import annotations

import inspect
from pathlib import Path

from genlab.cli.listing import BELONGS
from genlab.figures.base import FigureEntry
from genlab.registry import FIGURES

PAGE = Path(__file__).with_name("figures.md")


def page() -> str:
    head = """# Figures

Made by `python docs/make_figures.py` from what each figure says of itself; change it there.

One colour a lane, everywhere; real data is grey."""
    return "\n\n".join([head, *(section(entry) for entry in FIGURES.values())]) + "\n"


def section(entry: FigureEntry) -> str:
    first = f"`{entry.name}`, {BELONGS[entry.belongs]}: {entry.alt}."
    return "\n\n".join([f"## {entry.title}", first, entry.about, inspect.getdoc(entry.describe) or ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
