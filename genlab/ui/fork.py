"""Going on from a moment of a run, as it was or with one setting changed."""

from __future__ import annotations

import streamlit as st

from genlab.registry import MODELS
from genlab.runs import Run, RunUnreadable
from genlab.runs.checkpoints import fork_steps
from genlab.runs.folder import ACTIVE
from genlab.runs.forks import Change, describe_fork, make_fork
from genlab.spec import LETTERS, RunSpec, SpecError, changeable_names, setting_notes
from genlab.ui.controls import BUDGETS, check_budget, start
from genlab.ui.escape import literal
from genlab.ui.model_controls import setting_control, setting_label

# In the session: where a fork was asked for, whether it was just now, of which run, and where the dialog says that it
# begins.
ASKED, BEGINS, OF_RUN, SAID = "fork.step", "fork.begins", "fork.run", "fork.said"


def ask_fork(step: int) -> None:
    """Ask for a fork at a step: the next run of the page opens the dialog."""
    _forget()
    st.session_state[ASKED], st.session_state[BEGINS] = step, True


def fork_begins() -> bool:
    """Whether a fork was asked for since this was asked last."""
    begins: bool = st.session_state.pop(BEGINS, False)
    return begins


def fork_dialog(run: Run) -> None:
    """The dialog, where a fork of this run was asked for: another run may be shown since."""
    if ASKED not in st.session_state:
        return
    if st.session_state.setdefault(OF_RUN, run.id) != run.id:
        return _forget()
    st.dialog("Fork this run", on_dismiss=_forget)(_fork)(run)


def _forget() -> None:
    for key in (ASKED, OF_RUN, SAID):
        st.session_state.pop(key, None)


def forked_from(run: Run) -> None:
    """Where a fork began, with what, and a link to both branches side by side."""
    origin = run.metadata().forked_from
    if not origin:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(literal(describe_fork(origin)), width="content")
        query = {"runs": f"{origin.run},{run.id}"}
        st.page_link("pages/compare.py", label="Both branches", icon=":material/call_split:", query_params=query)


def _fork(run: Run) -> None:
    step: int | None = st.session_state.get(ASKED)
    if step is None:
        return
    try:
        spec, available = run.runnable_spec(), fork_steps(run)
        begin = max((at for at in available if at <= step), default=None)
        if begin is None:
            st.error(f"No checkpoint was kept up to step {step:,}. Choose a later moment.")
            return
        at = f"step {begin:,}" if begin == step else f"step {begin:,}, the nearest kept checkpoint up to step {step:,}"
        unchanged = make_fork(run, begin).spec
        st.markdown(
            f"A new run goes on from {at}, with the settings this one had there: change one of them, or none. "
            "This run stays as it is."
        )
        lanes = range(len(spec.lanes))
        titles = [f"Model {LETTERS[lane]} ({MODELS[spec.lanes[lane].model].title})" for lane in lanes]
        lane = st.selectbox("Model", lanes, format_func=lambda index: titles[index], key="fork.lane")
        family, settings = MODELS[spec.lanes[lane].model], unchanged.lanes[lane].settings
        names = sorted(
            changeable_names(family.settings), key=lambda name: not setting_notes(family.settings, name)["main"]
        )
        setting = st.selectbox("Setting", names, format_func=_capitalised, key="fork.setting")
        present = family.settings(**settings)
        value = setting_control(present, setting, f"fork.{run.id}.{begin}.{lane}.{setting}", setting_label(setting))
        budget = _budget(unchanged, f"fork.{run.id}.{begin}.budget")
        stops = run.state().state in ACTIVE and st.toggle("Stop this run, so that the fork trains at once", value=True)
        said: int = st.session_state.get(SAID, begin)
        st.session_state[SAID] = begin
        if st.button("Fork", type="primary", icon=":material/call_split:", key="fork-now"):
            check_budget(spec.clock, budget)
            fork = make_fork(run, said, Change(lane, setting, value), budget)
            if fork.forked_from.step != said:  # the run has trained on, and keeps other checkpoints
                st.warning(
                    f"The checkpoint of step {said:,} is not kept any more. Now the fork would go on from step "
                    f"{begin:,}: press Fork again for that, or choose another moment."
                )
                return
            _forget()
            start(fork.spec, run if stops else None, fork=fork)
            st.session_state[ASKED] = step  # it was refused, and the dialog is still open
    except (RunUnreadable, SpecError) as error:
        st.error(literal(str(error)))


def _budget(spec: RunSpec, key: str) -> float:
    """How far the fork trains, in the unit of its run: as far as it would unless another number is chosen."""
    unit, whole = spec.clock, spec.budget == int(spec.budget)
    return st.number_input(
        f"{unit.capitalize()} in all",
        value=int(spec.budget) if whole else spec.budget,
        step=BUDGETS[unit][1] if whole else float(BUDGETS[unit][1]),
        key=key,
        help=f"Each model trains up to so many {unit}, counted from the beginning as those of this run are.",
    )


def _capitalised(name: str) -> str:
    words = setting_label(name)
    return words[0].upper() + words[1:]
