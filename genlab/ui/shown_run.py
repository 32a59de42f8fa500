"""The run that a page shows: named by its address, and carried along from page to page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import streamlit as st

from genlab.runs import Run, RunUnreadable
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import get_store

LAST = "run.last"  # in the session: the run that this visitor looked at last
OF_ANOTHER = ("dataset", "step")  # in an address without this run


def last_run() -> str | None:
    """The run that this visitor looked at last: that of the address, or of a page before. None if there is none, or it
    cannot be read any more.
    """
    for run_id in filter(None, (st.query_params.get("run"), st.session_state.get(LAST))):
        with suppress(RunUnreadable):
            get_store().open(run_id).spec()
            st.session_state[LAST] = run_id
            return str(run_id)
    return None


def name_run(run_id: str) -> None:
    """Have the address name a run, without what it said of another. At once: each change is a step of Back."""
    query = {**st.query_params, "run": run_id}
    st.query_params.from_dict({name: value for name, value in query.items() if name not in OF_ANOTHER})


def choose_run(key: str, offered: Mapping[str, str], label: Callable[[str], str]) -> Run | None:
    """The run in the address, else the one that was looked at last, else the first that is offered; chosen in a list,
    and named by the address from then on. None if there is none.

    key: of the list.
    offered: what each run is called, by its id.
    label: what a run is called that is not offered.
    """
    named = st.query_params.get("run")
    shown = named or last_run()
    if shown and shown not in offered:
        try:
            get_store().open(shown).spec()
            offered = {shown: label(shown), **offered}
        except RunUnreadable as error:
            st.error(literal(str(error)), icon=":material/link_off:")
            shown = None
    if not offered:
        return None
    shown = shown or next(iter(offered))
    if not named:
        st.query_params["run"] = shown
        st.rerun()  # the links above carry it, too
    st.session_state[key] = shown

    def choose() -> None:
        name_run(st.session_state[key])

    st.selectbox("Run", list(offered), format_func=offered.__getitem__, key=key, on_change=choose)
    return get_store().open(st.session_state[key])
