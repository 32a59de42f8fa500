"""The screens of a talk about a run: one idea each, and the cells of the time line that show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from genlab.figures.base import Description, FigureEntry, FigureFrame, LaneView
from genlab.figures.phases import draw_phase
from genlab.figures.samples import real_data
from genlab.figures.timeline import TimelineCell
from genlab.models.flows import ModelFlow, known_flow
from genlab.registry import FIGURES, MODELS

LINE, PICTURE = 42, 250  # heights in pixels, before a screen gives its charts the room there is
LANES_A_ROW = 2
BEYOND_CHANCE = 1.96  # standard errors
SCREENS = {
    "data": "The data",
    "models": "The models",
    "samples": "What they generate",
    "reconstructions": "What they give back",
    "losses": "What they minimise",
    "latent": "Their latent spaces",
    "coverage": "Which modes they cover",
    "verdict": "What came out",
}
WORDS = {
    "samples": "The samples over training. Space plays it.",
    "reconstructions": "Held-out examples, and what a model with an encoder makes of them.",
    "losses": "They say different things in different models: compare shapes, not numbers.",
    "latent": "Each point in the colour of its mode; the circles mark the prior.",
    "coverage": "The share of samples on each mode. Outlines: real data.",
}
COMPUTED = ("data", "models", "verdict")  # screens whose words come from the run, not from a chart
SQUARE = ("samples", "reconstructions", "latent")  # pictures that are as high as wide: all lanes stand in one row


def screen_label(screen: str) -> str:
    """What a screen is called where one is chosen: its title, and its name in an address where that says more."""
    title = SCREENS[screen]
    return title if screen in title.lower() else f"{title} ({screen})"


def _no_frame(lanes: Sequence[LaneView]) -> FigureFrame:
    return FigureFrame({})


def _describe_data(lanes: Sequence[LaneView]) -> Description | None:
    """The real data alone: points in the colours of their modes, or pictures."""
    return real_data(lanes[0]) if lanes[0].reference else None


DATA = FigureEntry(
    name="data",
    title="Real data",
    belongs="picture",
    alt="real data, points in the colours of their modes",
    explanation=(
        "Examples of the data that every model learns. Points are in the colours of their modes: the Gaussians, "
        "classes or stretches that the data is made of. Look for how many modes there are, how far apart they lie, and "
        "whether some of them are rare. A good model covers all of them, each with its share."
    ),
    describe=_describe_data,
    frame=_no_frame,
    recorded=False,
)


def talk_cells(lanes: Sequence[LaneView], groups: Sequence[Sequence[int]] = ()) -> list[TimelineCell]:
    """The cells of all screens, in the order in which a screen shows some of them. `groups`: lanes on the same data."""
    each = range(len(lanes))
    cells = [TimelineCell("data", 1, PICTURE, DATA, (0,))]
    for first in range(0, len(lanes), LANES_A_ROW):
        row = each[first : first + LANES_A_ROW]
        cells += [TimelineCell(f"{lane}-title", 1, LINE, lanes=(lane,)) for lane in row]
        for name in ("samples", "reconstructions", "losses", "latent"):
            entry = FIGURES[name]
            able = [lane for lane in row if not entry.ability or entry.ability in lanes[lane].abilities]
            cells += [TimelineCell(f"{lane}-{name}", 1, PICTURE, entry, (lane,)) for lane in able]
    for number, group in enumerate(groups or [each]):
        name = "coverage" if number == 0 else f"coverage-{number}"
        cells.append(TimelineCell(name, LANES_A_ROW, PICTURE, FIGURES["coverage"], tuple(group)))
    return cells


@dataclass(frozen=True)
class Spoken:
    """What a talk says of a run.

    Attributes:
        dataset: its title.
        data: sentences about it.
        titles, colours, models: of the lanes; the models as the registry calls them.
        flows, parameters: of the lanes, as far as they are known.
        verdict: sentences.
    """

    dataset: str
    data: Sequence[str]
    titles: Sequence[str]
    colours: Sequence[str]
    models: Sequence[str]
    flows: Sequence[ModelFlow | None]
    parameters: Sequence[Mapping[str, int]]
    verdict: Sequence[str]


def slides(
    spoken: Spoken, cells: Mapping[str, Sequence[int]], label: str = "", screens: Sequence[str] = tuple(SCREENS)
) -> list[dict[str, Any]]:
    """The screens, as `browser/talk.js` takes them: one for each model at "models"; those that nothing would fill are
    left out. On one that is "still" nothing moves with the time line.

    cells: of the time line, the lanes of each by its name.
    label: stands on every screen.
    """
    found = []
    for screen in screens:
        for name, values in _screen(screen, spoken, cells):
            common = {"name": name, "title": SCREENS[screen], "words": [], "label": label, "line": 0, "cells": []}
            found.append(common | values)
    return found


def _screen(name: str, spoken: Spoken, cells: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, dict[str, Any]]]:
    lanes = range(len(spoken.titles))
    if name == "models":
        for lane in lanes:
            if spoken.flows[lane]:
                yield f"model-{lane}", _model(spoken, lane)
    elif name == "data":
        shown = ["data"] if "data" in cells else []
        title = f"The data: {spoken.dataset}"
        yield name, {"title": title, "words": list(spoken.data), "cells": shown, "still": True}
    elif name == "verdict":
        yield name, {"words": list(spoken.verdict)}
    else:
        own = [f"{lane}-{name}" for lane in lanes if f"{lane}-{name}" in cells]
        whose = [lane for lane in lanes if f"{lane}-{name}" in own] if own else lanes
        of_all = [cell for cell in cells if cell == name or cell.startswith(f"{name}-")]
        if own or of_all:
            shown = [*(f"{lane}-title" for lane in whose), *own, *of_all]
            columns = len(whose) if name in SQUARE else min(LANES_A_ROW, len(whose))
            yield name, {"words": [WORDS[name]], "cells": shown, "columns": columns}


def _model(spoken: Spoken, lane: int) -> dict[str, Any]:
    """What a model is in a sentence, and the picture of each of its phases as HTML."""
    flow, model, colour = spoken.flows[lane], spoken.models[lane], spoken.colours[lane]
    pictures = [draw_phase(phase, spoken.parameters[lane], colour) for phase in (flow.phases if flow else ())]
    words = [MODELS[model].description] if model in MODELS else []
    return {
        "title": f"{spoken.titles[lane]}: how it learns",
        "words": [*words, "In colour: what moves. Dashed: what stays as it is meanwhile."],
        "drawing": "".join(pictures),
    }


def spoken_of(
    lanes: Sequence[LaneView], dataset: str, kept: Sequence[tuple[ModelFlow | None, Mapping[str, int]]]
) -> Spoken:
    """What a talk says of lanes as they are now. `kept`: what the run of each lane kept of its phases and weights."""
    models = [lane.spec.lanes[lane.lane].model for lane in lanes]
    return Spoken(
        dataset=dataset,
        data=data_words(lanes[0]),
        titles=[lane.title for lane in lanes],
        colours=[lane.colour for lane in lanes],
        models=models,
        flows=[flow or known_flow(model) for model, (flow, _) in zip(models, kept, strict=True)],
        parameters=[parameters for _, parameters in kept],
        verdict=verdict(lanes),
    )


def data_words(lane: LaneView) -> list[str]:
    if not lane.reference:
        return []
    names = lane.names
    modes = ", ".join(names) if len(names) <= 12 else f"{names[0]} to {names[-1]}"
    return [f"{len(names)} modes: {modes}." if len(names) > 1 else "1 mode."]


def verdict(lanes: Sequence[LaneView]) -> list[str]:
    """What the newest frame of each lane says of it, and where they differ. Of a difference no larger than chance it
    says that there is none: 1.96 standard errors between two shares of samples.
    """
    known = [lane for lane in lanes if lane.frame]
    if not known:
        return ["Nothing is known yet: no model has a frame."]
    numbers = [(lane.frame.metrics, lane.frame.step, lane.title) for lane in known if lane.frame]
    words = [
        f"{title}, step {step:,}: {metrics['solid']} of {metrics['modes']} modes, "
        f"{metrics['on_mode_share']:.0%} of its samples on a mode."
        for metrics, step, title in numbers
    ]
    if known[0].reference:
        words.append(f"Held-out real data: {known[0].reference['on_mode_share'].item():.0%} on a mode.")
    if len(numbers) > 1:
        words += [_most(numbers), _more(numbers)]
    return words


def _most(numbers: Sequence[tuple[dict[str, Any], int, str]]) -> str:
    ordered = sorted(numbers, key=lambda of: -of[0]["solid"])
    (first, _, title), (second, *_) = ordered[0], ordered[1]
    if first["solid"] == second["solid"]:
        return (
            f"Modes covered: no difference this time, {first['solid']} each."
            if len(numbers) == 2
            else (f"Modes covered: no single best this time, {first['solid']} at most.")
        )
    return f"{title} covers the most modes: {first['solid']}, the next {second['solid']}."


def _more(numbers: Sequence[tuple[dict[str, Any], int, str]]) -> str:
    ordered = sorted(numbers, key=lambda of: -of[0]["on_mode_share"])
    (first, _, title), (second, *_) = ordered[0], ordered[1]
    shares, counts = [of["on_mode_share"] for of in (first, second)], [of["samples"] for of in (first, second)]
    pooled = sum(share * count for share, count in zip(shares, counts)) / sum(counts)
    error = sqrt(pooled * (1 - pooled) * sum(1 / count for count in counts))
    if shares[0] - shares[1] <= BEYOND_CHANCE * error:
        return f"Samples on a mode: no difference beyond chance this time ({shares[0]:.0%} and {shares[1]:.0%})."
    return f"{title} has the most of its samples on a mode: {shares[0]:.0%}, the next {shares[1]:.0%}."
