"""A run as it trains: its state in words, its buttons (`live_controls`), and all its charts."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from genlab.figures.base import LaneView, lane_views
from genlab.figures.timeline import TimelineCell, row_of
from genlab.registry import FIGURES
from genlab.runs import Run, RunUnreadable
from genlab.runs.folder import ACTIVE, PAUSE_SECONDS, Frame, RunState, StateName
from genlab.runs.view import RunReader, RunView
from genlab.spec import Clock, RunSpec
from genlab.ui.address import clock_from_address, hidden_parts, step_from_address, view_from_address
from genlab.ui.escape import literal
from genlab.ui.fork import ask_fork, fork_begins, fork_dialog, forked_from
from genlab.ui.inside_step import slow_step_dialog
from genlab.ui.live_controls import pictures, run_controls
from genlab.ui.marks import marks
from genlab.ui.model_controls import controls_lag_behind
from genlab.ui.recorded_run import play_until_first_frame
from genlab.ui.sample_download import sample_downloads
from genlab.ui.timeline import LaneFrames, timeline
from genlab.ui.watched import watched
from genlab.ui.worker_supervisor import ensure_worker, get_store, worker_status

SOON_SECONDS = 0.3  # between two looks for the first frames ...
POLL_SECONDS = 0.8  # ... and for new ones, which the browser shows one after the other
CONTROLS_SECONDS = 5.0  # between two looks at the buttons: another visitor may have chosen which networks train
REST_SECONDS = 2.0  # once a run has ended: another visitor may resume it
LANES_A_ROW = 2
BESIDE, BELOW = "latent", "coverage"  # the figures beside the picture of a lane, and below all lanes
PICTURE, CURVES, BARS, LINE = 250, 155, 175, 30  # heights in pixels: all of it fits 1280x800


def live_run(run: Run) -> None:
    """Follow a run: closely until it ends, and then at rest. Its buttons, which hardly change, are looked at apart."""
    try:
        now, spec = run.state(), run.spec()
    except RunUnreadable as error:
        st.error(literal(str(error)))
        return
    _spare_loaded_code()
    state, hidden = now.state, hidden_parts()
    with suppress(RunUnreadable):  # said where the time line would be
        if view := view_from_address(pictures(watched(run))):
            st.session_state.setdefault("picture", view)
    step, progress, without_line = step_from_address(_last_step(now, spec)), None, False
    if "buttons" not in hidden:
        forked_from(run)
        left, right = st.columns([5, 9], vertical_alignment="center")
        progress = left.empty()
        with right:
            st.fragment(run_controls, run_every=CONTROLS_SECONDS)(run, state, partial(watched, run))
        with suppress(RunUnreadable):  # said where the time line would be
            _errors(run, watched(run))
        without_line = state in ("queued", "starting") and play_until_first_frame(run, spec)
    poll = SOON_SECONDS if state in ("queued", "starting") else POLL_SECONDS if state in ACTIVE else REST_SECONDS
    look = st.fragment(_look, run_every=poll)
    look(run, _noted(now), progress, spec.clock, step, without_line=without_line, without_bar="bar" in hidden)
    if without_line:
        return
    fork_dialog(run)
    slow_step_dialog(run, partial(watched, run))
    if state not in ACTIVE and "buttons" not in hidden:
        with suppress(RunUnreadable):
            sample_downloads(run, watched(run))


@st.cache_resource(show_spinner=False)
def _spare_loaded_code() -> None:
    """Once for a server, keep what is loaded by now out of garbage collection. Streamlit collects after every look, and
    most of what a look cost was to go through the modules again.
    """
    gc.collect()
    gc.freeze()


def _last_step(state: RunState, spec: RunSpec) -> int | None:
    """The last step that a run has, or will have at most; None while it trains for so many seconds or examples."""
    if state.state in ACTIVE:
        return int(spec.budget) if spec.clock == "steps" else None
    return max((lane.step for lane in state.lanes), default=None)


def _noted(state: RunState) -> tuple[StateName, list[str]]:
    """What of a state changes what is around it: where it is another one, the whole page is drawn again."""
    return state.state, [lane.message for lane in state.lanes if lane.state == "failed"]


def _look(
    run: Run,
    drawn: tuple[StateName, list[str]],
    progress: DeltaGenerator | None,
    own_clock: Clock,
    step: int | None,
    *,
    without_line: bool,
    without_bar: bool,
) -> None:
    """How far it is, in its place of the page, and its time line."""
    ensure_worker()
    if fork_begins():
        st.rerun()  # a dialog does not belong into what is drawn again and again
    try:
        view = watched(run)
    except RunUnreadable as error:
        if progress:
            progress.empty()
        st.error(literal(str(error)))
        return
    if _noted(view.state) != drawn or controls_lag_behind(view):
        st.rerun()
    if progress:
        progress.progress(view.progress(), text=status_line(run, view))
    if without_line:
        return
    clock = clock_from_address(own_clock)  # here, since it is chosen on the time line
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
        active=view.state.state in ACTIVE,
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
        words.append(literal(state.message.removeprefix(f"{state.state.capitalize()}. ")))
    if view.reference is not None and state.lanes:
        lanes = [view.lane_state(lane) for lane in range(len(state.lanes))]
        step = max(lane.step for lane in lanes)
        spent = sum(lane.seconds for lane in lanes)
        done = view.progress()
        words.append(f"step {step:,} of {spec.budget:,.0f}" if spec.clock == "steps" else f"step {step:,}")
        words.append(f"{spent:.0f}\N{NO-BREAK SPACE}s")
        if state.state == "running" and 0.02 < done < 1:
            words.append(f"{spent / done * (1 - done):.0f}\N{NO-BREAK SPACE}s left")
    return " · ".join(words)


def _place_in_queue(run: Run) -> str:
    status, waiting = worker_status(), get_store().waiting()
    if status["state"] != "ready":
        return status["state"]
    ahead = waiting.index(run.id) if run.id in waiting else 0
    trains = status.get("run") if status.get("run") != run.id else None
    ahead += bool(trains)
    words = f"{ahead} {'run' if ahead == 1 else 'runs'} before it" if ahead else "next"
    if trains and _is_paused(trains):
        which = "which" if ahead == 1 else "the first of which"
        words += f", {which} is paused and makes room after {PAUSE_SECONDS:.0f}\N{NO-BREAK SPACE}s"
    return words


def _is_paused(run_id: str) -> bool:
    with suppress(RunUnreadable):
        return get_store().open(run_id).state().state == "paused"
    return False


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
        for part in (
            [TimelineCell(f"{lane}-title", 2, LINE, lanes=(lane,)) for lane in row],
            [figure(name, 1, PICTURE, lane) for lane in row for name in (picture, BESIDE)],
            *([figure(name, 2, CURVES, lane) for lane in row] for name in everywhere),
        ):
            result += row_of(part, columns)
    result.append(TimelineCell(BELOW, columns, BARS, FIGURES[BELOW], tuple(range(len(lanes)))))
    return result


def lanes_a_row(lanes: Sequence[LaneView]) -> int:
    return min(LANES_A_ROW, len(lanes))
