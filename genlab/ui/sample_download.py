"""Samples of a lane as a file: asked for on the page, drawn by the worker, and saved by the browser."""

from __future__ import annotations

import streamlit as st

from genlab.runs import Run
from genlab.runs.drawings import MAXIMUM, Drawing, answer, reason
from genlab.runs.view import RunView
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import ensure_worker, get_store

POLL_SECONDS = 0.5
COUNT = 1000


def sample_downloads(run: Run, view: RunView) -> None:
    """For each lane a button that opens what can be asked for, side by side."""
    with st.container(horizontal=True):
        for lane in range(len(view.spec.lanes)):
            with st.popover(f"Samples of {literal(view.title(lane))}", icon=":material/download:"):
                _download(run, lane)


@st.fragment
def _download(run: Run, lane: int) -> None:
    count = st.number_input("How many", 1, MAXIMUM, COUNT, key=f"samples.{run.id}.{lane}.count")
    seed = st.number_input("Seed", 0, 2**31 - 1, 0, key=f"samples.{run.id}.{lane}.seed")
    drawing = Drawing(lane, int(count), int(seed))
    if path := answer(run, drawing):
        kind = "pictures" if path.suffix == ".zip" else "table"
        st.download_button(
            f"Save the {kind}",
            path.read_bytes,
            file_name=f"samples-{run.id}-{path.name}",
            type="primary",
            icon=":material/download:",
            key=f"samples.{run.id}.{drawing.name}.save",
            on_click="ignore",
        )
    elif message := reason(run, drawing):
        st.error(literal(message), icon=":material/error:")
    elif get_store().samples_stage(run):
        ensure_worker()
        _wait(run)
    elif st.button("Draw", icon=":material/casino:", key=f"samples.{run.id}.{lane}.draw"):
        get_store().request_samples(run, drawing)
        st.rerun(scope="fragment")


@st.fragment(run_every=POLL_SECONDS)
def _wait(run: Run) -> None:
    """Look again, until the samples are there."""
    if get_store().samples_stage(run) is None:
        st.rerun()
    st.caption("The worker draws them, once it is free.")
