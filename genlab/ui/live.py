"""A run as it trains: its state in words, its buttons, and all its charts."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from genlab.figures.base import CLOCK_COLUMNS, LaneView, lane_views
from genlab.figures.timeline import TimelineCell
from genlab.registry import FIGURES
from genlab.runs import QueueFull, Run, RunUnreadable
from genlab.runs.folder import ACTIVE, Frame, StateName
from genlab.runs.view import RunReader, RunView
from genlab.spec import Clock, SpecError
from genlab.ui.address import clock_from_address, hidden_parts, step_from_address, view_from_address
from genlab.ui.controls import start
from genlab.ui.escape import literal
from genlab.ui.fork import ask_fork, fork_begins, fork_dialog, forked_from
from genlab.ui.recorded_run import play_until_first_frame
from genlab.ui.timeline import LaneFrames, timeline
from genlab.ui.worker_supervisor import ensure_worker, get_store, worker_status

POLL_SECONDS = 0.3  # between two looks for new frames ...
STATE_SECONDS = 1.0  # ... and at how far it is; a new state is shown at once
REST_SECONDS = 2.0  # once a run has ended: another visitor may resume it
LANES_A_ROW = 2
BESIDE, BELOW = "latent", "coverage"  # the figures beside the picture of a lane, and below all lanes
RESUMABLE = ("paused", "stopped", "interrupted")
PICTURE, CURVES, BARS, LINE = 250, 155, 175, 30  # heights in pixels: all of it fits 1280x800


def live_run(run: Run) -> None:
    """Follow a run: closely until it ends, and then at rest. Its state and its time line are looked at apart, since
    only the latter changes many times a second.
    """
    try:
        state, spec = run.state().state, run.spec()
    except RunUnreadable as error:
        st.error(literal(str(error)))
        return
    _spare_loaded_code()
    hidden = hidden_parts()
    if view := view_from_address([entry.name for entry in FIGURES.values() if entry.belongs == "picture"]):
        st.session_state.setdefault("picture", view)
    step = step_from_address()
    if "buttons" not in hidden:
        forked_from(run)
        st.fragment(_status, run_every=STATE_SECONDS if state in ACTIVE else REST_SECONDS)(run, state)
        if state in ("queued", "starting") and play_until_first_frame(run, spec):
            return  # the state leads on
    else:
        ensure_worker()
    look = st.fragment(_time_line, run_every=POLL_SECONDS if state in ACTIVE else REST_SECONDS)
    look(run, state, spec.clock, step, "bar" in hidden)
    fork_dialog(run)


@st.cache_resource(show_spinner=False)
def _spare_loaded_code() -> None:
    """Once for a server, keep what is loaded by now out of garbage collection. Streamlit collects after every look, and
    most of what a look cost was to go through the modules again.
    """
    gc.collect()
    gc.freeze()


def _read(run: Run) -> RunView:
    """The run as it is now. Raises RunUnreadable."""
    if st.session_state.get("watched") != run.id:
        st.session_state.watched, st.session_state.watch = run.id, RunReader(run, with_past=True)
        st.session_state.real_data = None
    view: RunView = st.session_state.watch.read()
    if view.reference is not None or view.state.state not in ACTIVE:
        return view
    if st.session_state.real_data is None:  # looked for once
        st.session_state.real_data = get_store().reference_like(run) or {}
    return replace(view, reference=st.session_state.real_data or None)


def _status(run: Run, state: StateName) -> None:
    ensure_worker()
    try:
        view = _read(run)
    except RunUnreadable as error:
        st.error(literal(str(error)))
        return
    if view.state.state != state:
        st.rerun()
    left, right = st.columns([3, 5], vertical_alignment="center")
    with left:
        st.progress(view.progress(), text=status_line(run, view))
    with right, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"):
        _picture_control(view)
        _buttons(run, view)
    _errors(run, view)


def _time_line(run: Run, state: StateName, own_clock: Clock, step: int | None, without_bar: bool) -> None:
    clock = clock_from_address(own_clock)  # here, since it is chosen on the time line
    if fork_begins():
        st.rerun()  # a dialog does not belong into what is drawn again and again
    try:
        view = _read(run)
    except RunUnreadable:  # the state says so
        return
    if view.state.state != state:
        st.rerun()
    offered = pictures(view)
    chosen = st.session_state.get("picture", offered[0])
    picture = chosen if chosen in offered else offered[0]
    lanes = lane_views(view, clock)
    timeline(
        cells(lanes, picture),
        lanes,
        lane_frames(st.session_state.watch, view),
        key="charts",
        columns=2 * lanes_a_row(lanes),
        active=state in ACTIVE,
        step=step,
        on_fork=ask_fork,
        marks=marks(view, clock),
        without_bar=without_bar,
    )


def _errors(run: Run, view: RunView) -> None:
    """Why lanes failed; why the run did, if it is not for its lanes; and where in the program, if that was written."""
    failed = [(view.title(i), lane.message) for i, lane in enumerate(view.state.lanes) if lane.state == "failed"]
    for title, message in failed:
        st.error(literal(f"{title}: {message}"), icon=":material/error:")
    if view.state.state == "failed" and not failed:
        st.error(literal(view.state.message), icon=":material/error:")
    if (failed or view.state.state == "failed") and (traceback := run.error()):
        with st.expander("Details"):
            st.code(traceback, language=None)


def status_line(run: Run, view: RunView) -> str:
    """What is happening, as one line."""
    state, spec = view.state, view.spec
    words = [f"**{state.state}**"]
    if state.state == "queued":
        words.append(literal(_place_in_queue(run)))
    elif state.message and state.state != "failed" and state.message != "training":
        words.append(literal(state.message))
    if view.reference is not None and state.lanes:
        lanes = [view.lane_state(lane) for lane in range(len(state.lanes))]
        step = max(lane.step for lane in lanes)
        spent = sum(lane.seconds for lane in lanes)
        done = view.progress()
        words.append(f"step {step:,} of {spec.budget:,.0f}" if spec.clock == "steps" else f"step {step:,}")
        words.append(f"{spent:.0f} s")
        if state.state == "running" and 0.02 < done < 1:
            words.append(f"{spent / done * (1 - done):.0f} s left")
    return " · ".join(words)


def _place_in_queue(run: Run) -> str:
    status, waiting = worker_status(), get_store().waiting()
    if status["state"] != "ready":
        return status["state"]
    ahead = waiting.index(run.id) if run.id in waiting else 0
    ahead += bool(status.get("run") and status["run"] != run.id)
    return f"{ahead} {'run' if ahead == 1 else 'runs'} before it" if ahead else "next"


def pictures(view: RunView) -> list[str]:
    """The figures of which one is in the first place of every lane: those that any of its models can have."""
    able = {ability for lane in range(len(view.spec.lanes)) for ability in view.abilities(lane)}
    return [
        entry.name
        for entry in FIGURES.values()
        if entry.belongs == "picture" and (not entry.ability or entry.ability in able)
    ]


def _picture_control(view: RunView) -> None:
    """Which picture is in the first place of every lane, chosen where there is a choice."""
    offered = pictures(view)
    if len(offered) > 1:
        st.segmented_control(
            "Picture",
            offered,
            default=offered[0],
            required=True,
            format_func=lambda name: FIGURES[name].title,
            key="picture",
            label_visibility="collapsed",
            on_change=partial(st.session_state.__setitem__, "picture.chosen", True),
        )
        if st.session_state.pop("picture.chosen", False):
            st.rerun()  # the time line, which is looked at apart, shows it at once


def _buttons(run: Run, view: RunView) -> None:
    state = view.state.state
    busy = state in ("starting", "running", "paused")
    if state in RESUMABLE:
        if st.button("Resume", icon=":material/play_arrow:", key="resume", type="primary", shortcut="p"):
            _resume(run)
    else:
        st.button(
            "Pause",
            icon=":material/pause:",
            key="pause",
            shortcut="p",
            disabled=not busy,
            on_click=run.request,
            args=("pause",),
        )
    # Callbacks run once; the code after a button may run twice, where an update of the page interrupts it.
    st.button(
        "Step",
        icon=":material/skip_next:",
        key="step",
        disabled=not busy,
        shortcut="s",
        help="One step of each lane, then pause.",
        on_click=run.request,
        args=("step",),
    )
    st.button(
        "Stop",
        icon=":material/stop:",
        key="stop",
        disabled=state not in ACTIVE,
        on_click=get_store().stop,
        args=(run,),
    )
    if st.button(
        "Reset",
        icon=":material/restart_alt:",
        key="reset",
        help="Back to step 0 with the same seed, paused. This run stays under Runs.",
    ):
        try:
            start(run.runnable_spec(), run, paused=True)
        except (RunUnreadable, SpecError) as error:
            st.error(literal(str(error)))


def _resume(run: Run) -> None:
    try:
        get_store().resume(run)
    except (QueueFull, RunUnreadable, SpecError, OSError) as error:
        st.error(literal(str(error)))
        return
    st.rerun()


def marks(view: RunView, clock: Clock) -> list[dict[str, Any]]:
    """Where on the clock something happened to the run as a whole, with a word for it: where it was forked."""
    origin = view.metadata.forked_from
    steps = view.history.column(0, "step")
    if not origin or not len(steps):
        return []
    at = float(np.interp(origin.step, steps, view.history.column(0, CLOCK_COLUMNS[clock])))
    return [{"at": at, "words": "fork"}]


def lane_frames(reader: RunReader, view: RunView) -> list[LaneFrames]:
    """Where the time line finds the frames of the lanes of a run."""

    def read(lane: int, step: int) -> Frame | None:
        newest = view.frames[lane]
        if newest and newest.step == step:
            return newest
        try:
            return reader.frame(lane, step)
        except RunUnreadable:
            return None

    # A lane that went back to a checkpoint makes other frames at the same steps.
    return [
        LaneFrames(steps, partial(read, lane), f"{view.id}-{lane}-{len(view.history.rewound)}")
        for lane, steps in enumerate(view.frame_steps)
    ]


def cells(lanes: Sequence[LaneView], picture: str = "samples") -> list[TimelineCell]:
    """The grid of the train page: a line of text, pictures, curves, one lane beside the other; then the bars of all.

    `picture` names the figure in the first place of a lane.
    """

    def figure(name: str, span: int, height: int, lane: int) -> TimelineCell:
        return TimelineCell(f"{lane}-{name}", span, height, FIGURES[name], (lane,))

    everywhere = [entry.name for entry in FIGURES.values() if entry.belongs == "lane" and entry.name != BESIDE]
    result: list[TimelineCell] = []
    columns = 2 * lanes_a_row(lanes)
    for row in (range(first, min(first + LANES_A_ROW, len(lanes))) for first in range(0, len(lanes), LANES_A_ROW)):
        # An odd lane has its row to itself: nothing may flow up beside it.
        gap = columns - 2 * len(row)
        for part in (
            [TimelineCell(f"{lane}-title", 2, LINE, lanes=(lane,)) for lane in row],
            [figure(name, 1, PICTURE, lane) for lane in row for name in (picture, BESIDE)],
            *([figure(name, 2, CURVES, lane) for lane in row] for name in everywhere),
        ):
            result += part + ([TimelineCell(f"after-{part[-1].name}", gap, part[-1].height)] if gap else [])
    result.append(TimelineCell(BELOW, columns, BARS, FIGURES[BELOW], tuple(range(len(lanes)))))
    return result


def lanes_a_row(lanes: Sequence[LaneView]) -> int:
    return min(LANES_A_ROW, len(lanes))
