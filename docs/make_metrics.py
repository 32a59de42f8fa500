"""Writes docs/metrics.md from what the metrics say of themselves, with one example each: python docs/make_metrics.py"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np

from genlab.cli.listing import markdown_table
from genlab.metrics.base import Metric
from genlab.registry import METRICS

PAGE = Path(__file__).with_name("metrics.md")
NEEDS = {
    "mixture": "coordinates, and the components of a known mixture",
    "classes": "class probabilities from a classifier",
    "samples": "features of real and of fake examples",
    "training": "features of the training set, of held-out examples and of fake ones",
    "images": "real and fake images",
    "codes": "what an encoder gives",
    "logits": "what a discriminator gives",
}
# Small enough to follow by hand where the formula allows it.
EXAMPLES = {
    "mode_coverage": "samples = np.array([[0, 0], [0.1, 0], [4, 4], [2, 2]])\n"
    "mode_coverage(samples, centres=np.array([[0, 0], [4, 4], [9, 9]]), std=0.1)",
    "class_coverage": "probabilities = np.array([[0.95, 0.05], [0.9, 0.1], [0.6, 0.4], [0, 1]])\n"
    "class_coverage(probabilities, reference_share=np.array([0.5, 0.5]))",
    "precision_recall_density_coverage": "real = np.array([[0], [1], [2], [3], [10], [11]])\n"
    "fake = np.array([[0.5], [1.5], [2.5], [2.6], [6], [20]])\n"
    "precision_recall_density_coverage(real, fake, k=1)",
    "nearest_pairs": "real = np.array([[0], [1], [3], [6]])\n"
    "fake = np.array([[0], [0.5], [9], [20]])\n"
    "nearest_pairs(real, fake, shown=2)",
    "memorisation": "train = np.arange(10)[:, None]\n"
    "held_out = train + 0.5\n"
    "fake = np.array([[0], [1], [2], [3], [4], [5.5]])\n"
    "memorisation(train, held_out, fake)",
    "frechet_distance": "real = np.array([[-1.0], [0], [1]])  # mean 0, variance 1\n"
    "fake = np.array([[1.0], [3], [5]])  # mean 3, variance 4: 3² + (2 - 1)²\n"
    "frechet_distance(real, fake)",
    "kernel_distance": "real = np.array([[0.0], [1]])\n"
    "fake = np.array([[1.0], [2]])  # 1 + 27 - 2 (1 + 1 + 8 + 27) / 4\n"
    "kernel_distance(real, fake)",
    "maximum_mean_discrepancy": "real = np.linspace(0, 1, 20)[:, None]\nmaximum_mean_discrepancy(real, real + 2)",
    "sliced_wasserstein": "real = np.array([[0.0], [1], [2]])\nsliced_wasserstein(real, real[::-1] + 3)",
    "bin_differences": "real = np.repeat([[0.0], [10], [20]], [40, 40, 20], axis=0)\n"
    "fake = np.repeat([[0.0], [10], [20]], [80, 0, 20], axis=0)\n"
    "bin_differences(real, fake, bins=3)",
    "precision_recall_curve": "real = np.repeat([[0.0], [10]], 50, axis=0)\n"
    "fake = np.zeros((100, 1))  # one of two modes\n"
    "precision_recall_curve(real, fake, clusters=2, angles=5)",
    "vendi_score": "real = np.repeat([[0.0], [10]], 50, axis=0)\nvendi_score(real, np.zeros((100, 1)))",
    "sharpness": "real = np.indices((8, 8)).sum(axis=0)[None, ..., None] % 2  # a chessboard\n"
    "sharpness(real, 0.5 * real)",
    "kl_per_dimension": "mean, log_variance = np.array([[1.0, 0], [-1, 0]]), np.zeros((2, 2))\n"
    "kl_per_dimension(mean, log_variance)",
    "active_units": "active_units(np.array([[1.0, 0.05], [-1, -0.05], [1, -0.05], [-1, 0.05]]))",
    "iwae_bound": "iwae_bound(np.log([[0.1, 0.3], [0.5, 0.5]]))  # half of ln 0.2 + ln 0.5",
    "reconstruction_error": "reconstruction_error(np.zeros((2, 3)), np.array([[0, 0, 0], [1, 1, 2]]))",
    "linear_probe": "codes, labels = np.array([[-2.0], [-1], [1], [2]]), np.array([0, 0, 1, 1])\n"
    "linear_probe(codes, labels, np.array([[-3.0], [3], [0.1], [-0.1]]), np.array([0, 1, 0, 0]))",
    "aggregated_posterior_gap": "prior_draws = np.linspace(-2, 2, 20)[:, None]\n"
    "aggregated_posterior_gap(0.1 * prior_draws, prior_draws)",
    "hole_map": "codes = np.array([[1.0, 1], [1, -1], [-1, 1]])\nhole_map(codes, cells=2, extent=2)",
    "discriminator_accuracy": "discriminator_accuracy(\n"
    "    train_logits=np.array([3, 1, 2, -1]), held_out_logits=np.array([1, -1]), fake_logits=np.array([-2, -4])\n"
    ")",
    "generator_gradient": "generator_gradient(norms=np.array([0.3, 0.1, 0.2]))",
}


def run_example(entry: Metric) -> dict[str, Any]:
    """What the example of a metric returns."""
    names: dict[str, Any] = {"np": np, entry.name: entry.function}
    *setting, call = EXAMPLES[entry.name].partition(f"{entry.name}(")
    exec(setting[0], names)
    return eval(setting[1] + call, names)


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
        return "[" + ", ".join(printed(each) for each in value) + "]"
    return number(value)


def between(low: float, high: float | str) -> str:
    if isinstance(high, str):
        return f"{number(low)} to `{high}`"
    if np.isinf(high):
        return "any" if np.isinf(low) else f"{number(low)} or more"
    return f"{number(low)} to {number(high)}"


def table(entry: Metric) -> list[str]:
    rows = []
    for name, meaning in entry.results.items():
        limits = between(*entry.range[name]) if name in entry.range else ""
        rows.append([f"`{name}`", entry.better.get(name) or "", limits, meaning])
    return markdown_table(["Result", "Better", "Range", "Meaning"], rows)


def section(entry: Metric) -> str:
    text = inspect.getdoc(entry.function) or ""
    before, _, after = text.partition("Returns:\n")
    result = run_example(entry)
    arguments = ", ".join(str(each).partition(":")[0] for each in inspect.signature(entry.function).parameters.values())
    text = "\n".join(
        [
            f"## {entry.title}",
            "",
            f"`{entry.name}({arguments})` takes {NEEDS[entry.needs]}; {entry.cost}.",
            "",
            before.strip(),
            "",
            *table(entry),
            "",
            after.partition("\n\n")[2].strip(),
            "",
            "```python",
            EXAMPLES[entry.name],
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
