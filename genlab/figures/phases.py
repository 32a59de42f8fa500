"""The picture of a phase: which networks it calls, what enters what, and which of them it moves. As SVG, in the page's
own colours of text and the lane's colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from genlab.models.flows import CLASS, DATA, ENDS, LOSS, NOISE, PRIOR, PhaseFlow

WIDE, HIGH, ACROSS, DOWN, EDGE, TRACK = 100, 36, 36, 12, 8, 13  # pixels: boxes, the room between them, tracks below
WORDS = {DATA: "example x", PRIOR: "latent z", NOISE: "noise", CLASS: "class", LOSS: "loss"}


def draw_phase(phase: PhaseFlow, parameters: Mapping[str, int], colour: str) -> str:
    """An SVG of a phase, from what enters on the left to the loss on the right. A network that the phase moves is in
    the lane's colour, one that stays is dashed. A line over more than one column runs below the boxes.

    parameters: of each network that the run has, the number of its weights; where there are any, a network that is not
    among them is left out. A phase without edges has no picture.
    """
    edges = [edge for edge in phase.edges if not parameters or all(end in ENDS or end in parameters for end in edge)]
    if not edges:
        return ""
    columns = _columns(edges)
    places: dict[str, tuple[float, float]] = {}
    most = max(len(names) for names in columns)
    for i, names in enumerate(columns):
        top = (most - len(names)) * (HIGH + DOWN) / 2 + EDGE
        for row, name in enumerate(names):
            places[name] = EDGE + i * (WIDE + ACROSS), top + row * (HIGH + DOWN)
    column = {name: i for i, names in enumerate(columns) for name in names}
    floor = EDGE + most * (HIGH + DOWN)
    long = [edge for edge in edges if column[edge[1]] - column[edge[0]] > 1]
    lines = [
        _below(places, edge, number := long.index(edge), floor + TRACK * number)
        if edge in long
        else _straight(places, edge)
        for edge in edges
    ]
    boxes = [_box(name, *places[name], phase, parameters, colour) for name in places]
    width = 2 * EDGE + len(columns) * (WIDE + ACROSS) - ACROSS
    height = floor + TRACK * len(long)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(describe_phase(phase))}" style="width:100%;max-width:{1.25 * width:.0f}px;'
        f'max-height:100%;font-family:inherit">{"".join(lines + boxes)}</svg>'
    )


def describe_phase(phase: PhaseFlow) -> str:
    """The same in a sentence."""
    moved = " and ".join(phase.updates)
    into = [f"{_word(start)} into {_word(end)}" for start, end in phase.edges]
    return f"The phase {phase.name} moves {moved}: {', '.join(into)}."


def _word(name: str) -> str:
    return ENDS.get(name, f"the {name.replace('_', ' ')}")


def _columns(edges: list[tuple[str, str]]) -> list[list[str]]:
    """The names by how far they are from what enters. What enters stands right before what it enters first."""
    names = list(dict.fromkeys(name for edge in edges for name in edge))
    depth = dict.fromkeys(names, 0)
    for _ in names:  # as many rounds as the longest path can have
        for start, end in edges:
            depth[end] = max(depth[end], min(depth[start] + 1, len(names)))
    depth[LOSS] = max(depth.values())
    for name in names:
        if not any(end == name for _, end in edges):
            depth[name] = max(0, min(depth[end] for start, end in edges if start == name) - 1)
    return [found for i in range(max(depth.values()) + 1) if (found := [name for name in names if depth[name] == i])]


def _straight(places: Mapping[str, tuple[float, float]], edge: tuple[str, str]) -> str:
    (x, y), (to_x, to_y) = places[edge[0]], places[edge[1]]
    start, end, middle = x + WIDE, to_x - 2, (x + WIDE + to_x) / 2
    y, to_y = y + HIGH / 2, to_y + HIGH / 2
    curve = f"M{start} {y}C{middle} {y} {middle} {to_y} {end} {to_y}"
    return _line(f"{curve}M{end - 7} {to_y - 4}L{end} {to_y}L{end - 7} {to_y + 4}")


def _below(places: Mapping[str, tuple[float, float]], edge: tuple[str, str], number: int, track: float) -> str:
    """Down through the room between two columns, along a track, and up into the box."""
    (x, y), (to_x, to_y) = places[edge[0]], places[edge[1]]
    start, end = x + WIDE, to_x + 14 + 12 * number
    turn, top = start + 6 + 5 * number, to_y + HIGH + 2
    path = f"M{start} {y + HIGH - 9}H{turn}V{track}H{end}V{top}"
    return _line(f"{path}M{end - 4} {top + 7}L{end} {top}L{end + 4} {top + 7}")


def _line(path: str) -> str:
    return f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.4"/>'


def _box(name: str, x: float, y: float, phase: PhaseFlow, parameters: Mapping[str, int], colour: str) -> str:
    words = WORDS.get(name, name.replace("_", " "))
    if name in ENDS:
        shape = (
            f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="{HIGH / 2}" fill="currentColor" opacity=".1"/>'
        )
    elif name in phase.updates:
        shape = (
            f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="5" fill="{colour}" fill-opacity=".2" '
            f'stroke="{colour}" stroke-width="2.5"/>'
        )
    else:
        shape = (
            f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="5" fill="none" stroke="currentColor" '
            'stroke-dasharray="4 3"/>'
        )
    size = parameters.get(name)
    middle = x + WIDE / 2
    lower = (
        f'<text x="{middle}" y="{y + HIGH - 7}" text-anchor="middle" font-size="10" fill="currentColor">'
        f"{size:,} {'weight' if size == 1 else 'weights'}</text>"
        if size
        else ""
    )
    weight = ' font-weight="700"' if name in phase.updates else ""
    return (
        f'{shape}<text x="{middle}" y="{y + (16 if size else 22)}" text-anchor="middle" font-size="12.5" '
        f'fill="currentColor"{weight}>{escape(words)}</text>{lower}'
    )
