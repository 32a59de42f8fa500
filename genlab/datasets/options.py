"""How a file is to be read. What is left open is found out, and what was found out can be said again, or changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

ColumnType = Literal["number", "whole number", "category", "date"]
Role = Literal["number", "whole number", "category", "date", "labels", "left out"]
Missing = Literal["refuse", "leave out"]
Background = Literal["white", "black"]
Channels = Literal["first", "last"]
Dates = Literal["day first", "month first"]

TYPES: tuple[ColumnType, ...] = get_args(ColumnType)
ROLES: tuple[Role, ...] = get_args(Role)
SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "vertical bar", ",": "comma", " ": "blanks"}
DECIMALS = {".": "point", ",": "comma"}


@dataclass(frozen=True)
class ReadingOptions:
    """How a file is to be read; None is found out. The options of what was read have what was found in its place.

    Attributes:
        encoding: of a table, as Python calls it, for example "cp1252".
        separator, decimal: of a table, keys of SEPARATORS and DECIMALS.
        header: whether a table's first line names its columns.
        dates: what comes first in a date such as 03/04/2024.
        missing: refuse a table with missing values, or leave out those rows.
        columns: name and role of columns of a table; the others are found out.
        pixels: the side that pictures are resized to.
        colour: keep the colours of pictures.
        scale: the values of pixels that are black and white.
        background: what transparent pictures are laid on.
        level: which level of folders names the classes, 1 the outermost; 0: no classes.
        levels: how many there are; found out in any case.
        channels: where in an array of pictures the colours are, before height and width or behind them.
    """

    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    header: bool | None = None
    dates: Dates | None = None
    missing: Missing = "refuse"
    columns: tuple[tuple[str, Role], ...] = ()
    pixels: int = 28
    colour: bool = False
    scale: tuple[float, float] | None = None
    background: Background | None = None
    level: int | None = None
    levels: int = 0
    channels: Channels | None = None


FOUND_OUT = ReadingOptions()
