"""A whole run in one file: the message that a time line plays, made from what the run kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from genlab.figures.base import LaneView
from genlab.figures.packing import pack_message, unpack_message
from genlab.figures.timeline import TimelineCell, curves, describe, pack_frame, pack_new_curves, place_on_clocks
from genlab.registry import FIGURES
from genlab.runs.folder import Frame

POINTS, IMAGES, CODES = 500, 25, 400  # of those in a frame: enough to see
TITLE, PICTURE, LARGE, CURVES, BARS = 30, 250, 300, 150, 150  # heights in pixels
SPAN = 2  # columns of the grid that a lane has
LANES_A_ROW = 2


def recording_cells(
    lanes: Sequence[LaneView], picture: str = "samples", large: bool = False, losses: bool = False
) -> list[TimelineCell]:
    """The grid of a recording, one lane beside the other: its heading, a picture and the latent space, and the bars of
    all lanes. With `large` the latent space has the width of the lane and stands above the picture and the samples;
    with `losses` the losses of each lane stand below its pictures.
    """
    rows: list[list[tuple[str, int, int]]] = [[(picture, 1, PICTURE), ("latent", 1, PICTURE)]]
    if large:
        rows = [[("latent", SPAN, LARGE)], [(picture, 1, PICTURE), ("samples", 1, PICTURE)]]
    if losses:
        rows.append([("losses", SPAN, CURVES)])
    columns = recording_columns(lanes)
    each, cells = range(len(lanes)), []
    for beside in (each[first : first + LANES_A_ROW] for first in range(0, len(lanes), LANES_A_ROW)):
        lines = [[TimelineCell(f"{lane}-title", SPAN, TITLE, lanes=(lane,)) for lane in beside]]
        lines += [
            [
                TimelineCell(f"{lane}-{n}", span, height, FIGURES[n], (lane,))
                for lane in beside
                for n, span, height in row
            ]
            for row in rows
        ]
        for line in lines:
            gap = columns - SPAN * len(beside)
            cells += line + ([TimelineCell(f"after-{line[-1].name}", gap, line[-1].height)] if gap else [])
    if not large:
        cells.append(TimelineCell("coverage", columns, BARS, FIGURES["coverage"], tuple(each)))
    return cells


def recording_columns(lanes: Sequence[LaneView]) -> int:
    """How many columns the grid has."""
    return SPAN * min(LANES_A_ROW, len(lanes))


def make_recording(
    cells: Sequence[TimelineCell],
    lanes: Sequence[LaneView],
    frames: Sequence[Sequence[Frame]],
    about: Mapping[str, Any],
    *,
    columns: int,
    maximum_frames: int,
    maximum_bytes: int,
    whole: bool = False,
) -> bytes:
    """The recording of a run: of each lane at most so many of its frames, evenly by its seconds, the first and the last
    among them, and fewer where it would have more bytes.

    frames: of each lane, in the order of their steps; those of the same place in it were made together.
    about: what it is, values of JSON: the "recording" of its header.
    whole: with all samples and codes that a frame has, and not the first of them alone.

    Raises ValueError where not even two frames a lane fit.
    """
    if not whole:
        frames = [[_reduced(frame) for frame in of_lane] for of_lane in frames]
    longest = max(range(len(lanes)), key=lambda lane: len(frames[lane]))
    seconds = np.array([place_on_clocks(lanes[longest], frame.step)["seconds"] for frame in frames[longest]])
    clock = lanes[0].clock
    last = [replace(view, frame=of_lane[-1]) for view, of_lane in zip(lanes, frames, strict=True)]
    fixed = describe(cells, last, clock=clock, columns=columns, budget=lanes[0].budget, recording=True)
    begun = [fixed, pack_new_curves(curves(cells, last), {})]
    while maximum_frames >= 2:
        kept = evenly(seconds, maximum_frames)
        parts, held = list(begun), []
        for lane, of_lane in enumerate(frames):
            chosen = [of_lane[i] for i in kept if i < len(of_lane)]
            parts += [_packed(cells, lanes, lane, frame) for frame in chosen]
            held.append(len(chosen))
        signature = hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()
        header = {"signature": signature, "described": signature, "describes": True, "grows": True, "held": held}
        header |= {"active": False, "more": False, "removed": [], "step": None, "recording": dict(about)}
        message = pack_message(header, parts)
        if len(message) <= maximum_bytes:
            return message
        maximum_frames = min(maximum_frames - 1, len(kept) * maximum_bytes // len(message))
    raise ValueError(f"A recording of two frames a lane takes more than {maximum_bytes:,} bytes.")


def with_explanations(recording: bytes, **header: Any) -> bytes:
    """A message that was written to a file, with what is said today about its figures, and further values of its
    header.
    """
    stored, parts = unpack_message(recording)
    about = {entry.name: {"figure": entry.title, "about": entry.about} for entry in FIGURES.values()}
    return pack_message(stored | {"about": about} | header, parts)


def evenly(seconds: np.ndarray, count: int) -> np.ndarray:
    """Which of rising moments (n,) to keep, at most so many: (m,) indices, the first and the last among them."""
    if len(seconds) <= count:
        return np.arange(len(seconds))
    wanted = np.linspace(seconds[0], seconds[-1], count)
    return np.unique(np.abs(seconds[:, None] - wanted).argmin(axis=0))


def _reduced(frame: Frame) -> Frame:
    """The frame with the first of its samples and its codes only."""
    arrays = dict(frame.arrays)
    samples = arrays["samples"]
    arrays["samples"] = samples[: POINTS if samples.ndim == 2 else IMAGES]
    arrays |= {name: arrays[name][:CODES] for name in ("latent", "latent_modes")}
    return frame.model_copy(update={"arrays": arrays})


def _packed(cells: Sequence[TimelineCell], lanes: Sequence[LaneView], lane: int, frame: Frame) -> bytes:
    shown = [replace(view, frame=frame) if i == lane else view for i, view in enumerate(lanes)]
    return pack_frame(cells, shown, lane, place_on_clocks(lanes[lane], frame.step))
