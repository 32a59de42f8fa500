"""A recorded run on a page, always with the words that say that it is one."""

from __future__ import annotations

import streamlit as st

from genlab.recordings import Recording, recordings
from genlab.runs import Run
from genlab.spec import RunSpec
from genlab.ui.escape import literal
from genlab.ui.timeline import play_recording


def play(recording: Recording) -> None:
    """The label and the time line, which plays at once and in a loop."""
    st.caption(literal(recording.label))
    play_recording(recording.read(), key="recording")


def play_until_first_frame(run: Run, spec: RunSpec) -> bool:
    """Where a run has no frame yet, play the recorded run of the same spec; returns whether it does."""
    if any(run.frame_steps(lane) for lane in range(len(spec.lanes))):
        return False
    same = [recording for recording in recordings().values() if recording.is_of(spec.model_dump())]
    if same:
        play(same[0])
    return bool(same)
