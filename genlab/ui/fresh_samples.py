"""Fresh samples of the models of a run, and the training examples nearest to one of them: the worker answers."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from genlab.figures import fresh, neighbourhood
from genlab.figures.base import LaneView, words_figure
from genlab.runs import Run
from genlab.runs.draws import Classes, Draw
from genlab.runs.questions import Answer, Question
from genlab.ui.address_controls import choice, number
from genlab.ui.asking import answer_of, newest, say, wait
from genlab.ui.chart_grid import Cell, chart_grid
from genlab.ui.escape import literal, literal_table

LINE, SHEET, POINTS, STRIP, HISTOGRAM = 30, 430, 232, 150, 320  # heights in pixels
SIDES = (4, 6, 8, 10, 12, 16)  # pictures a row, in as many rows
COUNTS = (500, 1000, 2500, 5000, 10_000)  # points
AMONG = {"images": 64, "points": 1000}  # samples whose neighbours are found
THRESHOLDS = ("none", "2", "1.5", "1", "0.75", "0.5", "0.25")
MOST_SEED = 2**31 - 1
TRUNCATION = (
    "The latent keeps within this distance of 0 in each of its dimensions: the prior, normal or uniform, is cut off "
    "there on both sides, and every draw moves to the same quantile of what is left. A uniform prior ends at 1. The "
    "smaller it is, the more typical and the more alike samples are: the truncation trick of Brock et al. 2019, "
    "*Large Scale GAN Training for High Fidelity Natural Image Synthesis*."
)
Arrays = dict[str, np.ndarray]


def fresh_view(controls: DeltaGenerator, run: Run, lanes: list[LaneView]) -> None:
    """Real data, and beside it what each lane makes of the same seed."""
    pictures = lanes[0].pictures
    with controls:
        if pictures:
            sides = {str(side): f"{side} × {side}" for side in SIDES}
            side = int(choice("Samples", "size", sides, "8", width=110))
            count = side * side
        else:
            counts = {str(count): f"{count:,}" for count in COUNTS}
            side, count = 1, int(choice("Samples", "size", counts, "2500", width=110))
        draw = _draw(lanes, count, side)
    draw, answer, waits_for = _asked(run, lanes, draw, "samples.fresh")
    columns = st.columns(1 + len(lanes))
    arrays = [answer.of_lane(lane.lane) if answer else {} for lane in lanes]
    # Those of a conditional lane are of the classes that were asked for.
    source = next((i for i, of_lane in enumerate(arrays) if "labels" in of_lane), 0)
    real = arrays[source].get("real")
    with columns[0]:
        heading = Cell("title", 1, LINE, heading="Real data", detail="held-out")
        cells = _fresh_cells(lanes[source], None, real, real, draw)
        chart_grid([heading, *cells], key="samples.real", columns=1)
    for column, lane, of_lane in zip(columns[1:], lanes, arrays, strict=True):
        with column:
            cells = _fresh_cells(lane, lane.title, of_lane.get("samples"), real, draw)
            chart_grid([_title(lane, answer, draw), *cells], key=f"samples.lane{lane.lane}", columns=1)
    if waits_for:
        wait("samples", waits_for)


def neighbours_view(controls: DeltaGenerator, run: Run, lanes: list[LaneView]) -> None:
    """The samples of each lane, one of them chosen, and what of the training set is nearest to it."""
    kind = "images" if lanes[0].pictures else "points"
    with controls:
        chosen = number("Sample", "sample", 0, AMONG[kind] - 1, width=120)
        draw = _draw(lanes, AMONG[kind], 8).model_copy(update={"neighbours": True})
    draw, answer, waits_for = _asked(run, lanes, draw, "samples.neighbours")
    for first in range(0, len(lanes), 2):
        row = lanes[first : first + 2]
        for column, lane in zip(st.columns(min(2, len(lanes))), row, strict=False):
            arrays = answer.of_lane(lane.lane) if answer else {}
            with column:
                words = neighbourhood.in_words(arrays, chosen) if arrays else ""
                cells = [_title(lane, answer, draw, words, span=2), *_neighbour_cells(lane, arrays, chosen)]
                point = partial(_point_at, lane, arrays)
                chart_grid(cells, key=f"samples.near{lane.lane}", columns=2, on_place=point)
                if "nearest_table" in arrays:
                    st.markdown(literal_table({"": neighbourhood.neighbour_rows(lane, arrays, chosen)}))
    if waits_for:
        wait("samples", waits_for)


# What is asked


def _draw(lanes: list[LaneView], count: int, a_row: int) -> Draw:
    """What the controls say."""
    seed = number("Seed", "seed", 0, MOST_SEED, width=130)
    st.button("Another", icon=":material/casino:", key="samples.another", on_click=_another_seed)
    thresholds = {value: value for value in THRESHOLDS}
    truncation = choice("Truncation", "truncation", thresholds, "none", "slider", help=TRUNCATION, width=190)
    classes: Classes = "data"
    if any(lane.settings.get("conditional") for lane in lanes):
        offered = {"data": "as in the data"} | ({"rows": "row by row"} if lanes[0].pictures else {})
        offered |= {str(i): literal(name) for i, name in enumerate(lanes[0].names)}
        chosen = choice("Class", "class", offered, "data", width=150)
        classes = int(chosen) if chosen.isdigit() else "rows" if chosen == "rows" else "data"
    threshold = None if truncation == "none" else float(truncation)
    return Draw(seed=seed, count=count, truncation=threshold, classes=classes, a_row=a_row)


def _another_seed() -> None:
    st.query_params["seed"] = str(np.random.default_rng().integers(10_000))


def _asked(run: Run, lanes: list[LaneView], draw: Draw, key: str) -> tuple[Draw, Answer | None, Question | None]:
    """What is drawn: the newest draw that is answered, and its answer; and the question that is not answered yet. What
    there is to say is said.
    """
    question = Question(run=run.id, kind="samples", draw=draw)
    try:
        asked, answer = answer_of("samples", question)
    except OSError as error:
        st.error(literal(f"The question could not be written down: {error}"), icon=":material/error:")
        return draw, None, None
    with st.container():  # one place for all that is said, so that the charts below are the same elements
        if answer:
            say("samples", lanes, answer)
    shown, known = newest(key, asked, answer)
    return shown.draw or draw, known, None if answer else asked


def _point_at(lane: LaneView, arrays: Arrays, across: float, up: float) -> None:
    """Choose the sample that was pointed at."""
    if not arrays:
        return
    samples = arrays["samples"]
    if samples.ndim > 2:
        index = fresh.sheet_of(samples, columns=8).at(across, up)
    else:
        index = neighbourhood.nearest_to(lane, arrays, (across, up))
    if index is not None:
        st.query_params["sample"] = str(index)


# What is drawn


def _title(lane: LaneView, answer: Answer | None, draw: Draw, words: str = "", span: int = 1) -> Cell:
    said = []
    if answer and lane.lane in answer.steps:
        said = [f"at step {answer.steps[lane.lane]:,}", words]
        said.append(fresh.labels_in_words(draw, lane.names, bool(lane.settings.get("conditional"))))
    detail = " · ".join(filter(None, said))
    return Cell(f"{lane.lane}-title", span, LINE, heading=lane.title, detail=detail, colour=lane.colour)


def _fresh_cells(
    lane: LaneView, title: str | None, samples: np.ndarray | None, real: np.ndarray | None, draw: Draw
) -> list[Cell]:
    """Samples of a lane, or without a title real data: a sheet of pictures; of points each, and their density."""
    name, alt = ("real", "Real data") if title is None else (str(lane.lane), title)
    about = fresh.ABOUT["real" if title is None else "samples"]
    pictures = lane.pictures
    if samples is None or real is None:
        heights = {"samples": SHEET} if pictures else {"samples": POINTS, "density": POINTS}
        waiting = words_figure("Samples", "waiting for the answer")
        return [Cell(f"{name}-{part}", 1, height, waiting, alt=f"{alt}: waiting") for part, height in heights.items()]
    words = f"{len(samples):,} examples" if title is None else fresh.sample_title(draw)
    if pictures:
        by_row = fresh.row_names(draw, lane.names) if lane.settings.get("conditional") else []
        figure = fresh.pictures_figure(words, samples, draw.a_row, rows=by_row)
        return [Cell(f"{name}-samples", 1, SHEET, figure, alt=f"{alt}: pictures", title="Samples", about=about)]
    scatter = fresh.scatter_figure(lane, words, None if title is None else samples, real)
    thick = fresh.density_figure(lane, "Density", samples, real)
    return [
        Cell(f"{name}-samples", 1, POINTS, scatter, alt=f"{alt}: points", title="Samples", about=about),
        Cell(
            f"{name}-density",
            1,
            POINTS,
            thick,
            alt=f"{alt}: how densely points lie",
            title="Density",
            about=fresh.ABOUT["density"],
        ),
    ]


def _neighbour_cells(lane: LaneView, arrays: Arrays, chosen: int) -> list[Cell]:
    pictures = lane.pictures
    about = neighbourhood.ABOUT
    figures = {}
    if arrays:
        figures["choose"] = (
            fresh.pictures_figure("Samples: point at one", arrays["samples"], 8, chosen)
            if pictures
            else neighbourhood.neighbour_points_figure(lane, arrays, chosen)
        )
        figures["distances"] = neighbourhood.distances_figure(lane, arrays, chosen)
        figures["nearest"] = neighbourhood.neighbours_figure(arrays, chosen) if pictures else None
    alts = {
        "choose": "samples, point at one to choose it",
        "distances": "distances of samples and of held-out examples from the nearest training example",
        "nearest": "the chosen sample and the training examples nearest to it",
    }
    titles = {"choose": "Samples", "distances": "Distances", "nearest": "Nearest training examples"}
    heights = {"choose": HISTOGRAM, "distances": HISTOGRAM} | ({"nearest": STRIP} if pictures else {})
    return [
        Cell(
            f"{lane.lane}-{name}",
            2 if name == "nearest" else 1,
            height,
            figures.get(name) or words_figure(titles[name], "waiting for the answer"),
            alt=f"{lane.title}: {alts[name]}",
            title=titles[name],
            about=about[name],
            places=name == "choose",
        )
        for name, height in heights.items()
    ]
