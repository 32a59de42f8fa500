"""Which phases of a lane train: all of them, unless it was said that some shall rest."""

from __future__ import annotations

from collections.abc import Collection

from genlab.models.flows import known_flow
from genlab.runs.view import RunView


def phase_names(view: RunView, lane: int) -> list[str]:
    """The phases of a lane's model in their order; of one from elsewhere, known once the run is prepared."""
    flow = view.metadata.lanes[lane].flow or known_flow(view.spec.lanes[lane].model)
    return [phase.name for phase in flow.phases] if flow else []


def trained_phases(view: RunView, lane: int) -> list[str]:
    """Those that train now, as it was said last."""
    said = [names for of_lane, _, names in view.history.trains if of_lane == lane]
    known = phase_names(view, lane)
    return [name for name in known if name in said[-1]] if said else known


def words_for(names: Collection[str], known: Collection[str]) -> str:
    """Which phases train, of those that there are: "only the generator", "both", "all"."""
    if set(names) == set(known):
        return "both" if len(known) == 2 else "all"
    return f"only the {' and the '.join(name.replace('_', ' ') for name in known if name in names)}"
