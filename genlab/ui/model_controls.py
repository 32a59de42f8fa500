"""The models on the side of the train page, one to four of them, and their settings."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic import ValidationError

from genlab.figures.base import LANE_COLOURS
from genlab.registry import DATASETS, MODELS
from genlab.runs import Run, RunUnreadable
from genlab.runs.folder import ACTIVE
from genlab.runs.view import RunView
from genlab.spec import LETTERS, MAXIMUM_LANES, LaneSpec, Settings, describe_errors, live_names, setting_notes
from genlab.ui.escape import literal

FIRST_MODELS = ("gan", "vae", "wgan-gp", "wae")  # of each lane until another is chosen
FIRST_LANES = 2
NETWORKS = ("generator", "discriminator")  # settings of which stand together
ABLE = {"paths": "show its paths", "critic_weights": "show its critic's weights"}  # where the name says too little
# In the session: a run and whether it was active, with the values of its live settings that the controls were last
# given; and what was sent to it, and when.
IN_FORCE, SENT = "live.in_force", "live.sent"
GIVEN = "live.given"  # what a control showed before it was given another value, that value, and when
ON_ITS_WAY_SECONDS = 10.0  # after which what was sent is taken for lost
WORDS = {"dim": "dimensions", "std": "standard deviation", "r1": "R1 penalty", "r2": "R2 penalty", "mmd": "MMD"}


def model_controls(kind: str, run: Run | None) -> list[dict[str, Any]]:
    """The models, one to four of them, and the button that adds one."""
    count = st.session_state.setdefault("lanes", FIRST_LANES)
    lanes = [_lane(lane, kind, run) for lane in range(count)]
    if count < MAXIMUM_LANES:
        st.button("Add a model", icon=":material/add:", key="add", width="stretch", on_click=_add_lane)
    return lanes


def put_into_models(lanes: list[LaneSpec], kind: str) -> None:
    """Ask for these models and settings."""
    st.session_state.lanes = len(lanes)
    for lane, spec in enumerate(lanes):
        st.session_state[f"model.{lane}"] = spec.model
        for name, value in spec.settings.items():
            _give(_key(lane, spec.model, kind, name), value)


def _add_lane() -> None:
    st.session_state.lanes = min(st.session_state.lanes + 1, MAXIMUM_LANES)


def _remove_lane(lane: int) -> None:
    """Take a model away; those after it move up, with their settings."""
    state = st.session_state
    state.pop("chosen", None)
    for at in range(lane, state.lanes):
        for key in _lane_keys(at):
            state.pop(key, None)
        for key in _lane_keys(at + 1):
            state[key.replace(str(at + 1), str(at), 1)] = state[key]
    state.lanes -= 1


def _lane_keys(lane: int) -> list[str]:
    """Of those that have a value: Streamlit may list one of a run of the page that a click interrupted."""
    of_lane = [key for key in map(str, st.session_state) if key == f"model.{lane}" or key.startswith(f"{lane}.")]
    return [key for key in of_lane if key in st.session_state]


def _lane(lane: int, kind: str, run: Run | None) -> dict[str, Any]:
    """One lane's model and settings."""
    key, names = f"model.{lane}", list(MODELS)
    st.session_state.setdefault(key, FIRST_MODELS[lane])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.selectbox(
            f":color[■]{{foreground='{LANE_COLOURS[lane]}'}} **Model {LETTERS[lane]}**",
            names,
            chosen_index(key, names),
            key=key,
            format_func=lambda name: MODELS[name].title,
        )
        if st.session_state.lanes > 1:
            st.button(
                "",
                icon=":material/close:",
                key=f"remove.{lane}",
                help=f"Remove model {LETTERS[lane]}",
                on_click=_remove_lane,
                args=(lane,),
            )
    family = MODELS[model]
    able = [ABLE.get(ability, ability) for ability in family.abilities]
    st.caption(f"{family.description} It can {', '.join(able)}.")
    defaults = family.resolve({}, kind)
    settings = list(type(defaults).model_fields)
    main = [name for name in settings if setting_notes(type(defaults), name)["main"]]
    values = {}

    def draw(name: str, label: str) -> None:
        key = _key(lane, model, kind, name)
        values[name] = setting_control(defaults, name, key, label, (run, lane, name, key) if run else ())

    columns = st.columns(2)
    for i, name in enumerate(main):
        with columns[i % 2]:
            # Two stand side by side, where a label has room for a few letters.
            draw(
                name,
                setting_label(name).replace("generator learning", "gen.").replace("discriminator learning", "disc."),
            )
    with st.expander("More settings"):
        for network, members in by_network([name for name in settings if name not in main]).items():
            if network:
                st.caption(f"**{network.capitalize()}**")
            places = st.columns(2 if network else 1)
            for i, name in enumerate(members):
                with places[i % len(places)]:
                    draw(name, setting_label(name.removeprefix(f"{network}_")))
    return {"model": model, "settings": values}


def chosen_index(key: str, offered: Sequence[Any]) -> int:
    """Which of those that are offered the session holds at this key; the first where it holds none of them."""
    value = st.session_state.get(key)
    return offered.index(value) if value in offered else 0


def setting_label(name: str) -> str:
    """The name of a setting as words."""
    return " ".join(WORDS.get(part, part) for part in name.split("_"))


def by_network(names: list[str]) -> dict[str, list[str]]:
    """The settings of the model as a whole, under "", then those of each network that has several."""
    groups = {network: [name for name in names if name.startswith(f"{network}_")] for network in NETWORKS}
    several = {network: members for network, members in groups.items() if len(members) > 1}
    grouped = [name for members in several.values() for name in members]
    return {"": [name for name in names if name not in grouped], **several}


def setting_control(defaults: Settings, name: str, key: str, label: str, change: tuple[Any, ...] = ()) -> Any:
    """The widget that fits one setting; one that may change while a run trains then calls `_change(*change)`."""
    field = type(defaults).model_fields[name]
    default = getattr(defaults, name)
    value = st.session_state.setdefault(key, default)
    live = setting_notes(type(defaults), name)["live"]
    common: dict[str, Any] = {
        "key": key,
        "help": f"{field.description}{' Can be changed while it trains.' if live else ''}",
    }
    if live and change:
        common |= {"on_change": _change, "args": change}
    label = label[0].upper() + label[1:]
    if get_origin(field.annotation) is Literal:
        choices = list(get_args(field.annotation))
        return st.selectbox(label, choices, chosen_index(key, choices), **common)
    if field.annotation is bool:
        return st.toggle(label, value, **common)
    # Without bounds: Streamlit keeps a number beyond them to the browser, and the one before would be trained with.
    number = type(default)
    if number is int:
        step = 10 ** (len(str(default)) - 2) if default >= 1000 else 1
        return st.number_input(label, value=int(value), step=step, **common)
    step = 10.0 ** math.floor(math.log10(default)) if default else 0.1
    return st.number_input(label, value=float(value), step=step, format="%g", **common)


def forget_changes() -> None:
    """The controls have just been given the settings of another spec: all changes are still to be shown."""
    for key in (IN_FORCE, SENT):
        st.session_state.pop(key, None)


def follow_changes(view: RunView) -> None:
    """Show in the controls what settings became while the run trained, also where another visitor changed them. What
    is chosen in the controls, for another run, stays until then, or until this one is resumed.
    """
    now = _in_force(view)
    for key in _differing(view, now):
        if st.session_state.get(key) != now[key]:  # a number that is being typed stays
            _give(key, now[key], drawn=st.session_state.get("controls_show") == view.id)
    _have_seen(now)


def controls_lag_behind(view: RunView) -> bool:
    """Whether a setting was changed elsewhere since the controls were drawn, so that they have to be drawn again."""
    now = _in_force(view)
    if any(key in st.session_state and st.session_state[key] != now[key] for key in _differing(view, now)):
        return True
    _have_seen(now)
    return False


def _in_force(view: RunView) -> dict[str, Any]:
    """The live settings as the run has them now, by the key of their control; of models that the controls show."""
    state, found = st.session_state, {}
    if state.get("dataset") != view.spec.dataset or view.spec.dataset not in DATASETS:
        return {}
    kind = DATASETS[view.spec.dataset].preset
    for lane, spec in enumerate(view.spec.lanes):
        if state.get(f"model.{lane}") == spec.model and spec.model in MODELS:
            settings, now = MODELS[spec.model].settings, view.settings_now(lane)
            for name in live_names(settings):
                if name in now:  # a number may be written without its point
                    found[_key(lane, spec.model, kind, name)] = type(settings.model_fields[name].default)(now[name])
    return found


def _differing(view: RunView, now: dict[str, Any]) -> list[str]:
    """Keys of values that are others than the controls were last given; without those that are on their way from this
    visitor to the worker.
    """
    followed = view.id, view.state.state in ACTIVE
    if st.session_state.get(IN_FORCE, ("", {}))[0] != followed:
        st.session_state[IN_FORCE] = followed, {}
    known, sent = st.session_state[IN_FORCE][1], st.session_state.setdefault(SENT, {})
    for key, (value, at) in list(sent.items()):
        arrived = now.get(key) == value != known.get(key)  # what is as before may have another one on its way before it
        waits = view.state.state in ("queued", "starting") or time.monotonic() - at < ON_ITS_WAY_SECONDS
        if arrived or not waits:
            del sent[key]
            known.pop(key, None)
    return [key for key in now if key not in sent and known.get(key) != now[key]]


def _have_seen(now: dict[str, Any]) -> None:
    """The controls have these values. Those of a data set or model that they do not show at present stay known."""
    sent = st.session_state[SENT]
    st.session_state[IN_FORCE][1].update({key: value for key, value in now.items() if key not in sent})


def _give(key: str, value: Any, drawn: bool = True) -> None:
    """Set a control. One that is drawn may be said by the browser to have its value of before for a moment."""
    state = st.session_state
    if drawn and key in state and state[key] != value:
        state.setdefault(GIVEN, {})[key] = state[key], value, time.monotonic()
    state[key] = value


def _change(run: Run, lane: int, name: str, key: str) -> None:
    """Send a live setting to a run that trains; any other run keeps what it was trained with."""
    if key not in st.session_state:
        return  # Streamlit may report a control of a model that a click has just removed
    before, given, at = st.session_state.get(GIVEN, {}).get(key, (None, None, -math.inf))
    if st.session_state[key] == before and time.monotonic() - at < ON_ITS_WAY_SECONDS:
        # The browser said what it shows before it heard of the new value: nobody has set it back.
        st.session_state[key] = given
        return
    try:
        model = st.session_state[f"model.{lane}"]
        if run.state().state in ACTIVE and run.spec().lanes[lane].model == model:
            MODELS[model].settings(**{name: st.session_state[key]})
            run.request("settings", lane=lane, values={name: st.session_state[key]})
            st.session_state.setdefault(SENT, {})[key] = st.session_state[key], time.monotonic()
            st.toast(f"Model {LETTERS[lane]}: {setting_label(name)} is now {st.session_state[key]:g}.")
    except ValidationError as error:
        st.toast(literal(f"Model {LETTERS[lane]} goes on as it was. {describe_errors(error)}"))
    except (RunUnreadable, OSError, IndexError) as error:
        st.toast(literal(str(error)))


def _key(lane: int, model: str, kind: str, name: str) -> str:
    # By kind of data too: the same model has other presets on images.
    return f"{lane}.{model}.{kind}.{name}"
