"""The mode coverage page: what each lane of a finished run covers, what it lost, and how it got there."""

from __future__ import annotations

import streamlit as st

from genlab.evaluation.diagnosis import diagnose
from genlab.figures.base import LANE_COLOURS, draw, lane_views
from genlab.figures.gallery import galleries
from genlab.figures.tables import is_of_a_table, some_rows
from genlab.registry import FIGURES
from genlab.runs import Run, RunUnreadable
from genlab.runs.evaluation import Evaluation
from genlab.runs.tables import measure_rows
from genlab.runs.view import RunReader, RunView
from genlab.ui.chart_grid import Cell, chart_grid
from genlab.ui.escape import literal, literal_table
from genlab.ui.run_choice import choose_finished_run
from genlab.ui.sample_download import sample_downloads
from genlab.ui.worker_supervisor import ensure_worker, get_store

POLL_SECONDS = 0.5
WIDE = {"coverage": 240, "columns": 240, "associations": 330}  # figures over the whole width, and their heights
LINE, CHART, GALLERY = 30, 330, 300  # heights in pixels


def coverage_page() -> None:
    shows = "which modes of the data each model covers, which it lost, and what it traded for them"
    run = choose_finished_run("coverage", "Mode coverage", shows)
    if run is None:
        return
    try:
        view = RunReader(run).read()
    except RunUnreadable as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    try:
        evaluation, arrays = run.evaluation(), run.evaluation_arrays()
    except RunUnreadable as error:  # it can be measured again
        st.error(literal(str(error)), icon=":material/error:")
        evaluation, arrays = None, {}
    chart_grid(_charts(view), key="coverage", columns=4)
    sample_downloads(run, view)
    lanes = lane_views(view)
    if is_of_a_table(lanes):
        with st.expander("Some rows"):
            st.markdown(literal_table(some_rows(lanes)))
    st.subheader("Measures")
    for finding in diagnose(view, evaluation):
        st.markdown(
            f"**{literal(view.title(finding.lane))}**: {literal(finding.sentence)}", help=literal(finding.evidence)
        )
    _measure(run, evaluation)
    if evaluation:
        _table(view, evaluation)
        _galleries(view, arrays)


def _charts(view: RunView) -> list[Cell]:
    """A title for each lane, then every figure of all lanes: bars over the whole width, the others two a row."""
    lanes = lane_views(view)
    span = 2 if len(lanes) > 1 else 4
    cells = [
        Cell(f"{i}-title", span, LINE, heading=lane.heading, detail=lane.real_value, colour=lane.colour)
        for i, lane in enumerate(lanes)
    ]
    if len(lanes) % 2 and len(lanes) > 1:
        cells.append(Cell("after", 2, LINE))  # an odd lane has its row to itself
    for entry in FIGURES.values():
        if entry.belongs == "run" and entry.applies(lanes):
            span, height = (4, WIDE[entry.name]) if entry.name in WIDE else (2, CHART)
            alt = f"{view.dataset_title}: {entry.alt}"
            figure = draw(entry, lanes)
            cells.append(Cell(entry.name, span, height, figure, alt=alt, title=entry.title, about=entry.about))
    return cells


def _measure(run: Run, evaluation: Evaluation | None) -> None:
    """The button that has the run measured; while that is done, how far it is."""
    stage = get_store().evaluation_stage(run)
    st.fragment(_progress, run_every=POLL_SECONDS if stage else None)(run, stage, evaluation is not None)


def _progress(run: Run, stage: str | None, again: bool) -> None:
    ensure_worker()  # it may have ended while it measured
    store = get_store()
    now = store.evaluation_stage(run)
    if now != stage:
        st.rerun()
    progress = run.evaluation_progress()
    if now is None:
        if progress.get("message"):
            st.error(literal(progress["message"]), icon=":material/error:")
            if traceback := run.error():
                with st.expander("Details"):
                    st.code(traceback, language=None)
        if not again:
            st.markdown("This run is not measured yet. It takes a minute or two, and nothing of the run changes.")
        label = "Measure again" if again else "Measure"
        if st.button(label, icon=":material/straighten:", key="measure", type="secondary" if again else "primary"):
            store.request_evaluation(run)
            st.query_params["run"] = run.id  # or one that is done meanwhile, the newest then, would take its place
            st.rerun()
        return
    words = "waiting for what trains" if now == "waiting" else "starting"
    if now == "claimed" and progress.get("total"):
        words = f"{progress['name']} · {progress['done'] + 1} of {progress['total']}"
    st.progress(progress.get("done", 0) / progress.get("total", 1), text=literal(words))
    if st.button("Cancel", icon=":material/close:", key="cancel-measure"):
        store.cancel_evaluation(run)
        st.rerun()


def _table(view: RunView, evaluation: Evaluation) -> None:
    titles = [view.title(lane.lane) for lane in evaluation.lanes]
    steps = ", ".join(f"{title} at step {lane.step:,}" for title, lane in zip(titles, evaluation.lanes, strict=True))
    for title, lane in zip(titles, evaluation.lanes, strict=True):
        if lane.message:
            st.warning(literal(f"{title}: {lane.message}"))
    st.markdown(_measures(evaluation, titles, first=True))
    st.caption(
        f"Measured: {literal(steps)}; samples drawn with seed {evaluation.seed}. In brackets 95 % intervals: where the "
        "number would be if samples and real examples were drawn anew, as many of each. Samples are compared with one "
        "half of the held-out data; *real data* is the same measure of the other half in place of samples, about what "
        "a perfect model gets. For reconstructions it is that of the nearest training examples, for codes that of the "
        "prior itself."
    )
    with st.expander("All measures"):
        st.markdown(_measures(evaluation, titles, first=False))


def _measures(evaluation: Evaluation, titles: list[str], first: bool) -> str:
    return literal_table(measure_rows(evaluation, titles, first))


def _galleries(view: RunView, arrays: dict) -> None:
    """The pictures of each lane below its title; of points, which have one each, side by side."""
    if view.reference is None:
        return
    points = view.reference["samples"].ndim == 2
    for row in [range(len(view.spec.lanes))] if points else [[lane] for lane in range(len(view.spec.lanes))]:
        cells = []
        for lane in row:
            of_lane = {name.partition("-")[2]: array for name, array in arrays.items() if name.startswith(f"{lane}-")}
            figures = galleries(of_lane, view.reference, view.title(lane), LANE_COLOURS[lane])
            for i, (figure, alt) in enumerate(figures):
                cells.append(Cell(f"{lane}-{i}", 1, GALLERY, figure, alt=f"{view.title(lane)}: {alt}"))
        if cells:
            st.subheader("Where samples miss" if points else literal(view.title(row[0])))
            chart_grid(cells, key=f"gallery-{row[0]}", columns=min(2, len(cells)))
