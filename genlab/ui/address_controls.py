"""Controls whose values the address of the page names: nonsense there is said, and ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from genlab.ui.address import ignored, whole_number

LISTED = 12  # values that are named to whoever typed another


def named_choice(name: str, offered: Mapping[str, str], default: str) -> str:
    """The value in the address, by its name there, if it is one of those offered."""
    named = st.query_params.get(name, default)
    if named not in offered:
        values = [*offered] if len(offered) <= LISTED else [*list(offered)[: LISTED - 2], "...", list(offered)[-1]]
        ignored(name, named, f"one of {', '.join(values)}")
        return default
    return named


def named_number(name: str, default: int, most: int) -> int:
    """The whole number in the address, from 0 to the most."""
    named = st.query_params.get(name, str(default))
    value = whole_number(named)
    if value is not None and value <= most:
        return value
    ignored(name, named, f"a whole number from 0 to {most:,}")
    return default


def choice(
    title: str,
    name: str,
    offered: Mapping[str, str],
    default: str,
    kind: Literal["list", "buttons", "slider"] = "list",
    **look: Any,
) -> str:
    """A choice of one value, what each is called by the value."""
    key = f"address.{name}"
    st.session_state[key] = named_choice(name, offered, default)
    draw: Any = {"list": st.selectbox, "buttons": st.segmented_control, "slider": st.select_slider}[kind]
    if kind == "buttons":
        look["required"] = True
    draw(title, list(offered), format_func=offered.__getitem__, key=key, on_change=_keep, args=(name, key), **look)
    return str(st.session_state[key])


def number(title: str, name: str, default: int, most: int, **look: Any) -> int:
    """A whole number from 0 to the most."""
    key = f"address.{name}"
    st.session_state[key] = named_number(name, default, most)
    st.number_input(title, 0, most, key=key, on_change=_keep, args=(name, key), **look)
    return int(st.session_state[key])


def _keep(name: str, key: str) -> None:
    st.query_params[name] = str(st.session_state[key])
