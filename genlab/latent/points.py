"""The points in the latent plane of a trained lane: what each is of, as people and other programs read it, and the
holes of the prior between them.
"""

from __future__ import annotations

import io
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from genlab.datasets.columns import to_json
from genlab.latent.sampled import columns_of
from genlab.latent.trained import Trained
from genlab.metrics.codes import hole_map
from genlab.observing.frames import LATENT_POINTS, as_stored, draw_latents, measured_count
from genlab.runs.folder import Run
from genlab.runs.latent_points import checkpoint_time, keep
from genlab.runs.store import Store

if TYPE_CHECKING:
    from genlab.latent.answers import LatentPlane

MAP_CODES = 2000  # held-out examples that the map of holes is made from, at most
MAP_CELLS, MAP_EXTENT = 12, 3.0  # of a standard normal prior, as the measure has them
PRIOR_DRAWS = 200_000  # where the prior's mass in a cell has no formula
TILE, QUALITY = 32, 70  # of a small picture: the longest side, and how much is lost by WebP


def shown_latents(trained: Trained, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The latents (n, d) that the frames of a lane draw, the examples (n, ...) that belong to them, and their labels:
    held-out examples at their codes, or of a model without an encoder draws from the prior and their samples.
    """
    data, lane = trained.dataset, trained.lane
    if lane.encode:
        examples, labels = data.test[:LATENT_POINTS], data.test_labels[:LATENT_POINTS].astype("int32")
        return trained.encode(examples, labels), examples, labels
    random = np.random.default_rng([seed, 1])
    latents, labels = draw_latents(lane, random, measured_count(data), data.modes.shares)
    latents, labels = latents[:LATENT_POINTS], labels[:LATENT_POINTS]
    return latents, trained.sample(latents, labels), labels


def latent_points(trained: Trained, plane: LatentPlane, seed: int) -> dict[str, np.ndarray]:
    """All that is shown of the points of a lane.

    Arrays: latents (n, d), their places (n, 2) in the plane, and examples (n, ...) as they are stored. Of pictures a
    sheet: the bytes of one WebP of all of them, small, `sheet_columns` in a row, each `sheet_tile` (2,) high and wide.
    Of anything else values (n, columns) in units of their own, and columns, which are JSON. With an encoder what
    `holes_of` returns.
    """
    latents, examples, _ = shown_latents(trained, seed)
    arrays = {"latents": latents, "places": plane.places(latents).astype("float32"), "examples": as_stored(examples)}
    if trained.dataset.kind == "images":
        content, columns, tile = picture_sheet(arrays["examples"])
        arrays |= {"sheet": np.frombuffer(content, "uint8"), "sheet_columns": np.array(columns)}
        arrays["sheet_tile"] = np.array(tile)
    else:
        coding = trained.dataset.coding
        arrays["values"] = coding.decoded(examples) if coding else examples.astype("float64")
        arrays["columns"] = np.array(to_json(columns_of(trained)))
    return arrays | (holes_of(trained, plane, seed) if trained.lane.encode else {})


def picture_sheet(images: np.ndarray) -> tuple[bytes, int, tuple[int, int]]:
    """(n, height, width, 1 or 3) bytes -> one WebP of all of them, row by row, how many are in a row, and how high and
    wide each is: at most 32 pixels, so that 800 take at most a megabyte, and digits a fifth of that.
    """
    scale = min(1.0, TILE / max(images.shape[1:3]))
    high, wide = (max(1, round(side * scale)) for side in images.shape[1:3])
    columns = int(np.ceil(np.sqrt(len(images))))
    sheet = Image.new("RGB", (columns * wide, -(-len(images) // columns) * high))
    for i, image in enumerate(images):
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        if scale < 1:
            picture = picture.resize((wide, high), Image.Resampling.BOX)
        sheet.paste(picture, ((i % columns) * wide, (i // columns) * high))
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue(), columns, (high, wide)


def holes_of(trained: Trained, plane: LatentPlane, seed: int) -> dict[str, np.ndarray]:
    """Where the prior has mass and no code is, in the plane: see `hole_map`. Nothing of one dimension.

    The codes are drawn from the posteriors of held-out examples. Two directions at right angles of a standard normal
    are one in the plane again; a uniform prior of more than two dimensions is drawn from.

    Arrays: hole_mass and hole_codes (cells, cells), the share of the prior and of the codes in each cell, across first;
    hole_edges (2, cells + 1), across and up in the plane; hole_share, hole_chance, hole_outside and hole_count, ().
    """
    dimensions = trained.lane.model.latent_dim
    if dimensions < 2:
        return {}
    data, random = trained.dataset, np.random.default_rng([seed, 6])
    codes, *log_variance = trained.posterior(data.test[:MAP_CODES], data.test_labels[:MAP_CODES].astype("int32"))
    if log_variance:
        codes = codes + np.exp(log_variance[0] / 2) * random.standard_normal(codes.shape)
    extent, mass = MAP_EXTENT, None
    if trained.lane.model.prior == "uniform":
        extent = 1.0 if dimensions == 2 else MAP_EXTENT / np.sqrt(3)  # the deviation of a uniform number is 1 / √3
        x, y = (random.uniform(-1, 1, (PRIOR_DRAWS, dimensions)) @ plane.axes).T
        edges = np.linspace(-extent, extent, MAP_CELLS + 1)
        mass = np.histogram2d(x, y, bins=[edges, edges])[0] / PRIOR_DRAWS
    found = hole_map(codes @ plane.axes, MAP_CELLS, extent, mass)
    return {
        "hole_mass": found["mass"],
        "hole_codes": found["share"],
        "hole_edges": found["edges"] - (plane.middle @ plane.axes)[:, None],
        "hole_share": np.array(found["hole_share"]),
        "hole_chance": np.array(found["chance"]),
        "hole_outside": np.array(found["outside"]),
        "hole_count": np.array(len(codes)),
    }


def make_next(store: Store, lanes_of: Callable[[Run], Mapping[int, Any]]) -> None:
    """Make the points of one lane that wait, if any do: of one at a time, so that a run that trains has its turn
    between two. Never raises: why there are none is said to whoever asked.

    lanes_of: the lanes of a run, each as `AskedLane`, or in words why it cannot be asked.
    """
    requests = store.latent_points
    for request in requests.waiting("points")[:1]:
        try:
            request = requests.start(request)
            run = store.open(request.run)
            checkpoint = checkpoint_time(run, request.lane)
            lane = lanes_of(run)[request.lane]
            if isinstance(lane, str):
                raise ValueError(lane)
            keep(run, request.lane, "points", latent_points(lane.trained, lane.plane, run.spec().seed), checkpoint)
            requests.end(request.run, request.lane, "points")
        except Exception as error:
            if not isinstance(error, (ValueError, OSError)):
                traceback.print_exc()
            with suppress(OSError):
                requests.refuse(request, f"The points could not be had: {error}")
