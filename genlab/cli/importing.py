"""What `genlab import` does: how a file is to be read, from words, and what was found in it, in words."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from rich.console import Console

from genlab.datasets.examples import Examples, refuse
from genlab.datasets.options import DECIMALS, ROLES, SEPARATORS, Dates, Role


class Missing(StrEnum):
    refuse = "refuse"
    leave_out = "leave-out"


class DateOrder(StrEnum):
    day_first = "day-first"
    month_first = "month-first"


DATES: dict[DateOrder, Dates] = {DateOrder.day_first: "day first", DateOrder.month_first: "month first"}


class Background(StrEnum):
    white = "white"
    black = "black"


class Channels(StrEnum):
    first = "first"
    last = "last"


def columns_from(given: list[str]) -> tuple[tuple[str, Role], ...]:
    """Names and roles of columns, from NAME=ROLE. Raises DataRefused."""
    found: list[tuple[str, Role]] = []
    for words in given:
        name, equals, said = words.rpartition("=")
        role = next((role for role in ROLES if role.replace(" ", "-") == said.strip().lower().replace(" ", "-")), None)
        if not equals or role is None:
            roles = ", ".join(role.replace(" ", "-") for role in ROLES)
            refuse(f"--column {words[:80]} is not understood.", f"Expected NAME=ROLE, with a role of {roles}.")
        found.append((name, role))
    return tuple(found)


def separator_from(said: str | None) -> str | None:
    """A separator, from itself or its name. Raises DataRefused."""
    if said is None or len(said) == 1:
        return said
    named = {name: mark for mark, name in SEPARATORS.items()} | {"\\t": "\t", "blank": " ", "space": " "}
    if said not in named:
        refuse(f"--separator {said[:40]} is not understood.", f"Expected one letter, or {', '.join(named)}.")
    return named[said]


def decimal_from(said: str | None) -> str | None:
    """A decimal mark, from itself or its name. Raises DataRefused."""
    named = {name: mark for mark, name in DECIMALS.items()}
    if said is not None and said not in (*DECIMALS, *named):
        refuse(f"--decimal {said[:40]} is not understood.", "Expected , or . (comma or point).")
    return named.get(said or "", said)


def scale_from(said: str | None) -> tuple[float, float] | None:
    """The values that are black and white, from BLACK:WHITE. Raises DataRefused."""
    if said is None:
        return None
    try:
        black, white = (float(value) for value in said.split(":"))
    except ValueError:
        refuse(f"--scale {said[:40]} is not understood.", "Expected two numbers, for example 0:255.")
    return black, white


def print_found(name: str, found: Examples, stored: bool, out: Console) -> None:
    """What was found in a file, what was assumed, and what was left out."""

    def say(line: Any) -> None:
        out.print(line, markup=False, highlight=False, soft_wrap=True)

    say(f"{name}: {found.summary()}")
    for title, sentences in (("Assumed", found.assumed), ("Left out", found.left_out)):
        if sentences:
            say(f"{title}:")
        for sentence in sentences:
            say(f"  {sentence}")
    if not stored:
        say("Nothing was stored.")
