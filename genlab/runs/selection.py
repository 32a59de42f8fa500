"""A selection among the points of a latent plane, and the files in which it is taken away."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from genlab.datasets.columns import Column, from_json
from genlab.datasets.examples import distinct_names
from genlab.datasets.pixels import png_bytes

Arrays = Mapping[str, np.ndarray]


def inside(points: np.ndarray, outline: Any) -> np.ndarray:
    """(n,) whether points (n, 2) are inside a closed outline of corners (m, 2), by how often a line to the right of a
    point crosses it: odd is inside. Fewer than three corners have no inside.
    """
    corners = np.asarray(outline, "float64").reshape(-1, 2)
    within = np.zeros(len(points), bool)
    if len(corners) < 3:
        return within
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        spans = (y0 > y) != (y1 > y)
        if spans.any():  # and so the two ends are not at one height
            within ^= spans & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return within


def counts(labels: Sequence[str]) -> dict[str, int]:
    """How often each label is there, the most frequent first."""
    names, number = np.unique(np.array(labels, str), return_counts=True)
    return {str(names[i]): int(number[i]) for i in np.argsort(-number, kind="stable")}


def selected_rows(chosen: np.ndarray, labels: Sequence[str], points: Arrays, decimals: int = 9) -> list[dict[str, str]]:
    """What is known of each chosen point, in words by column: its number, its label, its latent, and its values in
    their own units where the examples are no pictures.

    chosen: (n,) numbers of points; labels: of these.
    """
    latents = points["latents"][chosen]
    columns = [Column(f"latent {i + 1}", decimals=decimals) for i in range(latents.shape[1])]
    values = latents.astype("float64")
    if "values" in points:
        columns += from_json(str(points["columns"]))
        values = np.concatenate([values, points["values"][chosen]], axis=1)
    cells = [column.written(values[:, place]) for place, column in enumerate(columns)]
    names = distinct_names(["index", "label", *(column.name for column in columns)])
    rows = zip(map(str, chosen.tolist()), labels, *cells, strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def as_csv(chosen: np.ndarray, labels: Sequence[str], points: Arrays) -> bytes:
    """`selected_rows` as a file."""
    rows = selected_rows(chosen, labels, points)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(list(rows[0]) if rows else ["index", "label"])
    writer.writerows(row.values() for row in rows)
    return text.getvalue().encode()


def as_zip(chosen: np.ndarray, labels: Sequence[str], points: Arrays) -> bytes:
    """selection.csv, and beside it pictures/INDEX.png of each chosen point."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("selection.csv", as_csv(chosen, labels, points), zipfile.ZIP_DEFLATED)
        for index in chosen.tolist():
            archive.writestr(f"pictures/{index}.png", png_bytes(points["examples"][index]))  # PNG is packed already
    return buffer.getvalue()
