"""A selection in the latent planes, by an outline or by label: the same examples in all lanes, listed and as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from genlab.figures.base import LaneView
from genlab.figures.exploring import Chosen, point_labels
from genlab.runs import Run
from genlab.runs.selection import as_csv, as_zip, counts, inside, selected_rows
from genlab.ui.escape import literal, literal_table
from genlab.ui.latent_points import LanePoints

TOOLS = {"lasso": "Lasso", "select": "Box"}
HEIGHT = 250  # pixels of a list
MOST_ROWS, MOST_COLUMNS, MOST_LABELS = 50, 9, 12  # that are listed
NOTHING = "What is selected is listed here, to be downloaded."


def selection_controls(lanes: Sequence[LaneView]) -> None:
    """With what the pointer selects, and the labels that are chosen instead."""
    st.segmented_control(
        "Select by", list(TOOLS), format_func=TOOLS.__getitem__, default="lasso", required=True, key="latent.tool"
    )
    occurring = {label for lane in lanes if lane.arrays for label in point_labels(lane)}
    labels = [label for label in ["on no mode", *lanes[0].names] if label in occurring]
    st.multiselect(
        "Labels",
        labels,
        format_func=literal,
        key="latent.labels",
        on_change=lambda: st.session_state.pop("latent.outline", None),
        placeholder="or by label",
        width=320,
    )


def on_outline(run: Run, points: LanePoints) -> Callable[[list[list[float]]], None]:
    """What to do with an outline that is drawn in the plane of these points: select what is in it."""

    def select(outline: list[list[float]]) -> None:
        st.session_state["latent.labels"] = []
        if points.places is None or not outline:
            st.session_state.pop("latent.outline", None)
            return
        st.session_state["latent.outline"] = {
            "run": run.id,
            "lane": points.lane,
            "plane": points.plane,
            "outline": outline,
            "points": np.flatnonzero(inside(points.places, outline)),
        }

    return select


def chosen_in(run: Run, lanes: Sequence[LaneView], lane: LaneView, points: LanePoints) -> Chosen:
    """What is selected in a lane."""
    state = st.session_state
    tool, outline = state.get("latent.tool", "lasso"), np.zeros((0, 2))
    count = 0 if points.places is None else len(points.places)
    chosen = np.zeros(0, int)
    drawn: dict[str, Any] | None = state.get("latent.outline")
    if labels := state.get("latent.labels"):
        chosen = np.flatnonzero(np.isin(point_labels(lane), labels))
    elif drawn and drawn["run"] == run.id:
        if _same_items(lanes[drawn["lane"]], lane):
            chosen = drawn["points"]
        if (drawn["lane"], drawn["plane"]) == (lane.lane, points.plane):
            outline = np.array(drawn["outline"], "float64")
    return Chosen(chosen[chosen < count], outline, tool)


def _same_items(one: LaneView, other: LaneView) -> bool:
    """Whether a number means the same in both: held-out examples are the same for all, draws are a lane's own."""
    return one.lane == other.lane or ("encode" in one.abilities and "encode" in other.abilities)


def selected_list(run: Run, lane: LaneView, points: LanePoints, chosen: Chosen) -> None:
    """The selected points of a lane: how many of each label, the first of them in a table, and all of them as files."""
    with st.container(height=HEIGHT, border=False, key=f"latent-list{lane.lane}"):
        found = points.arrays("latents", "values", "columns") if len(chosen.points) else None
        if not found:
            st.caption(NOTHING)
            return
        of_all = point_labels(lane)
        labels = [of_all[i] for i in chosen.points]

        def file(of: Callable[..., bytes]) -> Callable[[], bytes]:
            return lambda: of(chosen.points, labels, points.arrays() or found)

        with st.container(horizontal=True, vertical_alignment="center"):
            name, key = f"selection-{run.id}-{lane.lane}", f"latent.save.{lane.lane}"
            _save("CSV", file(as_csv), f"{name}.csv", f"{key}.csv")
            if "values" not in found:
                _save("CSV and pictures", file(as_zip), f"{name}.zip", f"{key}.zip")
            st.markdown(literal(_in_words(labels)), width="stretch")
        rows = selected_rows(chosen.points[:MOST_ROWS], labels[:MOST_ROWS], found, decimals=2)
        st.markdown(literal_table({"": [dict(list(row.items())[:MOST_COLUMNS]) for row in rows]}))
        if len(labels) > MOST_ROWS:
            st.caption(f"The first {MOST_ROWS} of {len(labels):,}; the files have all of them.")


def _save(title: str, content: Callable[[], bytes], name: str, key: str) -> None:
    st.download_button(title, content, file_name=name, key=key, icon=":material/download:", on_click="ignore")


def _in_words(labels: Sequence[str]) -> str:
    found = counts(labels)
    words = [f"{label}: {number:,}" for label, number in list(found.items())[:MOST_LABELS]]
    if len(found) > MOST_LABELS:
        words.append(f"{len(found) - MOST_LABELS} more labels")
    return f"{len(labels):,} selected · " + " · ".join(words)
