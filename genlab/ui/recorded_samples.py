"""Recorded samples of a run: the same draws through training, and two pictures over each other. Nothing is computed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from genlab.figures import through_time
from genlab.figures.base import LaneView
from genlab.figures.swipe import ABOUT, side_of
from genlab.runs import Run, RunUnreadable
from genlab.runs.folder import Frame
from genlab.runs.view import RunView
from genlab.ui.address import ignored, whole_number
from genlab.ui.address_controls import choice, number
from genlab.ui.chart_grid import Cell, chart_grid
from genlab.ui.swipe import swipe

LINE, ALL_STRIPS, PATHS, SWIPE = 30, 510, 470, 470  # heights in pixels
AT_ONCE = {"images": ("1", "2", "3", "4", "6"), "points": ("1", "3", "5", "10", "20", "50")}  # draws


def time_view(controls: DeltaGenerator, run: Run, view: RunView, lanes: list[LaneView]) -> None:
    """Some draws of the latent at recorded steps of every lane."""
    pictures = lanes[0].pictures
    offered = AT_ONCE["images" if pictures else "points"]
    kept = min(len(lane.arrays["samples"]) for lane in lanes if lane.frame)
    with controls:
        first = number("First draw", "draw", 0, kept - 1, width=130)
        count = int(choice("Draws", "draws", {value: value for value in offered}, offered[2], width=90))
    draws = range(first, min(first + count, kept))
    a_row = len(lanes) if not pictures else 1 if len(lanes) <= 2 else 2
    height = ALL_STRIPS // -(-len(lanes) // a_row) - LINE if pictures else PATHS
    for begin in range(0, len(lanes), a_row):
        for lane, column in zip(lanes[begin:], st.columns(a_row)):
            with column:
                chart_grid(_time_cells(run, view, lane, draws, height), key=f"samples.time{lane.lane}", columns=1)


def _time_cells(run: Run, view: RunView, lane: LaneView, draws: Sequence[int], height: int) -> list[Cell]:
    """The title of a lane, and its draws through training."""
    pictures = lane.pictures
    most = through_time.A_STRIP if pictures else through_time.ON_A_PATH
    steps, samples = _through(run, view, lane.lane, most, draws)
    title = Cell(f"{lane.lane}-title", 1, LINE, heading=lane.title, colour=lane.colour)
    if not steps:
        return [replace(title, detail="no frame that can be read")]
    figure = (
        through_time.strips_figure(draws, steps, samples)
        if pictures
        else through_time.paths_figure(lane, draws, steps, samples)
    )
    alt = f"{lane.title}: draws {draws[0]} to {draws[-1]} from step {steps[0]:,} to {steps[-1]:,}"
    about = through_time.ABOUT
    return [title, Cell(f"{lane.lane}-time", 1, height, figure, alt=alt, title="Draws through training", about=about)]


def swipe_view(run: Run, view: RunView, lanes: list[LaneView]) -> None:
    """Two lanes, or two steps of one, over each other: at first the first lane and the second, or the one there is at
    its first frame and its newest.
    """
    recorded = [lane.lane for lane in lanes if view.frame_steps[lane.lane]]
    first, last = recorded[0], recorded[min(1, len(recorded) - 1)]
    begin = view.frame_steps[first][0 if first == last else -1]
    left, middle, right = st.columns((1, 2.2, 1))
    with left:
        a = _side(run, view, lanes, "A", (first, begin))
    with right:
        b = _side(run, view, lanes, "B", (last, view.frame_steps[last][-1]))
    with middle:
        if a and b:
            swipe(side_of(a), side_of(b), ABOUT, key="samples.swipe", side=SWIPE)


def _side(run: Run, view: RunView, lanes: list[LaneView], letter: str, default: tuple[int, int]) -> LaneView | None:
    """The lane at the step that a side shows, chosen in two controls; None where that cannot be read."""
    name, state = letter.lower(), st.session_state
    lane_key, step_key = f"samples.{name}.lane", f"samples.{name}.step"
    lane, step = _place(name, view, default)
    state[lane_key] = lane
    recorded = [lane.lane for lane in lanes if view.frame_steps[lane.lane]]

    def keep() -> None:
        st.query_params[name] = f"{state[lane_key]}:{state.get(step_key, step)}"

    titles = {lane.lane: lane.title for lane in lanes}
    st.selectbox(f"{letter}: lane", recorded, format_func=titles.__getitem__, key=lane_key, on_change=keep)
    steps = view.frame_steps[lane]
    state[step_key] = _at_or_before(steps, step)
    if len(steps) > 1:
        st.select_slider(f"{letter}: step", steps, format_func="{:,}".format, key=step_key, on_change=keep)
    frame = _frame(run, lane, state[step_key])
    if frame is None:
        st.warning("This frame cannot be read. Choose another step.")
        return None
    return replace(lanes[lane], frame=frame)


def _place(name: str, view: RunView, default: tuple[int, int]) -> tuple[int, int]:
    """`a=0:1200`: the lane and the step of a side."""
    named = st.query_params.get(name)
    if named is None:
        return default
    lane, step = (whole_number(part) for part in named.partition(":")[::2])
    if lane is not None and step is not None and lane < len(view.frame_steps) and view.frame_steps[lane]:
        return lane, step
    ignored(name, named, "the number of a lane and a step, as in 0:1200,")
    return default


def _at_or_before(steps: Sequence[int], step: int) -> int:
    """The last of the steps, which ascend, at or before this one; the first where there is none."""
    return steps[max(0, bisect_right(steps, step) - 1)]


def _through(run: Run, view: RunView, lane: int, most: int, draws: Sequence[int]) -> tuple[list[int], np.ndarray]:
    """Recorded steps, and the samples of these draws there, (steps, draws, ...)."""
    frames = [_frame(run, lane, step) for step in through_time.even_steps(view.frame_steps[lane], most)]
    readable = [frame for frame in frames if frame is not None]
    samples = [frame.arrays["samples"][draws[0] : draws[-1] + 1] for frame in readable]
    return [frame.step for frame in readable], np.stack(samples) if samples else np.empty(0)


def _frame(run: Run, lane: int, step: int) -> Frame | None:
    """A frame with its samples alone, kept for the session while it shows this run."""
    kept_run, kept = st.session_state.setdefault("samples.frames", (run.id, {}))
    if kept_run != run.id:
        kept = {}
        st.session_state["samples.frames"] = run.id, kept
    if (lane, step) not in kept:
        try:
            frame = run.frame(lane, step)
        except RunUnreadable:
            return None
        kept[lane, step] = frame.model_copy(update={"arrays": {"samples": frame.arrays["samples"]}})
    found: Frame = kept[lane, step]
    return found
