"""Settings that were changed while a run trained: what each was in turn, and what it is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlab.runs.formats import format_value

Changed = Sequence[tuple[int, int, dict[str, Any]]]  # as `History.changed`: lane, step, and the new values


def values_in_turn(settings: dict[str, Any], changed: Changed, lane: int) -> dict[str, list[Any]]:
    """Of each setting of a lane that was changed while it trained, its values one after the other, from that of the
    spec to the last. Several at one step count as the last of them.
    """
    at_steps: dict[str, dict[int, Any]] = {}
    for of_lane, step, values in changed:
        if of_lane == lane:
            for name, value in values.items():
                at_steps.setdefault(name, {})[step] = value
    found = {}
    for name, by_step in at_steps.items():
        in_turn = [settings.get(name)]
        for value in by_step.values():
            if value != in_turn[-1]:
                in_turn.append(value)
        if len(in_turn) > 1:
            found[name] = in_turn
    return found


def changes_in_words(settings: dict[str, Any], changed: Changed, lane: int) -> dict[str, str]:
    """Of each setting of a lane that was changed while it trained, its values in turn: "1 → 4"."""
    in_turn = values_in_turn(settings, changed, lane)
    return {name: " → ".join(map(format_value, values)) for name, values in in_turn.items()}
