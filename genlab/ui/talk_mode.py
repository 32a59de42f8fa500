"""A run as a talk: one idea a screen, over the run as it is now, or a recorded run until there is something of it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from genlab.figures.base import lane_views
from genlab.figures.recorded_talk import recorded_slides
from genlab.figures.talk import LANES_A_ROW, slides, spoken_of, talk_cells
from genlab.recordings import Recording, recording_of, recordings
from genlab.runs import Run, RunUnreadable
from genlab.runs.folder import ACTIVE
from genlab.runs.view import RunReader
from genlab.spec import RunSpec
from genlab.ui.address import clock_from_address, hidden_parts, step_from_address, talk_asked
from genlab.ui.controls import run_from_address
from genlab.ui.escape import literal
from genlab.ui.live import POLL_SECONDS, REST_SECONDS, lane_frames
from genlab.ui.marks import marks
from genlab.ui.timeline import play_recording, timeline
from genlab.ui.worker_supervisor import ensure_worker

WAIT_SECONDS = 1.0  # between two looks whether a run has begun


def talk_about_run() -> None:
    """Show the run of the address as a talk, or a recorded one where the address has none; draw nothing else of the
    page. Where the address asks for no talk, do nothing.
    """
    if not talk_asked():
        return
    run = run_from_address()
    ensure_worker()
    if run is None:
        _recorded(next(iter(recordings().values())), "train")
        st.stop()
    try:
        state, spec = run.state().state, run.spec()
    except RunUnreadable as error:
        st.error(literal(str(error)))
        st.stop()
    leaves = f"train?run={run.id}"
    if run.steps_of_frames():
        look = st.fragment(_live, run_every=POLL_SECONDS if state in ACTIVE else REST_SECONDS)
        look(run, state in ACTIVE, step_from_address(), leaves)
    else:
        st.fragment(_wait, run_every=WAIT_SECONDS)(run)
        _recorded(_nearest(spec), leaves)
    st.stop()


def _wait(run: Run) -> None:
    if run.steps_of_frames():
        st.rerun()


def _nearest(spec: RunSpec) -> Recording:
    """The recorded run of the same spec; else one on the same data, else the first."""
    offered = list(recordings().values())
    on_the_same_data = (recording for recording in offered if recording.spec["dataset"] == spec.dataset)
    return recording_of(spec.model_dump()) or next(on_the_same_data, offered[0])


def _live(run: Run, active: bool, step: int | None, leaves: str) -> None:
    if st.session_state.get("talked") != run.id:
        st.session_state.talked, st.session_state.talk_reader = run.id, RunReader(run, with_past=True)
    reader: RunReader = st.session_state.talk_reader
    try:
        view = reader.read()
    except RunUnreadable as error:
        st.error(literal(str(error)))
        return
    if (view.state.state in ACTIVE) != active:
        st.rerun()
    clock = clock_from_address(view.spec.clock)
    lanes = lane_views(view, clock)
    cells = talk_cells(lanes)
    kept = [(lane.flow, lane.parameters) for lane in view.metadata.lanes]
    spoken = spoken_of(lanes, view.dataset_title, kept)
    timeline(
        cells,
        lanes,
        lane_frames(reader, view),
        key="run-stage",
        columns=LANES_A_ROW,
        active=active,
        step=step,
        marks=marks(view, clock),
        talk=_told(slides(spoken, {cell.name: cell.lanes for cell in cells}), leaves),
    )


def _recorded(recording: Recording, leaves: str) -> None:
    told = _told(recorded_slides(recording), leaves)
    play_recording(recording.read(), key="recorded-stage", plays=False, talk=told)


def _told(screens: list[dict[str, Any]], leaves: str) -> dict[str, Any]:
    return {"slides": screens, "hidden": sorted(hidden_parts()), "leaves": leaves, "named": "screen"}
