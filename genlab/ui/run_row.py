"""The rows of the runs page: a picture, what the run is and got, its state, and what can be done with it."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, tzinfo
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from genlab.runs import Run, RunUnreadable
from genlab.runs.formats import format_bytes, format_duration, format_moment, format_settings
from genlab.runs.index import RunRow
from genlab.runs.notes import NAME_LENGTH, NOTE_LENGTH, Notes, read_notes, write_notes
from genlab.runs.picture import read_picture
from genlab.runs.summary import UNREADABLE, RunSummary, read_summary
from genlab.spec import LANE_COLOURS
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import get_store

LIVE_SECONDS = 1.0
HERE = Path(__file__).parent
TEMPLATE = """
<div class="run-headings">
  <span></span><span></span><span>run</span>
  <div class="run-columns"><span>models, and what differs from their presets</span>
    <span class="number">modes</span><span class="number">on a mode</span><span class="state">state</span></div>
</div>
<div class="run-rows"></div>
"""
KEY = "run-rows"
CHOSEN, HEARD, EDITED = "chosen-runs", "run-rows.heard", "run-rows.edited"  # in the session


def run_rows(rows: list[RunRow]) -> None:
    """Draw the rows, as one element: a widget for each of their buttons takes a browser a second."""
    shown, on_their_way = [], []
    for row in rows:
        run = Run(get_store().root / row.id)
        shown.append((row.id, _row(row, read_picture(run))))
        if row.summary.active:
            on_their_way.append(run)
    pressed = _rows(
        key=KEY,
        data={"rows": tuple(shown), "chosen": tuple(chosen()), "heard": st.session_state.get(HEARD, 0)},
        on_chosen_change=_choose,
        on_star_change=_star,
        on_edit_change=_ask_edit,
    )
    try:
        if pressed.get("open"):
            st.switch_page("pages/train.py", query_params={"run": get_store().open(str(pressed["open"])).id})
        if EDITED in st.session_state:
            _edit(get_store().open(st.session_state[EDITED]))
    except RunUnreadable as error:  # deleted in another tab just now
        _forget_edit()
        st.error(literal(str(error)), icon=":material/error:")
    if on_their_way:
        st.fragment(_live, run_every=LIVE_SECONDS)(on_their_way)


def _live(runs: list[Run]) -> None:
    """The lanes and the states of runs on their way, as they are now; once one has ended, all is drawn again."""
    summaries = [read_summary(run) for run in runs]
    if not all(summary.active for summary in summaries):
        st.rerun()
    _rows(key=f"{KEY}-live", data={"lanes": tuple((summary.id, _lanes(summary)) for summary in summaries)})


def _row(row: RunRow, picture: bytes | None) -> str:
    """One row as HTML. What comes from outside is text in it."""
    run_id, title = escape(row.id), escape(row.title)
    source = f"data:image/png;base64,{b64encode(picture).decode()}" if picture else ""
    image = f'<img src="{source}" alt="Samples of {title}">' if picture else "<span></span>"
    if row.summary.state == UNREADABLE:
        lanes = f'<div class="run-unreadable">{UNREADABLE}: {escape(row.summary.message)}</div>'
    else:
        lanes = _lanes(row.summary)
    star = f"Take the star from {title}" if row.notes.star else f"Give {title} a star"
    pressed = str(row.notes.star).lower()
    edit = f"Name {title}, or write a note on it"
    return (
        f'<input type="checkbox" data-do="chosen" aria-label="Choose {title}, {run_id}">{image}'
        f'<div><a href="train?run={run_id}" data-do="open">{title}</a>{_details(row)}</div>'
        f'<div class="run-now">{lanes}</div>'
        f'<button type="button" data-do="star" title="{star}" aria-label="Star of {title}" aria-pressed="{pressed}">'
        "star</button>"
        f'<button type="button" data-do="edit" title="{edit}" aria-label="{edit}">edit</button>'
    )


def _details(row: RunRow) -> str:
    summary = row.summary
    about = [summary.dataset_title] if row.notes.name else []
    about += [f"seed {summary.seed}", summary.budget] if summary.lanes else []
    about += [format_settings(summary.changed)] if summary.changed else []
    made = format_moment(summary.created, time_zone())
    lines = [" · ".join(about), " · ".join(part for part in (made, format_bytes(summary.bytes)) if part)]
    lines += [text for text in (summary.group, row.notes.note) if text]
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
    ids: list[str] = st.session_state.setdefault(CHOSEN, [])
    return ids


def forget_chosen() -> None:
    """Choose none."""
    chosen().clear()


def _choose() -> None:
    told = st.session_state[KEY]["chosen"] or {}
    st.session_state[CHOSEN] = [str(run_id) for run_id in told.get("runs", [])]
    st.session_state[HEARD] = told.get("number", 0)


def _ask_edit() -> None:
    st.session_state[EDITED] = str(st.session_state[KEY]["edit"])


def _forget_edit() -> None:
    st.session_state.pop(EDITED, None)


def _star() -> None:
    try:
        run = get_store().open(str(st.session_state[KEY]["star"]))
    except RunUnreadable as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    notes = read_notes(run)
    _keep(run, Notes(notes.name, notes.note, not notes.star))


@st.dialog("Name and note", on_dismiss=_forget_edit)
def _edit(run: Run) -> None:
    """Open for as long as it is asked for: also where the page is drawn anew meanwhile, since a run has ended."""
    notes = read_notes(run)
    with st.form("notes", border=False):
        name = st.text_input("Name", notes.name, max_chars=NAME_LENGTH, placeholder="as its data set")
        note = st.text_area("Note", notes.note, max_chars=NOTE_LENGTH)
        if st.form_submit_button("Save", type="primary") and _keep(run, Notes(name or "", note or "", notes.star)):
            _forget_edit()
            st.rerun()


def _keep(run: Run, notes: Notes) -> bool:
    """Whether it could be written; if not, the page says why."""
    try:
        write_notes(get_store().open(run.id), notes)
        return True
    except (OSError, RunUnreadable) as error:
        st.error(literal(str(error)), icon=":material/error:")
        return False


_rows = st.components.v2.component(
    "genlab_run_rows",
    html=TEMPLATE,
    js=(HERE / "run_row.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)
