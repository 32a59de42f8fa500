"""Tables of measures: one row a measure, a column for each lane, and one for what real data gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from genlab.metrics.base import NEEDS
from genlab.registry import METRICS
from genlab.runs.evaluation import Evaluation, Measure
from genlab.runs.view import RunView

REAL_DATA = "real data"
OTHER = "Other measures"
NEWEST_FRAME = "At the newest frame"
BETTER = "★"
ARROWS = {"higher": "↑", "lower": "↓", None: ""}
Row = dict[str, str]


def measure_rows(
    evaluation: Evaluation, titles: Sequence[str], first: bool, mark: bool = False
) -> dict[str, list[Row]]:
    """Rows of words by column, under the heading of each group that has any: "measure", the title of each lane,
    `REAL_DATA`. An arrow says which way is better. What real data gets may be a matter of the lane, as where its
    discriminator judges: then there is a number for each.

    first: only the numbers to read first.
    mark: whether `BETTER` stands at the better one, see `better_lane`.
    """
    measures: dict[str, dict[int, Measure]] = {}
    for lane in evaluation.lanes:
        for measure in lane.measures:
            if not first or _is_first(measure):
                measures.setdefault(measure.title, {})[lane.lane] = measure
    groups: dict[str, list[Row]] = {group: [] for group in (*(need.group for need in NEEDS.values()), OTHER)}
    for title, by_lane in measures.items():
        measure = next(iter(by_lane.values()))
        row = {"measure": f"{title} {ARROWS[measure.better]}".strip()}
        for lane, name in zip(evaluation.lanes, titles, strict=True):
            row[name] = format_measure(by_lane.get(lane.lane))
        if mark and (best := better_lane(by_lane)) is not None:
            at = next(i for i, lane in enumerate(evaluation.lanes) if lane.lane == best)
            row[titles[at]] += f" {BETTER}"
        references = [measure.real_reference for measure in by_lane.values()]
        known = list(dict.fromkeys(format_number(reference) for reference in references if reference is not None))
        groups[_group(measure)].append(row | {REAL_DATA: " / ".join(known) or "-"})
    return {group: rows for group, rows in groups.items() if rows}


def better_lane(measures: Mapping[int, Measure]) -> int | None:
    """The lane whose 95 % interval lies on the better side of that of every other. None where intervals meet, where one
    of the numbers has none, where neither side is better, or where there are fewer than two numbers.
    """
    known = {lane: measure for lane, measure in measures.items() if measure.value is not None}
    sides = {}
    for lane, measure in known.items():
        if measure.low is None or measure.high is None or measure.better is None:
            return None
        sign = 1 if measure.better == "higher" else -1
        sides[lane] = sorted((sign * measure.low, sign * measure.high))
    if len(sides) < 2:
        return None
    best = max(sides, key=lambda lane: sides[lane][0])
    apart = all(sides[best][0] > high for lane, (_, high) in sides.items() if lane != best)
    return best if apart else None


def frame_rows(lanes: Sequence[tuple[RunView, int]], titles: Sequence[str]) -> list[Row]:
    """Where lanes of runs on the same data stand, and what was measured for their newest frames, which have no
    intervals.
    """
    states = [view.lane_state(lane) for view, lane in lanes]
    metrics = [frame.metrics if (frame := view.frames[lane]) else {} for view, lane in lanes]
    reference = next((view.reference for view, _ in lanes if view.reference), None)

    def row(measure: str, values: Sequence[str], real: str = "-") -> Row:
        return {"measure": measure, **dict(zip(titles, values, strict=True)), REAL_DATA: real}

    rows = [
        row("State of the run", [view.state.state for view, _ in lanes]),
        row("Step", [f"{state.step:,}" for state in states]),
        row("Seconds of training", [f"{state.seconds:,.1f}" for state in states]),
        row("Examples", [f"{state.examples:,}" for state in states]),
    ]
    counts = sorted({of_lane["samples"] for of_lane in metrics if "samples" in of_lane})
    taken = f", N = {' / '.join(f'{count:,}' for count in counts)}" if counts else ""
    results = METRICS["mode_coverage"].results if "mode_coverage" in METRICS else ()
    for result in (result for result in results if result.role != "yardstick"):
        numbers = [of_lane.get(result.name) for of_lane in metrics]
        if all(number is None for number in numbers):
            continue
        known = reference is not None and result.name in reference
        real = format_number(float(reference[result.name])) if known and reference is not None else "-"
        words = ["-" if number is None else format_number(number) for number in numbers]
        rows.append(row(f"{result.label}{taken} {ARROWS[result.better]}".strip(), words, real))
    return rows


def _is_first(measure: Measure) -> bool:
    result = METRICS[measure.metric].result(measure.result) if measure.metric in METRICS else None
    return result is not None and result.role == "first"


def _group(measure: Measure) -> str:
    """The heading that a measure stands under; a metric that is no longer there has none of its own."""
    return METRICS[measure.metric].group if measure.metric in METRICS else OTHER


def format_measure(measure: Measure | None) -> str:
    """A value with its interval: 0.84 (0.82 to 0.86)."""
    if measure is None or measure.value is None:
        return "-"
    interval = (
        ""
        if measure.low is None or measure.high is None
        else f"{format_number(measure.low)} to {format_number(measure.high)}"
    )
    return f"{format_number(measure.value)} ({interval})" if interval else format_number(measure.value)


def format_number(value: float) -> str:
    """Three digits that count, whole numbers in full, thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:.3g}"


def as_markdown(groups: dict[str, list[Row]]) -> str:
    """One table of Markdown, a line in bold above each group, none for ""; the first column to the left, the others to
    the right.
    """
    if not groups:
        return ""
    columns = list(next(iter(groups.values()))[0])
    lines = [columns, [":--", *["--:"] * (len(columns) - 1)]]
    for group, rows in groups.items():
        heading = [[f"**{group}**", *[""] * (len(columns) - 1)]] if group else []
        lines += [*heading, *([row[name] for name in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
