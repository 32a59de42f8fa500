"""The page of talks: the list, one that is written, and one that is given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from pydantic import ValidationError

import genlab
from genlab.export.html import play_offline
from genlab.export.talk import TAKE_BACK, in_the_bin, runs_of, talk_message
from genlab.figures.talk import SCREENS, screen_label
from genlab.recordings import recording_at
from genlab.runs import RunUnreadable
from genlab.runs.bin import Bin
from genlab.runs.formats import format_settings
from genlab.runs.summary import changed_settings
from genlab.runs.talks import MAXIMUM_MOMENTS, Moment, Talk, Talks, TalkUnreadable
from genlab.spec import describe_errors
from genlab.ui.address import hidden_parts
from genlab.ui.escape import literal
from genlab.ui.served import loader, served_plotly
from genlab.ui.worker_supervisor import get_store

WORDS = {"words": "Words alone", **{screen: screen_label(screen) for screen in SCREENS}}
UNDO = "talks.undo"  # in the session: the name of a talk, and what it was before
FAILED = "talks.failed"
NAMED = "talks.named"  # the talk that the address named last


def talks() -> Talks:
    return Talks(get_store().root)


def talk_page() -> None:
    """`?talk=NAME` gives a talk, `?edit=NAME` writes it; else the list of all."""
    given, edited = st.query_params.get("talk"), st.query_params.get("edit")
    name = given or edited
    if st.session_state.get(NAMED) and not name:
        st.query_params.clear()  # a link from a page to itself leaves the browser's address as it was
    st.session_state[NAMED] = name
    if name:
        try:
            talk = talks().read(name)
        except TalkUnreadable as error:
            st.error(literal(str(error)), icon=":material/link_off:")
        else:
            if given:
                give(name, talk)
            else:
                write(name, talk)
            return
    _list()


# ---- giving ----


def give(name: str, talk: Talk) -> None:
    """Show a talk on a stage over the page."""
    told: dict[str, Any] = {"hidden": sorted(hidden_parts()), "leaves": f"talks?edit={name}"}
    with st.spinner("Reading the runs of the talk …", show_time=True):
        message = _message(name, talk, told)
    _stage(key="talk-stage", data=message)


def _message(name: str, talk: Talk, told: dict[str, Any]) -> bytes:
    """Made again where the talk or what its runs hold has changed, and kept for all visitors."""
    store = get_store()
    made_of = [talk.model_dump_json(), repr(told), repr(in_the_bin(store, talk))]
    for run in runs_of(store, talk):
        made_of.append(f"{run.id} {[steps[-1] for _, steps in sorted(run.steps_of_frames().items())]}")
    digest = hashlib.blake2b("\n".join(made_of).encode(), digest_size=16).hexdigest()
    return _kept_message(digest, talk, told)


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept_message(digest: str, _talk: Talk, _told: dict[str, Any]) -> bytes:
    return talk_message(get_store(), _talk, _told, plotly=served_plotly())


def _file(talk: Talk) -> bytes:
    made_by = f"Made by genlab {genlab.__version__}."
    return play_offline(talk.title, made_by, talk_message(get_store(), talk, {"named": ""}), player="genlabTalk")


# ---- the list ----


def _list() -> None:
    st.subheader("Talks")
    st.markdown(
        "A talk is a list of moments: a run, a step, what to show of it, and your words. Add moments with **Talk** at "
        "the top of the pages *Train* and *Compare*, and wherever a recorded run plays; give it with its link, or from "
        "a file without a network."
    )
    _undo()
    for name in talks().names():
        try:
            talk = talks().read(name)
        except TalkUnreadable as error:
            st.error(literal(str(error)), icon=":material/error:")
            continue
        with st.container(horizontal=True, vertical_alignment="center", key=f"talk-{name}"):
            count = len(talk.moments)
            st.markdown(f"**{literal(talk.title)}** · {count} {'moment' if count == 1 else 'moments'}", width="stretch")
            _links(name)
            st.button("Delete", icon=":material/delete:", key=f"delete-{name}", on_click=_delete, args=(name, talk))
    _new_talk()


def _links(name: str) -> None:
    _to("Give", ":material/play_arrow:", talk=name)
    _to("Write", ":material/edit:", edit=name)


def _to(label: str, icon: str, **query: str) -> None:
    """A button to another view of this page. A link from a page to itself would not change the browser's address, and
    the next press on anything would lead back.
    """
    key = "-".join([label, *query.values()])
    st.button(label, icon=icon, key=key, on_click=st.query_params.from_dict, args=(query,))


def _new_talk() -> None:
    with st.form("new-talk", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("A new talk", placeholder="When does a GAN drop modes?", max_chars=120, width=420)
        asked = st.form_submit_button("Begin", type="primary", icon=":material/add:")
    if asked:
        if not title.strip():
            st.error("A talk needs a title. Type one, then press Begin.")
            return
        st.query_params.from_dict({"edit": talks().create(title)})
        st.rerun()


def _delete(name: str, talk: Talk) -> None:
    st.session_state[UNDO] = name, talk, f"The talk {talk.title} is deleted."
    talks().delete(name)


# ---- writing ----


def write(name: str, talk: Talk) -> None:
    """The moments in their order, each with what can be changed of it."""
    with st.container(horizontal=True, vertical_alignment="center", key="talk-head"):
        st.subheader(literal(talk.title), width="stretch")
        _to("Give", ":material/play_arrow:", talk=name)
        st.download_button(
            "One file",
            lambda: _file(talk),
            f"{name}.html",
            "text/html",
            key="talk-file",
            icon=":material/download:",
            help="One HTML file that plays the whole talk in a browser, without a network.",
            on_click="ignore",
        )
        _to("All talks", ":material/list:")
    _undo()
    if words := st.session_state.pop(FAILED, ""):
        st.error(literal(words))
    if not talk.moments:
        st.markdown(
            "Nothing in it yet. Open a run on the page *Train* or *Compare*, or play a recorded one, go to the step "
            "you want, and press **Talk** at the top; or begin with words."
        )
    in_bin = in_the_bin(get_store(), talk)
    for place, moment in enumerate(talk.moments):
        _moment(name, talk, place, moment, in_bin)
    if len(talk.moments) < MAXIMUM_MOMENTS:
        st.button(
            "Add a screen of words",
            icon=":material/add:",
            key="add-words",
            on_click=_change,
            args=(name, lambda now: add_moment(now, Moment(caption="Words"))),
        )


def _moment(name: str, talk: Talk, place: int, moment: Moment, in_bin: Sequence[str]) -> None:
    key = f"{name}-{moment.id}"
    with st.container(border=True, key=f"moment-{moment.id}"):
        left, middle, right = st.columns([4, 7, 4])
        with left:
            if moment.runs or moment.recording:
                st.selectbox(
                    "Show",
                    list(WORDS),
                    index=list(WORDS).index(moment.screen),
                    format_func=WORDS.__getitem__,
                    key=f"{key}-screen",
                    on_change=_take,
                    args=(name, moment.id, "screen", f"{key}-screen"),
                )
                st.number_input(
                    "At step",
                    0,
                    10**12,
                    moment.step,
                    key=f"{key}-step",
                    placeholder="the end",
                    on_change=_take,
                    args=(name, moment.id, "step", f"{key}-step"),
                )
                st.caption(literal(_describe(moment, in_bin)))
                for run_id in {run_id: None for run_id, _ in moment.lanes() if run_id in in_bin}:
                    st.button(
                        TAKE_BACK,
                        icon=":material/undo:",
                        key=f"{key}-restore-{run_id}",
                        on_click=_restore,
                        args=(run_id,),
                    )
            else:
                st.caption("Words alone")
        middle.text_area(
            f"{place + 1}. The first line is the title",
            moment.caption,
            max_chars=1000,
            height=110,
            key=f"{key}-caption",
            on_change=_take,
            args=(name, moment.id, "caption", f"{key}-caption"),
        )
        with right, st.container(horizontal=True, horizontal_alignment="right"):
            for label, icon, by in (("Earlier", "arrow_upward", -1), ("Later", "arrow_downward", 1)):
                st.button(
                    label,
                    icon=f":material/{icon}:",
                    key=f"{key}-{label}",
                    disabled=not 0 <= place + by < len(talk.moments),
                    on_click=_move,
                    args=(name, moment.id, by),
                )
            st.button("Remove", icon=":material/delete:", key=f"{key}-remove", on_click=_remove, args=(name, moment.id))


def _describe(moment: Moment, in_bin: Sequence[str]) -> str:
    """The models of a moment's runs, each with what it changes of its preset, and the data, in words."""
    if moment.recording:
        recording = recording_at(moment.recording)
        return recording.label if recording else f"{moment.recording}: no recorded run of this genlab"
    words = []
    for run_id, lane in moment.lanes():
        try:
            metadata, spec = get_store().open(run_id).metadata(), get_store().open(run_id).spec()
        except RunUnreadable:
            words.append(f"{run_id}: {'in the bin' if run_id in in_bin else 'not there any more'}")
            continue
        titles = []
        for i, of_lane in enumerate(metadata.lanes):
            if lane in (None, i):
                changed = format_settings(changed_settings(spec.lanes[i], metadata.dataset.kind))
                titles.append(f"{of_lane.title} ({changed})" if changed else of_lane.title)
        words.append(f"{', '.join(titles)} on {metadata.dataset.title}, seed {spec.seed}")
    return "; ".join(words)


def _restore(run_id: str) -> None:
    deleted = Bin(get_store()).find(run_id)
    try:
        if deleted:
            Bin(get_store()).restore(deleted)
    except (RunUnreadable, OSError) as error:
        st.session_state[FAILED] = str(error)


def add_moment(talk: Talk, moment: Moment) -> Talk:
    """Raises TalkUnreadable where it is full."""
    if len(talk.moments) >= MAXIMUM_MOMENTS:
        raise TalkUnreadable(f"The talk has {MAXIMUM_MOMENTS} moments, and takes no more. Remove one first.")
    return talk.model_copy(update={"moments": [*talk.moments, moment]})


def _change(name: str, change: Callable[[Talk], Talk]) -> None:
    """Read the talk as it is now, change it, and keep it; what was wrong is said where the page is drawn next."""
    try:
        talks().write(name, change(talks().read(name)))
    except ValidationError as error:
        st.session_state[FAILED] = describe_errors(error)
    except (TalkUnreadable, OSError) as error:
        st.session_state[FAILED] = str(error)


def _take(name: str, moment_id: str, field: str, key: str) -> None:
    value = st.session_state[key]
    _change(name, lambda talk: talk.changed(moment_id, **{field: value}))


def _move(name: str, moment_id: str, by: int) -> None:
    _change(name, lambda talk: talk.moved(moment_id, by))


def _remove(name: str, moment_id: str) -> None:
    try:
        st.session_state[UNDO] = name, talks().read(name), "A moment is removed."
    except TalkUnreadable:
        return
    _change(name, lambda talk: talk.without(moment_id))


def _undo() -> None:
    """What was removed last, with the button that takes it back."""
    if UNDO in st.session_state:
        name, talk, words = st.session_state[UNDO]
        with st.container(horizontal=True, vertical_alignment="center", key="talk-undo"):
            st.markdown(f":material/delete: {literal(words)}", width="content")
            st.button("Undo", icon=":material/undo:", key="undo", on_click=_take_back, args=(name, talk))


def _take_back(name: str, talk: Talk) -> None:
    del st.session_state[UNDO]
    try:
        talks().write(name, talk)
    except (TalkUnreadable, OSError) as error:
        st.session_state[FAILED] = str(error)


_stage = st.components.v2.component("genlab_talk", js=loader("genlabTalk"), isolate_styles=False)
