"""How a file was read, as controls: each says what was found, and can be set to something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from genlab.datasets.options import DECIMALS, ROLES, SEPARATORS, ReadingOptions, Role
from genlab.datasets.pictures import SIZES

ROW = 176  # pixels, the width of a control
COLUMNS_SHOWN = 60  # of a table; the others are changed by `genlab import`
COLUMNS_HEIGHT = 300  # pixels, of their list before it scrolls
ENCODINGS = ["utf-8", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp932", "gb18030", "utf-16"]
HEADERS = {True: "names columns", False: "is a row"}
MISSING = {"refuse": "refuse the table", "leave out": "leave them out"}


def chosen_options(file: str) -> ReadingOptions:
    """What the controls of this file ask for: all that is left open is found out."""
    given = {key.split(":", 2)[2]: value for key, value in _of(file).items() if value is not None}
    columns: list[tuple[str, Role]] = [
        (name.removeprefix("column:"), given.pop(name)) for name in list(given) if name.startswith("column:")
    ]
    if "black" in given or "white" in given:
        low, high = given.pop("black", None), given.pop("white", None)
        if low is not None and high is not None:
            given["scale"] = (low, high)
    return replace(ReadingOptions(), columns=tuple(sorted(columns)), **given)


def reading_controls(file: str, options: ReadingOptions, pictures: bool) -> None:
    """Controls of all that was found out or assumed of this file."""
    if pictures:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox("Resize to", SIZES, format_func=_side, key=_key(file, "pixels"), width=ROW)
            st.toggle("Keep colours", key=_key(file, "colour"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if options.encoding not in (None, "utf-8", "utf-8-sig"):
            _choice(file, "encoding", "Encoding", ENCODINGS, options.encoding, str)
        if options.separator is not None:
            _choice(file, "separator", "Separator", list(SEPARATORS), options.separator, SEPARATORS.get)
        if options.decimal is not None:
            _choice(file, "decimal", "Decimal mark", list(DECIMALS), options.decimal, DECIMALS.get)
        if options.header is not None:
            _choice(file, "header", "The first line", list(HEADERS), options.header, HEADERS.get)
            st.selectbox(
                "Rows with missing values",
                MISSING,
                format_func=lambda way: MISSING[way],
                key=_key(file, "missing"),
                width=ROW,
                help="Also rows with a word among numbers, as a line of units, and those of a total.",
            )
        if options.dates is not None:
            _choice(file, "dates", "In dates", ["day first", "month first"], options.dates, str)
        if options.background is not None:
            _choice(file, "background", "Transparent over", ["white", "black"], options.background, str)
        if options.level is not None:
            levels = list(range(max(options.levels, options.level) + 1))
            _choice(file, "level", "Classes by folders", levels, options.level, _level)
        if options.channels is not None:
            _choice(file, "channels", "Axis of colours", ["first", "last"], options.channels, str)
        if options.scale is not None:
            for name, found in zip(("black", "white"), options.scale):
                st.number_input(
                    f"Value of {name}", value=None, placeholder=f"{found:g}", key=_key(file, name), width=ROW
                )
    if options.columns:
        with st.expander("Columns"), st.container(horizontal=True, height=COLUMNS_HEIGHT, border=False):
            for name, role in options.columns[:COLUMNS_SHOWN]:
                _choice(file, f"column:{name}", name, list(ROLES), role, str)


def _choice(file: str, name: str, label: str, values: Sequence[Any], found: Any, say: Callable[[Any], Any]) -> None:
    """A list whose first entry leaves to the program what it found."""
    st.selectbox(
        label,
        [None, *values],
        format_func=lambda value: f"{say(found) or found} (found)" if value is None else str(say(value)),
        key=_key(file, name),
        width=ROW,
    )


def _side(pixels: int) -> str:
    return f"{pixels}x{pixels} pixels"


def _level(level: int) -> str:
    return f"level {level}" if level else "no classes"


def _key(file: str, name: str) -> str:
    return f"read:{file}:{name}"


def _of(file: str) -> dict[str, Any]:
    return {str(key): value for key, value in st.session_state.items() if str(key).startswith(_key(file, ""))}
