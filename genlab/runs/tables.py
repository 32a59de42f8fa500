"""Tables of measures: one row a measure, a column for each lane, and one for what real data gets."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.registry import METRICS
from genlab.runs.evaluation import Evaluation, Measure

REAL = "real against held-out real"
# The numbers to read first: one or two of each measure.
FIRST = (
    *("solid", "on_mode_share", "reverse_kl", "distance", "precision", "recall", "density", "coverage"),
    *("different_share", "ratio", "laplacian_ratio", "share_within_1", "estimated_support", "accuracy_held_out"),
    *("accuracy_fake", "norm", "mean_squared", "bound", "active", "accuracy", "hole_share"),
)
OTHER = ""  # of a metric that this genlab has no more
GROUPS = {  # what a metric needs, and what its numbers are about
    "mixture": "Modes",
    "classes": "Modes",
    "samples": "Samples against real data",
    "images": "Sharpness",
    "training": "Copies of training data",
    "codes": "Encoder",
    "logits": "Discriminator",
    OTHER: "Other measures",
}
Row = dict[str, str]
ARROWS = {"higher": "↑", "lower": "↓", None: ""}


def measure_rows(evaluation: Evaluation, titles: Sequence[str], first: bool) -> dict[str, list[Row]]:
    """Rows of words by column, for each of the `GROUPS` that has any: "measure", the title of each lane, `REAL`. An
    arrow says which way is better. What real data gets may be a matter of the lane, as where its discriminator judges:
    then there is a format_number for each.

    first: only the numbers to read first.
    """
    rows: dict[str, dict[int, Measure]] = {}
    for lane in evaluation.lanes:
        for each in lane.measures:
            if each.result in FIRST or not first:
                rows.setdefault(each.title, {})[lane.lane] = each
    found: dict[str, list[Row]] = {group: [] for group in GROUPS.values()}
    for title, of_lanes in rows.items():
        one = next(iter(of_lanes.values()))
        references = [
            format_number(each.real_reference) for each in of_lanes.values() if each.real_reference is not None
        ]
        real = " / ".join(references if len(set(references)) > 1 else references[:1]) or "-"
        row = {"measure": f"{title} {ARROWS[one.better]}".strip()}
        for lane, name in zip(evaluation.lanes, titles, strict=True):
            row[name] = format_measure(of_lanes.get(lane.lane))
        needs = METRICS[one.metric].needs if one.metric in METRICS else OTHER
        found[GROUPS[needs]].append(row | {REAL: real})
    return {group: of_group for group, of_group in found.items() if of_group}


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
