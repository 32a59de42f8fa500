"""How it works: each model of a run drawn from its own phases, its formula, and the numbers of the run in it."""

from __future__ import annotations

import streamlit as st

from genlab.figures.glossary import GLOSSARY, anchor
from genlab.figures.phases import draw_phase
from genlab.models.flows import known_flow
from genlab.models.formulas import formula, typeset
from genlab.registry import MODELS
from genlab.runs import Run, RunUnreadable
from genlab.runs.explained import Explained, ExplainedPhase, differences, explain
from genlab.runs.folder import ACTIVE
from genlab.runs.tables import format_number
from genlab.runs.view import RunReader
from genlab.spec import LANE_COLOURS
from genlab.ui.address import step_from_address
from genlab.ui.escape import literal, literal_table
from genlab.ui.shown_run import choose_run
from genlab.ui.worker_supervisor import get_store

OFFERED = 50  # runs, the newest
POLL_SECONDS = 1.0
LANES_A_ROW = 2
WIDEST = "-0.000"  # number in a formula, while it changes


def how_it_works() -> None:
    with st.container(key="models", gap="small"):
        _models()
    _glossary()


def _models() -> None:
    run = _chosen()
    if run is None:
        st.subheader("How it works")
        st.markdown("Every model, drawn from its own phases. Train a run, and its numbers stand in the formulas.")
        st.page_link("pages/train.py", label="Train a GAN and a VAE", icon=":material/play_arrow:")
        _all_models()
    else:
        active = run.state().state in ACTIVE
        st.fragment(_explain, run_every=POLL_SECONDS if active else None)(run, active, step_from_address())
        with st.expander("Every other model"):
            _all_models()


def _chosen() -> Run | None:
    """The run that the page shows, the newest that can be read at first."""
    store = get_store()
    offered = {run.id: label for run in store.runs()[:OFFERED] if (label := _label(run))}
    return choose_run("explained.run", offered, lambda run_id: _label(store.open(run_id)) or run_id)


def _label(run: Run) -> str:
    """Its data, models and seed; "" for one that cannot be read."""
    try:
        spec, metadata = run.spec(), run.metadata()
        run.state()
    except RunUnreadable:
        return ""
    models = " and ".join(lane.title for lane in metadata.lanes)
    return f"{metadata.dataset.title}: {models}, seed {spec.seed} · {run.id}"


def _explain(run: Run, active: bool, step: int | None) -> None:
    try:
        view = RunReader(run, with_past=True).read()
    except RunUnreadable as error:
        st.error(literal(str(error)))
        return
    if (view.state.state in ACTIVE) != active:
        st.rerun()
    lanes = [explain(view, lane, LANE_COLOURS[lane], step) for lane in range(len(view.spec.lanes))]
    for first in range(0, len(lanes), LANES_A_ROW):
        row = lanes[first : first + LANES_A_ROW]
        for column, lane in zip(st.columns(LANES_A_ROW if len(lanes) > 1 else 1, gap="medium"), row):
            with column:
                _lane(lane, active)
    if len(lanes) > 1 and (rows := differences(lanes)):
        st.subheader("Where they differ", anchor="where-they-differ")
        st.markdown(literal_table({"": rows}))
        st.caption("Read off the phases that were built, and what was recorded; what is the same is left out.")


def _lane(lane: Explained, active: bool) -> None:
    """A model: what it is, its formula, and each of its phases with what it recorded."""
    st.html(f'<div style="border-top:4px solid {lane.colour}"></div>')
    st.markdown(f"**{literal(lane.title)}**" + (f": {literal(lane.description)}" if lane.description else ""))
    if lane.formula:
        st.latex(typeset(lane.formula))
    if not lane.phases:
        st.caption("Its picture is read off its networks when it is first trained: not yet, here.")
    for phase in lane.phases:
        _phase(lane, phase, active)
    moved = {name for phase in lane.phases for name in phase.flow.updates}
    for name in [name for name in lane.parameters if name not in moved]:
        st.caption(literal(f"Beside them there is the {name.replace('_', ' ')}, which follows after each update."))
    _meanings(lane)


def _phase(lane: Explained, phase: ExplainedPhase, active: bool) -> None:
    moved = " and ".join(name for name in phase.flow.updates if not lane.parameters or name in lane.parameters)
    often = "once" if phase.repeats == 1 else f"{phase.repeats} times"
    st.markdown(f"**{literal(phase.flow.name)}** moves {literal(moved.replace('_', ' '))}, {often} in each step.")
    drawing(draw_phase(phase.flow, lane.parameters, lane.colour), key=f"{lane.title}-{phase.flow.name}")
    if phase.loss is None or lane.step is None:
        st.caption("No numbers yet.")
        return
    name = phase.flow.name.replace("_", r"\_")
    sums = f"{_sum(phase, active)} = " if phase.terms else ""
    loss = _held(format_number(phase.loss), active)
    st.latex(rf"L_{{\text{{{name}}}}} = {sums}{loss} \quad\text{{at step {lane.step:,}}}")
    others = [(n, value) for n, value, _ in phase.numbers if not n.endswith("/loss")]
    if others:
        st.caption(literal(" · ".join(f"{n.partition('/')[2]} {format_number(value)}" for n, value in others)))


def _held(number: str, active: bool) -> str:
    """A number as LaTeX; while it changes in the room of the widest, so that what follows it stays where it is."""
    return rf"\mathrlap{{{number}}}\phantom{{{WIDEST}}}" if active and len(number) <= len(WIDEST) else number


def _sum(phase: ExplainedPhase, active: bool) -> str:
    """The parts of the loss, by name and then by number, as LaTeX."""
    names: list[str] = []
    numbers: list[str] = []
    for weight, name, value in phase.terms:
        words = name.partition("/")[2].replace("_", r"\_")
        times = "" if abs(weight) == 1 else rf"{format_number(abs(weight))} \cdot "
        sign = "-" if weight < 0 else "+" if names else ""
        shown = format_number(value)
        names.append(rf"{sign} {times}\text{{{words}}}")
        numbers.append(rf"{sign} {times}{_held(f'({shown})' if value < 0 and names[1:] else shown, active)}")
    return rf"{' '.join(names)} = {' '.join(numbers)}"


def _meanings(lane: Explained) -> None:
    """What every number of a model means."""
    with st.expander("What the numbers mean"):
        for phase in lane.phases:
            for name, value, meaning in phase.numbers:
                words = f"**{literal(name)}** = {literal(format_number(value))}"
                st.markdown(f"{words}: {literal(meaning)}" if meaning else words)


def drawing(svg: str, key: str) -> None:
    """A picture in the colours of the page, which `st.html` and `st.image` do not show so."""
    _drawing(key=f"drawing-{key}", data=svg)


def _all_models() -> None:
    for family in MODELS.values():
        st.markdown(f"**{literal(family.title)}**: {literal(family.description)}")
        st.latex(typeset(formula(family)))
        if flow := known_flow(family.name):
            for phase in flow.phases:
                drawing(draw_phase(phase, {}, LANE_COLOURS[0]), key=f"{family.name}-{phase.name}")
        else:
            st.caption("Its picture is read off its networks when it is first trained.")
    st.caption("In colour: what a phase moves. Dashed: what stays as it is meanwhile.")


def _glossary() -> None:
    st.subheader("What the words mean", anchor="glossary")
    items = "".join(f'<dt id="{anchor(term)}"><b>{term}</b></dt><dd>{words}</dd>' for term, words in GLOSSARY.items())
    st.html(f'<dl class="glossary">{items}</dl>')


_drawing = st.components.v2.component(
    "genlab_drawing",
    js="""export default function ({ data, parentElement }) {
  parentElement.innerHTML = data
  parentElement.style.color = "var(--st-text-color)"
}""",
    isolate_styles=False,
)
