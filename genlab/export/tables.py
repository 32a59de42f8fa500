"""Every recorded series of a run as a table: CSV, and Parquet with its types."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from genlab.export.base import Asked, ExportFormat, ExportRefused, Files
from genlab.registry import EXPORTS
from genlab.runs.history import CLOCKS

if TYPE_CHECKING:
    from pandas import DataFrame


def table(asked: Asked) -> DataFrame:
    """A row for each lane and step at which anything was recorded: the lane and its model; step, seconds and examples;
    and every series, empty where it has no value. A loss is the mean over the steps since the row before.
    """
    import pandas as pd  # imported here: pages list the formats without it

    history, spec = asked.view.history, asked.view.spec
    parts = []
    for lane in (lane.lane for lane in asked.lanes):
        columns = {name: history.column(lane, name) for name in (*CLOCKS, *history.names(lane))}
        parts.append(pd.DataFrame({"lane": lane, "model": spec.lanes[lane].model, **columns}))
    result = pd.concat(parts, ignore_index=True)
    if not len(result):
        raise ExportRefused(f"Run {asked.run.id} has recorded nothing yet. Export it once it trains.")
    return result.astype({"step": "int64", "examples": "int64"})


def make_csv(asked: Asked) -> Files:
    return {f"{asked.name}.csv": table(asked).to_csv(index=False).encode()}


def make_parquet(asked: Asked) -> Files:
    buffer = io.BytesIO()
    table(asked).to_parquet(buffer, index=False)
    return {f"{asked.name}.parquet": buffer.getvalue()}


EXPORTS.add(
    ExportFormat(
        name="csv",
        title="Curves, CSV",
        description="Every recorded number of every lane, a row a step, for any spreadsheet.",
        suffix=".csv",
        make=make_csv,
        options=("lane",),
    )
)
EXPORTS.add(
    ExportFormat(
        name="parquet",
        title="Curves, Parquet",
        description="The same with types, for pandas and its like.",
        suffix=".parquet",
        make=make_parquet,
        options=("lane",),
    )
)
