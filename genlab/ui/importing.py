"""Opening a run that was exported as a zip, on the page of runs."""

from __future__ import annotations

import streamlit as st

from genlab.runs.archives import ArchiveRefused, import_run
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import get_store

# In the session: what was uploaded; the id of the run, or why there is none.
FILE, OPENED = "import.file", "import.opened"


def import_runs() -> None:
    """A place for the file, and what became of the last one."""
    with st.expander("Open a run from a file", icon=":material/upload:", key="import"):
        st.file_uploader("A zip that was exported here or elsewhere", type="zip", key=FILE, on_change=_open)
    run_id, refused = st.session_state.pop(OPENED, ("", ""))
    if refused:
        st.error(literal(refused), icon=":material/error:")
    if run_id:
        st.page_link(
            "pages/train.py", label=f"Opened as {run_id}", icon=":material/history:", query_params={"run": run_id}
        )


def _open() -> None:
    file = st.session_state.get(FILE)
    if file is None:
        return
    try:
        st.session_state[OPENED] = import_run(get_store(), file).id, ""
    except (ArchiveRefused, OSError) as error:
        st.session_state[OPENED] = "", str(error)
