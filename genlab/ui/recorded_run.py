"""A recorded run on a page, always with the words that say that it is one."""

from __future__ import annotations

import streamlit as st

from genlab.recordings import Recording, recording_of
from genlab.runs import Run
from genlab.spec import RunSpec
from genlab.ui.escape import literal
from genlab.ui.timeline import play_recording


def play(recording: Recording, step: int | None = None, addressed: bool = True, words: str = "") -> None:
    """The label and the time line, which plays at once and in a loop, or stands at a step.

    words: further ones beside the label.
    step: as the address had it when the recording was opened; once it is here the browser moves it.
    addressed: whether the address names the step that it stands at.
    """
    step = st.session_state.setdefault(f"recording.{recording.place}.step", step)
    st.caption(literal(f"{recording.label} {words}".strip()))
    play_recording(recording.read(), key="recording", plays=step is None, step=step, addressed=addressed)


def play_until_first_frame(run: Run, spec: RunSpec) -> bool:
    """Where a run has no frame yet, play the recorded run of the same spec; returns whether it does."""
    if run.steps_of_frames():
        return False
    same = recording_of(spec.model_dump())
    if same:
        play(same, addressed=False)  # it is not the run that the address names
    return same is not None
