"""The table of all experiments and of what they gave, in Markdown: docs/experiments.md."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from genlab.experiments.base import Experiment
from genlab.experiments.outcomes import Recorded, counted, outcomes
from genlab.registry import DATASETS, EXPERIMENTS, MODELS
from genlab.runs.formats import format_settings
from genlab.runs.summary import changed_settings
from genlab.spec import LETTERS, RunSpec

HEAD = """# Experiments

Made by `genlab experiment check`, from what each experiment says of itself and what it gave where it was last run. The
seconds are those of one processor (process time, TensorFlow loaded, compiling included), since the clock of a machine
that does other work says little, and even so other work makes them up to twice as many; rows are from different days
and machines. Seeds that settings or limits were chosen with are counted apart from the others."""
NOT_RUN = "not run"


def experiments_page() -> str:
    recorded = outcomes()
    rows = [
        "| Experiment | Seen, chosen with | Seen, other seeds | Seconds, median | genlab |",
        "|---|---|---|---|---|",
    ]
    for entry in EXPERIMENTS.values():
        given = recorded.get(entry.name, [])
        tuned, others = (_count(rows) for rows in split(entry, given))
        if entry.draw:  # of no seed
            tuned, others = "", ", ".join(f"{row.verdict}, the same every time" for row in given) or NOT_RUN
        seconds = f"{median(row.process_seconds for row in given):.0f}" if given else ""
        versions = ", ".join(sorted({row.genlab for row in given}))
        name = f"[{entry.title}](#{entry.title.lower().replace(' ', '-').replace(',', '')})"
        rows.append(f"| {name} | {tuned} | {others} | {seconds} | {versions} |")
    sections = [_section(entry, recorded.get(entry.name, [])) for entry in EXPERIMENTS.values()]
    return "\n\n".join([HEAD, "\n".join(rows), *sections]) + "\n"


def split(experiment: Experiment, rows: Sequence[Recorded]) -> tuple[list[Recorded], list[Recorded]]:
    """The outcomes of seeds that it was tuned on, and those of others."""
    return [row for row in rows if row.seed in experiment.tuned_on], [
        row for row in rows if row.seed not in experiment.tuned_on
    ]


def _count(rows: Sequence[Recorded]) -> str:
    return counted(rows) if rows else NOT_RUN


def _section(entry: Experiment, rows: Sequence[Recorded]) -> str:
    parts = [
        f"## {entry.title}",
        f"`{entry.name}`, {entry.group}. {entry.claim}",
        f"{entry.heard} {entry.explanation} {entry.leaves_out}",
    ]
    specs = entry.runs(0)
    if specs:
        parts.append("\n".join(f"- {describe_run(spec)}" for spec in specs))
    if rows:
        names = list(dict.fromkeys(name for row in rows for name in row.evidence))
        table = [f"| Seed | Verdict | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
        for row in rows:
            seed = "" if entry.draw else str(row.seed)
            mark = " (chosen with)" if row.seed in entry.tuned_on else ""
            numbers = [f"{row.evidence[name]:.3g}" if name in row.evidence else "" for name in names]
            table.append(f"| {seed}{mark} | {row.reason or row.verdict} | {' | '.join(numbers)} |")
        parts.append("\n".join(table))
    return "\n\n".join(parts)


def describe_run(spec: RunSpec) -> str:
    """The data, the budget, and each lane with what it changes of its preset."""
    lanes = [f"`{spec.lanes[lane].model}`" + (f" ({changed})" if changed else "") for lane, changed in changes(spec)]
    return f"{spec.dataset}, {spec.budget:,.0f} {spec.clock}: {'; '.join(lanes)}"


def changes(spec: RunSpec) -> list[tuple[int, str]]:
    """Of each lane, its place and the settings that differ from its preset, in words."""
    kind, result = DATASETS[spec.dataset].preset, []
    for place, lane in enumerate(spec.lanes):
        result.append((place, format_settings(changed_settings(lane, kind))))
    return result


def describe_lanes(spec: RunSpec) -> str:
    """What tells the lanes of a run apart, for instance: A: VAE, beta 0.01 · B: VAE, beta 1."""
    lanes = [
        f"{LETTERS[place]}: {MODELS[spec.lanes[place].model].title}, {changed or 'as preset'}"
        for place, changed in changes(spec)
    ]
    return " · ".join(lanes)
