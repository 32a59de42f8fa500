"""The small picture of a run: samples of its first lanes side by side, in a file of its folder."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
from PIL import Image

from genlab import spec
from genlab.runs.folder import ACTIVE, PICTURE, Run, RunUnreadable

LANES = 2
SIDE, GAP = 112, 8  # pixels: a lane's square, and what is between two
GRID = 4  # images a row, and rows
REAL_POINTS, POINTS = 400, 400
REAL = (138, 138, 138, 130)
LANE_COLOURS = [(*bytes.fromhex(colour[1:]), 255) for colour in spec.LANE_COLOURS[:LANES]]


def read_picture(run: Run) -> bytes | None:
    """The PNG of a run; made now where there is none, and kept once the run has ended. None before its first frame, and
    of a run that cannot be drawn.
    """
    with suppress(OSError):
        return (run.path / PICTURE).read_bytes()
    try:
        return draw_picture(run) if run.state().state in ACTIVE else keep_picture(run)
    except RunUnreadable:
        return None


def keep_picture(run: Run) -> bytes | None:
    """Draw the picture and write it, if the disk has room."""
    drawn = draw_picture(run)
    if drawn is not None:
        with suppress(OSError, RunUnreadable):
            run.write(PICTURE, drawn)
    return drawn


def draw_picture(run: Run) -> bytes | None:
    """The newest samples of the first two lanes as a PNG on a transparent ground; None where there is nothing to draw.

    Of points, dots in the lane's colour over grey real ones; of images, the first sixteen.
    """
    with suppress(RunUnreadable, KeyError, ValueError, TypeError, IndexError):
        reference = run.reference()
        lanes = range(min(LANES, len(run.spec().lanes)))
        frames = [run.newest_frame(lane) for lane in lanes]
        if reference is None or not any(frames):
            return None
        picture = np.zeros((SIDE, len(frames) * (SIDE + GAP) - GAP, 4), np.uint8)
        for lane, frame in enumerate(frames):
            if frame:
                at = lane * (SIDE + GAP)
                picture[:, at : at + SIDE] = sample_square(frame.arrays["samples"], reference, LANE_COLOURS[lane])
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "png", optimize=True)
        return file.getvalue()
    return None


def sample_square(
    samples: np.ndarray, reference: dict[str, np.ndarray], colour: tuple[int, ...], side: int = SIDE
) -> np.ndarray:
    """Samples as (side, side, 4) bytes."""
    if samples.ndim > 2:
        return _images(samples, side)
    square, extent = np.zeros((side, side, 4), np.uint8), float(reference["extent"])
    for points, width, ink in (
        (reference["samples"][:REAL_POINTS], 2, REAL),
        (samples[:POINTS], 3, colour),
    ):
        if "axes" in reference:
            points = (points - reference["middle"]) @ reference["axes"]
        at = (points / extent + 1) / 2 * (side - 1)
        columns, rows = at[np.isfinite(at).all(axis=1)].T.round().clip(-width, side).astype(int)
        for down, right in np.ndindex(width, width):
            y, x = side - 1 - rows + down - width // 2, columns + right - width // 2
            inside = (y >= 0) & (y < side) & (x >= 0) & (x < side)
            square[y[inside], x[inside]] = ink
    return square


def _images(samples: np.ndarray, side: int) -> np.ndarray:
    """A grid of images (n, height, width, channels), bytes or in [0, 1]; what is missing at its end stays empty."""
    if samples.dtype != np.uint8:
        samples = (samples.clip(0, 1) * 255).round().astype(np.uint8)
    count, height, width, channels = samples[: GRID**2].shape
    grid = np.zeros((GRID**2, height, width, 4), np.uint8)
    grid[:count, ..., :3] = samples[: GRID**2, ..., : 3 if channels >= 3 else 1]
    grid[:count, ..., 3] = 255
    tiled = grid.reshape(GRID, GRID, height, width, 4).transpose(0, 2, 1, 3, 4).reshape(GRID * height, GRID * width, 4)
    return np.asarray(Image.fromarray(tiled).resize((side, side), Image.Resampling.BOX))
