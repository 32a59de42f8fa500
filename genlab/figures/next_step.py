"""What the next step does, drawn as far as it has come: the batch, what is made, the judge, and what gradients ask for:
arrows at points, and maps beside pictures.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from genlab.figures.base import HIDDEN, REAL, Description, FigureFrame, LaneView, assemble, flat, layout, square
from genlab.figures.gradients import arrow_arrays, arrow_layers
from genlab.figures.layers import Images, Layer, Points
from genlab.figures.samples import discriminator_surface
from genlab.runs.next_step import PICTURES, Kind, PhaseUpdate

TITLES: dict[Kind, str] = {
    "draw": "The batch",
    "generate": "The batch and what is made",
    "judge": "What is judged",
    "rest": "Nothing moves",
}
REAL_POINTS = 100  # where no batch is drawn
MADE: tuple[Kind, ...] = ("generate", "judge", "gradients", "update", "again")
COLUMNS = 6  # of pictures
BRIGHTER, DARKER = (230, 159, 0), (86, 180, 233)  # Okabe and Ito 2008, told apart by colour-blind people


def next_step_figure(lane: LaneView, kind: Kind, update: PhaseUpdate, arrays: Mapping[str, np.ndarray]) -> go.Figure:
    """One update, by its arrays (see `write_next_step`), at one of its sub-steps. What has not happened yet is left
    out: arrows and maps come with the gradients, the discriminator's tint when it judges.
    """
    if lane.pictures:
        title, pictures = _pictures(lane, kind, update, arrays)
        images = Images("pictures", COLUMNS, gap=2)
        return assemble(
            Description(layout(title, xaxis=HIDDEN, yaxis=HIDDEN), [images]), FigureFrame({"pictures": pictures})
        )
    extent, drawn = float(lane.reference["extent"]), dict[str, np.ndarray]()
    examples = arrays.get("examples", lane.reference["samples"][:REAL_POINTS])
    drawn["real"] = flat(examples, lane.reference)
    layers: list[Layer] = [Points("real", "real", REAL, size=4, opacity=0.7)]
    if "samples" in arrays and kind in MADE:
        if "gradients" in arrays and kind in MADE[2:]:
            layers = arrow_layers(lane.colour)
            drawn |= arrow_arrays(arrays["samples"], arrays["gradients"], lane.reference)
        else:
            layers.append(Points("samples", "sample", lane.colour, opacity=0.75))
            drawn["samples"] = flat(arrays["samples"], lane.reference)
    if "surface" in arrays and kind in (*MADE[1:], "rest"):
        layers.insert(0, discriminator_surface(update.score_is, extent, lane.colour))
        drawn["surface"] = arrays["surface"]
    title = TITLES.get(kind, "Where samples would move" if "gradients" in arrays else "Samples stay")
    return assemble(Description(layout(title, **square(extent)), layers), FigureFrame(drawn))


def _pictures(
    lane: LaneView, kind: Kind, update: PhaseUpdate, arrays: Mapping[str, np.ndarray]
) -> tuple[str, np.ndarray]:
    """A title, and at most as many pictures as there is room for: (n, height, width, 1 or 3) bytes."""
    examples = arrays.get("examples", lane.reference["samples"][:PICTURES])
    if "samples" not in arrays or kind not in MADE:
        return TITLES["rest" if kind == "rest" else "draw"], examples
    samples, half = arrays["samples"], PICTURES // 2
    again = len(samples) // (2 if update.latent_length else 1) if update.from_codes else 0
    back, made = samples[:again], samples[again:]
    if "gradients" in arrays and kind in MADE[2:]:
        asked = asked_for(arrays["gradients"])
        pairs = _beside(_coloured(made), asked[again:])
        if not again:
            return "Made | what is asked of it", pairs[:PICTURES]
        triples = _beside(_coloured(examples[:again]), _coloured(back), asked[:again])
        if not len(made):
            return "Example | comes back | is asked for", triples[:PICTURES]
        return "Example | back | asked for; made | asked for", np.concatenate([triples[:half], pairs[:half]])
    if not again:
        return TITLES["generate"] if update.uses_data else "What is made", (
            np.concatenate([examples[:half], made[:half]]) if update.uses_data else made
        )
    pairs = _beside(examples[:again], back)
    if not len(made):
        return "Example | comes back", pairs[:PICTURES]
    return "Example | comes back; below, what is made", np.concatenate([pairs[:half], made[:half]])


def asked_for(gradients: np.ndarray) -> np.ndarray:
    """Gradients at pictures (n, height, width, channels) -> a map for each, (n, height, width, 3) bytes: against the
    gradient, the mean over the channels, orange where a pixel would be brighter and blue where darker, to one scale for
    all: black is none, and the 99th percentile has the full colour.
    """
    change = -gradients.mean(axis=-1, keepdims=True)
    scale = max(float(np.quantile(np.abs(change), 0.99)), float(np.finfo("float32").tiny))
    share = np.minimum(np.abs(change) / scale, 1.0)
    return np.round(share * np.where(change > 0, BRIGHTER, DARKER)).astype("uint8")


def _coloured(pictures: np.ndarray) -> np.ndarray:
    return np.repeat(pictures, 3, axis=-1) if pictures.shape[-1] == 1 else pictures


def _beside(*groups: np.ndarray) -> np.ndarray:
    """The first of each group, the second of each, and so on."""
    count = min(map(len, groups))
    return np.stack([group[:count] for group in groups], axis=1).reshape(-1, *groups[0].shape[1:])
