"""The controls of a run as it trains: which picture is shown, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from genlab.registry import FIGURES
from genlab.runs import QueueFull, Run, RunUnreadable
from genlab.runs.folder import ACTIVE, StateName
from genlab.runs.forks import fork_again
from genlab.runs.view import RunView
from genlab.spec import SpecError
from genlab.ui.controls import start
from genlab.ui.escape import literal
from genlab.ui.inside_step import inside_step, slow_step_begins
from genlab.ui.worker_supervisor import get_store

REFUSED = "live.refused"  # in the session: why what was pressed last could not be done
RESUMABLE = ("paused", "stopped", "interrupted")


def run_controls(run: Run, state: StateName, read: Callable[[], RunView]) -> None:
    """The picture that is chosen, and the buttons.

    state: that the page was drawn for.
    read: the run as it is now. Raises RunUnreadable.
    """
    if words := st.session_state.pop(REFUSED, ""):
        st.toast(literal(words), icon=":material/error:")
    try:
        view = read()
    except RunUnreadable:  # said beside it
        return
    if view.state.state != state or slow_step_begins():
        st.rerun()
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"):
        _picture_control(view)
        _buttons(run, view)


def pictures(view: RunView) -> list[str]:
    """The figures of which one is in the first place of every lane: those of its data that any model can have."""
    able = {"", *(ability for lane in range(len(view.spec.lanes)) for ability in view.abilities(lane))}
    return [
        entry.name
        for entry in FIGURES.values()
        if entry.belongs == "picture" and entry.ability in able and entry.kind in ("", view.metadata.dataset.kind)
    ]


def _picture_control(view: RunView) -> None:
    """Which picture is in the first place of every lane, chosen where there is a choice."""
    offered = pictures(view)
    if len(offered) > 1:
        if st.session_state.get("picture") not in offered:  # chosen for a run of other data or models
            st.session_state.picture = offered[0]
        st.selectbox(
            "Picture",
            offered,
            offered.index(st.session_state.picture),
            format_func=lambda name: FIGURES[name].title,
            key="picture",
            label_visibility="collapsed",
            width=150,
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
            on_click=_ask,
            args=(run.request, "pause"),
        )
    # Callbacks run once; the code after a button may run twice, where an update of the page interrupts it.
    st.button(
        "Step",
        icon=":material/skip_next:",
        key="step",
        disabled=not busy,
        shortcut="s",
        help="One step of each lane, then pause.",
        on_click=_ask,
        args=(run.request, "step"),
    )
    inside_step(run, view, busy)
    st.button(
        "Stop",
        icon=":material/stop:",
        key="stop",
        disabled=state not in ACTIVE,
        on_click=_ask,
        args=(get_store().stop, run),
    )
    if st.button(
        "Reset",
        icon=":material/restart_alt:",
        key="reset",
        help=f"Back to {_beginning(view)}, paused. This run stays under Runs.",
    ):
        try:
            fork = fork_again(run)
            start(fork.spec if fork else run.runnable_spec(), run, paused=True, fork=fork)
        except (RunUnreadable, SpecError) as error:
            st.error(literal(str(error)))


def _beginning(view: RunView) -> str:
    origin = view.metadata.forked_from
    return f"step {origin.step:,}, where it was forked" if origin else "step 0 with the same seed"


def _ask(ask: Callable[..., None], *arguments: Any) -> None:
    """Ask something of a run, which may have been deleted in another tab; why it cannot be is said after that."""
    try:
        ask(*arguments)
    except (RunUnreadable, OSError) as error:
        st.session_state[REFUSED] = str(error)


def _resume(run: Run) -> None:
    try:
        get_store().resume(run)
    except (QueueFull, RunUnreadable, SpecError, OSError) as error:
        st.error(literal(str(error)))
        return
    st.rerun()
