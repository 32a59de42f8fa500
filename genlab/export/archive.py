"""The run itself, to be opened by another genlab: see `genlab.runs.archives`."""

from __future__ import annotations

from genlab.export.base import Asked, ExportFormat, Files
from genlab.registry import EXPORTS
from genlab.runs.archives import pack_run


def make(asked: Asked) -> Files:
    return {f"{asked.name}.zip": pack_run(asked.run)}


EXPORTS.add(
    ExportFormat(
        name="zip",
        title="The run",
        description="All of its data, with checkpoints: `genlab import-run FILE` opens it elsewhere.",
        suffix=".zip",
        make=make,
    )
)
