"""Tables of measures: one row a measure, a column for each lane, and one for what real data gets."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.metrics.base import NEEDS
from genlab.registry import METRICS
from genlab.runs.evaluation import Evaluation, Measure

REAL_DATA = "real data"
OTHER = "Other measures"
ARROWS = {"higher": "↑", "lower": "↓", None: ""}
Row = dict[str, str]


def measure_rows(evaluation: Evaluation, titles: Sequence[str], first: bool) -> dict[str, list[Row]]:
    """Rows of words by column, under the heading of each group that has any: "measure", the title of each lane,
    `REAL_DATA`. An arrow says which way is better. What real data gets may be a matter of the lane, as where its
    discriminator judges: then there is a number for each.

    first: only the numbers to read first.
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
        references = [measure.real_reference for measure in by_lane.values()]
        known = list(dict.fromkeys(format_number(reference) for reference in references if reference is not None))
        groups[_group(measure)].append(row | {REAL_DATA: " / ".join(known) or "-"})
    return {group: rows for group, rows in groups.items() if rows}


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
    """One table of Markdown, a line in bold above each group; the first column to the left, the others to the right."""
    if not groups:
        return ""
    columns = list(next(iter(groups.values()))[0])
    lines = [columns, [":--", *["--:"] * (len(columns) - 1)]]
    for group, rows in groups.items():
        lines += [[f"**{group}**", *[""] * (len(columns) - 1)], *([row[name] for name in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
