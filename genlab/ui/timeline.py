"""The time line on a page: every frame of its lanes in the browser, sent once, and what is new when it is new."""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
import streamlit as st

from genlab.figures.base import LaneView
from genlab.figures.packing import pack_message
from genlab.figures.recording import with_explanations
from genlab.figures.timeline import TimelineCell, curves, describe, pack_frame, pack_new_curves, place_on_clocks
from genlab.runs.folder import Frame
from genlab.ui.address import address_query, note_place
from genlab.ui.served import loader, served_plotly

MESSAGE_BYTES = 2_500_000  # of frames in one message, after which the next is asked for ...
MESSAGE_SECONDS = 0.15  # ... or so much time: other visitors wait meanwhile
KEPT_BYTES = 24_000_000  # of packed frames, for all visitors together


@dataclass(frozen=True)
class LaneFrames:
    """The frames of one lane of a time line, wherever they are stored.

    Attributes:
        steps: at which the lane has a frame, ascending.
        read: a step -> its frame, None if it cannot be read or has been removed.
        kept: names the frames among all others in memory: another name for another run, lane or content.
    """

    steps: Sequence[int]
    read: Callable[[int], Frame | None]
    kept: str


@dataclass
class _Sent:
    """What the time line of a visitor holds.

    Attributes:
        signature: of the cells and the lanes, for which the frames were packed.
        described, description: the digest of the description, and what it was made from.
        frames: the steps of each lane's frames.
        unreadable: those, by lane, that could not be read: not tried again at each look.
        curves, recorded: the arrays of the curves, and how much of each lane's history they were made from.
        question: what the browser has asked since.
        told: the digest of what a talk shows.
    """

    signature: str = ""
    described: str = ""
    frames: list[set[int]] = field(default_factory=list)
    unreadable: list[set[int]] = field(default_factory=list)
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    recorded: Any = None
    description: Any = None
    question: dict[str, Any] | None = None
    told: str = ""


def timeline(
    cells: Sequence[TimelineCell],
    lanes: Sequence[LaneView],
    frames: Sequence[LaneFrames],
    *,
    key: str,
    columns: int,
    active: bool = False,
    step: int | None = None,
    addressed: bool = True,
    on_fork: Callable[[int], None] | None = None,
    talk: Mapping[str, Any] | None = None,
    **described: Any,
) -> None:
    """Draw the time line of one to four lanes, and send what is new.

    active: whether more frames come; a visitor who stands at the end then follows them.
    step: where it stands at first: at the last moment without a frame after this step, None for the end.
    addressed: whether the address names the step that it stands at.
    on_fork: called with a step where a visitor asks for a fork there; without it there is no such button.
    talk: the screens, where it is shown on a stage; see `browser/talk.js`.
    described: further values of its description, see `browser/timeline.js`.
    """
    sent: _Sent = st.session_state.setdefault(f"{key}.sent", _Sent())
    what = [(cell.name, cell.figure and cell.figure.name, cell.lanes) for cell in cells]
    signature = _digest(repr((what, [lane.kept for lane in frames])).encode())
    _answer(sent, signature, len(lanes))
    header: dict[str, Any] = {"signature": signature, "plotly": served_plotly(), "active": active, "step": step}
    if addressed:
        header["place"] = address_query().get("step", "")
    parts = []
    budgets = [lane.budget for lane in lanes]
    budget = None if None in budgets else max(lane.spec.budget for lane in lanes)
    fixed = {"clock": lanes[0].clock, "budget": budget, "columns": columns, "addressed": addressed, **described}
    fixed["forks"] = on_fork is not None
    basis = fixed, [(lane.title, lane.losses, lane.frame is None, bool(lane.reference)) for lane in lanes]
    if sent.description != basis:
        package = describe(cells, lanes, **fixed)
        sent.description, sent.described = basis, _digest(package)
        parts.append(package)
        header["describes"] = True
    header["described"] = sent.described
    told = _digest(json.dumps(talk).encode())
    if talk and (told != sent.told or header.get("describes")):
        header["talk"], sent.told = talk, told
    recorded = lanes[0].clock, [lane.history.read_bytes for lane in lanes]
    if sent.recorded != recorded:
        now = curves(cells, lanes)
        parts.append(pack_new_curves(now, sent.curves))
        sent.curves, sent.recorded = now.arrays, recorded
        header["grows"] = True
    removed = [(i, gone) for i, held in enumerate(sent.frames) for gone in sorted(held - set(frames[i].steps))]
    for lane, gone in removed:
        sent.frames[lane].discard(gone)
    packed, more = _new_frames(cells, lanes, frames, sent, signature, step)
    header |= {"removed": removed, "more": more, "held": [len(held) for held in sent.frames]}
    _timeline(
        key=key,
        data=pack_message(header, parts + packed),
        on_missing_change=partial(_note_question, key),
        on_clock_change=partial(_choose_clock, key),
        on_fork_change=partial(_ask_fork, key, on_fork),
        on_place_change=partial(_note_place, key),
    )


def play_recording(recording: bytes, *, key: str, **header: Any) -> None:
    """Play a message that was written to a file: see `genlab.figures.recording`.

    header: further values of its header, see `browser/timeline.js`.
    """
    header = {"plotly": served_plotly(), "plays": True, "loops": True} | header
    message = with_explanations(recording, **header)
    _timeline(key=key, data=message, on_place_change=partial(_note_place, key))


def _note_question(key: str) -> None:
    st.session_state[f"{key}.sent"].question = st.session_state[key]["missing"]


def _answer(sent: _Sent, signature: str, lanes: int) -> None:
    """Go on from what the browser says that it holds, where it has asked for what it lacks; from nothing, where other
    cells are drawn than before.
    """
    question, sent.question = sent.question, None
    if not question and sent.signature == signature:
        return
    held = question.get("held", []) if question and question.get("signature") == signature else []
    if not (held and question and question.get("more")):
        sent.description, sent.recorded, sent.curves = None, None, {}
    sent.signature = signature
    sent.frames = [set(steps) for steps in held] if len(held) == lanes else [set() for _ in range(lanes)]
    sent.unreadable = [set() for _ in range(lanes)]


def _choose_clock(key: str) -> None:
    clock = st.session_state[key].get("clock")
    if clock in ("steps", "examples", "seconds"):
        st.query_params["clock"] = clock


def _note_place(key: str) -> None:
    note_place(str(st.session_state[key].get("place") or ""))


def _ask_fork(key: str, on_fork: Callable[[int], None] | None) -> None:
    step = st.session_state[key].get("fork")
    if on_fork and isinstance(step, int):
        on_fork(step)


def _new_frames(
    cells: Sequence[TimelineCell],
    lanes: Sequence[LaneView],
    frames: Sequence[LaneFrames],
    sent: _Sent,
    signature: str,
    wanted: int | None,
) -> tuple[list[bytes], bool]:
    """The next packed frames that the browser does not hold, and whether there are more: those at the wanted step and
    the ends first, then ever finer ones between, so that the whole line can be seen early.
    """
    began, size = time.monotonic(), 0
    packed: list[bytes] = []
    done = [held | unreadable for held, unreadable in zip(sent.frames, sent.unreadable, strict=True)]
    queue = [
        (place, lane, step)
        for lane, of_lane in enumerate(frames)
        if lanes[lane].reference and not done[lane].issuperset(of_lane.steps)
        for place, step in enumerate(_coarse_to_fine(of_lane.steps, wanted))
        if step not in done[lane]
    ]
    for i, (_, lane, step) in enumerate(sorted(queue)):
        if i and (size > MESSAGE_BYTES or time.monotonic() - began > MESSAGE_SECONDS):
            return packed, bool(packed)  # else nothing of it can be read: not asked for at once again
        package = _packed(cells, lanes, frames[lane], lane, step, signature)
        if package is None:
            sent.unreadable[lane].add(step)
            continue
        packed.append(package)
        size += len(package)
        sent.frames[lane].add(step)
    return packed, False


def _coarse_to_fine(steps: Sequence[int], wanted: int | None) -> list[int]:
    """The same steps in another order: up to the wanted one, the last, the first, then halves, quarters, eighths."""
    order: dict[int, None] = {}
    if steps and wanted is not None:
        order[max((step for step in steps if step <= wanted), default=steps[0])] = None
    stride = 1 << max(0, (len(steps) - 1).bit_length())
    if steps:
        order[steps[-1]] = None
    while stride:
        order |= dict.fromkeys(steps[::stride])
        stride //= 2
    return list(order)


class _Packages:
    """Packed frames, the newest of all visitors' together, up to a number of bytes."""

    def __init__(self) -> None:
        self._packages: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: tuple[str, int, int]) -> bytes | None:
        return self._packages.get(key)

    def put(self, key: tuple[str, int, int], package: bytes) -> None:
        with self._lock:
            self._bytes += len(package) - len(self._packages.pop(key, b""))
            self._packages[key] = package
            while self._bytes > KEPT_BYTES:
                self._bytes -= len(self._packages.popitem(last=False)[1])


_packages = _Packages()


def _packed(
    cells: Sequence[TimelineCell],
    lanes: Sequence[LaneView],
    frames: LaneFrames,
    lane: int,
    step: int,
    signature: str,
) -> bytes | None:
    """A frame as it travels, packed once for all visitors; None if it cannot be read."""
    key = (signature, lane, step)
    if package := _packages.get(key):
        return package
    frame = frames.read(step)
    if frame is None:
        return None
    shown = [replace(view, frame=frame) if i == lane else view for i, view in enumerate(lanes)]
    package = pack_frame(cells, shown, lane, place_on_clocks(lanes[lane], step))
    _packages.put(key, package)
    return package


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()


_timeline = st.components.v2.component("genlab_timeline", js=loader("genlabTimeline"), isolate_styles=False)
