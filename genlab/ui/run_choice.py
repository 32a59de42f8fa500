"""The choice of a finished run, on pages that show one."""

from __future__ import annotations

import streamlit as st

from genlab.runs import Run, RunUnreadable
from genlab.ui.run_label import run_label
from genlab.ui.shown_run import choose_run
from genlab.ui.worker_supervisor import get_store

OFFERED = 50  # runs, the newest


def choose_finished_run(page: str, title: str, shows: str) -> Run | None:
    """The run that the page shows, see `choose_run`, the newest that is done at first. None if there is none, which the
    page then says.

    page: what the key of the list begins with; title, shows: the page, and what it shows once there is a run.
    """
    done = [run.id for run in get_store().runs() if _is_done(run)][:OFFERED]
    run = choose_run(f"{page}.run", {run_id: _label(run_id) for run_id in done}, _label)
    if run is None:
        st.subheader(title)
        st.markdown(f"No finished run yet. Once there is one, this page shows {shows}.")
        st.page_link("pages/train.py", label="Train a GAN and a VAE", icon=":material/play_arrow:")
    return run


def _is_done(run: Run) -> bool:
    try:
        return run.state().state == "done"
    except RunUnreadable:
        return False


def _label(run_id: str) -> str:
    return run_label(run_id) or run_id
