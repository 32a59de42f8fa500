"""Arrays and plain values in one compressed piece, small enough to travel and quick to open in a browser.

Four bytes say how long the header is, the header follows as JSON, then the arrays, each at a multiple of four bytes.
The whole is deflated (RFC 1950), which browsers open by themselves. `browser/unpack.js` reads what is written here.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LEVEL = 3  # of compression: higher ones take several times as long for a few per cent
LENGTH = struct.Struct("<I")
TYPES = ("int8", "int16", "int32", "uint8", "float32")


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Values of JSON, and arrays. Places in the plane (n, 2) become int16 and a scale, exact to 1/32,767 of the
    farthest; tables (rows, columns) of real numbers uint8 between their least and greatest value; words are part of the
    header.
    """
    described: dict[str, dict[str, Any]] = {}
    words: dict[str, list[str]] = {}
    body = bytearray()
    for name, array in arrays.items():
        if array.dtype.kind == "U":
            words[name] = array.tolist()
            continue
        values, scaling = _smallest(array)
        described[name] = {"type": values.dtype.name, "shape": list(values.shape), "at": len(body), **scaling}
        body += values.tobytes()
        body += bytes(-len(body) % 4)
    text = json.dumps({**header, "arrays": described, "words": words}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return zlib.compress(LENGTH.pack(len(text)) + text + body, LEVEL)


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What was packed; arrays as near to it as they travelled."""
    content = zlib.decompress(packed)
    (length,) = LENGTH.unpack_from(content)
    header = json.loads(content[LENGTH.size : LENGTH.size + length])
    start = LENGTH.size + length
    arrays = {name: np.array(values) for name, values in header.pop("words").items()}
    for name, array in header.pop("arrays").items():
        count = int(np.prod(array["shape"]))
        values = np.frombuffer(content, array["type"], count, start + array["at"]).reshape(array["shape"])
        arrays[name] = values * array["scale"] + array.get("least", 0) if "scale" in array else values
    return header, arrays


def _smallest(array: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """The array in the type in which it travels, and how its numbers are got back: times "scale", plus "least"."""
    if array.dtype.kind == "f" and array.ndim == 2 and array.size:
        if array.shape[1] == 2:
            scale = float(np.abs(array).max()) / 32767 or 1.0
            return np.round(array / scale).astype("int16"), {"scale": scale}
        least, scale = float(array.min()), float(np.ptp(array)) / 255 or 1.0
        return np.round((array - least) / scale).astype("uint8"), {"scale": scale, "least": least}
    if array.dtype.kind == "f":
        return array.astype("float32"), {}
    if array.dtype.kind == "b":
        return array.astype("uint8"), {}
    if array.dtype.name == "uint8":
        return array, {}
    reach = int(np.abs(array).max()) if array.size else 0
    return array.astype("int8" if reach < 2**7 else "int16" if reach < 2**15 else "int32"), {}


def pack_message(header: Mapping[str, Any], parts: Sequence[bytes]) -> bytes:
    """A message: the length of its header, that as JSON with the lengths of the parts, and the parts, each packed."""
    text = json.dumps({**header, "parts": [len(part) for part in parts]}, separators=(",", ":")).encode()
    return LENGTH.pack(len(text)) + text + b"".join(parts)


def unpack_message(message: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The header of a message and its parts."""
    (length,) = LENGTH.unpack_from(message)
    start = LENGTH.size + length
    header, parts = json.loads(message[LENGTH.size : start]), []
    for size in header.pop("parts"):
        parts.append(message[start : start + size])
        start += size
    return header, parts
