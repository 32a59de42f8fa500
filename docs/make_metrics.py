"""Writes docs/metrics.md from what the metrics say of themselves, with one example each: python docs/make_metrics.py"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from genlab.cli.listing import markdown_table
from genlab.evaluation.measuring import GROUPS
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
        interval = "95 %" if result and result.has_interval else ""
        rows.append([f"`{name}`", (result and result.better) or "", limits, interval, meaning])
    return markdown_table(["Result", "Better", "Range", "Interval", "Meaning"], rows)


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
    head = f"""# Measures

Made by `python docs/make_metrics.py` from what each measure says of itself; change it there.

A measure is a function of arrays and knows no model. A number says in which features and of how many examples, N, it
was taken, and stands beside the value that real data gets, which is the best a model could reach.

**Real data.** The held-out examples are divided at random into two halves, of which neither the classifier nor a
feature space has seen any. Samples are compared with the first; in the column of real data the second half takes the
place of the samples, as many of them: the same real examples, at the same N, so that the two columns compare. Modes
are counted among as many held-out examples as there are samples, drawn with replacement. What an encoder or a
discriminator is asked about has its value of real data where there is one: the nearest training example in place of a
reconstruction, draws of the prior in place of codes, held-out examples in place of samples.

**Intervals.** All are 95 % intervals of one kind, for the number shown, at its N: where it would be if the samples
and the real examples were drawn anew, as many of each. They are made by the delete-a-group jackknife (Kott 2001, "The
Delete-a-Group Jackknife"): samples and real examples alike are divided into {GROUPS} groups, and the measure is taken
{GROUPS} times without one group of each; with v the values and g groups, the standard error is √((g - 1) / g Σ (v -
mean)²), and Student's distribution with g - 1 degrees of freedom gives the width. What a measure is off by because N
is small, all values share: it moves the middle and not the width. What is no draw stays: the weights of the model,
the training set, the classifier, the data's own shares of the modes. So an interval says nothing of another training
run.

A result has none where that would mislead: it says yes or no or counts a few things, grows with N, or rests on
k-means, which starts at random. In simulations with known distributions (`tests/test_intervals.py`) 93 to 97 % of the
intervals of most results, and 88 to 99 % of those of all, hold the mean of the number at its N; fewer where a share
is within a few examples of 0 or 1.
"""
    entries = sorted(METRICS.values(), key=lambda entry: list(NEEDS).index(entry.needs))
    return "\n\n".join([head.strip(), *(section(entry) for entry in entries)]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
