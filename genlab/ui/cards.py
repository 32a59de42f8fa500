"""Cards on a page, in rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

A_ROW = 3

T = TypeVar("T")


def cards(items: Sequence[T], card: Callable[[T], None], key: str) -> None:
    """Draw a card of each, from left to right, in a container of this key."""
    with st.container(key=key):
        for first in range(0, len(items), A_ROW):
            for column, item in zip(st.columns(A_ROW), items[first : first + A_ROW]):
                with column:
                    card(item)
