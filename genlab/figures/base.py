"""What a figure is: a description, which stays for a whole run, and the arrays of one frame.

A figure draws lanes, each a `LaneView`: of one run or of several. `FigureEntry.describe` gives its `Description`: a
Plotly layout, and layers that name the arrays they draw. `FigureEntry.frame` gives the arrays, and whatever else moves
with a frame, such as a title with numbers. `assemble` puts both together into a Plotly figure, neutral in theme: the
colours "var(--ink)" and "var(--paper)" stand for the text and the background of the theme, light or dark, and whoever
shows the figure puts them in.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from genlab.figures.layers import Layer, Trace, escape
from genlab.runs.folder import Frame
from genlab.runs.history import History
from genlab.runs.view import RunView
from genlab.spec import LANE_COLOURS, Clock, RunSpec

REAL = "#8a8a8a"
TRUSTED = 0.8  # share of held-out data that a classifier must name rightly for shares of modes to be read as they are
FIGURE_SPACE = "\u2007"  # as wide as a digit
# Tol 2021, "Colour schemes", muted: up to nine modes; a tenth takes the grey that the scheme has for it, darkened.
MODE_COLOURS = (
    *("#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE"),
    *("#882255", "#44AA99", "#999933", "#AA4499", "#777777"),
)
CLOCK_COLUMNS: dict[Clock, str] = {"steps": "step", "examples": "examples", "seconds": "seconds"}  # of a history
HIDDEN = {"visible": False, "constrain": "domain"}  # the axes of pictures


@dataclass(frozen=True)
class LaneView:
    """One lane at one moment, with all that a figure may draw of it.

    Attributes:
        run: the id of the run; `lane` counts its lanes from 0.
        title: what the lane is called beside the others in the picture.
        abilities: what its model can do, such as "encode".
        losses: the recorded losses to draw, by label.
        clock: what curves are drawn against: "steps", "examples" or "seconds".
        frame: None before the first.
        reference: the real data (see `Run.reference`), empty before training has begun.
    """

    run: str
    spec: RunSpec
    lane: int
    title: str
    colour: str
    abilities: Sequence[str]
    losses: dict[str, str]
    clock: Clock
    frame: Frame | None
    history: History
    reference: dict[str, np.ndarray]

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of the frame (see `Frame`), empty before the first."""
        return self.frame.arrays if self.frame else {}

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the lane's model."""
        return self.spec.lanes[self.lane].settings

    @property
    def pictures(self) -> bool:
        """Whether its data is pictures."""
        return self.reference["samples"].ndim > 2

    @property
    def names(self) -> list[str]:
        """The names of the modes of the data."""
        return [str(name) for name in self.reference["names"]]

    @property
    def heading(self) -> str:
        """The model's name and its two numbers of mode coverage, which keep their places as they grow."""
        if self.frame is None:
            return self.title
        solid, modes, share = (self.frame.metrics[name] for name in ("solid", "modes", "on_mode_share"))
        counted = str(solid).rjust(len(str(modes)), FIGURE_SPACE)
        return f"{self.title} · {counted} of {modes} modes · {f'{share:.0%}'.rjust(3, FIGURE_SPACE)} on a mode"

    @property
    def real_value(self) -> str:
        """What held-out real data gets for the share on a mode, and a warning where the modes are poorly known."""
        if not self.reference:
            return ""
        accuracy = self.reference["accuracy"].item() if "accuracy" in self.reference else 1.0
        doubt = f" · classifier right on only {accuracy:.0%}" if accuracy < TRUSTED else ""
        return f"real data {self.reference['on_mode_share'].item():.0%}{doubt}"

    @property
    def budget(self) -> float | None:
        """Where the clock ends; None where the budget of the run is counted in another unit."""
        return self.spec.budget if self.clock == self.spec.clock else None

    def series(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """A recorded number over the clock: two arrays (n,)."""
        return self.history.series(self.lane, name, CLOCK_COLUMNS[self.clock])


def lane_views(view: RunView, clock: Clock | None = None) -> list[LaneView]:
    """The lanes of a run, each in its colour, over the run's own clock unless another is named."""
    return [
        LaneView(
            view.id,
            view.spec,
            lane,
            view.title(lane),
            LANE_COLOURS[lane],
            view.abilities(lane),
            view.curves(lane),
            clock or view.spec.clock,
            frame,
            view.history,
            view.reference or {},
        )
        for lane, frame in enumerate(view.frames)
    ]


@dataclass(frozen=True)
class Description:
    """What stays of a figure while its frames change.

    Attributes:
        layout: of Plotly, values of JSON only.
        layers: from the lowest to the highest.
        arrays: those of the arrays that do not change, such as the real points.
    """

    layout: dict[str, Any]
    layers: Sequence[Layer]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class FigureFrame:
    """What a figure draws at one frame.

    Attributes:
        arrays: by the names that the layers use. A layer is left out of a frame that lacks one of its arrays.
        layout: parts of the layout that move, by their path, for instance {"title.text": "800 samples"}.
    """

    arrays: dict[str, np.ndarray]
    layout: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FigureEntry:
    """A figure as the registry knows it.

    Attributes:
        belongs: where the pages show it. "picture": one of the pictures of a lane, of which a visitor chooses one;
            "lane": in each lane, always; "run": all lanes in one picture, on the page of mode coverage. `describe` and
            `frame` of the first two are called with a list of one lane.
        alt: what the picture shows, for people who do not see it.
        describe: lanes -> Description, or None where there is nothing to draw yet. It is the same for all frames.
        frame: lanes -> FigureFrame; called only where `describe` gives something.
        ability: what a model must be able to do to have such a picture; a run without such a model is not offered it.
        applies: whether a figure of all lanes is of this kind of data; where it is not, the page has no place for it.
        kind: of which kind of data a picture is, such as "points"; "" for any. A run of other data is not offered it.
        explanation: what one is looking at and what to look for, in at most 80 words; it stands beside the figure.
        recorded: False for one that draws nothing of the history. Numbers are recorded more often than frames, and such
            a figure is not made again for them.
    """

    name: str
    title: str
    belongs: Literal["picture", "lane", "run"]
    alt: str
    describe: Callable[[Sequence[LaneView]], Description | None]
    frame: Callable[[Sequence[LaneView]], FigureFrame]
    ability: str = ""
    recorded: bool = True
    applies: Callable[[Sequence[LaneView]], bool] = lambda lanes: True
    kind: str = ""
    explanation: str = ""

    @property
    def about(self) -> str:
        """The explanation; of a figure without one, what it shows."""
        return self.explanation or f"{self.alt[:1].upper()}{self.alt[1:]}."


def draw(entry: FigureEntry, lanes: Sequence[LaneView]) -> go.Figure:
    """The figure as it is now; its title alone where there is nothing to draw yet."""
    description = entry.describe(lanes)
    if description is None:
        hidden = {"visible": False}
        return assemble(Description(layout(entry.title, xaxis=hidden, yaxis=hidden), []), FigureFrame({}))
    return assemble(description, entry.frame(lanes))


def assemble(description: Description, frame: FigureFrame) -> go.Figure:
    """A Plotly figure of one frame. It is made in one piece, traces and layout: each later change of a Plotly figure
    costs more than all of that. Every word is shown as it is, with whatever signs it holds.
    """
    result = copy.deepcopy(description.layout)
    for path, value in frame.layout.items():
        *parents, last = path.split(".")
        part = result
        for parent in parents:
            part = part.setdefault(parent, {})
        part[last] = value
    result["title"]["text"] = escape(result["title"]["text"])
    for axis in ("xaxis", "yaxis"):
        if "ticktext" in result.get(axis, {}):
            result[axis]["ticktext"] = [escape(text) for text in result[axis]["ticktext"]]
    arrays = description.arrays | frame.arrays
    layers = [layer for layer in description.layers if all(name in arrays for name in layer.names())]
    traces = [trace for layer in layers for trace in layer.traces(arrays)]
    annotations = [annotation for layer in layers for annotation in layer.annotations(arrays)]
    return go.Figure(traces, result | ({"annotations": annotations} if annotations else {}))


def layout(title: str, **parts: Any) -> dict[str, Any]:
    """The layout that all figures share: a small title, and no legend unless `parts` asks for one."""
    heading = {"text": title, "font": {"size": 14}, "x": 0, "xref": "paper", "y": 1, "yref": "container"}
    common = {
        "title": heading | {"pad": {"t": 4}, "yanchor": "top"},
        "margin": {"l": 4, "r": 4, "t": 26, "b": 4},
        "showlegend": False,
        "uirevision": "kept",
    }
    return common | parts


def in_words(title: str, reason: str) -> Description:
    """A picture that cannot be drawn, and why."""
    words = Trace("", "", {"type": "scatter", "mode": "text"}, {"x": "zero", "y": "zero", "text": "reason"})
    return Description(
        layout(title, xaxis=HIDDEN, yaxis=HIDDEN), [words], {"zero": np.zeros(1), "reason": np.array([reason])}
    )


def words_figure(title: str, reason: str) -> go.Figure:
    """`in_words` as a figure, after which another may stand in its place."""
    words = in_words(title, reason)
    words.layout["uirevision"] = "words"  # the axes of what follows are others
    return assemble(words, FigureFrame({}))


def square(extent: float) -> dict[str, dict[str, Any]]:
    """Axes of equal scale without labels, since the eye compares places and not numbers: a part of a layout."""
    axis = {"range": [-extent, extent], "showticklabels": False, "ticks": "", "zeroline": False, "constrain": "domain"}
    return {"xaxis": axis, "yaxis": axis | {"scaleanchor": "x"}}


def chart_with_legend() -> dict[str, Any]:
    """Room for labels on two axes, and the legend on the line of the title: a part of a layout."""
    return {
        "showlegend": True,
        "margin": {"l": 40, "r": 8, "t": 26, "b": 22},
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yref": "container", "yanchor": "top"},
    }


def mode_colour(mode: int) -> str:
    """The colour of a mode, grey for none (-1). Past ten modes the colours repeat."""
    return REAL if mode < 0 else MODE_COLOURS[mode % len(MODE_COLOURS)]


def flat(points: np.ndarray, reference: dict[str, np.ndarray]) -> np.ndarray:
    """Points (n, d) as they are drawn, (n, 2): in the plane where the real data varies most, or as they are."""
    return (points - reference["middle"]) @ reference["axes"] if "axes" in reference else points


def thinned(at: np.ndarray, values: np.ndarray, maximum: int) -> tuple[np.ndarray, np.ndarray]:
    """At most so many points of a curve: every one, every second, every fourth or so, and the last. As the curve grows,
    those that were chosen stay for as long as they can, so that only new ones travel.
    """
    stride = 1
    while len(at) / stride > maximum - 1:
        stride *= 2
    keep = np.arange(0, len(at), stride)
    if len(keep) and keep[-1] != len(at) - 1:
        keep = np.append(keep, len(at) - 1)
    return at[keep], values[keep]
