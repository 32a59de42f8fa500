"""What the address of a page says, apart from its run: nonsense in it is said, and ignored."""

from __future__ import annotations

import typing
from typing import cast

import streamlit as st

from genlab.spec import Clock
from genlab.ui.escape import literal


def clock_from_address(default: Clock) -> Clock:
    """`clock=seconds`: what the time line is drawn against."""
    clocks = typing.get_args(Clock)
    named = st.query_params.get("clock")
    if named is None or named in clocks:
        return cast(Clock, named or default)
    _ignored("clock", named, f"one of {', '.join(clocks)}")
    return default


def step_from_address() -> int | None:
    """`step=1200`: where the time line stands at first."""
    named = st.query_params.get("step")
    if named is None:
        return None
    if named.isascii() and named.isdigit() and len(named) <= 12:
        return int(named)
    _ignored("step", named, "a whole number")
    return None


def _ignored(name: str, value: str, expected: str) -> None:
    message = f"The address says {name}={value[:60]}, where {expected} was expected. It is ignored."
    st.warning(literal(message), icon=":material/link_off:")
