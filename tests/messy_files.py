"""Files as people have them, made from numbers that are known: for the tests of reading."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

POINTS = np.round(np.random.default_rng(1).normal(size=(60, 2)) * (2, 5) + (0.5, 1), 2)


def text(lines: Sequence[str], encoding: str = "utf-8", ending: str = "\n") -> bytes:
    return (ending.join(lines) + ending).encode(encoding)


def number(value: float, decimal: str = ".", digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace(".", decimal)


def table(header: str, row: Callable[[int, Sequence[str]], str], decimal: str = ".", encoding: str = "utf-8") -> bytes:
    """A header, and a line for each of POINTS, made of its place and its numbers."""
    rows = [row(i, [number(value, decimal) for value in point]) for i, point in enumerate(POINTS)]
    return text(([header] if header else []) + rows, encoding)


def picture(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(seed: int, side: int = 24) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype="uint8"))


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def deep(seed: int, highest: int = 3000) -> Image.Image:
    """A picture of 16 bits whose values go from 0 to `highest`: a bright bar on a dark ground."""
    pixels = np.random.default_rng(seed).integers(0, highest // 10, (40, 40)).astype("uint16")
    pixels[0, 0] = 0
    pixels[10 + seed % 10 : 20 + seed % 10] = highest
    return Image.fromarray(pixels)


def drawing(seed: int, colour: tuple[int, int, int] = (255, 255, 255)) -> Image.Image:
    """A square of one colour on a transparent ground."""
    image = Image.new("RGBA", (30, 30), (*colour, 0))
    image.paste((*colour, 255), (5 + seed % 10, 8, 18 + seed % 10, 21))
    return image


def survey(rows: int = 120) -> bytes:
    """Answers to a survey: a number and a name for each person, a date, a scale, yes or no, and what they wrote."""
    random = np.random.default_rng(2)
    lines = ["Nr;Name;Datum;Alter;Einkommen;Zufriedenheit;Umzug;Bemerkung"]
    for i in range(rows):
        date = f"{random.integers(1, 29):02d}.{random.integers(1, 13):02d}.2023"
        income = f"{random.integers(15, 90)}.{random.integers(0, 1000):03d},{random.integers(0, 100):02d}"
        values = [i + 1, f"Person {random.integers(10**9)}", date, random.integers(18, 90), income]
        values += [random.integers(1, 6), ("ja", "nein")[random.integers(2)]]
        values += [f'"Bemerkung; Nr. {random.integers(10**9)}"']
        lines.append(";".join(map(str, values)))
    return text(lines, "cp1252", "\r\n")
