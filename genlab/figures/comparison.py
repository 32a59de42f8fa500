"""What the time line of a comparison shows: lanes of several runs, with the curves over each other or below each."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.figures.base import FigureEntry, LaneView
from genlab.figures.recorded import recorded_number
from genlab.figures.timeline import TimelineCell, row_of
from genlab.registry import FIGURES, MODELS

LANES_A_ROW = 2
LINE, PICTURE, CURVES, BARS = 30, 235, 155, 175  # heights in pixels
SAYING_WHAT_A_LOSS_IS = ("loss", "likelihood")  # settings; losses of models that differ in one cannot be compared
ON_MODE = recorded_number("on_mode_share", "Share on a mode over time", share=True)


def comparison_columns(lanes: Sequence[LaneView]) -> int:
    return 2 * min(LANES_A_ROW, len(lanes))


def comparison_cells(
    lanes: Sequence[LaneView], groups: Sequence[Sequence[int]], picture: str, together: bool
) -> list[TimelineCell]:
    """A heading and two pictures of each lane, two lanes a row; the curves; and the coverage bars of each group, which
    has the same data.

    picture: the figure in the first place of a lane.
    together: whether the curves of a group are over each other. Else they are below the pictures of their lanes.
    """
    columns = comparison_columns(lanes)
    result: list[TimelineCell] = []

    def add(row: list[TimelineCell]) -> None:
        result.extend(row_of(row, columns))

    for first in range(0, len(lanes), LANES_A_ROW):
        row = range(first, min(first + LANES_A_ROW, len(lanes)))
        add([TimelineCell(f"{lane}-title", 2, LINE, lanes=(lane,)) for lane in row])
        add([_cell(f"{lane}-{name}", 1, PICTURE, name, (lane,)) for lane in row for name in (picture, "latent")])
        for name in () if together else ("losses", "solid_modes"):
            add([_cell(f"{lane}-{name}", 2, CURVES, name, (lane,)) for lane in row])
        if not together:
            add([TimelineCell(f"{lane}-on_mode", 2, CURVES, ON_MODE, (lane,)) for lane in row])
    for number, group in enumerate(groups):
        names = f"-{number}" if len(groups) > 1 else ""
        if together:
            curves: list[TimelineCell] = []
            for figure, of in _curves(lanes, group):
                # Beside the title there is room for the names and values of two lanes; more take the whole width.
                span = columns // 2 if len(of) <= 2 else columns
                if curves and sum(cell.span for cell in curves) + span > columns:
                    add(curves)
                    curves = []
                name = f"{figure.name}{names}-{'-'.join(map(str, of))}"
                curves.append(TimelineCell(name, span, CURVES, figure, tuple(of)))
            add(curves)
        result.append(_cell(f"coverage{names}", columns, BARS, "coverage", tuple(group)))
    return result


def _cell(name: str, span: int, height: int, figure: str, lanes: tuple[int, ...]) -> TimelineCell:
    return TimelineCell(name, span, height, FIGURES[figure], lanes)


def _curves(lanes: Sequence[LaneView], group: Sequence[int]) -> list[tuple[FigureEntry, list[int]]]:
    """The figures of a group's curves, each with its lanes: of all, modes and the share on one; of those with the same
    model and kind of loss, each of their losses.
    """
    families: dict[tuple[str, ...], list[int]] = {}
    for lane in group:
        view = lanes[lane]
        kinds = [str(view.settings[name]) for name in SAYING_WHAT_A_LOSS_IS if name in view.settings]
        families.setdefault((view.spec.lanes[view.lane].model, *kinds), []).append(lane)
    models = [model for model, *_ in families]
    result = [(FIGURES["solid_modes"], list(group)), (ON_MODE, list(group))]
    for (model, *kinds), members in families.items():
        title = MODELS[model].title if model in MODELS else model
        if models.count(model) > 1:
            title += f" ({', '.join(kinds)})"
        for label, name in lanes[members[0]].losses.items():
            words = f"{label} loss" if name.endswith("/loss") else label
            result.append((recorded_number(name, f"{title}: {words}"), members))
    return result
