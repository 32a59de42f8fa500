"""Pixels of any range as bytes, and where in an array of pictures the colours are."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

Scale = tuple[float, float]  # the values that are black and white

COLOURS = (1, 3)
BYTE = 255
DARK = 127  # whole numbers up to here may go from 0 to the largest of them, rather than to 255
ROWS = 1000  # pictures that are scaled at a time


def colours_first(shape: Sequence[int]) -> bool:
    """Whether (n, a, b, c) is (n, colours, height, width): a 1 or 3, and c neither."""
    return shape[1] in COLOURS and shape[3] not in COLOURS


def found_scale(lowest: float, highest: float, values: np.ndarray) -> Scale | None:
    """The scale of pictures from the range of their pixels; None if it is not one of the usual.

    Whole numbers: 0 to 255 where the largest is above 127, 0 to the largest where it is not, and the range that occurs
    where it is wider. Fractions: 0 to 1, -1 to 1, or up to 255.
    """
    if values.dtype.kind == "b":
        return (0, 1)
    whole = values.dtype.kind in "iu"
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        return None
    if not whole and lowest >= -1 and highest <= 1:
        return (0, 1) if lowest >= 0 else (-1, 1)
    if not whole and lowest >= 0 and highest <= BYTE:
        whole = all((part == np.round(part)).all() for part in _parts(values))
        if not whole:
            return (0, BYTE)
    if not whole:
        return None
    if lowest >= 0 and highest <= BYTE:
        return (0, BYTE) if highest > DARK else (0, float(highest))
    return (-128, 127) if values.dtype == np.int8 else (float(lowest), float(highest))


def as_bytes(values: np.ndarray, scale: Scale) -> np.ndarray:
    """Pixels as bytes, 0 for black and 255 for white; what is beyond either is clipped."""
    low, high = scale
    if values.dtype == np.uint8 and scale == (0, BYTE):
        return values
    result = np.empty(values.shape, "uint8")
    for start in range(0, len(values), ROWS):
        part = (values[start : start + ROWS].astype("float64") - low) * (BYTE / (high - low))
        result[start : start + ROWS] = np.round(part).clip(0, BYTE)
    return result


def _parts(values: np.ndarray) -> list[np.ndarray]:
    return [values[start : start + ROWS] for start in range(0, len(values), ROWS)]


def png_bytes(picture: np.ndarray) -> bytes:
    """A picture (height, width, 1 or 3) of bytes, or with a further channel of how opaque it is, as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(buffer, "PNG")
    return buffer.getvalue()
