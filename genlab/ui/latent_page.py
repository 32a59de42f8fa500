"""The latent page: ask the trained models of a run what they make of a place, of an example, of a way between two."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from genlab.figures.base import LaneView, lane_views
from genlab.figures.exploring import Chosen, made_figure, plane_figure
from genlab.figures.latent_points import holes_figure, holes_in_words, selected_figure
from genlab.registry import FIGURES
from genlab.runs import Run, RunUnreadable
from genlab.runs.latent_points import Plane
from genlab.runs.questions import Answer, Question
from genlab.runs.view import RunReader
from genlab.ui.asking import answer_of, newest, say, wait
from genlab.ui.chart_grid import Cell, chart_grid
from genlab.ui.escape import literal
from genlab.ui.latent_points import LanePoints, has_planes, plane_choice, points_of, say_what_is_missing
from genlab.ui.latent_selection import chosen_in, on_outline, selected_list, selection_controls
from genlab.ui.latent_words import ABOUT, ABOUT_HOLES, ABOUT_SELECTED, HINTS, KINDS, SHOWN
from genlab.ui.run_choice import choose_finished_run

LINE, CHART = 30, 330  # heights in pixels
FURTHEST = 1000.0


def latent_page() -> None:
    shows = (
        "what its models make of any place in their latent space, where a held-out example is in it, and what lies "
        "between two of them"
    )
    run = choose_finished_run("latent", "Latent space", shows)
    if run is None:
        return
    try:
        lanes = lane_views(RunReader(run).read())
    except RunUnreadable as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    if not lanes[0].reference:
        st.info("This run has no frames yet, so there is no latent space to show. Train it first.")
        return
    _explore(run, lanes)


@st.fragment
def _explore(run: Run, lanes: list[LaneView]) -> None:
    question, kind, plane = _question(run, lanes)
    answer, asks = None, kind in KINDS
    try:
        points = [points_of(run, lane, plane) for lane in lanes]
        if asks:
            question, answer = answer_of("latent", question)
    except OSError as error:
        st.error(literal(f"The question could not be written down: {error}"), icon=":material/error:")
        return
    shown_question, shown = newest("latent.shown", question, answer) if asks else (question, None)
    with st.container(key="latent-said"):  # one place for all that is said: the charts below stay where they are
        if asks and answer is None:
            wait("latent", question)
        if said := answer or shown:
            say("latent", lanes, said)
        waits = say_what_is_missing(run, lanes, points, needed=not asks)
        if not waits and (answer or not asks):
            st.caption(HINTS[kind])
    for first in range(0, len(lanes), 2):
        row = lanes[first : first + 2]
        for column, lane_view in zip(st.columns(min(2, len(lanes))), row, strict=False):
            with column:
                of_lane = points[lane_view.lane]
                if asks:
                    cells = [
                        _title(lane_view, shown, shown_question),
                        *_charts(lane_view, shown, shown_question, of_lane),
                    ]
                else:
                    chosen = chosen_in(run, lanes, lane_view, of_lane) if kind == "selected" else None
                    cells = _of_points(lane_view, of_lane, chosen)
                chart_grid(
                    cells,
                    key=f"latent.grid{lane_view.lane}",
                    columns=2,
                    on_place=_go_to,
                    on_outline=on_outline(run, of_lane),
                )
                if not asks and chosen:
                    selected_list(run, lane_view, of_lane, chosen)


# What is asked


def _question(run: Run, lanes: list[LaneView]) -> tuple[Question, str, Plane | None]:
    """What the controls say: a question, the kind that is chosen, which may be one of `SHOWN`, and the plane."""
    state = st.session_state
    examples = int(lanes[0].reference["measured"])
    with st.container(horizontal=True, vertical_alignment="bottom", key="latent-controls"):
        kind = st.segmented_control(
            "Ask about",
            [*KINDS, *SHOWN],
            format_func=(KINDS | SHOWN).__getitem__,
            default="place",
            required=True,
            key="latent.kind",
        )
        items: list[int] = []
        dimension = 0
        if kind in ("item", "between"):
            for i, title in enumerate(("Example", "To example")[: 2 if kind == "between" else 1]):
                key = f"latent.item{i}"
                state[key] = min(state.get(key, i), examples - 1)
                items.append(int(st.number_input(title, 0, examples - 1, key=key, width=140)))
            st.button("At random", icon=":material/casino:", key="latent.random", on_click=_draw, args=(examples,))
        elif kind == "selected":
            selection_controls(lanes)
        elif kind in ("place", "along"):
            if kind == "along":
                most = max(int(lane.settings.get("latent_dim", 2)) for lane in lanes) - 1
                state["latent.dimension"] = min(state.get("latent.dimension", 0), most)
                dimension = int(st.number_input("Dimension", 0, most, key="latent.dimension", width=140))
            for key, title in (("latent.across", "Across"), ("latent.up", "Up")):
                value = min(max(state.setdefault(key, 0.0), -FURTHEST), FURTHEST)
                st.number_input(title, -FURTHEST, FURTHEST, value, step=0.1, format="%.2f", key=key, width=140)
        asked_class = 0
        if kind in ("place", "along") and any(lane.settings.get("conditional") for lane in lanes):
            names = lanes[0].names
            asked_class = st.selectbox(
                "Class", range(len(names)), format_func=lambda i: literal(names[i]), key="latent.class", width=180
            )
        plane = plane_choice() if kind != "holes" and any(map(has_planes, lanes)) else None
    place = (state.get("latent.across", 0.0), state.get("latent.up", 0.0)) if not items else (0.0, 0.0)
    asked_kind = kind if kind in KINDS else "place"
    question = Question(run=run.id, kind=asked_kind, place=place, items=items, dimension=dimension, label=asked_class)
    return question, kind, plane


def _go_to(across: float, up: float) -> None:
    """Ask about the place that was pointed at."""
    state = st.session_state
    state["latent.across"], state["latent.up"] = across, up
    if state.get("latent.kind") not in ("place", "along"):
        state["latent.kind"] = "place"


def _draw(examples: int) -> None:
    random = np.random.default_rng()
    for key in ("latent.item0", "latent.item1"):
        st.session_state[key] = int(random.integers(examples))


# What is answered


def _title(lane: LaneView, answer: Answer | None, question: Question) -> Cell:
    detail = ""
    if answer and lane.lane in answer.steps:
        arrays = answer.of_lane(lane.lane)
        detail = f"at step {answer.steps[lane.lane]:,}"
        if "error" in arrays:
            how = "reconstruction" if "encode" in lane.abilities else "projection"
            errors = " and ".join(f"{error:.3g}" for error in arrays["error"])
            detail += f" · {how}, mean squared error {errors}"
        elif "latents" in arrays and question.kind == "place" and arrays["latents"].shape[1] <= 4:
            detail += f" · latent {', '.join(f'{value:.2f}' for value in arrays['latents'][0])}"
    return Cell(f"{lane.lane}-title", 2, LINE, heading=lane.title, detail=detail, colour=lane.colour)


def _charts(lane: LaneView, answer: Answer | None, question: Question, points: LanePoints) -> list[Cell]:
    arrays = answer.of_lane(lane.lane) if answer else {}
    message = "no answer of this lane" if answer else "waiting for the answer"
    made = made_figure(lane, arrays, question.kind, message)
    alt = f"{lane.title}: what it makes of what is chosen"
    return [
        _plane(lane, _in_plane(lane, arrays, question, points), points),
        Cell(f"{lane.lane}-made", 1, CHART, made, alt=alt, title="What it makes of it", about=ABOUT),
    ]


def _of_points(lane: LaneView, points: LanePoints, chosen: Chosen | None) -> list[Cell]:
    """What is read off the points: the selected ones, or the holes between them."""
    places = {} if points.places is None else {"points": points.places}
    if chosen:
        examples = points.arrays("examples") or {} if len(chosen.points) else {}
        figure = selected_figure(lane, examples, chosen.points)
        name, alt = f"{lane.lane}-selected", f"{lane.title}: what is selected in the plane"
        right = Cell(name, 1, CHART, figure, alt=alt, title="Selected", about=ABOUT_SELECTED)
        detail = f"{len(chosen.points):,} selected"
    else:
        found = points.arrays()
        figure = holes_figure(lane, found)
        name, alt = f"{lane.lane}-holes", f"{lane.title}: where the prior has mass and no code is"
        right = Cell(name, 1, CHART, figure, alt=alt, title="Holes of the prior", about=ABOUT_HOLES)
        detail = holes_in_words(found) if found and "hole_mass" in found else ""
    title = Cell(f"{lane.lane}-title", 2, LINE, heading=lane.title, detail=detail, colour=lane.colour)
    return [title, _plane(lane, places, points, chosen), right]


def _plane(lane: LaneView, arrays: Mapping[str, np.ndarray], points: LanePoints, chosen: Chosen | None = None) -> Cell:
    latent, asks = FIGURES["latent"], chosen is None and not points.plane
    does = "; point at a place to ask about it" if asks else "; draw around points to select them" if chosen else ""
    return Cell(
        f"{lane.lane}-latent",
        1,
        CHART,
        plane_figure(lane, arrays, points.plane, chosen),
        alt=f"{lane.title}: {latent.alt}{does}",
        title=latent.title,
        about=latent.about,
        places=asks,
        outlines=chosen is not None,
        sheet=points.sheet(),
    )


def _in_plane(
    lane: LaneView, arrays: Mapping[str, np.ndarray], question: Question, points: LanePoints
) -> dict[str, np.ndarray]:
    """Of an answer what can be drawn in the plane. In one that is no projection a latent has no place, unless it is
    that of one of the points.
    """
    if points.places is None or not points.plane:
        return {**arrays} if points.places is None else {**arrays, "points": points.places}
    drawn = {"points": points.places}
    items = [item for item in question.items if item < len(points.places)]
    return drawn | ({"item_places": points.places[items]} if items and "encode" in lane.abilities else {})
