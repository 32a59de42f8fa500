"""One grid that draws every chart and caption of a page from a single message, so that all lanes change at one instant.

`st.plotly_chart` rebuilds its chart at every change: about one update a second, and a zoom is lost each time. Here
`figures/browser/grid.js` calls `Plotly.react` on nodes that stay, fills in the theme's colours and redraws only what
changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly

from genlab.ui.served import loader, served_plotly


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


@dataclass
class _Sent:
    """What a visitor's grid holds: all of it as one digest, and each figure with its JSON."""

    digest: str = ""
    figures: dict[str, tuple[go.Figure, str, str]] = field(default_factory=dict)


def chart_grid(cells: Sequence[Cell], *, key: str, columns: int = 4, only_new: bool = False) -> None:
    """Draw the cells in order, left to right and top to bottom, in a grid of equal columns.

    Below 760 pixels the grid has two columns, below 420 one. Figures bring no colours for text, axes or background:
    the page's theme fills those in. Where a figure does need one it says "var(--ink)" (text), "var(--paper)"
    (background), "var(--line)" (axes), "var(--faint)" (grid lines) or "var(--quiet)" (grey).

    only_new: send the figures that changed since the last call, for a grid that is drawn again and again in a fragment;
        if nothing did, a message of a few bytes. A grid that misses something asks for everything. Call
        `send_everything` where the whole page is drawn.
    """
    names = [cell.name for cell in cells]
    if len(set(names)) < len(names):
        raise ValueError(f"Every cell of a grid needs a name of its own; got {names}.")
    if not only_new:
        send_everything(key)
    sent: _Sent = st.session_state.setdefault(f"{key}.sent", _Sent())
    held = {digest for _, digest, _ in sent.figures.values()}
    sent.figures = {cell.name: _figure(cell, sent) for cell in cells if cell.figure is not None}
    # Tuples: to see whether a list or a dictionary is a data frame, Streamlit would import pandas, 70 MB.
    message: dict[str, Any] = {
        "columns": columns,
        "plotly": served_plotly(),
        "cells": tuple(_message(cell, sent.figures.get(cell.name)) for cell in cells),
    }
    digest = _digest(repr(message))
    if digest == sent.digest:
        message = {"digest": digest}
    else:
        figures = tuple((digest, text) for _, digest, text in sent.figures.values() if digest not in held)
        message |= {"digest": digest, "figures": figures}
        sent.digest = digest
    _grid(key=key, data=message, on_missing_change=partial(send_everything, key))


def send_everything(key: str) -> None:
    """Let the next `chart_grid` of this key send all its figures: what was sent before may not be there any more."""
    st.session_state.pop(f"{key}.sent", None)


def _figure(cell: Cell, sent: _Sent) -> tuple[go.Figure, str, str]:
    """The figure, the digest of its JSON, and that."""
    assert cell.figure is not None
    before = sent.figures.get(cell.name)
    if before and before[0] is cell.figure:
        return before
    text = _without_template(cell.figure)
    return cell.figure, _digest(text), text


def _message(cell: Cell, figure: tuple[go.Figure, str, str] | None) -> dict[str, str | int | None]:
    return {
        "name": cell.name,
        "span": cell.span,
        "height": cell.height,
        "figure": figure[1] if figure else None,
        "heading": cell.heading,
        "detail": cell.detail,
        "colour": cell.colour,
        "alt": cell.alt,
    }


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _without_template(figure: go.Figure) -> str:
    """The figure as JSON, less its template: 7 kB of colours per figure and update, which the page's theme replaces."""
    content = figure.to_dict()
    content["layout"].pop("template", None)
    return to_json_plotly(content)


_grid = st.components.v2.component("genlab_chart_grid", js=loader("genlabGrid"), isolate_styles=False)
