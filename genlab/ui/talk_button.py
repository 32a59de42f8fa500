"""The small button of the pages that show runs: begin talk mode, or keep the moment one stands at in a talk."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st
from pydantic import ValidationError

from genlab.figures.recorded_talk import screens_of
from genlab.figures.talk import SCREENS, screen_label
from genlab.runs.talks import Moment, Talk, Talks, TalkUnreadable
from genlab.spec import describe_errors
from genlab.ui.address import address_query, shown_recording
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import get_store

Shows = Literal["run", "runs", "recording"]
NEW = ""  # in place of a name
TYPED = ("talk.name", "talk.title", "talk.screen", "talk.caption")
ADDED = "talk.added"  # in the session: the name of the talk, "" where nothing was added, and what is said of it


def talk_button(shows: Shows, page: str) -> None:
    """Nothing on a page of recordings that plays none.

    shows: what the address of the page names. page: its title.
    """
    if shows == "recording" and not shown_recording(st.query_params, page):
        return
    for key in TYPED:
        if key in st.session_state:  # Streamlit forgets it while the menu is closed, for instance to move the time line
            st.session_state[key] = st.session_state[key]
    popover = st.popover("Talk", icon=":material/co_present:", type="tertiary", key="talk-menu", on_change="rerun")
    if popover.open:
        with popover:
            st.fragment(_choices)(shows, page)


def _choices(shows: Shows, page: str) -> None:
    query = address_query()
    if shows == "run":
        label = "Show this run as a talk" if "run" in query else "Show a recorded run as a talk"
        # A link from a page to itself would leave the query out of the browser's address.
        if st.button(label, icon=":material/slideshow:", key="talk.show"):
            kept = {name: value for name, value in query.items() if name in ("run", "step", "clock", "hide")}
            st.query_params.from_dict({**kept, "talk": "1"})
            st.rerun()
    shown: dict[str, Any] = {"runs": [place for place in query.get(shows, "").split(",") if place]}
    screens = list(SCREENS)
    if shows == "recording" and (recording := shown_recording(query, page)):
        shown, screens = {"recording": recording.place}, screens_of(recording)
    elif not shown["runs"]:
        st.caption("Open a run to keep one of its moments in a talk.")
        return
    talks = Talks(get_store().root)
    names = [*talks.names(), NEW]
    if st.session_state.get("talk.name") not in names:
        st.session_state["talk.name"] = names[0]
    if st.session_state.get("talk.screen") not in screens:
        st.session_state["talk.screen"] = "samples" if "samples" in screens else screens[-1]
    st.markdown("**Keep this moment in a talk**")
    name = st.selectbox("Talk", names, format_func=lambda name: _title(talks, name), key="talk.name")
    if name == NEW:
        st.text_input("Its title", max_chars=120, key="talk.title")
    st.selectbox("Show", screens, format_func=screen_label, key="talk.screen")
    st.text_area("Your words; the first line is the title", max_chars=1000, key="talk.caption", height=140)
    step = query.get("step", "")
    where = f"step {int(step):,}" if step.isdigit() else "the end of the time line"
    st.button(
        f"Add at {where}",
        type="primary",
        icon=":material/add:",
        key="talk.add",
        on_click=_add,
        args=(shown, int(step) if step.isdigit() else None),
    )
    if ADDED in st.session_state:
        added, words = st.session_state.pop(ADDED)
        if added:
            st.success(literal(words))
            st.page_link("pages/talks.py", label="Write it", icon=":material/edit:", query_params={"edit": added})
        else:
            st.error(literal(words))


def _add(shown: dict[str, Any], step: int | None) -> None:
    """Add the moment; the talk stays chosen for the next one, which needs words of its own."""
    typed = st.session_state
    talks = Talks(get_store().root)
    try:
        name = typed["talk.name"]
        if name == NEW:
            if not typed["talk.title"].strip():
                typed[ADDED] = "", "A new talk needs a title. Type one, then add the moment."
                return
            name = talks.create(typed["talk.title"])
        talk = talks.read(name)
        moment = Moment(**shown, step=step, screen=typed["talk.screen"], caption=typed["talk.caption"])
        talks.write(name, Talk(title=talk.title, moments=[*talk.moments, moment]))
    except ValidationError as error:
        typed[ADDED] = "", describe_errors(error)
        return
    except (TalkUnreadable, OSError) as error:
        typed[ADDED] = "", str(error)
        return
    count = len(talk.moments) + 1
    typed[ADDED] = name, f"Added to “{talk.title}”: it has {count} {'moment' if count == 1 else 'moments'}."
    typed["talk.name"], typed["talk.title"], typed["talk.caption"] = name, "", ""


def _title(talks: Talks, name: str) -> str:
    try:
        return talks.read(name).title if name else "A new talk"
    except TalkUnreadable:
        return name
