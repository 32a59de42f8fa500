"""How long the run that the controls ask for takes on this machine: the worker prepares it and times its steps."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from genlab.runs.memory import check_memory
from genlab.runs.speeds import describe_budget, read_speeds
from genlab.spec import RunSpec, SpecError
from genlab.ui.worker_supervisor import get_store, worker_memory

LOOK_SECONDS = 2.0  # between two looks for an estimate that is not there yet


def expect(spec: RunSpec) -> None:
    """Have the worker prepare what the controls ask for, if there is memory for it and nothing else to do."""
    with suppress(SpecError, OSError):
        check_memory(spec, worker_memory())
        get_store().expect(spec)


def estimate(spec: RunSpec) -> None:
    """What the budget means on this machine, once the worker has timed a few steps."""
    known = bool(read_speeds(get_store(), spec))
    st.fragment(_estimate, run_every=None if known else LOOK_SECONDS)(spec, known)


def _estimate(spec: RunSpec, known: bool) -> None:
    speeds = read_speeds(get_store(), spec)
    if speeds and not known:
        st.rerun()  # there is nothing to look for any more
    st.caption(describe_budget(spec, speeds) if speeds else "How long this takes here is not known yet.")
