"""Which runs and lanes are compared: what the address names of them, and the controls that choose them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from genlab.runs import QueueFull, Run, RunUnreadable
from genlab.runs.comparison import MAXIMUM_RUNS, ComparedLane, first_lanes, lane_titles, next_seed
from genlab.runs.memory import check_memory
from genlab.runs.view import RunReader, RunView
from genlab.spec import MAXIMUM_LANES, SpecError
from genlab.ui.address import ignored, runs_from_address
from genlab.ui.controls import DOUBLE_CLICK_SECONDS
from genlab.ui.escape import literal
from genlab.ui.run_label import run_label
from genlab.ui.worker_supervisor import get_store, worker_memory

OFFERED = 50  # runs, the newest
READERS = "compare.readers"
Place = tuple[str, int]  # a run's id, and one of its lanes


def reader(run: Run) -> RunReader:
    """What follows a run for this visitor. Raises RunUnreadable."""
    readers: dict[str, RunReader] = st.session_state.setdefault(READERS, {})
    if run.id not in readers:
        readers[run.id] = RunReader(run, with_past=True)
    return readers[run.id]


def read_named_runs() -> tuple[dict[str, RunView], list[Place]]:
    """The runs that the address names, as they are now, and the lanes of them to compare. What cannot be shown is said,
    and left out.
    """
    named = runs_from_address()
    views: dict[str, RunView] = {}
    for run_id in named:
        if len(views) == MAXIMUM_RUNS:
            ignored("runs", run_id, f"no more than {MAXIMUM_RUNS} runs")
            continue
        try:
            views[run_id] = reader(get_store().open(run_id)).read()
        except RunUnreadable as error:
            st.error(literal(str(error)), icon=":material/link_off:")
    for gone in set(st.session_state.get(READERS, {})) - set(views):
        del st.session_state[READERS][gone]
    lanes: dict[str, list[int]] = {}
    for run_id, view in views.items():
        count = len(view.spec.lanes)
        lanes[run_id] = [lane for lane in named[run_id] if lane < count]
        for lane in named[run_id]:
            if lane >= count:
                ignored("runs", f"{run_id}:{lane}", f"a lane from 0 to {count - 1} of that run")
    if not any(lanes.values()):
        return views, _first(list(views.values()))
    # Beside runs with lanes of their own choice, one without has all of its lanes, as far as there is room for them.
    named_ones = [(run, lane) for run in views for lane in lanes[run]]
    others = [(run, lane) for run, view in views.items() if not lanes[run] for lane in range(len(view.spec.lanes))]
    chosen = [*named_ones, *others]
    for run_id, lane in chosen[MAXIMUM_LANES:]:
        ignored("runs", f"{run_id}:{lane}", f"no more than {MAXIMUM_LANES} lanes")
    order = list(views)
    return views, sorted(chosen[:MAXIMUM_LANES], key=lambda place: order.index(place[0]))


def choose_runs(views: dict[str, RunView]) -> None:
    """The list of runs in which those to compare are chosen."""
    newest = [run.id for run in get_store().runs()[:OFFERED]]
    offered = [*(run_id for run_id in views if run_id not in newest), *newest]
    labels = {run_id: label for run_id in offered if (label := run_label(run_id))}

    def choose() -> None:
        _put_into_address(st.session_state["compare.runs"])

    st.session_state["compare.runs"] = list(views)
    st.multiselect(
        "Runs",
        list(labels),
        format_func=labels.__getitem__,
        key="compare.runs",
        max_selections=MAXIMUM_RUNS,
        on_change=choose,
        placeholder="Choose two to four runs",
        label_visibility="collapsed",
    )


def choose_lanes(views: dict[str, RunView], chosen: Sequence[Place]) -> None:
    """Which lanes of the runs are compared, where there is a choice."""
    places = [(view.id, lane) for view in views.values() for lane in range(len(view.spec.lanes))]
    titles = lane_titles([ComparedLane(views[run], lane) for run, lane in places])
    by_key = {f"{run}:{lane}": title for (run, lane), title in zip(places, titles, strict=True)}
    before = [f"{run}:{lane}" for run, lane in chosen]

    def choose() -> None:
        keys = st.session_state["compare.lanes"]
        if not keys or len(keys) > MAXIMUM_LANES:
            st.session_state["compare.refused"] = f"One to {MAXIMUM_LANES} lanes can be compared at once."
            return
        kept = [key for key in before if key in keys]
        _put_into_address([*kept, *(key for key in keys if key not in kept)])

    if words := st.session_state.pop("compare.refused", ""):
        st.toast(words, icon=":material/info:")
    st.session_state["compare.lanes"] = before
    st.pills(
        "Lanes",
        list(by_key),
        format_func=lambda key: literal(by_key[key]),
        selection_mode="multi",
        key="compare.lanes",
        on_change=choose,
        label_visibility="collapsed",
    )


def another_seed_button(views: dict[str, RunView], chosen: Sequence[Place]) -> None:
    """The button that trains the last of the runs again with the next seed, and adds it to the comparison."""
    last = list(views.values())[-1]
    seed = next_seed(last.spec, [view.spec for view in views.values()])
    full = len(views) >= MAXIMUM_RUNS
    help = (
        f"{MAXIMUM_RUNS} runs are compared already: take one away first."
        if full
        else f"Trains {run_label(last.id)} again, with nothing changed but the seed, and adds it here."
    )
    st.button(
        f"The same with seed {seed}",
        icon=":material/casino:",
        key="another-seed",
        disabled=full,
        help=literal(help),
        on_click=_train_again,
        args=(get_store().open(last.id), seed, list(views), list(chosen)),
    )
    if words := st.session_state.pop("compare.failed", ""):
        st.error(literal(words))


def _train_again(run: Run, seed: int, compared: list[str], chosen: list[Place]) -> None:
    """A second click that follows at once is no wish for another run."""
    if time.time() - st.session_state.get("compare.trained", 0.0) < DOUBLE_CLICK_SECONDS:
        return
    try:
        spec = run.runnable_spec().model_copy(update={"seed": seed})
        check_memory(spec, worker_memory())
        new = get_store().submit(spec)
    except (QueueFull, RunUnreadable, SpecError, OSError) as error:
        st.session_state["compare.failed"] = str(error)
        return
    st.session_state["compare.trained"] = time.time()
    lanes = [f"{named}:{lane}" for named, lane in chosen]
    same = [f"{new.id}:{lane}" for named, lane in chosen if named == run.id]
    chose_lanes = ":" in st.query_params.get("runs", "")
    _put_into_address(
        [*lanes, *same] if chose_lanes and same and len(lanes + same) <= MAXIMUM_LANES else [*compared, new.id]
    )


def _put_into_address(parts: Sequence[str]) -> None:
    if parts:
        st.query_params["runs"] = ",".join(parts)
    else:
        st.query_params.pop("runs", None)


def _first(views: Sequence[RunView]) -> list[Place]:
    return [(views[run].id, lane) for run, lane in first_lanes([len(view.spec.lanes) for view in views])]
