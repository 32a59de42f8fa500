"""The export of what is on the page: a small button that is on every page, beside that of the link."""

from __future__ import annotations

import io
import shlex
import zipfile
from typing import TYPE_CHECKING, Any

import streamlit as st

from genlab.registry import EXPORTS, FIGURES
from genlab.runs import Run, RunUnreadable
from genlab.runs.formats import format_bytes
from genlab.runs.view import RunReader, RunView
from genlab.ui.address import address_query
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import get_store

if TYPE_CHECKING:  # what it needs is imported once it is opened: the first page is painted sooner
    from genlab.export import ExportFormat, Files

MADE = "export.made"  # in the session: what was asked for last, and the file


def export_button() -> None:
    """A small button that opens what can be made of the runs on the page."""
    popover = st.popover("Export", icon=":material/download:", type="tertiary", key="export", on_change="rerun")
    if popover.open:
        with popover:
            st.fragment(_choose)()
    else:
        st.session_state.pop(MADE, None)


def shown_runs() -> list[str]:
    """The runs that the page shows: those that the address names, that of the coverage page, or those that are chosen
    in the list.
    """
    query = st.query_params
    named = [query["run"]] if query.get("run") else []
    named += [part.partition(":")[0] for part in query.get("runs", "").split(",") if part]
    if not named:
        named = [st.session_state["coverage.run"]] if "coverage.run" in st.session_state else []
        named = named or list(st.session_state.get("chosen-runs", []))
    return list(dict.fromkeys(named))


def _choose() -> None:
    runs = shown_runs()
    if not runs:
        st.caption("Nothing to export here. Open a run, or choose one on the page of runs.")
        return
    run_id = st.selectbox("Run", runs, key="export.run") if len(runs) > 1 else runs[0]
    try:
        run = get_store().open(run_id)
        view = RunReader(run).read()
    except RunUnreadable as error:
        st.error(literal(str(error)))
        return
    entry = EXPORTS[
        st.selectbox("Format", list(EXPORTS), format_func=lambda name: EXPORTS[name].title, key="export.to")
    ]
    st.caption(literal(entry.description))
    wanted = _options(entry, view)
    name = f"{view.spec.dataset}-{run.id}"
    if reason := entry.unavailable():
        st.info(literal(reason))
    elif entry.trained:
        st.caption("This needs TensorFlow, which the page does not load. Run it where the runs are:")
    else:
        _make(run, entry, name, wanted)
    st.code(_command(run, entry, name, wanted), language=None, wrap_lines=True)


def _options(entry: ExportFormat, view: RunView) -> dict[str, Any]:
    """What is wanted, as far as the format takes it."""
    wanted: dict[str, Any] = {}
    whole = not entry.one_lane
    if "figure" in entry.options:
        figures = [figure for figure in FIGURES if _is_able(figure, view)]
        wanted["figure"] = st.selectbox(
            "Figure", figures, format_func=lambda name: FIGURES[name].title, key="export.figure"
        )
        whole = FIGURES[wanted["figure"]].belongs == "run"
    lanes = range(len(view.spec.lanes))
    if "lane" in entry.options and len(lanes) > 1 and not (whole and "figure" in entry.options):
        offered = [None, *lanes] if whole else list(lanes)
        titles = {lane: view.title(lane) for lane in lanes}
        wanted["lane"] = st.selectbox(
            "Model",
            offered,
            format_func=lambda lane: "All models" if lane is None else titles[lane],
            key=f"export.lane.{whole}.{view.id}",
        )
    step = address_query().get("step", "")
    if "step" in entry.options and step.isdigit() and st.toggle(f"At step {int(step):,}", key="export.step"):
        wanted["step"] = int(step)
    if "dark" in entry.options and st.toggle("Dark", key="export.dark"):
        wanted["dark"] = True
    return wanted


def _is_able(figure: str, view: RunView) -> bool:
    ability = FIGURES[figure].ability
    return not ability or any(ability in view.abilities(lane) for lane in range(len(view.spec.lanes)))


def _make(run: Run, entry: ExportFormat, name: str, wanted: dict[str, Any]) -> None:
    """The button that makes the file, and then the one that takes it home."""
    from genlab.export import ExportRefused, export

    asked = (run.id, entry.name, wanted)
    if st.button("Make", key="export.make", type="primary", icon=":material/build:"):
        try:
            with st.spinner("Making it …", show_time=True):
                files = export(run, entry.name, name, **wanted)
        except (ExportRefused, RunUnreadable, OSError) as error:
            st.error(literal(str(error)))
            return
        st.session_state[MADE] = asked, *_one_file(files, name)
    made, file, content = st.session_state.get(MADE, (None, "", b""))
    if made == asked:
        st.download_button(
            f"Download, {format_bytes(len(content))}",
            content,
            file,
            key="export.download",
            icon=":material/download:",
            on_click="ignore",
        )


def _one_file(files: Files, name: str) -> tuple[str, bytes]:
    """The file, or a zip of several."""
    if len(files) == 1:
        return next(iter(files.items()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return f"{name}.zip", buffer.getvalue()


def _command(run: Run, entry: ExportFormat, name: str, wanted: dict[str, Any]) -> str:
    """The same on the command line."""
    words = ["genlab", "export", run.id, "--to", entry.name, "--out", f"{name}{entry.suffix}"]
    for option, value in wanted.items():
        if value is not None:
            words += [f"--{option}"] if value is True else [f"--{option}", str(value)]
    return shlex.join(words)
