"""One grid that draws every chart and caption of a page that stands still, all lanes at one instant.

`st.plotly_chart` rebuilds its chart at every change, and a zoom is lost each time. Here `figures/browser/grid.js` calls
`Plotly.react` on nodes that stay, fills in the theme's colours and redraws only what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly

from genlab.ui.served import loader, served_plotly


@dataclass(frozen=True)
class Sheet:
    """Small pictures in one, row by row: its address in the app, how many are in a row, how high and wide each is."""

    address: str
    columns: int
    tile: tuple[int, int]


@dataclass(frozen=True)
class Cell:
    """One place in the grid: a figure, or a line of text when there is none."""

    name: str  # stable id inside the grid, e.g. "0-samples": the same name keeps its zoom
    span: int  # how many of the grid's columns it takes
    height: int  # pixels, fixed, so that nothing ever jumps
    figure: go.Figure | None = None
    heading: str = ""  # the line of text: bold and large
    detail: str = ""  # calmer, right after the heading
    colour: str = ""  # the lane's colour, a small bar before the heading
    alt: str = ""  # what the picture shows, for screen readers
    title: str = ""  # of the figure, and ...
    about: str = ""  # ... what one is looking at and what to look for; behind a small button, if there is any
    places: bool = False  # a press or a drag in the figure says a place, in the units of its axes
    outlines: bool = False  # a lasso or a box drawn in it says its outline, likewise
    sheet: Sheet | None = None  # the pictures of its points, of which the pointer shows one


def chart_grid(
    cells: Sequence[Cell],
    *,
    key: str,
    columns: int = 4,
    on_place: Callable[[float, float], None] | None = None,
    on_outline: Callable[[list[list[float]]], None] | None = None,
) -> None:
    """Draw the cells in order, left to right and top to bottom, in a grid of equal columns.

    Below 760 pixels the grid has two columns, below 420 one. Figures bring no colours for text, axes or background:
    the page's theme fills those in. Where a figure does need one it says "var(--ink)" (text), "var(--paper)"
    (background), "var(--line)" (axes), "var(--faint)" (grid lines) or "var(--quiet)" (grey).

    on_place: called with the place, across and up, that is pointed at in a cell with `places`.
    on_outline: called with the corners, each across and up, of what is drawn in a cell with `outlines`; without any for
    a press that takes back what is selected.
    """
    names = [cell.name for cell in cells]
    if len(set(names)) < len(names):
        raise ValueError(f"Every cell of a grid needs a name of its own; got {names}.")

    def place() -> None:
        if on_place and (said := st.session_state[key].get("place")):
            across, up, _pressed = said
            on_place(across, up)

    def outline() -> None:
        if on_outline and (said := st.session_state[key].get("outline")):
            on_outline(said["corners"])

    # A tuple: to see whether a list or a dictionary is a data frame, Streamlit would import pandas, 70 MB.
    data = {"columns": columns, "plotly": served_plotly(), "cells": tuple(_message(cell) for cell in cells)}
    _grid(key=key, data=data, on_place_change=place, on_outline_change=outline)


def _message(cell: Cell) -> dict[str, Any]:
    return {
        "name": cell.name,
        "span": cell.span,
        "height": cell.height,
        "figure": None if cell.figure is None else _without_template(cell.figure),
        "heading": cell.heading,
        "detail": cell.detail,
        "colour": cell.colour,
        "alt": cell.alt,
        "title": cell.title,
        "about": cell.about,
        "places": cell.places,
        "outlines": cell.outlines,
        "sheet": cell.sheet and asdict(cell.sheet),
    }


def _without_template(figure: go.Figure) -> str:
    """The figure as JSON, less its template: 7 kB of colours per figure, which the page's theme replaces."""
    content = figure.to_dict()
    content["layout"].pop("template", None)
    return to_json_plotly(content)


_grid = st.components.v2.component("genlab_chart_grid", js=loader("genlabGrid"), isolate_styles=False)
