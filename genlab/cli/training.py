"""What `genlab train` does: settings from words, a larger budget, and a run followed to its end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from genlab.runs import Run, Store
from genlab.runs.forks import Change
from genlab.spec import Clock, RunSpec, SpecError, make_spec


def settings_from(changes: list[str], lanes: list[dict[str, Any]]) -> dict[str, Any]:
    """Put LANE.SETTING=VALUE into the lanes; returns what is for the data set. Raises SpecError."""
    for_dataset: dict[str, Any] = {}
    for change in changes:
        place, equals, value = change.partition("=")
        target, dot, name = place.partition(".")
        if not (equals and dot and name):
            raise SpecError(f"--set takes LANE.SETTING=VALUE, for example 0.latent_dim=8, not '{change}'.")
        if target == "dataset":
            for_dataset[name] = value
        elif target.isdigit() and int(target) < len(lanes):
            lanes[int(target)]["settings"][name] = value
        else:
            raise SpecError(f"--set {change}: there is no lane {target}; this run has lanes 0 to {len(lanes) - 1}.")
    return for_dataset


def change_from(changes: list[str], run: Run) -> Change | None:
    """The one setting that a fork changes, from LANE.SETTING=VALUE. Raises RunUnreadable, SpecError."""
    lanes: list[dict[str, Any]] = [{"settings": {}} for _ in run.spec().lanes]
    if settings_from(changes, lanes):
        raise SpecError(
            "A fork keeps the data set of its run; --set changes a setting of one lane: LANE.SETTING=VALUE."
        )
    found = [Change(lane, name, value) for lane, of in enumerate(lanes) for name, value in of["settings"].items()]
    if len(found) > 1:
        raise SpecError(f"A fork changes one setting, and {len(found)} are given. Give one --set.")
    return found[0] if found else None


def budget_from(steps: int | None, seconds: float | None, examples: int | None) -> tuple[Clock, float | None]:
    """The clock and the budget of which at most one is given, else steps and None. Raises SpecError."""
    budgets: dict[Clock, float | None] = {"steps": steps, "seconds": seconds, "examples": examples}
    given = [(clock, amount) for clock, amount in budgets.items() if amount is not None]
    if len(given) > 1:
        named = " and ".join(f"--{clock}" for clock, _ in given)
        raise SpecError(f"Give one budget, not {named}: it is also the clock the lanes share.")
    return given[0] if given else ("steps", None)


def check_clock(run: Run, clock: Clock, budget: float | None) -> None:
    """Raises SpecError if a larger budget of a run is not in its own unit, and RunUnreadable."""
    counted = run.spec().clock
    if budget is not None and clock != counted:
        raise SpecError(f"Run {run.id} counts in {counted}; give the larger budget with --{counted}.")


def extend(run: Run, budget: float | None) -> None:
    """Give a run more budget before it is continued. Raises RunUnreadable, SpecError."""
    if budget is not None:
        run.write_spec(make_spec(**{**run.runnable_spec().model_dump(), "budget": budget}))


def follow(spec: RunSpec, get_run: Callable[[], Run], console: Console) -> Run:
    """Train a run in this process, with a bar a lane. It is made, or opened, once TensorFlow is there: whoever
    interrupts that leaves no run that waits for nobody.
    """
    from genlab.experiments.measuring import asked_of
    from genlab.training import backend
    from genlab.training.loop import ChunkTrained, Stage
    from genlab.training.recorder import record

    columns = (TextColumn("{task.description:12}"), BarColumn(), TextColumn("{task.fields[at]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        stage = progress.add_task("starting", total=None, at="starting TensorFlow")
        backend.prepare()
        run = get_run()
        titles = [lane.title for lane in run.metadata().lanes]
        bars = [progress.add_task(title, total=spec.budget, at="", visible=False) for title in titles]
        with _interrupts_noted() as interrupted:
            for event in record(run, Store(run.path.parent), measure=asked_of(run)):
                if interrupted.is_set():
                    raise KeyboardInterrupt
                if isinstance(event, Stage):
                    progress.update(stage, at=event.message, visible=event.state == "starting")
                elif isinstance(event, ChunkTrained):
                    at = f"step {event.step:,}"
                    progress.update(bars[event.lane], completed=spec.used(event), at=at, visible=True)
    return run


@contextmanager
def _interrupts_noted() -> Iterator[threading.Event]:
    """Ctrl-C sets the event, and a second one raises KeyboardInterrupt as ever: inside a call of TensorFlow that can be
    lost, and the run goes on.
    """
    interrupted = threading.Event()

    def note(number: int, frame: Any) -> None:
        if interrupted.is_set():
            signal.default_int_handler(number, frame)
        interrupted.set()

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
