"""What happened to a run while it trained, as marks on its curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from genlab.figures.base import CLOCK_COLUMNS
from genlab.runs.changes import changes_of_lane
from genlab.runs.formats import format_value
from genlab.runs.phases import phase_names, words_for
from genlab.runs.view import RunView
from genlab.spec import Clock
from genlab.ui.model_controls import setting_label


def marks(view: RunView, clock: Clock, places: Mapping[int, int] | None = None) -> list[dict[str, Any]]:
    """Where on the clock something happened, with words for it: where the run was forked, where a setting of a lane
    changed while it trained, from what to what, and where it was said which of its phases shall train. Each says where
    the lanes that it is of are among those that are drawn.

    places: of the lanes that are drawn, by lane of the run; all of them in their order, unless given.
    """
    drawn = {lane: lane for lane in range(len(view.spec.lanes))} if places is None else places

    def place(lane: int, step: int) -> float:
        return float(
            np.interp(step, view.history.column(lane, "step"), view.history.column(lane, CLOCK_COLUMNS[clock]))
        )

    origin = view.metadata.forked_from
    found = []
    if origin and view.history.last_step(0) is not None:
        found.append({"at": place(0, origin.step), "words": "fork", "lanes": list(drawn.values())})
    for lane in drawn:
        for step, name, before, after in changes_of_lane(view.spec.lanes[lane].settings, view.history.changed, lane):
            words = f"{view.title(lane)}: {setting_label(name)} {format_value(before)} → {format_value(after)}"
            found.append({"at": place(lane, step), "words": words, "lanes": [drawn[lane]]})
    known = {lane: phase_names(view, lane) for lane in range(len(view.spec.lanes))}
    trained = dict(known)
    said = {(lane, step): names for lane, step, names in view.history.trains}  # of several at one step, the last
    for (lane, step), names in said.items():
        if set(names) != set(trained[lane]) and lane in drawn:
            words = f"{view.title(lane)}: trains {words_for(names, known[lane])}"
            found.append({"at": place(lane, step), "words": words, "lanes": [drawn[lane]]})
        trained[lane] = names
    return found
