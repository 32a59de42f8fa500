"""What a run is called where one of several is chosen."""

from __future__ import annotations

from genlab.runs import RunUnreadable
from genlab.ui.worker_supervisor import get_store


def run_label(run_id: str) -> str:
    """The models, the seed and the data of a run, and its id; "" for one that cannot be read or is gone."""
    try:
        run = get_store().open(run_id)
        spec, metadata = run.spec(), run.metadata()
    except RunUnreadable:
        return ""
    models = ", ".join(lane.title for lane in metadata.lanes)
    return f"{models} · seed {spec.seed} · {metadata.dataset.title} · {run_id}"
