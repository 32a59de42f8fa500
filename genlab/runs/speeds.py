"""How long a step of a run takes on this machine, as its worker last timed it, and what follows for a budget."""

from __future__ import annotations

import hashlib
import json
import platform
from contextlib import suppress
from pathlib import Path

from genlab.registry import MODELS
from genlab.runs.atomic import write_json
from genlab.runs.store import Store
from genlab.spec import LETTERS, RunSpec, live_names


def write_speeds(store: Store, spec: RunSpec, seconds_a_step: list[float]) -> None:
    """Keep the seconds that a step of each lane took. Raises OSError."""
    write_json(_path(store, spec), {"seconds_a_step": seconds_a_step})


def read_speeds(store: Store, spec: RunSpec) -> list[float]:
    """The seconds that a step of each lane took; none if a run of such lanes was never timed."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        seconds = [float(value) for value in json.loads(_path(store, spec).read_text())["seconds_a_step"]]
        if len(seconds) == len(spec.lanes) and min(seconds) > 0:
            return seconds
    return []


def describe_budget(spec: RunSpec, seconds_a_step: list[float]) -> str:
    """What a budget means here, in words: the time of the slowest lane, or the steps of each."""
    if spec.clock == "seconds":
        steps = [_rounded(spec.budget / seconds) for seconds in seconds_a_step]
        each = " and ".join(f"{count:,.0f} steps of model {LETTERS[lane]}" for lane, count in enumerate(steps))
        return f"About {each} on this machine."
    batches = [lane.settings["batch_size"] if spec.clock == "examples" else 1 for lane in spec.lanes]
    total = max(spec.budget / batch * seconds for batch, seconds in zip(batches, seconds_a_step, strict=True))
    for unit, length in (("h", 3600), ("min", 60)):
        if total >= 2 * length:
            return f"About {_rounded(total / length):,g} {unit} on this machine."
    return f"About {max(1, _rounded(total)):,g} s on this machine."


def _rounded(value: float) -> float:
    """To two digits: more would say more than is known."""
    return float(f"{value:.2g}")


def _path(store: Store, spec: RunSpec) -> Path:
    """Where the speeds of such a run on this machine are kept. Seed and budget do not matter, nor do numbers that may
    change while it trains.
    """
    content = spec.model_dump(exclude={"seed", "clock", "budget"}) | {"machine": platform.node()}
    for lane in content["lanes"]:
        live = live_names(MODELS[lane["model"]].settings)
        for name in live:
            if isinstance(lane["settings"][name], float):  # a number of updates is an int, and does matter
                del lane["settings"][name]
    digest = hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=8).hexdigest()
    return store.cache / "speeds" / f"{digest}.json"
