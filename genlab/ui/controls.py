"""The side of the train page: what to train, and the button that does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, get_args

import streamlit as st

from genlab.registry import DATASETS
from genlab.runs import QueueFull, Run, RunUnreadable
from genlab.runs.forks import Fork
from genlab.runs.memory import check_memory
from genlab.spec import MAXIMUM_LANES, Clock, RunSpec, SpecError, make_spec
from genlab.ui.escape import literal
from genlab.ui.estimate import expect
from genlab.ui.model_controls import (
    chosen_index,
    follow_changes,
    forget_changes,
    model_controls,
    put_into_models,
    setting_control,
    setting_label,
)
from genlab.ui.shown_run import name_run
from genlab.ui.watched import watched
from genlab.ui.worker_supervisor import get_store, worker_memory, worker_status

# What keys of controls begin with, up to a dot: those of a model with its place.
CONTROLS = ("dataset", "data", "seed", "clock", *get_args(Clock), "device", "model", *map(str, range(MAXIMUM_LANES)))
DOUBLE_CLICK_SECONDS = 2.0
FIRST_FRAMES_SECONDS = 0.5
# By unit: the most, the step of the buttons, and the default, which for steps is the data set's own.
BUDGETS: dict[Clock, tuple[int, int, int]] = {
    "steps": (1_000_000, 500, 0),
    "seconds": (86_400, 10, 60),
    "examples": (1_000_000_000, 10_000, 100_000),
}


def run_from_address() -> Run | None:
    """The run that the address names, its spec put into the controls; None, with a message, if it names none."""
    run_id = st.query_params.get("run")
    if not run_id:
        if not st.query_params:
            st.query_params.clear()  # a link from a page to itself leaves the browser's address as it was
        _dataset_from_address()
        return None
    try:
        run = get_store().open(run_id)
        run.spec()
    except RunUnreadable as error:
        st.error(literal(str(error)), icon=":material/link_off:")
        _dataset_from_address()
        return None
    st.query_params.pop("dataset", None)  # the run has its own
    if st.session_state.get("controls_show") != run.id:
        try:
            put_into_controls(run.runnable_spec())
            st.session_state.controls_begin = run.id
            forget_changes()
        except SpecError as error:
            st.warning(literal(str(error)), icon=":material/history:")
    with suppress(RunUnreadable):  # said where its charts would be
        follow_changes(watched(run))
    return run


def controls(run: Run | None) -> tuple[RunSpec | None, str]:
    """Draw the controls; returns what they ask for, or None and the reason why that cannot be trained."""
    with _remembered():
        drawn = _controls(run)
    # Not sooner: a click may end a run of the page before its controls are there, and the values with it.
    if begun := st.session_state.pop("controls_begin", None):
        st.session_state.controls_show = begun
    return drawn


@contextmanager
def _remembered() -> Iterator[None]:
    """What was last chosen is there again after a visit to another page, where Streamlit forgets what is not drawn."""
    for key, value in st.session_state.get("chosen", {}).items():
        if key != "dataset" or value in DATASETS:
            st.session_state.setdefault(key, value)
    yield
    chosen = {}
    for key in [key for key in map(str, st.session_state) if key.partition(".")[0] in CONTROLS]:
        with suppress(KeyError):  # Streamlit may list a control of a run of the page that a click interrupted
            chosen[key] = st.session_state[key]
    st.session_state.chosen = chosen


def _controls(run: Run | None) -> tuple[RunSpec | None, str]:
    names = list(DATASETS)
    dataset = st.selectbox(
        "Data set",
        names,
        chosen_index("dataset", names),
        format_func=lambda name: DATASETS[name].title,
        key="dataset",
        on_change=None if run else _name_dataset,
    )
    st.page_link("pages/data.py", label="Use your own data", icon=":material/upload:")
    entry = DATASETS[dataset]
    dataset_settings = _dataset_settings(dataset)
    clock, budget = _budget(dataset)
    devices = worker_status()["devices"]
    left, right = st.columns(2)
    seed = left.number_input(
        "Seed",
        value=st.session_state.get("seed", 0),
        key="seed",
        help="The same seed gives the same numbers every time.",
    )
    lanes = model_controls(entry.preset, run)
    fields: dict[str, Any] = {"dataset": dataset, "lanes": lanes, "seed": seed, "clock": clock, "budget": budget}
    fields["dataset_settings"] = dataset_settings
    if "gpu" in devices:
        fields["device"] = right.selectbox("Device", ["gpu", "cpu"], format_func=devices.get, key="device")
    if reason := _unavailable(dataset):
        st.warning(literal(reason), icon=":material/cloud_off:")
        return None, reason
    try:
        spec = make_spec(**fields)
        if not run or budget != run.spec().budget:  # the command line may have given it more
            check_budget(clock, budget)
    except SpecError as error:
        with st.container(key="cannot-train"):
            st.error(literal(str(error)))
        return None, str(error)
    expect(spec)
    return spec, ""


def train_button(
    spec: RunSpec | None, reason: str, run: Run | None, key: str = "train", shortcut: str | None = None
) -> None:
    """The button that trains; where a run of this visitor is on its way, it is stopped for the new one."""
    if st.button(
        "Train",
        type="primary",
        width="stretch" if shortcut else "content",  # beside the settings, or below words
        disabled=spec is None,
        help=literal(reason) or None,
        key=key,
        icon=":material/play_arrow:",
        shortcut=shortcut,
    ):
        assert spec
        start(spec, run if run and st.session_state.get("own_run") == run.id else None, from_controls=True)


def start(
    spec: RunSpec,
    instead_of: Run | None,
    paused: bool = False,
    fork: Fork | None = None,
    page: str = "",
    from_controls: bool = False,
) -> None:
    """Queue a new run, or a fork, stop the one that it is started instead of, and show it, on another page if one is
    named; the controls then show its settings, unless they are where these are from. A second click on the same button,
    while the page still shows the run before, is no wish for another.
    """
    asked = (spec.model_dump(), paused, fork.forked_from if fork else None)
    before, at = st.session_state.get("started", (None, 0.0))
    if asked == before and time.time() - at < DOUBLE_CLICK_SECONDS:
        if page:
            st.switch_page(page, query_params={"run": st.session_state.own_run})
        return
    try:
        check_memory(spec, worker_memory())
        new = get_store().submit(spec, paused, instead_of, fork)
    except (QueueFull, SpecError, OSError) as error:
        st.error(literal(str(error)))
        return
    _await_first_frames(new)
    st.session_state.started = asked, time.time()
    st.session_state.own_run = new.id
    if page:
        st.switch_page(page, query_params={"run": new.id})
    if from_controls:
        st.session_state.controls_show = new.id
    name_run(new.id)
    st.rerun()


def _await_first_frames(run: Run) -> None:
    """Wait a moment where the worker has nothing else to do: a run that was prepared has its first frames by then, and
    the page is drawn once, with them, and not three times as the state changes.
    """
    status, end = worker_status(), time.monotonic() + FIRST_FRAMES_SECONDS
    if status["state"] != "ready" or status.get("run"):
        return
    with suppress(RunUnreadable):
        while time.monotonic() < end and run.state().state in ("queued", "starting"):
            time.sleep(0.02)


def _budget(dataset: str) -> tuple[Clock, int]:
    """How long each lane trains, in the unit that the lanes share."""
    left, right = st.columns(2)
    clock: Clock = right.selectbox(
        "Budget in",
        list(BUDGETS),
        chosen_index("clock", list(BUDGETS)),
        key="clock",
        help="What all models get the same of. The same seed gives the same run everywhere only in steps or examples.",
    )
    _, step, default = BUDGETS[clock]
    value = st.session_state.setdefault(f"{clock}.{dataset}", default or DATASETS[dataset].steps)
    amount = left.number_input(
        clock.capitalize(),
        value=value,
        step=step,
        key=f"{clock}.{dataset}",
        help=f"Each model trains for so many {clock}, side by side.",
    )
    return clock, amount


def check_budget(clock: Clock, budget: float) -> None:
    """Raises SpecError if a budget is more than a run from the pages may have."""
    maximum = BUDGETS[clock][0]
    if budget > maximum:
        raise SpecError(f"{clock.capitalize()}: {budget:,} are too many. Expected 1 to {maximum:,}.")


def _dataset_settings(dataset: str) -> dict[str, Any]:
    """The settings of the data set, where it has any."""
    defaults = DATASETS[dataset].settings()
    names = list(type(defaults).model_fields)
    if not names:
        return {}
    with st.expander("Data settings"):
        return {name: setting_control(defaults, name, _data_key(dataset, name), setting_label(name)) for name in names}


def _dataset_from_address() -> None:
    """Choose the data set that the address names, `?dataset=NAME`."""
    name = st.query_params.get("dataset")
    if not name:
        return
    if name in DATASETS:
        st.session_state.dataset = name
    else:
        message = f"There is no data set called '{name[:60]}'. There are: {', '.join(DATASETS)}."
        st.error(literal(message), icon=":material/link_off:")


def _name_dataset() -> None:
    """Have the address name the data set that was chosen."""
    st.query_params["dataset"] = st.session_state.dataset


def put_into_controls(spec: RunSpec) -> None:
    """Show these settings in the controls of the train page."""
    kind = DATASETS[spec.dataset].preset
    st.session_state.dataset = spec.dataset
    st.session_state.seed = spec.seed
    if spec.budget == int(spec.budget):
        st.session_state.clock = spec.clock
        st.session_state[f"{spec.clock}.{spec.dataset}"] = int(spec.budget)
    for name, value in spec.dataset_settings.items():
        st.session_state[_data_key(spec.dataset, name)] = value
    put_into_models(spec.lanes, kind)


def _data_key(dataset: str, name: str) -> str:
    return f"data.{dataset}.{name}"


@st.cache_data(ttl=60, show_spinner=False)
def _unavailable(dataset: str) -> str:
    return DATASETS[dataset].unavailable()
