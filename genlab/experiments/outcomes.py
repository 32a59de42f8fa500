"""What experiments gave where they were run to be recorded: the outcomes that come with genlab."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from genlab.experiments.base import Outcome, Verdict
from genlab.runs.atomic import write_json

FILE = Path(__file__).with_name("outcomes.json")


@dataclass(frozen=True)
class Recorded:
    """The verdict of one seed.

    Attributes:
        seconds: of the clock, from the first run to the verdict, TensorFlow loaded.
        process_seconds: of one processor that all of it took.
        genlab: the version.
    """

    seed: int
    verdict: Outcome
    evidence: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    seconds: float = 0.0
    process_seconds: float = 0.0
    genlab: str = ""

    def as_verdict(self) -> Verdict:
        return Verdict(self.verdict, self.evidence, self.reason)


def outcomes() -> dict[str, list[Recorded]]:
    """Of each experiment that has any, by its name, in the order of the seeds."""
    if not FILE.is_file():
        return {}
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: [Recorded(**values) for values in rows] for name, rows in stored.items()}


def keep_outcomes(name: str, new: Sequence[Recorded]) -> None:
    """Keep these in place of what was recorded of the same seeds."""
    kept = outcomes()
    rows = {row.seed: row for row in kept.get(name, [])} | {row.seed: row for row in new}
    kept[name] = [rows[seed] for seed in sorted(rows)]
    write_json(FILE, {name: [asdict(row) for row in rows] for name, rows in kept.items()})


def counted(rows: Sequence[Recorded]) -> str:
    """For instance: 4 of 5 seeds."""
    return f"{sum(row.verdict == 'seen' for row in rows)} of {len(rows)} seeds"
