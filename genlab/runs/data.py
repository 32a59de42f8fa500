"""The data of a stored run, which must be what it was trained on before the run can go on or be evaluated."""

from __future__ import annotations

from genlab.datasets import Dataset, DataUnavailable, load_dataset
from genlab.datasets.base import fingerprint
from genlab.registry import DATASETS, UnknownName
from genlab.runs.folder import Run
from genlab.spec import RunSpec


def load_run_dataset(run: Run, spec: RunSpec) -> Dataset:
    """The data that a run was, or is to be, trained on. Raises RunUnreadable, UnknownName, DataUnavailable: also if a
    visitor's own data set has other content now.
    """
    dataset, metadata = load_dataset(spec.dataset, spec.dataset_settings), run.metadata().dataset
    if metadata.fingerprint and fingerprint(dataset) != metadata.fingerprint:
        raise DataUnavailable(
            f"The data set '{spec.dataset}' holds other data now than when run {run.id} was trained, so the run can "
            "only be shown. Put the old file back under this name, or start a new run."
        )
    return dataset


def missing_data(run: Run) -> str:
    """Why the data of a run cannot be had here, "" if it can. Raises RunUnreadable."""
    spec, metadata = run.spec(), run.metadata().dataset
    try:
        if reason := DATASETS[spec.dataset].unavailable():
            return reason
        if metadata.fingerprint:
            load_run_dataset(run, spec)
    except (UnknownName, DataUnavailable, ValueError) as error:
        return str(error)
    return ""
