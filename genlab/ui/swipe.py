"""Two pictures over each other on a page, with a divider that one drags."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from genlab.ui.served import loader


def swipe(a: Mapping[str, str], b: Mapping[str, str], about: str, *, key: str, side: int) -> None:
    """Draw the two sides, see `genlab.figures.swipe`, in a square of so many pixels at most."""
    # A tuple: to see whether a list is a data frame, Streamlit would import pandas, 70 MB.
    _swipe(key=key, data={"side": side, "sides": (dict(a), dict(b)), "title": "A and B", "about": about})


_swipe = st.components.v2.component("genlab_swipe", js=loader("genlabSwipe"), isolate_styles=False)
