"""Writes docs/metrics.md from what the metrics say of themselves, with one example each: python docs/make_metrics.py"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from genlab.cli.listing import markdown_table
from genlab.metrics.base import NEEDS, Metric
from genlab.registry import METRICS

PAGE = Path(__file__).with_name("metrics.md")


def run_example(entry: Metric) -> dict[str, Any]:
    """What the example of a metric returns."""
    names = dict(vars(sys.modules[entry.function.__module__]))
    before, name, call = entry.example.partition(f"{entry.function.__name__}(")
    exec(before, names)
    return eval(name + call, names)


def number(value: Any) -> str:
    """A number as it is printed, the same on every machine."""
    if value is None or isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    # Adding 0 turns -0 into 0.
    return f"{round(float(value), 4) + 0:,.4f}".rstrip("0").rstrip(".")


def printed(value: Any) -> str:
    if isinstance(value, np.ndarray | list):
        if len(value) > 12:
            return f"an array of the shape {np.shape(value)}"
        return "[" + ", ".join(printed(element) for element in value) + "]"
    return number(value)


def between(low: float, high: float | str) -> str:
    if isinstance(high, str):
        return f"{number(low)} to `{high}`"
    if np.isinf(high):
        return "any" if np.isinf(low) else f"{number(low)} or more"
    return f"{number(low)} to {number(high)}"


def table(entry: Metric) -> list[str]:
    rows = []
    for name, meaning in entry.meanings.items():
        result = entry.result(name)
        limits = between(*result.range) if result else ""
        rows.append([f"`{name}`", (result and result.better) or "", limits, meaning])
    return markdown_table(["Result", "Better", "Range", "Meaning"], rows)


def section(entry: Metric) -> str:
    text = inspect.getdoc(entry.function) or ""
    before, _, after = text.partition("Returns:\n")
    result = run_example(entry)
    arguments = ", ".join(inspect.signature(entry.function).parameters)
    text = "\n".join(
        [
            f"## {entry.title}",
            "",
            f"`{entry.name}({arguments})` takes {NEEDS[entry.needs].arrays}; {entry.cost}.",
            "",
            before.strip(),
            "",
            *table(entry),
            "",
            after.partition("\n\n")[2].strip(),
            "",
            "```python",
            entry.example,
            "```",
            "",
            "```text",
            *(f"{name}: {printed(value)}" for name, value in result.items()),
            "```",
        ]
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def page() -> str:
    head = """# Measures

Made by `python docs/make_metrics.py` from what each measure says of itself; change it there.

A measure is a function of arrays and knows no model. Each number belongs beside the value that held-out real data gets,
which is the best a model could reach, and says in which features and of how many examples it was taken.
"""
    entries = sorted(METRICS.values(), key=lambda entry: list(NEEDS).index(entry.needs))
    return "\n\n".join([head.strip(), *(section(entry) for entry in entries)]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
