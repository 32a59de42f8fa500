"""What the registries hold, as plain values: for the command line, the pages and the documentation. Free of Keras."""

from __future__ import annotations

import typing
from typing import Any

import numpy as np

from genlab.datasets.base import DatasetEntry
from genlab.export.base import ExportFormat
from genlab.figures.base import FigureEntry
from genlab.metrics.base import Metric, Result
from genlab.models.base import ModelFamily
from genlab.runs.formats import format_value
from genlab.spec import Settings, setting_notes

ABILITIES = {
    "sample": "makes new examples",
    "encode": "gives examples a latent",
    "reconstruct": "gives examples back",
    "score": "judges examples",
    "paths": "shows how an example comes about",
    "critic_weights": "shows the weights of its critic",
}

BELONGS = {  # where the pages show a figure
    "picture": "a picture of a lane, to be chosen on the train page",
    "lane": "in every lane on the train page",
    "run": "of all lanes, on the page of mode coverage",
}


def model_row(family: ModelFamily) -> dict[str, Any]:
    """A model and its settings; the `default` of each is that of its preset on points and on images."""
    points, images = family.resolve({}, "points"), family.resolve({}, "images")
    return {
        "name": family.name,
        "title": family.title,
        "description": family.description,
        "abilities": list(family.abilities),
        "settings": [
            row | {"default": {"points": getattr(points, row["name"]), "images": getattr(images, row["name"])}}
            for row in setting_rows(family.settings)
        ],
    }


def dataset_row(entry: DatasetEntry) -> dict[str, Any]:
    """A data set and its settings."""
    return {
        "name": entry.name,
        "title": entry.title,
        "description": entry.description,
        "kind": entry.kind,
        "steps": entry.steps,
        "settings": setting_rows(entry.settings),
    }


def metric_row(metric: Metric) -> dict[str, Any]:
    """A metric and its results: what each means and, of those that are one number, all there is to say of it."""
    return {
        "name": metric.name,
        "title": metric.title,
        "needs": metric.needs,
        "cost": metric.cost,
        "results": [
            {"name": name, "meaning": meaning, **result_row(metric.result(name))}
            for name, meaning in metric.meanings.items()
        ],
    }


def result_row(result: Result | None) -> dict[str, Any]:
    """What there is to say of one number; `better` alone of an array. No bound is None."""
    if result is None:
        return {"better": None}
    low, high = result.range
    return {
        "better": result.better,
        "label": result.label,
        "role": result.role,
        "interval": result.has_interval,
        "minimum": low if np.isfinite(low) else None,
        "maximum": high if isinstance(high, str) or np.isfinite(high) else None,
    }


def figure_row(entry: FigureEntry) -> dict[str, Any]:
    """A figure, and where the pages show it."""
    return {"name": entry.name, "title": entry.title, "belongs": entry.belongs, "description": entry.alt}


def export_row(entry: ExportFormat) -> dict[str, Any]:
    """An export format, the options that it takes, and why it cannot be made here, if it cannot."""
    return {
        "name": entry.name,
        "title": entry.title,
        "description": entry.description,
        "suffix": entry.suffix,
        "options": list(entry.options),
        "unavailable": entry.unavailable(),
    }


def setting_rows(settings: type[Settings]) -> list[dict[str, Any]]:
    """Every setting: its default, what it may be (`options`, or `minimum` and `maximum` where there are any), whether
    it may change while a run trains, whether it is of the architecture, which a fork keeps, and what it does.
    """
    rows = []
    for name, field in settings.model_fields.items():
        bounds = {type(rule).__name__: rule for rule in field.metadata}
        row = {"name": name, "default": field.default}
        if typing.get_origin(field.annotation) is typing.Literal:
            row["options"] = list(typing.get_args(field.annotation))
        elif field.annotation is bool:
            row["options"] = [False, True]
        else:
            row["minimum"] = bounds["Ge"].ge if "Ge" in bounds else None
            row["maximum"] = bounds["Le"].le if "Le" in bounds else None
        notes = setting_notes(settings, name)
        row |= {"live": notes["live"], "architecture": notes["architecture"], "help": field.description}
        rows.append(row)
    return rows


def format_range(row: dict[str, Any]) -> str:
    """What a setting may be, from its row."""
    if "options" in row:
        return ", ".join(format_value(option) for option in row["options"])
    low, high = row["minimum"], row["maximum"]
    if low is None or high is None:
        return "any" if low is None and high is None else f"at most {high:,}" if low is None else f"{low:,} or more"
    return f"{low:,} to {high:,}"


def markdown_table(headings: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    escaped = [[value.replace("|", "\\|") for value in row] for row in (headings, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in escaped]
    return [lines[0], "|" + "---|" * len(headings), *lines[1:]]
