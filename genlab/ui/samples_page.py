"""The samples page: fresh samples, one draw through training, two pictures over each other, nearest neighbours."""

from __future__ import annotations

import streamlit as st

from genlab.figures.base import LaneView, lane_views
from genlab.runs import Run, RunUnreadable
from genlab.runs.view import RunReader, RunView
from genlab.ui.address_controls import choice
from genlab.ui.escape import literal
from genlab.ui.fresh_samples import fresh_view, neighbours_view
from genlab.ui.recorded_samples import swipe_view, time_view
from genlab.ui.run_choice import choose_finished_run

SHOWS = {"fresh": "Fresh", "time": "Through time", "swipe": "A and B", "neighbours": "Neighbours"}
# What the address says of one run, and seldom fits another.
OF_A_RUN = ("size", "class", "draw", "draws", "sample", "a", "b")


def samples_page() -> None:
    shows = (
        "fresh samples of its models, one draw of the latent through training, two lanes or two steps over each other, "
        "and the training examples that are nearest to a sample"
    )
    run = choose_finished_run("samples", "Samples", shows)
    if run is None:
        return
    if st.session_state.setdefault("samples.of", run.id) != run.id:
        st.session_state["samples.of"] = run.id
        for name in OF_A_RUN:
            st.query_params.pop(name, None)
    try:
        view = RunReader(run).read()
        lanes = lane_views(view)
    except RunUnreadable as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    if not lanes[0].reference or not any(lane.frame for lane in lanes):
        st.info("This run has no frames yet, so there are no samples to show. Train it first.")
        return
    _explore(run, view, lanes)


@st.fragment
def _explore(run: Run, view: RunView, lanes: list[LaneView]) -> None:
    controls = st.container(horizontal=True, vertical_alignment="bottom", key="samples-controls")
    with controls:
        shown = choice("Show", "show", SHOWS, "fresh", "buttons")
    if shown == "fresh":
        fresh_view(controls, run, lanes)
    elif shown == "neighbours":
        neighbours_view(controls, run, lanes)
    elif shown == "time":
        time_view(controls, run, view, lanes)
    else:
        swipe_view(run, view, lanes)
