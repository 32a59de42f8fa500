"""A talk that was written, as the message that a browser plays: its screens, and a recording of the runs they show."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genlab.figures.base import LANE_COLOURS, LaneView, lane_views
from genlab.figures.packing import pack_message
from genlab.figures.recorded_talk import recorded_slides
from genlab.figures.recording import make_recording, with_explanations
from genlab.figures.talk import COMPUTED, LANES_A_ROW, slides, spoken_of, talk_cells
from genlab.figures.timeline import TimelineCell
from genlab.recordings import Recording, recording_at
from genlab.runs import Run, RunUnreadable, Store
from genlab.runs.bin import Bin
from genlab.runs.comparison import ComparedLane, data_groups, lane_titles
from genlab.runs.folder import Frame
from genlab.runs.talks import Moment, Talk
from genlab.runs.view import RunReader, RunView
from genlab.spec import MAXIMUM_LANES

FRAMES = 60  # of each lane of a recording, beside those that the talk stands at
MAXIMUM_BYTES = 20_000_000  # of a recording
NOT_SHOWN = "This moment cannot be shown"
TAKE_BACK = "Take it back"  # leads to where the talk is written


@dataclass(frozen=True)
class _Shown:
    """The lanes that some moments show, with the frames that travel."""

    views: list[RunView]
    lanes: list[LaneView]
    frames: list[list[Frame]]
    groups: list[list[int]]

    @property
    def cells(self) -> list[TimelineCell]:
        return talk_cells(self.lanes, self.groups)

    @property
    def label(self) -> str:
        runs = {view.id: view for view in self.views}
        return f"Recorded: {'; '.join(view.described() for view in runs.values())}."

    def at(self, step: int | None) -> list[LaneView]:
        """The lanes with the frames that stand on the time line at a step."""
        chosen = [
            next((frame for frame in reversed(of_lane) if step is None or frame.step <= step), None)
            for of_lane in self.frames
        ]
        return [replace(lane, frame=frame) for lane, frame in zip(self.lanes, chosen, strict=True)]


def talk_message(store: Store, talk: Talk, told: dict[str, Any], **header: Any) -> bytes:
    """The message of a talk. A moment whose runs cannot be read is a screen that says so.

    told: further values for `Talk.tell` of `browser/talk.js`; header: further values of the message's header.
    """
    steps: dict[tuple[str, ...], set[int]] = {}
    for moment in talk.moments:
        if moment.runs:
            steps.setdefault(tuple(moment.runs), set()).update([] if moment.step is None else [moment.step])
    lines: list[bytes] = []
    shown: dict[tuple[str, ...], tuple[int, _Shown] | str] = {}
    recorded: dict[str, tuple[int, Recording]] = {}
    for places, wanted in steps.items():
        try:
            found = _read(store, Moment(runs=list(places)), wanted)
            lines.append(_recording(found))
            shown[places] = len(lines) - 1, found
        except (RunUnreadable, ValueError) as error:
            shown[places] = str(error)
    for place in dict.fromkeys(moment.recording for moment in talk.moments if moment.recording):
        if recording := recording_at(place):
            recorded[place] = len(lines), recording
            lines.append(with_explanations(recording.read()))
    in_bin = in_the_bin(store, talk)
    screens = []
    for moment in talk.moments:
        if moment.recording:
            screens += _recorded_screens(moment, recorded.get(moment.recording))
        else:
            screens += _screens(moment, shown.get(tuple(moment.runs)), in_bin)
    screens = screens or [
        {"name": "empty", "title": talk.title, "words": ["This talk has no moments yet."], "cells": []}
    ]
    values = {"slides": screens, "named": "moment", **told}
    signature = hashlib.blake2b(b"".join([repr(values).encode(), *lines]), digest_size=8).hexdigest()
    return pack_message({"signature": signature, "talk": values, **header}, lines)


def _screens(moment: Moment, shown: tuple[int, _Shown] | str | None, in_bin: Sequence[str]) -> list[dict[str, Any]]:
    title, words = _own_words(moment)
    if isinstance(shown, str):
        screen = {"name": moment.id, "title": title or NOT_SHOWN, "cells": []}
        deleted = next((run for run, _ in moment.lanes() if run in in_bin), "")
        if deleted:
            shown = f"Run {deleted} was deleted. It stays in the bin for a week, and can be taken back from there."
        return [screen | {"words": [*words, shown], "leads": TAKE_BACK if deleted else ""}]
    if shown is None or moment.screen == "words":
        return [{"name": moment.id, "title": title, "words": words, "cells": []}]
    line, found = shown
    lanes = found.at(moment.step)
    kept = [
        (view.metadata.lanes[lane.lane].flow, view.metadata.lanes[lane.lane].parameters)
        for view, lane in zip(found.views, lanes)
    ]
    spoken = spoken_of(lanes, found.views[0].dataset_title, kept)
    cells = {cell.name: cell.lanes for cell in found.cells}
    return _with_own_words(moment, line, slides(spoken, cells, found.label, (moment.screen,)))


def _recorded_screens(moment: Moment, recorded: tuple[int, Recording] | None) -> list[dict[str, Any]]:
    if recorded is None:
        title, words = _own_words(moment)
        words = [*words, f"There is no recorded run called {moment.recording} in this genlab."]
        return [{"name": moment.id, "title": title or NOT_SHOWN, "words": words, "cells": []}]
    line, recording = recorded
    return _with_own_words(moment, line, recorded_slides(recording, (moment.screen,), moment.step))


def _own_words(moment: Moment) -> tuple[str, list[str]]:
    title, _, rest = moment.caption.strip().partition("\n")
    return title, [line for line in rest.splitlines() if line.strip()]


def _with_own_words(moment: Moment, line: int, made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The screens of a moment, over this time line, with what the speaker says."""
    title, words = _own_words(moment)
    computed = moment.screen in COMPUTED
    for number, slide in enumerate(made):
        slide |= {"name": moment.id if not number else f"{moment.id}-{number}", "line": line}
        slide["step"] = "end" if moment.step is None else moment.step
        slide |= {"title": title} if title and not number else {}
        if words or (title and not computed):
            slide["words"] = words + (slide["words"] if computed else [])
    return made or [
        {"name": moment.id, "title": title, "words": [*words, "These models have no such picture."], "cells": []}
    ]


def _read(store: Store, moment: Moment, steps: set[int]) -> _Shown:
    """Raises RunUnreadable for a run, a lane or a frame that is not there."""
    readers: dict[str, tuple[RunReader, RunView]] = {}
    places: list[tuple[str, int]] = []
    for run_id, lane in moment.lanes():
        if run_id not in readers:
            reader = RunReader(store.open(run_id), with_past=True)
            readers[run_id] = reader, reader.read()
        count = len(readers[run_id][1].spec.lanes)
        if lane is not None and lane >= count:
            raise RunUnreadable(f"Run {run_id} has {count} lanes; there is no lane {lane}.")
        places += [(run_id, lane)] if lane is not None else [(run_id, i) for i in range(count)]
    places = list(dict.fromkeys(places))[:MAXIMUM_LANES]
    views = [readers[run_id][1] for run_id, _ in places]
    titles = lane_titles([ComparedLane(view, lane) for view, (_, lane) in zip(views, places, strict=True)])
    lanes, frames = [], []
    for i, ((run_id, lane), view) in enumerate(zip(places, views, strict=True)):
        found = _frames(readers[run_id][0], lane, view.frame_steps[lane], steps)
        if not found or not view.reference:
            raise RunUnreadable(f"Run {run_id} has no frame yet, so there is nothing to show of it. Train it first.")
        lanes.append(replace(lane_views(view)[lane], title=titles[i], colour=LANE_COLOURS[i], frame=found[-1]))
        frames.append(found)
    return _Shown(views, lanes, frames, data_groups(views))


def _frames(reader: RunReader, lane: int, there: Sequence[int], steps: set[int]) -> list[Frame]:
    """Some frames of a lane, evenly, its last, and those at which a moment stands."""
    chosen = {there[i] for i in np.linspace(0, len(there) - 1, min(FRAMES, len(there))).astype(int)} if there else set()
    chosen |= {max(before) for step in steps if (before := [at for at in there if at <= step])}
    found = []
    for step in sorted(chosen):
        with suppress(RunUnreadable):  # removed just now, or damaged
            found.append(reader.frame(lane, step))
    return found


def _recording(shown: _Shown) -> bytes:
    return make_recording(
        shown.cells,
        shown.lanes,
        shown.frames,
        {},
        columns=LANES_A_ROW,
        maximum_frames=max(2, *map(len, shown.frames)),
        maximum_bytes=MAXIMUM_BYTES,
    )


def runs_of(store: Store, talk: Talk) -> list[Run]:
    """The runs of a talk that are there."""
    found = []
    for run_id in _ids(talk):
        with suppress(RunUnreadable):
            found.append(store.open(run_id))
    return found


def in_the_bin(store: Store, talk: Talk) -> list[str]:
    """The ids of the runs of a talk that were deleted, and can be taken back."""
    there = {run.id for run in runs_of(store, talk)}
    return [run_id for run_id in _ids(talk) if run_id not in there and Bin(store).find(run_id)]


def _ids(talk: Talk) -> list[str]:
    return list(dict.fromkeys(run for moment in talk.moments for run, _ in moment.lanes()))
