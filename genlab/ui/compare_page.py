"""The compare page: lanes of two to four runs on one time line, their settings and their measures beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from genlab.figures.base import LANE_COLOURS, LaneView, lane_views
from genlab.figures.comparison import comparison_cells, comparison_columns
from genlab.registry import FIGURES
from genlab.runs import RunUnreadable
from genlab.runs.comparison import (
    ComparedLane,
    data_groups,
    data_names,
    describe_different_data,
    differing_settings,
    lane_titles,
    merged_evaluation,
)
from genlab.runs.evaluation import Evaluation
from genlab.runs.folder import ACTIVE
from genlab.runs.tables import BETTER, NEWEST_FRAME, frame_rows, measure_rows
from genlab.runs.view import RunView
from genlab.spec import Clock
from genlab.ui.address import (
    CURVES,
    clock_from_address,
    curves_from_address,
    hidden_parts,
    step_from_address,
    view_from_address,
)
from genlab.ui.compared_runs import (
    Place,
    another_seed_button,
    choose_lanes,
    choose_runs,
    read_named_runs,
    reader,
)
from genlab.ui.escape import literal, literal_table
from genlab.ui.live import POLL_SECONDS, REST_SECONDS, lane_frames, status_line
from genlab.ui.live_controls import pictures
from genlab.ui.marks import marks
from genlab.ui.timeline import LaneFrames, timeline
from genlab.ui.worker_supervisor import ensure_worker, get_store

STATE_SECONDS = 1.0  # between two looks at how far runs on their way are
TABLES_SECONDS = 2.0  # between two looks at what the tables say of runs on their way


def compare_page() -> None:
    hidden = hidden_parts()
    views, chosen = read_named_runs()
    if not views:
        st.subheader("Compare runs")
        st.markdown(
            "Choose two to four runs. Their samples and latent spaces then stand beside each other on one time line, "
            "with their curves over each other, and below it how they cover the data, the settings in which they "
            "differ, and everything that was measured of them."
        )
        if get_store().runs():
            choose_runs(views)
            st.page_link("pages/runs.py", label="See all runs", icon=":material/history:")
        else:
            st.page_link("pages/train.py", label="Train a GAN and a VAE", icon=":material/play_arrow:")
        return
    if "settings" not in hidden:
        choose_runs(views)
        choose_lanes(views, chosen)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        picture = _picture_control(list(views.values()))
        together = _curves_control("settings" in hidden) == "together"
        if "buttons" not in hidden:
            another_seed_button(views, chosen)
    if len(views) == 1:
        st.caption("Add a run to the list to compare it with this one.")
    active = any(view.state.state in ACTIVE for view in views.values())
    if active:
        st.fragment(_status, run_every=STATE_SECONDS)(list(views))
    lanes = [ComparedLane(views[run], lane) for run, lane in chosen]
    if words := describe_different_data([lane.view for lane in lanes]):
        st.info(literal(words), icon=":material/difference:")
    titles = _titles(views, chosen)
    line = st.fragment(_time_line, run_every=POLL_SECONDS if active else REST_SECONDS)
    line(list(views), chosen, titles, active, picture, together, "bar" in hidden)
    _settings_table(lanes, titles)
    st.fragment(_measures, run_every=TABLES_SECONDS if active else None)(chosen, titles)


def _titles(views: Mapping[str, RunView], chosen: Sequence[Place]) -> list[str]:
    """What the chosen lanes are called, told apart among all lanes of the runs, as where they are chosen."""
    places = [(run, lane) for run, view in views.items() for lane in range(len(view.spec.lanes))]
    titles = lane_titles([ComparedLane(views[run], lane) for run, lane in places])
    return [titles[places.index(place)] for place in chosen]


def _picture_control(views: Sequence[RunView]) -> str:
    """Which picture is in the first place of every lane, chosen where there is a choice."""
    able = {name for view in views for name in pictures(view)}
    offered = [name for name in FIGURES if name in able]
    named = view_from_address(offered) or offered[0]
    if len(offered) < 2:
        return named

    def choose() -> None:
        st.query_params["view"] = st.session_state["compare.picture"]

    st.session_state["compare.picture"] = named
    st.segmented_control(
        "Picture",
        offered,
        required=True,
        format_func=lambda name: FIGURES[name].title,
        key="compare.picture",
        label_visibility="collapsed",
        on_change=choose,
    )
    return named


def _curves_control(hidden: bool) -> str:
    """Whether curves are over each other or side by side."""
    named = curves_from_address()
    if hidden:
        return named

    def choose() -> None:
        st.query_params["curves"] = st.session_state["compare.curves"]

    st.session_state["compare.curves"] = named
    st.segmented_control(
        "Curves",
        list(CURVES),
        required=True,
        format_func=lambda name: f"Curves {CURVES[name].lower()}",
        key="compare.curves",
        label_visibility="collapsed",
        on_change=choose,
    )
    return named


def _read(run_ids: Sequence[str]) -> dict[str, RunView]:
    """Raises RunUnreadable."""
    return {run_id: reader(get_store().open(run_id)).read() for run_id in run_ids}


def _status(run_ids: Sequence[str]) -> None:
    """What happens to the runs that are on their way."""
    ensure_worker()
    try:
        views = _read(run_ids)
    except RunUnreadable:  # the whole page says so when it is drawn next
        return
    for view in views.values():
        if view.state.state in ACTIVE:
            words = f"seed {view.spec.seed} · {literal(view.id)}"
            st.progress(view.progress(), text=f"{words}: {status_line(get_store().open(view.id), view)}")


def _time_line(
    run_ids: Sequence[str],
    chosen: Sequence[Place],
    titles: Sequence[str],
    active: bool,
    picture: str,
    together: bool,
    without_bar: bool,
) -> None:
    try:
        views = _read(run_ids)
    except RunUnreadable as error:
        st.error(literal(str(error)))
        return
    if any(view.state.state in ACTIVE for view in views.values()) != active:
        st.rerun()
    clocks = {view.spec.clock for view in views.values()}
    clock = clock_from_address(clocks.pop() if len(clocks) == 1 else "steps")
    step = step_from_address()
    groups = data_groups([views[run] for run, _ in chosen])
    lanes = _lanes(views, chosen, titles, groups, clock)
    frames: list[LaneFrames] = []
    for run, lane in chosen:
        frames.append(lane_frames(reader(get_store().open(run)), views[run])[lane])
    timeline(
        comparison_cells(lanes, groups, picture, together),
        lanes,
        frames,
        key="compare",
        columns=comparison_columns(lanes),
        active=active,
        step=step,
        marks=[mark for run, view in views.items() for mark in marks(view, clock, _places(run, chosen))],
        without_bar=without_bar,
    )


def _places(run: str, chosen: Sequence[Place]) -> dict[int, int]:
    """Where the lanes of a run are among those that are compared."""
    return {lane: place for place, (of_run, lane) in enumerate(chosen) if of_run == run}


def _lanes(
    views: Mapping[str, RunView],
    chosen: Sequence[Place],
    titles: Sequence[str],
    groups: Sequence[Sequence[int]],
    clock: Clock,
) -> list[LaneView]:
    """The lanes with their titles, in colours of this page. One that has not begun gets the real data of the others."""
    known: dict[int, dict[str, Any]] = {}
    for group in groups:
        reference = next((found for i in group if (found := views[chosen[i][0]].reference)), {})
        known |= dict.fromkeys(group, reference)
    return [
        replace(
            lane_views(views[run], clock)[lane],
            title=titles[i],
            colour=LANE_COLOURS[i],
            reference=views[run].reference or known[i],
        )
        for i, (run, lane) in enumerate(chosen)
    ]


def _settings_table(lanes: Sequence[ComparedLane], titles: Sequence[str]) -> None:
    st.subheader("Settings that differ")
    rows = differing_settings(lanes, titles)
    if rows:
        st.markdown(literal_table({"": rows}))
    else:
        st.markdown("None: these lanes were asked to do the same." if len(lanes) > 1 else "One lane has none.")


def _measures(chosen: Sequence[Place], titles: Sequence[str]) -> None:
    """A table of the lanes of each data set."""
    try:
        views = _read(list(dict.fromkeys(run for run, _ in chosen)))
    except RunUnreadable:
        return
    st.subheader("Measures")
    evaluations = {run: _evaluation(run) for run in views}
    lanes = [ComparedLane(views[run], lane) for run, lane in chosen]
    groups = data_groups([lane.view for lane in lanes])
    names = data_names([lane.view for lane in lanes])
    marked = False
    for group in groups:
        if len(groups) > 1:
            st.markdown(f"**{literal(names[group[0]])}**")
        own = [lanes[i] for i in group]
        columns = [titles[i] for i in group]
        merged = merged_evaluation(own, [evaluations[lane.view.id] for lane in own])
        at_the_end = {NEWEST_FRAME: frame_rows([(lane.view, lane.lane) for lane in own], columns)}
        rows = at_the_end | measure_rows(merged, columns, first=False, mark=True)
        table = literal_table(rows)
        marked = marked or BETTER in table
        st.markdown(table)
    words = "Each lane as it is at the end of its own run. In brackets 95 % intervals, where the run was measured."
    if marked:
        words += f" {BETTER} marks the better one, where its interval lies apart from that of every other lane."
    st.caption(words)
    for run in (run for run, evaluation in evaluations.items() if not evaluation):
        st.page_link(
            "pages/coverage.py",
            label=f"Measure {literal(run)}",
            query_params={"run": run},
            icon=":material/straighten:",
        )


def _evaluation(run_id: str) -> Evaluation | None:
    try:
        return get_store().open(run_id).evaluation()
    except RunUnreadable as error:  # it can be measured again
        st.error(literal(str(error)), icon=":material/error:")
        return None
