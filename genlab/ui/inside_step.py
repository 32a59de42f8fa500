"""Inside a step, on the train page: which phases train, and the next step one thing after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import streamlit as st

from genlab.figures.base import LaneView, lane_views
from genlab.figures.next_step import next_step_figure
from genlab.runs import Run, RunUnreadable
from genlab.runs.folder import ACTIVE
from genlab.runs.next_step import NextStep, SubStep, read_next_step, sub_steps
from genlab.runs.phases import phase_names, trained_phases, words_for
from genlab.runs.view import RunView
from genlab.ui.chart_grid import Cell, chart_grid
from genlab.ui.escape import literal

ASKED, BEGINS, OF_RUN = "slow.asked", "slow.begins", "slow.run"  # in the session: see `ui.fork`
FOUND, AT, REFUSED = "slow.found", "slow.at", "slow.refused"
OPEN, WAS_OPEN = "inside", "inside.was_open"  # in the session: whether the button has opened, now and at the last look
EVERYTHING = "*"  # the choice of no phase alone
LOOK_SECONDS = 0.3
PICTURE = 270  # pixels high


def inside_step(run: Run, view: RunView, busy: bool) -> None:
    """The button that opens which phases of each lane train, and the way through the next step."""
    icon, what = ":material/slow_motion_video:", "Inside a step: train one network alone, or go slowly."
    if ASKED in st.session_state:
        st.session_state[OPEN] = False  # else it would stay open over the dialog
    opened = st.popover("Inside a step", icon=icon, help=what, key=OPEN, on_change="rerun")
    just_opened = bool(opened.open) and not st.session_state.get(WAS_OPEN)
    st.session_state[WAS_OPEN] = opened.open
    if not opened.open:
        return
    with opened:
        if not busy:
            st.caption("Nothing of this run trains now.")
        for lane in range(len(view.spec.lanes)):
            _switch(run, view, lane, busy, just_opened)
        st.button(
            "Step slowly",
            icon=":material/slow_motion_video:",
            key="slowly",
            disabled=not busy,
            help="Pauses, and shows what the next step does, one thing after another.",
            on_click=_begin,
            args=(run,),
        )


def _switch(run: Run, view: RunView, lane: int, busy: bool, new: bool) -> None:
    """Which phases of a lane train; nothing, where there is but one."""
    known = phase_names(view, lane)
    if len(known) < 2:
        return
    trained = trained_phases(view, lane)
    shown = trained[0] if len(trained) == 1 else EVERYTHING
    key, seen = f"phases.{run.id}.{lane}", f"phases.seen.{run.id}.{lane}"
    if new or st.session_state.get(seen) != shown:  # also where another visitor has chosen
        st.session_state[key] = st.session_state[seen] = shown
    st.segmented_control(
        f"{literal(view.title(lane))} trains",
        [EVERYTHING, *known],
        required=True,
        key=key,
        format_func=lambda name: words_for(known if name == EVERYTHING else [name], known),
        disabled=not busy,
        on_change=_choose,
        args=(run, lane, known, key),
    )


def _choose(run: Run, lane: int, known: Sequence[str], key: str) -> None:
    name = st.session_state.get(key)
    if name is None:
        return  # Streamlit may report a control of a page that has just been left
    try:
        run.request("phases", lane=lane, names=list(known) if name == EVERYTHING else [name])
    except (RunUnreadable, OSError) as error:
        st.toast(literal(str(error)))


def _begin(run: Run) -> None:
    """Ask what the next step will do: the next run of the page opens the dialog."""
    forget()
    asked = time.time_ns()
    try:
        run.request("pause")
        run.request("explain", asked=asked)
    except (RunUnreadable, OSError) as error:
        st.toast(literal(str(error)))
        return
    st.session_state[ASKED], st.session_state[BEGINS], st.session_state[AT] = asked, True, 0


def slow_step_begins() -> bool:
    """Whether it was asked for since this was asked last."""
    begins: bool = st.session_state.pop(BEGINS, False)
    return begins


def forget() -> None:
    for key in (ASKED, OF_RUN, FOUND, AT, REFUSED):
        st.session_state.pop(key, None)


def slow_step_dialog(run: Run, read: Callable[[], RunView]) -> None:
    """The dialog, where the next step of this run was asked for: another run may be shown since.

    read: the run as it is now. Raises RunUnreadable.
    """
    if ASKED not in st.session_state:
        return
    if st.session_state.setdefault(OF_RUN, run.id) != run.id:
        return forget()
    st.dialog("The next step, one thing after another", width="large", on_dismiss=forget)(_walk)(run, read)


def _walk(run: Run, read: Callable[[], RunView]) -> None:
    if ASKED not in st.session_state:  # the step was made
        st.rerun()
    try:
        found = st.session_state.get(FOUND) or read_next_step(run, st.session_state[ASKED])
        lanes = lane_views(read())
    except RunUnreadable as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    if found is None:
        _wait(run)
        return
    st.session_state[FOUND] = found
    answer, arrays = found
    _sub_step(run, answer, arrays, lanes)


@st.fragment(run_every=LOOK_SECONDS)
def _wait(run: Run) -> None:
    """Look again, until the answer is there."""
    try:
        if read_next_step(run, st.session_state.get(ASKED, 0)):
            st.rerun()
        if run.state().state not in ACTIVE:
            st.info("The run has ended, so it makes no further step. Resume it, and ask again.")
            return
    except RunUnreadable as error:
        st.error(literal(str(error)), icon=":material/error:")
    st.caption("The worker pauses the run and works out its next step.")


def _sub_step(run: Run, found: NextStep, arrays: dict[str, np.ndarray], lanes: list[LaneView]) -> None:
    ways = [sub_steps(lane.updates) for lane in found.lanes]
    last = max(map(len, ways)) - 1
    at: int = max(0, min(st.session_state.get(AT, 0), last))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        move = partial(st.session_state.__setitem__, AT)
        st.button(
            "Previous",
            icon=":material/arrow_back:",
            key="slow.previous",
            shortcut="left",
            disabled=at <= 0,
            on_click=move,
            args=(at - 1,),
        )
        st.button(
            "Next",
            icon=":material/arrow_forward:",
            key="slow.next",
            shortcut="right",
            disabled=at >= last,
            on_click=move,
            args=(at + 1,),
        )
        st.button(
            "Make the step",
            icon=":material/skip_next:",
            key="slow.make",
            shortcut="enter",
            type="primary" if at >= last else "secondary",
            on_click=_make,
            args=(run, found),
        )
    if words := st.session_state.pop(REFUSED, ""):
        st.warning(literal(words), icon=":material/warning:")
    for first in range(0, len(lanes), 2):
        row = range(first, min(first + 2, len(lanes)))
        for column, lane in zip(st.columns(2), row, strict=False):
            with column:
                _lane(lanes[lane], found, arrays, ways[lane], at)


def _lane(lane: LaneView, found: NextStep, arrays: dict[str, np.ndarray], way: list[SubStep], at: int) -> None:
    updates = found.lanes[lane.lane].updates
    heading = f":color[■]{{foreground='{lane.colour}'}} **{literal(lane.title)}**"
    if not way:
        st.markdown(heading)
        st.markdown(literal(found.lanes[lane.lane].message))
        return
    shown = way[min(at, len(way) - 1)]
    update = updates[shown.update]
    place = f"{min(at, len(way) - 1) + 1} of {len(way)}"
    with st.container(key=f"slow-words-{lane.lane}"):
        st.markdown(f"{heading} · {place} · **{literal(shown.title)}** ({literal(update.phase.replace('_', ' '))})")
        st.markdown(literal(shown.words if at < len(way) else f"{shown.words} Its step ends here."))
    start = f"{lane.lane}-{shown.update}-"
    drawn = {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
    if "table" not in lane.reference:
        how = "the batch and what is made" if lane.pictures else "real examples in grey, what is made in colour"
        alt = f"{lane.title}: {shown.title.lower()}, {how}"
        figure = next_step_figure(lane, shown.kind, update, drawn)
        chart_grid([Cell("picture", 1, PICTURE, figure, alt=alt)], key=f"slow.{lane.lane}", columns=1)


def _make(run: Run, found: NextStep) -> None:
    """Make the step that was shown, and no other."""
    try:
        state = run.state()
        if state.state != "paused" or [lane.step for lane in state.lanes] != [lane.step for lane in found.lanes]:
            st.session_state[REFUSED] = "The run has gone on since. Close this, and ask for its next step again."
            return
        run.request("step")
    except (RunUnreadable, OSError) as error:
        st.session_state[REFUSED] = str(error)
        return
    forget()
