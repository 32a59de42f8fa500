"""A run and its lanes in a row of plain values: what tables, lists and JSON say of them."""

from __future__ import annotations

from typing import Any

from genlab.runs.folder import Run, RunUnreadable
from genlab.runs.view import RunView
from genlab.spec import RunSpec


def lane_row(view: RunView, lane: int) -> dict[str, Any]:
    """What is said of a lane in a table or in JSON; metrics are None before its first frame."""
    state, frame = view.lane_state(lane), view.frames[lane]
    metrics = frame.metrics if frame else {}
    names = {
        "solid_modes": "solid",
        "modes": "modes",
        "captured_modes": "captured",
        "on_mode_share": "on_mode_share",
        "reverse_kl": "reverse_kl",
        "mode_tv": "mode_tv",
        "samples": "samples",
    }
    return {
        "model": view.spec.lanes[lane].model,
        "steps": state.step,
        "seconds": state.seconds,
        "examples": state.examples,
        **{name: metrics.get(key) for name, key in names.items()},
        "state": state.state,
        "message": state.message,
    }


def run_row(run: Run) -> dict[str, Any]:
    """One line about a run; a damaged one says so instead of hiding."""
    try:
        spec, state = run.spec(), run.state()
    except RunUnreadable as error:
        return {"id": run.id, "dataset": "", "models": "", "seed": "", "budget": "", "state": f"unreadable: {error}"}
    return {
        "id": run.id,
        "dataset": spec.dataset,
        "models": ", ".join(lane.model for lane in spec.lanes),
        "seed": spec.seed,
        "budget": format_budget(spec),
        "state": state.state,
    }


def format_budget(spec: RunSpec) -> str:
    return f"{spec.budget:,.0f} {spec.clock}"
