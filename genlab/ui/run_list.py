"""Rows of runs, each a link to its page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from genlab.ui.escape import literal

AT_ONCE = 30
WIDTHS = (3, 2, 2, 1, 2, 3)


def run_list(rows: list[dict[str, Any]]) -> None:
    """Draw rows as `genlab.runs.summary.run_row` makes them, thirty at a time."""
    shown = st.session_state.get("runs_shown", AT_ONCE)
    for column, heading in zip(
        st.columns(WIDTHS), ("run", "data set", "models", "seed", "budget", "state"), strict=True
    ):
        column.caption(heading)
    for row in rows[:shown]:
        columns = st.columns(WIDTHS, vertical_alignment="center")
        columns[0].page_link("pages/train.py", label=literal(row["id"]), query_params={"run": row["id"]})
        for column, name in zip(columns[1:], ("dataset", "models", "seed", "budget", "state"), strict=True):
            column.markdown(literal(str(row[name])))
    if len(rows) > shown and st.button(f"Show {min(AT_ONCE, len(rows) - shown)} more of {len(rows):,}"):
        st.session_state.runs_shown = shown + AT_ONCE
        st.rerun()
