"""The side of the train page: what to train, and the button that does."""

from __future__ import annotations

import math
import time
import typing
from typing import Any

import streamlit as st

from genlab.figures.base import LANE_COLOURS
from genlab.registry import DATASETS, MODELS
from genlab.runs import QueueFull, Run, RunUnreadable
from genlab.runs.folder import ACTIVE
from genlab.runs.memory import check_memory
from genlab.spec import LETTERS, Clock, RunSpec, Settings, SpecError, make_spec, setting_notes
from genlab.ui.escape import literal
from genlab.ui.estimate import expect
from genlab.ui.worker_supervisor import get_store, worker_memory, worker_status

LANES = 2
FIRST_MODELS = ("gan", "vae")
DOUBLE_CLICK_SECONDS = 2.0
NETWORKS = ("generator", "discriminator")  # settings of which stand together
# By unit: the most, the step of the buttons, and the default, which for steps is the data set's own.
BUDGETS: dict[Clock, tuple[int, int, int]] = {
    "steps": (1_000_000, 500, 0),
    "seconds": (86_400, 10, 60),
    "examples": (1_000_000_000, 10_000, 100_000),
}
WORDS = {"dim": "dimensions", "std": "standard deviation", "r1": "R1 penalty", "r2": "R2 penalty", "mmd": "MMD"}


def run_from_address() -> Run | None:
    """The run that the address names, its spec put into the controls; None, with a message, if it names none."""
    run_id = st.query_params.get("run")
    if not run_id:
        _dataset_from_address()
        return None
    try:
        run = get_store().open(run_id)
        run.spec()
    except RunUnreadable as error:
        st.error(literal(str(error)), icon=":material/link_off:")
        return None
    if st.session_state.get("controls_show") != run.id:
        try:
            _put_into_controls(run.runnable_spec())
            st.session_state.controls_show = run.id
        except SpecError as error:
            st.warning(literal(str(error)), icon=":material/history:")
    return run


def controls(run: Run | None) -> tuple[RunSpec | None, str]:
    """Draw the controls; returns what they ask for, or None and the reason why that cannot be trained."""
    dataset = st.selectbox("Data set", list(DATASETS), format_func=lambda name: DATASETS[name].title, key="dataset")
    st.page_link("pages/data.py", label="Use your own data", icon=":material/upload:")
    entry = DATASETS[dataset]
    dataset_settings = _dataset_settings(dataset)
    lanes = [_lane(lane, entry.kind, run) for lane in range(LANES)]
    seed = st.number_input("Seed", 0, 2**31 - 1, key="seed", help="The same seed gives the same numbers every time.")
    clock, budget = _budget(dataset)
    fields: dict[str, Any] = {"dataset": dataset, "lanes": lanes, "seed": seed, "clock": clock, "budget": budget}
    fields["dataset_settings"] = dataset_settings
    devices = worker_status()["devices"]
    if "gpu" in devices:
        fields["device"] = st.selectbox("Device", ["gpu", "cpu"], format_func=devices.get, key="device")
    if reason := _unavailable(dataset):
        st.warning(literal(reason), icon=":material/cloud_off:")
        return None, reason
    try:
        spec = make_spec(**fields)
    except SpecError as error:
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
        width="stretch",
        disabled=spec is None,
        help=literal(reason) or None,
        key=key,
        icon=":material/play_arrow:",
        shortcut=shortcut,
    ):
        assert spec
        start(spec, run if run and st.session_state.get("own_run") == run.id else None)


def start(spec: RunSpec, instead_of: Run | None, paused: bool = False) -> None:
    """Queue a new run, stop the one that it is started instead of, and show it. A second click on the same button,
    while the page still shows the run before, is no wish for another.
    """
    asked = (spec.model_dump(), paused)
    before, at = st.session_state.get("started", (None, 0.0))
    if asked == before and time.time() - at < DOUBLE_CLICK_SECONDS:
        return
    try:
        check_memory(spec, worker_memory())
        new = get_store().submit(spec, paused, instead_of)
    except (QueueFull, SpecError, OSError) as error:
        st.error(literal(str(error)))
        return
    st.session_state.started = asked, time.time()
    st.session_state.own_run = st.session_state.controls_show = new.id
    st.query_params["run"] = new.id
    st.query_params.pop("step", None)  # of the run before
    st.rerun()


def _budget(dataset: str) -> tuple[Clock, int]:
    """How long each lane trains, in the unit that the lanes share."""
    left, right = st.columns(2)
    clock: Clock = right.selectbox(
        "Budget in",
        list(BUDGETS),
        key="clock",
        help="What both models get the same of. The same seed gives the same run everywhere only in steps or examples.",
    )
    maximum, step, default = BUDGETS[clock]
    st.session_state.setdefault(f"{clock}.{dataset}", default or DATASETS[dataset].steps)
    amount = left.number_input(
        clock.capitalize(),
        1,
        maximum,
        step=step,
        key=f"{clock}.{dataset}",
        help=f"Each model trains for so many {clock}, side by side.",
    )
    return clock, amount


def _dataset_settings(dataset: str) -> dict[str, Any]:
    """The settings of the data set, where it has any."""
    defaults = DATASETS[dataset].settings()
    names = list(type(defaults).model_fields)
    if not names:
        return {}
    with st.expander("Data settings"):
        return {name: _setting(defaults, name, _data_key(dataset, name), setting_label(name)) for name in names}


def _lane(lane: int, kind: str, run: Run | None) -> dict[str, Any]:
    """One lane's model and settings."""
    st.session_state.setdefault(f"model.{lane}", FIRST_MODELS[lane])
    model = st.selectbox(
        f":color[**Model {LETTERS[lane]}**]{{foreground='{LANE_COLOURS[lane]}'}}",
        list(MODELS),
        key=f"model.{lane}",
        format_func=lambda name: MODELS[name].title,
    )
    family = MODELS[model]
    st.caption(f"{family.description} It can {', '.join(family.abilities)}.")
    defaults = family.resolve({}, kind)
    names = list(type(defaults).model_fields)
    main = [name for name in names if setting_notes(type(defaults), name)["main"]]
    values = {}

    def draw(name: str, label: str) -> None:
        key = _key(lane, model, kind, name)
        values[name] = _setting(defaults, name, key, label, (run, lane, name, key) if run else ())

    columns = st.columns(2)
    for i, name in enumerate(main):
        with columns[i % 2]:
            # Two stand side by side, where a label has room for a few letters.
            draw(
                name,
                setting_label(name).replace("generator learning", "gen.").replace("discriminator learning", "disc."),
            )
    with st.expander("More settings"):
        for network, members in by_network([name for name in names if name not in main]).items():
            if network:
                st.caption(f"**{network.capitalize()}**")
            places = st.columns(2 if network else 1)
            for i, name in enumerate(members):
                with places[i % len(places)]:
                    draw(name, setting_label(name.removeprefix(f"{network}_")))
    return {"model": model, "settings": values}


def setting_label(name: str) -> str:
    """The name of a setting as words."""
    return " ".join(WORDS.get(part, part) for part in name.split("_"))


def by_network(names: list[str]) -> dict[str, list[str]]:
    """The settings of the model as a whole, under "", then those of each network that has several."""
    groups = {network: [name for name in names if name.startswith(f"{network}_")] for network in NETWORKS}
    several = {network: members for network, members in groups.items() if len(members) > 1}
    grouped = [name for members in several.values() for name in members]
    return {"": [name for name in names if name not in grouped], **several}


def _setting(defaults: Settings, name: str, key: str, label: str, change: tuple[Any, ...] = ()) -> Any:
    """The widget that fits one setting; one that may change while a run trains then calls `_change(*change)`."""
    field = type(defaults).model_fields[name]
    default = getattr(defaults, name)
    st.session_state.setdefault(key, default)  # not given to the widget, which would warn where a run put its own there
    live = setting_notes(type(defaults), name)["live"]
    common: dict[str, Any] = {
        "key": key,
        "help": f"{field.description}{' Can be changed while it trains.' if live else ''}",
    }
    if live and change:
        common |= {"on_change": _change, "args": change}
    label = label[0].upper() + label[1:]
    if typing.get_origin(field.annotation) is typing.Literal:
        return st.selectbox(label, list(typing.get_args(field.annotation)), **common)
    if field.annotation is bool:
        return st.toggle(label, **common)
    bounds = {type(rule).__name__: rule for rule in field.metadata}
    number = type(default)
    low = number(bounds["Ge"].ge) if "Ge" in bounds else None
    high = number(bounds["Le"].le) if "Le" in bounds else None
    if number is int:
        step = 10 ** (len(str(default)) - 2) if default >= 1000 else 1
        return st.number_input(label, low, high, step=step, **common)
    step = 10.0 ** math.floor(math.log10(default)) if default else 0.1
    return st.number_input(label, low, high, step=step, format="%g", **common)


def _change(run: Run, lane: int, name: str, key: str) -> None:
    """Send a live setting to a run that trains; any other run keeps what it was trained with."""
    try:
        if run.state().state in ACTIVE and run.spec().lanes[lane].model == st.session_state[f"model.{lane}"]:
            run.request("settings", lane=lane, values={name: st.session_state[key]})
            st.toast(f"Model {LETTERS[lane]}: {setting_label(name)} is now {st.session_state[key]:g}.")
    except (RunUnreadable, OSError, IndexError) as error:
        st.toast(literal(str(error)))


def _dataset_from_address() -> None:
    """Choose the data set that a link asks for, `?dataset=NAME`, once."""
    name = st.query_params.get("dataset")
    if not name:
        return
    if name in DATASETS:
        st.session_state.setdefault("dataset", name)
    else:
        message = f"There is no data set called '{name[:60]}'. There are: {', '.join(DATASETS)}."
        st.error(literal(message), icon=":material/link_off:")


def _put_into_controls(spec: RunSpec) -> None:
    kind = DATASETS[spec.dataset].kind
    st.session_state.dataset = spec.dataset
    st.session_state.seed = spec.seed
    if spec.budget == int(spec.budget):
        st.session_state.clock = spec.clock
        st.session_state[f"{spec.clock}.{spec.dataset}"] = int(spec.budget)
    for name, value in spec.dataset_settings.items():
        st.session_state[_data_key(spec.dataset, name)] = value
    for lane, lane_spec in enumerate(spec.lanes[:LANES]):
        st.session_state[f"model.{lane}"] = lane_spec.model
        for name, value in lane_spec.settings.items():
            st.session_state[_key(lane, lane_spec.model, kind, name)] = value


def _data_key(dataset: str, name: str) -> str:
    return f"data.{dataset}.{name}"


def _key(lane: int, model: str, kind: str, name: str) -> str:
    # By kind of data too: the same model has other presets on images.
    return f"{lane}.{model}.{kind}.{name}"


@st.cache_data(ttl=60, show_spinner=False)
def _unavailable(dataset: str) -> str:
    return DATASETS[dataset].unavailable()
