"""Settings that were changed while a run trained: what each was in turn, and what it is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlab.runs.formats import format_value

Changed = Sequence[tuple[int, int, dict[str, Any]]]  # as `History.changed`: lane, step, and the new values


def changes_of_lane(settings: dict[str, Any], changed: Changed, lane: int) -> list[tuple[int, str, Any, Any]]:
    """Step, setting, the value before and the value after of each change of a lane, by step, from the value of the spec
    on. Several at one step count as one, from the first to the last.
    """
    at_steps: dict[str, dict[int, Any]] = {}
    for of_lane, step, values in changed:
        if of_lane == lane:
            for name, value in values.items():
                at_steps.setdefault(name, {})[step] = value
    found = []
    for name, by_step in at_steps.items():
        before = settings.get(name)
        for step, after in by_step.items():
            if after != before:
                found.append((step, name, before, after))
            before = after
    return sorted(found, key=lambda change: change[0])


def values_in_turn(settings: dict[str, Any], changed: Changed, lane: int) -> dict[str, list[Any]]:
    """Of each setting of a lane that was changed while it trained, its values one after the other, from that of the
    spec to the last.
    """
    found: dict[str, list[Any]] = {}
    for _, name, before, after in changes_of_lane(settings, changed, lane):
        found.setdefault(name, [before]).append(after)
    return found


def changes_in_words(settings: dict[str, Any], changed: Changed, lane: int) -> dict[str, str]:
    """Of each setting of a lane that was changed while it trained, its values in turn: "1 → 4"."""
    in_turn = values_in_turn(settings, changed, lane)
    return {name: " → ".join(map(format_value, values)) for name, values in in_turn.items()}
