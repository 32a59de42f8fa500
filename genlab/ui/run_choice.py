"""The choice of a finished run, on pages that show one."""

from __future__ import annotations

import streamlit as st

from genlab.runs import Run, RunUnreadable
from genlab.ui.escape import literal
from genlab.ui.run_label import run_label
from genlab.ui.worker_supervisor import get_store

OFFERED = 50  # runs, the newest


def choose_finished_run(page: str, title: str, shows: str) -> Run | None:
    """The run in the address, else the newest that is done; chosen in a list of those. None if there is none, which the
    page then says.

    page: what the key of the list begins with; title, shows: the page, and what it shows once there is a run.
    """
    store, named, key = get_store(), st.query_params.get("run"), f"{page}.run"
    done = [run.id for run in store.runs() if _is_done(run)][:OFFERED]
    if named and named not in done:
        try:
            store.open(named).spec()
            done.insert(0, named)
        except RunUnreadable as error:
            st.error(literal(str(error)), icon=":material/link_off:")
            named = None
    if not done:
        st.subheader(title)
        st.markdown(f"No finished run yet. Once there is one, this page shows {shows}.")
        st.page_link("pages/train.py", label="Train a GAN and a VAE", icon=":material/play_arrow:")
        return None

    def choose() -> None:
        st.query_params["run"] = st.session_state[key]

    st.session_state[key] = named or done[0]
    chosen = st.selectbox("Run", done, format_func=_label, key=key, on_change=choose)
    return store.open(chosen)


def _is_done(run: Run) -> bool:
    try:
        return run.state().state == "done"
    except RunUnreadable:
        return False


def _label(run_id: str) -> str:
    return run_label(run_id) or run_id
