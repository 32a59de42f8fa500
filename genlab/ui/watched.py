"""The run that a page follows: read once for a visitor, and then only what is new."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from genlab.runs import Run
from genlab.runs.folder import ACTIVE
from genlab.runs.view import RunReader, RunView
from genlab.ui.worker_supervisor import get_store


def watched(run: Run) -> RunView:
    """The run as it is now, with real data in place of its own until it has it. Raises RunUnreadable."""
    if st.session_state.get("watched") != run.id:
        st.session_state.watched, st.session_state.watch = run.id, RunReader(run, with_past=True)
        st.session_state.real_data = None
    view: RunView = st.session_state.watch.read()
    if view.reference is not None or view.state.state not in ACTIVE:
        return view
    if st.session_state.real_data is None:  # looked for once
        st.session_state.real_data = get_store().reference_like(run) or {}
    return replace(view, reference=st.session_state.real_data or None)
