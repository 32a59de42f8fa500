"""The runs page: all runs, searched, filtered and sorted; chosen ones are compared, or deleted with undo."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from genlab.registry import MODELS
from genlab.runs import RunUnreadable, Store
from genlab.runs.bin import KEPT_SECONDS, Bin, Deleted, RunBusy
from genlab.runs.formats import format_bytes, format_moment
from genlab.runs.index import SORTS, Choice, RunIndex, RunRow, make_row
from genlab.runs.notes import read_notes
from genlab.runs.summary import read_summary
from genlab.ui.escape import literal
from genlab.ui.importing import import_runs
from genlab.ui.run_row import chosen, forget_chosen, run_rows, time_zone
from genlab.ui.worker_supervisor import get_store

A_PAGE = 15  # rows
PAGINATION = 360  # pixels: with less, the pages that are shown are fewer
COMPARED = (2, 4)  # at least, and at most
BIN_SHOWN = 50  # runs, those deleted last


@st.cache_resource(show_spinner=False)
def _index(root: str) -> RunIndex:
    return RunIndex(Store(Path(root)))


def run_list() -> None:
    """Draw the page below its frame."""
    st.html(Path(__file__).with_name("run_list.css"))
    store = get_store()
    with st.spinner("Reading the runs …", show_time=True):
        rows = _index(str(store.root)).rows()
    deleted = Bin(store).runs()
    st.subheader("Runs")
    _messages(deleted)
    if rows:
        _found(rows, _controls(rows).of(rows))
    else:
        st.markdown("Nothing has been trained here yet." if not deleted else "All runs are in the bin.")
        st.page_link("pages/train.py", label="Train a GAN and a VAE", icon=":material/play_arrow:")
    import_runs()
    if deleted:
        _bin(deleted)


def _controls(rows: list[RunRow]) -> Choice:
    """What the visitor looks for. It stays while he looks at another page."""
    datasets = {row.summary.dataset: row.summary.dataset_title for row in rows if row.summary.dataset}
    models = {lane.model: lane.title for row in rows for lane in row.summary.lanes}
    models = {name: models[name] for name in sorted(models, key=[*MODELS, *models].index)}
    states = dict.fromkeys(sorted({row.summary.state for row in rows}))

    def choose(label: str, options: dict[str, str] | dict[str, None], width: int) -> str:
        key = f"runs-{label.replace(' ', '-')}"
        if st.session_state.get(key) not in ("", *options):
            st.session_state.pop(key, None)  # what is gone is not looked for
        return st.selectbox(
            label.capitalize(),
            ["", *options],
            format_func=lambda name: (options[name] or name) if name else f"any {label}",
            key=key,
            persist_state="session",
            width=width,
        )

    with st.container(horizontal=True, vertical_alignment="bottom", key="runs-controls"):
        search = st.text_input(
            "Search",
            placeholder="Name, note, data, model, setting",
            key="runs-search",
            type="search",
            live=True,
            persist_state="session",
            width=280,
        )
        dataset = choose("data set", datasets, 190)
        model = choose("model", models, 150)
        state = choose("state", states, 140)
        sort = st.selectbox("Sort", list(SORTS), key="runs-sort", persist_state="session", width=190)
        starred = st.toggle("With a star", key="runs-starred", persist_state="session")
    return Choice(search or "", dataset, model, state, starred, sort)


def _found(rows: list[RunRow], found: list[RunRow]) -> None:
    """The rows that were found, a page of them at a time, below what can be done with those that are chosen."""
    pages = max(1, -(-len(found) // A_PAGE))
    if st.session_state.get("runs-page", 1) > pages:
        st.session_state["runs-page"] = 1
    with st.container(horizontal=True, vertical_alignment="center", key="runs-toolbar"):
        _actions()
        space = format_bytes(sum(row.summary.bytes for row in rows))
        count = f"{len(rows):,} runs" if len(found) == len(rows) else f"{len(found):,} of {len(rows):,} runs"
        st.caption(f"{count if len(rows) > 1 else '1 run'} · {space} used", width="content")
        page = st.pagination(pages, key="runs-page", persist_state="session", width=PAGINATION) if pages > 1 else 1
    if not found:
        st.markdown("No run is like that. Look for something else, or for less.")
        return
    run_rows(found[(page - 1) * A_PAGE : page * A_PAGE])


def _actions() -> None:
    count = len(chosen())
    least, most = COMPARED
    if st.button(
        "Compare",
        icon=":material/compare_arrows:",
        key="compare",
        type="primary",
        disabled=not least <= count <= most,
        help=f"Choose {least} to {most} runs in the list.",
    ):
        st.switch_page("pages/compare.py", query_params={"runs": ",".join(chosen())})
    st.button(
        "Delete",
        icon=":material/delete:",
        key="delete",
        disabled=not count,
        help="Chosen runs go to the bin, where they can be taken back for a week.",
        on_click=_delete,
    )
    if count:
        st.button(
            f"{count} chosen", icon=":material/close:", key="choose-none", type="tertiary", on_click=forget_chosen
        )


def _delete() -> None:
    store, deleted, refused = get_store(), [], []
    for run_id in chosen():
        try:
            deleted.append(Bin(store).delete(store.open(run_id)))
        except (RunBusy, RunUnreadable, OSError) as error:
            refused.append(str(error))
    forget_chosen()
    st.session_state["runs-deleted"], st.session_state["runs-refused"] = deleted, refused


def _restore(runs: list[Deleted]) -> None:
    refused = []
    for deleted in runs:
        try:
            Bin(get_store()).restore(deleted)
        except (RunUnreadable, OSError) as error:
            refused.append(str(error))
    st.session_state["runs-deleted"], st.session_state["runs-refused"] = [], refused


def _messages(in_bin: list[Deleted]) -> None:
    """What became of the last deletion, with its undo."""
    for message in st.session_state.pop("runs-refused", []):
        st.error(literal(message), icon=":material/error:")
    there = {one.run.path for one in in_bin}
    deleted = [one for one in st.session_state.get("runs-deleted", []) if one.run.path in there]
    if deleted:
        with st.container(horizontal=True, vertical_alignment="center", key="runs-undo"):
            words = "1 run is" if len(deleted) == 1 else f"{len(deleted)} runs are"
            st.markdown(f":material/delete: {words} in the bin for a week.", width="content")
            st.button("Undo", icon=":material/undo:", key="undo", on_click=_restore, args=(deleted,))


def _bin(deleted: list[Deleted]) -> None:
    summaries = [read_summary(one.run) for one in deleted]
    space = format_bytes(sum(summary.bytes for summary in summaries))
    count = "1 run" if len(deleted) == 1 else f"{len(deleted):,} runs"
    with st.expander(f"Bin: {count}, {space}", icon=":material/delete:", key="bin"):
        st.caption("A run stays here for a week.")
        for one, summary in list(zip(deleted, summaries, strict=True))[:BIN_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                row = make_row(summary, read_notes(one.run))
                until = format_moment(one.deleted + KEPT_SECONDS, time_zone())
                st.button(
                    "Take back",
                    icon=":material/undo:",
                    key=f"restore-{one.run.id}-{one.deleted:.6f}",
                    on_click=_restore,
                    args=([one],),
                )
                models = ", ".join(lane.title for lane in summary.lanes)
                words = (row.title, models, one.run.id, format_bytes(summary.bytes), f"until {until}")
                st.markdown(literal(" · ".join(dict.fromkeys(word for word in words if word))), width="content")
        if len(deleted) > BIN_SHOWN:
            st.caption(f"And {len(deleted) - BIN_SHOWN:,} more.")
        st.button("Empty the bin now", icon=":material/delete_forever:", key="empty-bin", on_click=_empty)


def _empty() -> None:
    try:
        Bin(get_store()).empty()
        st.session_state["runs-deleted"] = []
    except OSError as error:
        st.session_state["runs-refused"] = [str(error)]
