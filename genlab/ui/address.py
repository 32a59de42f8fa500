"""What the address of a page says, apart from its run: nonsense in it is said, and ignored."""

from __future__ import annotations

import typing
from collections.abc import Collection, Mapping
from typing import cast
from urllib.parse import urlsplit

import streamlit as st

from genlab.recordings import Recording, experiment_recordings, recordings
from genlab.spec import Clock
from genlab.ui.escape import literal

# What `hide=settings,links` takes from the page, and what it is called.
HIDEABLE = {
    "links": "Links to the other pages",
    "settings": "Settings at the side",
    "buttons": "State and buttons of the run",
    "bar": "Bar of the time line",
}
# How far an experiment is: played as recorded, run here, or at its verdict.
STAGES = ("recorded", "live", "verdict")
# How the compare page draws curves.
CURVES = {"together": "Over each other", "beside": "Side by side"}


def clock_from_address(default: Clock) -> Clock:
    """`clock=seconds`: what the time line is drawn against."""
    return cast(Clock, _one_of("clock", typing.get_args(Clock)) or default)


def view_from_address(offered: Collection[str]) -> str | None:
    """`view=reconstructions`: the picture in the first place of every lane."""
    return _one_of("view", offered)


def recording_from_address(offered: Collection[str]) -> str | None:
    """`recording=digits`: the recorded run that the front page plays."""
    return _one_of("recording", offered)


def experiment_from_address(offered: Collection[str]) -> str | None:
    """`experiment=mode-drop`: the card that is open."""
    return _one_of("experiment", offered)


def stage_from_address() -> str | None:
    """`state=verdict`: how far the open experiment is."""
    return _one_of("state", STAGES)


def guess_from_address(answers: int) -> int | None:
    """`guess=1`: which answer was predicted, from 0."""
    named = _one_of("guess", [str(answer) for answer in range(answers)])
    return None if named is None else int(named)


def step_from_address(last: int | None = None) -> int | None:
    """`step=1200`: where the time line stands at first, up to the last step that there may be, if that is known."""
    named = st.query_params.get("step")
    if named is None:
        return None
    step = whole_number(named)
    if step is None:
        ignored("step", named, "a whole number")
    elif last is not None and step > last:
        ignored("step", named, f"a step up to {last:,}")
        return None
    return step


def whole_number(named: str) -> int | None:
    """What digits of the address say, at most twelve; None for anything else."""
    return int(named) if named.isascii() and named.isdigit() and len(named) <= 12 else None


def note_place(step: str) -> None:
    """Remember at which step the time line of the page stands, "" for its end: the browser puts it into the address
    without telling.
    """
    st.session_state.place = _shown(), step


def address_query() -> dict[str, str]:
    """The query of the address as the browser shows it now."""
    query = dict(st.query_params)
    shown, step = st.session_state.get("place", (None, ""))
    if shown != _shown():
        return query
    others = {name: value for name, value in query.items() if name != "step"}
    return others | ({"step": step} if step else {})


def _shown() -> str:
    """The page and what it shows, so that the step of one time line is not taken for that of another."""
    names = ("run", "runs", "recording", "experiment")
    named = [f"{name}={st.query_params[name]}" for name in names if name in st.query_params]
    return "&".join([urlsplit(st.context.url or "").path, *named])


def shown_recording(query: Mapping[str, str], page: str) -> Recording | None:
    """The recorded run that a page plays, by the query of its address; None where it plays none."""
    if page == "Experiments":
        return experiment_recordings().get(query.get("experiment", "")) if query.get("state") == "recorded" else None
    return recordings().get(query.get("recording", "")) or next(iter(recordings().values()), None)


def hidden_parts(said: bool = True) -> set[str]:
    """`hide=settings,links`: the parts of the page that are not drawn, among `HIDEABLE`. `said`: what else is there has
    been said already, by the frame of the page.
    """
    named = [part for part in st.query_params.get("hide", "").split(",") if part]
    unknown = [part for part in named if part not in HIDEABLE]
    if unknown and not said:
        ignored("hide", ",".join(unknown), f"parts among {', '.join(HIDEABLE)}")
    return {part for part in named if part in HIDEABLE}


def curves_from_address() -> str:
    """`curves=beside`: each lane's curves below its pictures, in place of all over each other."""
    return _one_of("curves", CURVES) or next(iter(CURVES))


def talk_asked() -> bool:
    """`talk=1`: the page is shown as a talk."""
    return _one_of("talk", ("1",)) is not None


def runs_from_address() -> dict[str, list[int]]:
    """`runs=ID,ID:0,ID:1`: the runs to compare, each with those of its lanes that are named, [] for no lane."""
    named: dict[str, list[int]] = {}
    for part in filter(None, st.query_params.get("runs", "").split(",")):
        run, colon, lane = part.partition(":")
        if colon and not (lane.isascii() and lane.isdigit() and len(lane) <= 3):
            ignored("runs", part, "the id of a run, or one with a colon and the number of a lane, as in ID:0,")
            continue
        lanes = named.setdefault(run, [])
        if colon and int(lane) not in lanes:
            lanes.append(int(lane))
    return named


def _one_of(name: str, offered: Collection[str]) -> str | None:
    named = st.query_params.get(name)
    if named is not None and named not in offered:
        ignored(name, named, f"one of {', '.join(offered)}")
        return None
    return named


def ignored(name: str, value: str, expected: str) -> None:
    """Say that the address has something which is not used."""
    message = f"The address says {name}={value[:60]}, where {expected} was expected. It is ignored."
    st.warning(literal(message), icon=":material/link_off:")
