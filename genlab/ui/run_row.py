"""One row of the runs page: its picture, what the run is and got, its state, and what can be done with it."""

from __future__ import annotations

from datetime import UTC, tzinfo
from html import escape
from zoneinfo import ZoneInfo

import streamlit as st

from genlab.figures.base import LANE_COLOURS
from genlab.runs import Run, RunUnreadable
from genlab.runs.formats import format_bytes, format_duration, format_moment, format_settings
from genlab.runs.index import RunRow
from genlab.runs.notes import NAME_LENGTH, NOTE_LENGTH, Notes, read_notes, write_notes
from genlab.runs.picture import read_picture
from genlab.runs.summary import UNREADABLE, RunSummary, read_summary
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import get_store

LIVE_SECONDS = 1.0
PICTURE_WIDTH = 110  # pixels
HEADINGS = (
    '<div class="run-headings"><span>models, and what differs from their presets</span>'
    '<span class="number">modes</span><span class="number">on a mode</span><span class="state">state</span></div>'
)


def headings() -> None:
    """What the columns are called, for the eye; each number in a row names itself for a screen reader."""
    with st.container(key="run-headings"):
        for html in ("", "", '<span class="run-headings">run</span>', HEADINGS):
            st.html(html or "<span></span>")


def run_row(row: RunRow) -> None:
    """Draw one row."""
    run = get_store().open(row.id)
    st.session_state[f"choose-{row.id}"] = row.id in chosen()
    with st.container(key=f"run-row-{row.id}"):
        st.checkbox(
            f"Choose {literal(row.title)}, {row.id}",
            key=f"choose-{row.id}",
            label_visibility="collapsed",
            on_change=_choose,
            args=(row.id,),
        )
        picture = read_picture(run)
        if picture:
            st.image(picture, width=PICTURE_WIDTH, alt=f"Samples of {row.title}")
        else:
            st.html("<span></span>")
        with st.container(gap=None):
            st.page_link("pages/train.py", label=literal(row.title), query_params={"run": row.id})
            st.html(_details(row))
        if row.summary.state == UNREADABLE:
            st.markdown(f":material/error: {UNREADABLE}: {literal(row.summary.message)}")
        elif row.summary.active:
            st.fragment(_live, run_every=LIVE_SECONDS)(run)
        else:
            st.html(_lanes(row.summary))
        name = literal(row.title)
        st.button(
            ":material/star:" if row.notes.star else ":material/star_border:",
            key=f"star-{row.id}",
            help=f"Take the star from {name}" if row.notes.star else f"Give {name} a star",
            type="tertiary",
            on_click=_star,
            args=(run,),
        )
        if st.button(
            ":material/edit:", key=f"edit-{row.id}", help=f"Name {name}, or write a note on it", type="tertiary"
        ):
            _edit(run)


def _live(run: Run) -> None:
    """The lanes and the state of a run on its way, as they are now; once it has ended, all is drawn again."""
    summary = read_summary(run)
    if not summary.active:
        st.rerun()
    st.html(_lanes(summary))


def _details(row: RunRow) -> str:
    summary = row.summary
    about = [summary.dataset_title] if row.notes.name else []
    about += [f"seed {summary.seed}", summary.budget] if summary.lanes else []
    about += [format_settings(summary.changed)] if summary.changed else []
    made = format_moment(summary.created, time_zone())
    lines = [" · ".join(about), " · ".join(part for part in (made, format_bytes(summary.bytes)) if part)]
    lines += [row.notes.note] if row.notes.note else []
    return f'<div class="run-details">{"<br>".join(escape(line) for line in lines if line)}</div>'


def _lanes(summary: RunSummary) -> str:
    cells = []
    for lane, colour in zip(summary.lanes, LANE_COLOURS, strict=False):
        changed = [format_settings(lane.changed)] if lane.changed else []
        changed += [lane.message] if lane.state == "failed" else []
        below = "".join(f"<small>{escape(line)}</small>" for line in changed)
        modes = "" if lane.solid is None else f"{lane.solid:,} of {lane.modes:,}<span class='run-hidden'> modes</span>"
        share = "" if lane.on_mode_share is None else f"{lane.on_mode_share:.0%}"
        cells.append(
            f'<div class="lane" style="--lane: {colour}">{escape(lane.title)}{below}</div>'
            f'<div class="number">{modes}</div>'
            f'<div class="number">{share}<span class="run-hidden">{" on a mode" if share else ""}</span></div>'
        )
    lines = [_progress(summary)]
    if summary.state in ("failed", "stopped", "interrupted") and not any(lane.message for lane in summary.lanes):
        lines.append(summary.message)
    small = "".join(f"<small>{escape(line)}</small>" for line in lines if line)
    return f'<div class="run-lanes">{"".join(cells)}<div class="state">{escape(summary.state)}{small}</div></div>'


def _progress(summary: RunSummary) -> str:
    """How far the run is, and how long its lanes have trained."""
    step = max((lane.step for lane in summary.lanes), default=0)
    return f"step {step:,} · {format_duration(summary.seconds)}" if step else ""


def time_zone() -> tzinfo:
    """The visitor's, as far as it is known."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (KeyError, ValueError, OSError):
        return UTC


def chosen() -> list[str]:
    """The ids of the runs that are chosen, in the order in which they were."""
    ids: list[str] = st.session_state.setdefault("chosen-runs", [])
    return ids


def forget_chosen() -> None:
    """Choose none."""
    for run_id in chosen():
        st.session_state.pop(f"choose-{run_id}", None)
    chosen().clear()


def _choose(run_id: str) -> None:
    if st.session_state[f"choose-{run_id}"]:
        chosen().append(run_id)
    elif run_id in chosen():
        chosen().remove(run_id)


def _star(run: Run) -> None:
    notes = read_notes(run)
    _keep(run, Notes(notes.name, notes.note, not notes.star))


@st.dialog("Name and note")
def _edit(run: Run) -> None:
    notes = read_notes(run)
    with st.form("notes", border=False):
        name = st.text_input("Name", notes.name, max_chars=NAME_LENGTH, placeholder="as its data set")
        note = st.text_area("Note", notes.note, max_chars=NOTE_LENGTH)
        if st.form_submit_button("Save", type="primary") and _keep(run, Notes(name or "", note or "", notes.star)):
            st.rerun()


def _keep(run: Run, notes: Notes) -> bool:
    """Whether it could be written; if not, the page says why."""
    try:
        write_notes(get_store().open(run.id), notes)
        return True
    except (OSError, RunUnreadable) as error:
        st.error(literal(str(error)), icon=":material/error:")
        return False
