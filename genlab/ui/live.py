"""A run as it trains: its state in words, its buttons, and all its charts."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import streamlit as st

from genlab.figures.base import FigureEntry, LaneView, draw, lane_views
from genlab.registry import FIGURES
from genlab.runs import QueueFull, Run, RunUnreadable
from genlab.runs.folder import ACTIVE
from genlab.runs.view import RunReader, RunView
from genlab.spec import SpecError
from genlab.ui.chart_grid import Cell, chart_grid, send_everything
from genlab.ui.controls import start
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import ensure_worker, get_store, worker_status

POLL_SECONDS = 0.3
REST_SECONDS = 2.0  # once a run has ended: another visitor may resume it
LANES_A_ROW = 2
BESIDE, BELOW = "latent", "coverage"  # the figures beside the picture of a lane, and below all lanes
RESUMABLE = ("paused", "stopped", "interrupted")
PICTURE, CURVES, BARS, LINE = 250, 160, 175, 30  # heights in pixels: all of it fits 1280x800


def live_run(run: Run) -> None:
    """Follow a run: closely until it ends, and then at rest."""
    try:
        active = run.state().state in ACTIVE
    except RunUnreadable as error:
        st.error(literal(str(error)))
        return
    _spare_loaded_code()
    send_everything("charts")
    st.fragment(_follow, run_every=POLL_SECONDS if active else REST_SECONDS)(run, active)


@st.cache_resource(show_spinner=False)
def _spare_loaded_code() -> None:
    """Once for a server, keep what is loaded by now out of garbage collection. Streamlit collects after every look, and
    most of what a look cost was to go through the modules again.
    """
    gc.collect()
    gc.freeze()


def _follow(run: Run, active: bool) -> None:
    ensure_worker()
    try:
        if st.session_state.get("watched") != run.id:
            st.session_state.watched, st.session_state.watch, st.session_state.drawn = run.id, RunReader(run), {}
        view: RunView = st.session_state.watch.read()
    except RunUnreadable as error:
        st.error(literal(str(error)))
        return
    if (view.state.state in ACTIVE) != active:
        st.rerun()
    left, right = st.columns([3, 5], vertical_alignment="center")
    with left:
        st.progress(view.progress(), text=status_line(run, view))
    with right, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"):
        picture = _picture(view)
        _buttons(run, view)
    _errors(run, view)
    chart_grid(cells(view, st.session_state.drawn, picture), key="charts", columns=2 * lanes_a_row(view), only_new=True)


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


def _picture(view: RunView) -> str:
    """Which picture is in the first place of every lane, chosen where there is a choice."""
    offered = pictures(view)
    if len(offered) == 1:
        return offered[0]
    return st.segmented_control(
        "Picture",
        offered,
        default=offered[0],
        required=True,
        format_func=lambda name: FIGURES[name].title,
        key="picture",
        label_visibility="collapsed",
    )


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
            st.error(str(error))


def _resume(run: Run) -> None:
    try:
        get_store().resume(run)
    except (QueueFull, RunUnreadable, SpecError, OSError) as error:
        st.error(literal(str(error)))
        return
    st.rerun()


def cells(view: RunView, drawn: dict[str, tuple[object, Cell]], picture: str = "samples") -> list[Cell]:
    """The grid of the train page: a line of text, pictures, curves, one lane beside the other; then the bars of all.

    `picture` names the figure in the first place of a lane. `drawn` remembers the cells, so that a figure is made once
    for what it shows and not at every look.
    """

    def figure(name: str, span: int, height: int, *lanes: LaneView) -> Cell:
        entry = FIGURES[name]
        shows = [lane.frame.step if lane.frame else None for lane in lanes], view.recorded if entry.recorded else 0
        key = f"{lanes[0].lane}-{name}" if entry.belongs != "run" else name
        if drawn.get(key, ((), None))[0] != shows:
            drawn[key] = shows, figure_cell(entry, key, span, height, view, lanes)
        return drawn[key][1]

    everywhere = [entry.name for entry in FIGURES.values() if entry.belongs == "lane" and entry.name != BESIDE]
    result: list[Cell] = []
    lanes = lane_views(view)
    for row in (lanes[first : first + LANES_A_ROW] for first in range(0, len(lanes), LANES_A_ROW)):
        # An odd lane has its row to itself: nothing may flow up beside it.
        gap = 2 * (lanes_a_row(view) - len(row))
        for part in (
            [title_cell(view, lane, 2, LINE) for lane in row],
            [figure(name, 1, PICTURE, lane) for lane in row for name in (picture, BESIDE)],
            *([figure(name, 2, CURVES, lane) for lane in row] for name in everywhere),
        ):
            result += part + ([Cell(f"after-{part[-1].name}", gap, part[-1].height)] if gap else [])
    result.append(figure(BELOW, 2 * lanes_a_row(view), BARS, *lanes))
    return result


def figure_cell(
    entry: FigureEntry, name: str, span: int, height: int, view: RunView, lanes: Sequence[LaneView]
) -> Cell:
    """A figure of one lane, or of all of them."""
    whose = view.dataset_title if entry.belongs == "run" else lanes[0].title
    return Cell(name, span, height, draw(entry, lanes), alt=f"{whose}: {entry.alt}")


def title_cell(view: RunView, lane: LaneView, span: int, height: int) -> Cell:
    """The line of text above a lane."""
    heading, detail = headline(view, lane.lane), real_value(view)
    return Cell(f"{lane.lane}-title", span, height, heading=heading, detail=detail, colour=lane.colour)


def lanes_a_row(view: RunView) -> int:
    return min(LANES_A_ROW, len(view.spec.lanes))


def headline(view: RunView, lane: int) -> str:
    """The lane's model and its two numbers of mode coverage."""
    frame = view.frames[lane]
    if frame is None:
        return view.title(lane)
    solid, modes, share = (frame.metrics[name] for name in ("solid", "modes", "on_mode_share"))
    return f"{view.title(lane)} · {solid} of {modes} modes · {share:.0%} on a mode"


def real_value(view: RunView) -> str:
    """What held-out real data gets for the share on a mode."""
    return f"real data {view.reference['on_mode_share'].item():.0%}" if view.reference else ""
