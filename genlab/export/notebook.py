"""The script of a lane as a notebook: a cell a part. The format is nbformat 4.5, plain JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from genlab.export.base import Asked, ExportFormat, Files
from genlab.export.script import beside, program
from genlab.registry import EXPORTS

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def make(asked: Asked) -> Files:
    made = program(asked)
    title, _, rest = made.about.partition("\n")
    install, rest = "%pip install --quiet keras tensorflow numpy", re.sub(r"\n {4}.*", "", rest)
    settings = (
        "from types import SimpleNamespace\n\n"
        f"arguments = SimpleNamespace(steps={made.steps}, seed={asked.view.spec.seed})\n"
        "keras.utils.set_random_seed(arguments.seed)"
    )
    first, *others = made.sections
    cells = [_markdown(f"# {title}\n{rest.rstrip()}"), _code(f"# {install}"), _code(first.code)]
    cells += [_markdown("## Settings"), _code(settings)]
    for section in others:
        code = section.code.replace('os.path.splitext(__file__)[0] + ".npz"', f'"{asked.name}.npz"')
        cells += [_markdown(f"## {section.heading}"), _code(code)]
    cells = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": METADATA, "cells": cells}
    return {f"{asked.name}.ipynb": json.dumps(notebook, indent=1).encode()} | beside(made, asked.name)


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    source = text.splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


EXPORTS.add(
    ExportFormat(
        name="notebook",
        title="Notebook",
        description="The same script, a cell a part.",
        suffix=".ipynb",
        make=make,
        options=("lane",),
        one_lane=True,
    )
)
