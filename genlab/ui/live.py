"""A run as it trains: its state in words, its buttons, and all its charts, redrawn twice a second."""

from __future__ import annotations

import streamlit as st

from genlab.figures.base import LANE_COLOURS
from genlab.registry import FIGURES
from genlab.runs import QueueFull, Run, RunUnreadable
from genlab.runs.folder import ACTIVE
from genlab.runs.view import RunReader, RunView
from genlab.spec import SpecError
from genlab.ui.chart_grid import Cell, chart_grid
from genlab.ui.controls import start
from genlab.ui.worker_supervisor import ensure_worker, get_store, worker_status

POLL_SECONDS = 0.3
LANES_A_ROW = 2
PICTURES = ("samples", "reconstructions")  # one of which is in the first place of a lane
FRAMES = (*PICTURES, "latent", "coverage")  # figures that change with the newest frame and nothing else
RESUMABLE = ("paused", "stopped", "interrupted")
PICTURE, CURVES, BARS, LINE = 250, 160, 175, 30  # heights in pixels: all of it fits 1280x800


def live_run(run: Run) -> None:
    """Follow a run until it ends, then stop asking."""
    try:
        active = run.state().state in ACTIVE
    except RunUnreadable as error:
        st.error(str(error))
        return
    st.fragment(_follow, run_every=POLL_SECONDS if active else None)(run, active)


def _follow(run: Run, active: bool) -> None:
    ensure_worker()
    try:
        if st.session_state.get("watched") != run.id:
            st.session_state.watched, st.session_state.watch, st.session_state.drawn = run.id, RunReader(run), {}
        view: RunView = st.session_state.watch.read()
    except RunUnreadable as error:
        st.error(str(error))
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
    chart_grid(cells(view, st.session_state.drawn, picture), key="charts", columns=2 * lanes_a_row(view))


def _errors(run: Run, view: RunView) -> None:
    """Why lanes failed; why the run did, if it is not for its lanes, and where in the program."""
    failed = [(view.title(i), lane.message) for i, lane in enumerate(view.state.lanes) if lane.state == "failed"]
    for title, message in failed:
        st.error(f"{title}: {message}", icon=":material/error:")
    if view.state.state == "failed" and not failed:
        st.error(view.state.message, icon=":material/error:")
        if traceback := run.error():
            with st.expander("Details"):
                st.code(traceback, language=None)


def status_line(run: Run, view: RunView) -> str:
    """What is happening, as one line."""
    state, spec = view.state, view.spec
    words = [f"**{state.state}**"]
    if state.state == "queued":
        words.append(_place_in_queue(run))
    elif state.message and state.state != "failed" and state.message != "training":
        words.append(state.message)
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


def _picture(view: RunView) -> str:
    """Which picture is in the first place of every lane; there is a choice where a lane can give examples back."""
    if not any("reconstruct" in view.abilities(lane) for lane in range(len(view.spec.lanes))):
        return PICTURES[0]
    return st.segmented_control(
        "Picture",
        PICTURES,
        default=PICTURES[0],
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
        st.error(str(error))
        return
    st.rerun()


def cells(view: RunView, drawn: dict[str, tuple[list[int | None], Cell]], picture: str = PICTURES[0]) -> list[Cell]:
    """The grid of the train page: a line of text, pictures, curves, one lane beside the other; then the bars of all.

    `picture` names the figure in the first place of a lane. `drawn` remembers the cells of frames, so that one is drawn
    once and not at every look.
    """

    def figure(name: str, span: int, height: int, lane: int | None = None) -> Cell:
        frames = view.frames if lane is None else [view.frames[lane]]
        steps = [frame.step if frame else None for frame in frames]
        key = f"{lane}-{name}"
        if name not in FRAMES or drawn.get(key, ([], None))[0] != steps:
            drawn[key] = steps, _figure(view, name, span, height, lane)
        return drawn[key][1]

    result: list[Cell] = []
    lanes = range(len(view.spec.lanes))
    for row in (lanes[first : first + LANES_A_ROW] for first in lanes[::LANES_A_ROW]):
        # An odd lane has its row to itself: nothing may flow up beside it.
        gap = 2 * (lanes_a_row(view) - len(row))
        for part in (
            [_title(view, lane) for lane in row],
            [figure(name, 1, PICTURE, lane) for lane in row for name in (picture, "latent")],
            [figure("losses", 2, CURVES, lane) for lane in row],
        ):
            result += part + ([Cell(f"after-{part[-1].name}", gap, part[-1].height)] if gap else [])
    result.append(figure("coverage", 2 * lanes_a_row(view), BARS))
    return result


def lanes_a_row(view: RunView) -> int:
    return min(LANES_A_ROW, len(view.spec.lanes))


def _title(view: RunView, lane: int) -> Cell:
    return Cell(
        f"{lane}-title", 2, LINE, heading=headline(view, lane), detail=real_value(view), colour=LANE_COLOURS[lane]
    )


def headline(view: RunView, lane: int) -> str:
    """The lane's model and its two numbers of mode coverage."""
    frame = view.frames[lane]
    if frame is None:
        return view.title(lane)
    solid, modes, share = (frame.metrics[name] for name in ("solid", "modes", "on_mode_share"))
    return f"{view.title(lane)} · {solid} of {modes} modes · {share:.0%} on a mode"


def real_value(view: RunView) -> str:
    """What held-out real data gets for the share on a mode."""
    return f"real {view.reference['on_mode_share'].item():.0%}" if view.reference else ""


def _figure(view: RunView, name: str, span: int, height: int, lane: int | None = None) -> Cell:
    entry = FIGURES[name]
    figure = entry.function(view) if lane is None else entry.function(view, lane)
    whose = view.dataset_title if lane is None else view.title(lane)
    return Cell(name if lane is None else f"{lane}-{name}", span, height, figure, alt=f"{whose}: {entry.alt}")
