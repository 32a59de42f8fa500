"""Writes models.md and datasets.md from what models and data sets say of themselves, and what flows where in the phases
of each model, for pages to draw: python docs/make_models.py
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from genlab.cli.listing import ABILITIES, dataset_row, format_range, format_value, markdown_table, model_row
from genlab.datasets.base import DatasetEntry
from genlab.models.base import ModelFamily
from genlab.models.flows import KEPT
from genlab.registry import DATASETS, MODELS

DOCS = Path(__file__).parent
YES = "•"


def abilities() -> str:
    rows = [
        [f"[{family.title}](#{anchor(family.title)})", f"`{family.name}`"]
        + [YES if ability in family.abilities else "" for ability in ABILITIES]
        for family in MODELS.values()
    ]
    return "\n".join(markdown_table(["Model", "Name", *ABILITIES], rows))


def anchor(title: str) -> str:
    """Where a heading is found on the page."""
    return title.lower().replace(" ", "-")


def model_section(family: ModelFamily) -> str:
    formula, _, text = documentation(family.build).partition("\n\n")
    return "\n\n".join(
        [
            f"## {family.title}",
            f"`{family.name}`: {family.description}",
            f"```text\n{formula}\n```",
            text,
            "\n".join(model_settings(family)),
        ]
    )


def model_settings(family: ModelFamily) -> list[str]:
    rows = [
        [
            f"`{row['name']}`",
            format_value(row["default"]["points"]),
            format_value(row["default"]["images"]),
            format_range(row),
            YES if row["live"] else "",
            row["help"],
        ]
        for row in model_row(family)["settings"]
    ]
    return markdown_table(["Setting", "On points", "On images", "May be", "Live", "What it is"], rows)


def dataset_section(entry: DatasetEntry) -> str:
    parts = [
        f"## {entry.title}",
        f"`{entry.name}`, {entry.kind}, {entry.steps:,} steps unless told otherwise",
        entry.description,
        documentation(entry.load),
    ]
    rows = [
        [f"`{row['name']}`", format_value(row["default"]), format_range(row), row["help"]]
        for row in dataset_row(entry)["settings"]
    ]
    if rows:
        parts.append("\n".join(markdown_table(["Setting", "Default", "May be", "What it is"], rows)))
    return "\n\n".join(parts)


def documentation(function: Any) -> str:
    return inspect.getdoc(function.func if isinstance(function, partial) else function) or ""


def models_page() -> str:
    head = f"""# Models

Made by `python docs/make_models.py` from what each model says of itself; change it there.

What they can do: {"; ".join(f"*{name}*, it {meaning}" for name, meaning in ABILITIES.items())}.

{abilities()}

The formula of each comes first: what is minimised and maximised, with examples x, latents z, encoder E, decoder or
generator D or G, and discriminator D or J as it says. Losses are summed over the values of an example and averaged over
examples. A setting with a dot under *Live* can be changed while the model trains. Its values *on points* and *on
images* are the preset: where they are not the paper's, they are what a few minutes on one processor ask for."""
    return "\n\n".join([head, *(model_section(family) for family in MODELS.values())]) + "\n"


def datasets_page() -> str:
    head = """# Data sets

Made by `python docs/make_models.py` from what each data set says of itself; change it there."""
    text = "\n\n".join([head, *(dataset_section(DATASETS[name]) for name in DATASETS.added())]) + "\n"
    shared = documentation(
        DATASETS["mnist"].load
    )  # image sets are loaded by one function: it speaks of all of them once
    first, _, rest = text.partition(shared)
    return first + shared + rest.replace(shared, "Loaded like [MNIST](#mnist-28x28).")


def flows(names: Sequence[str]) -> str:
    """What flows where in the phases of these models at their presets on points, as JSON."""
    from genlab.datasets import load_dataset
    from genlab.models.base import with_variables
    from genlab.training import backend

    dataset, found = load_dataset("ring8", {}), {}
    for name in names:
        settings, _ = with_variables(MODELS[name].resolve({}, dataset.kind))
        model = MODELS[name].build(settings, dataset, backend.make_context(0))
        flow = backend.model_flow(model, dataset.train.shape[1:], settings.batch_size)
        found[name] = flow.model_dump()
    return json.dumps(found, indent=1) + "\n"


PAGES = {"models.md": models_page, "datasets.md": datasets_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    KEPT.write_text(flows(list(MODELS)), encoding="utf-8")
