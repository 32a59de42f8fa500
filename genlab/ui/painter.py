"""A square to paint points on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from genlab.datasets.reading import MAXIMUM_PAINTED

HERE = Path(__file__).parent
EXTENT = 2.0  # the square goes from -2 to 2 in both directions
TEMPLATE = """
<div class="painter">
  <canvas class="painter-canvas" role="img" aria-label="Paint points here, with the mouse or a finger"></canvas>
  <div class="painter-tools">
    <button type="button" class="painter-undo">Undo</button>
    <button type="button" class="painter-clear">Clear</button>
    <label>Brush <input type="range" class="painter-brush" min="0.01" max="0.3" step="0.01" value="0.08"></label>
    <span class="painter-count" role="status"></span>
  </div>
</div>
"""


def painter(key: str) -> Any:
    """Draw the square; returns the points on it, in pairs. They stay for the session, also while it is not shown."""
    kept = f"{key}.points"

    def keep() -> None:
        # In a callback: a visitor who paints and looks elsewhere at once comes back to what was painted.
        st.session_state[kept] = st.session_state[key]["points"]

    start = st.session_state.get(kept, [])
    # A tuple: to see whether a list is a data frame, Streamlit would import pandas, 70 MB.
    data = {"start": tuple(start), "most": MAXIMUM_PAINTED, "extent": EXTENT}
    return _painter(key=key, data=data, default={"points": start}, on_points_change=keep).points


_painter = st.components.v2.component(
    "genlab_painter",
    html=TEMPLATE,
    css=(HERE / "painter.css").read_text(encoding="utf-8"),
    js=(HERE / "painter.js").read_text(encoding="utf-8"),
)
