"""Lanes of several runs beside each other: which, what they are called, whether their data is the same, where they
differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from genlab.runs.changes import changes_in_words
from genlab.runs.evaluation import Evaluation, LaneEvaluation
from genlab.runs.summary import format_budget
from genlab.runs.tables import Row
from genlab.runs.view import RunView
from genlab.spec import LETTERS, MAXIMUM_LANES, RunSpec

MAXIMUM_RUNS = 4
LARGEST_SEED = 2**31 - 1
SETTING = "setting"  # the heading of the first column


@dataclass(frozen=True)
class ComparedLane:
    """One lane of one of the runs."""

    view: RunView
    lane: int

    @property
    def model(self) -> str:
        return self.view.spec.lanes[self.lane].model

    @property
    def settings(self) -> dict[str, Any]:
        """By name; in place of a value that was changed while the lane trained all of them in turn."""
        settings = self.view.spec.lanes[self.lane].settings
        return settings | changes_in_words(settings, self.view.history.changed, self.lane)


def first_lanes(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Of runs with so many lanes each, which to compare at first, as run and lane: the first lane of each run, then the
    second of each and so on, for as long as all of them together are not more than four.
    """
    chosen: list[tuple[int, int]] = []
    for lane in range(max(counts, default=0)):
        further = [(run, lane) for run, count in enumerate(counts) if lane < count]
        if len(chosen) + len(further) > MAXIMUM_LANES:
            break
        chosen += further
    return chosen


def lane_titles(lanes: Sequence[ComparedLane]) -> list[str]:
    """The model of each lane; where it is there more than once, with what tells the lanes apart: their data, a setting,
    the seed, the budget, the letter in the run, or the run.
    """
    models = [lane.view.metadata.lanes[lane.lane].title for lane in lanes]
    traits = [data_names([lane.view for lane in lanes])]
    for name in _names(lane.settings for lane in lanes):
        traits.append(
            [f"{_words(name)} {_value(lane.settings[name])}" if name in lane.settings else "" for lane in lanes]
        )
    traits.append([f"seed {lane.view.spec.seed}" for lane in lanes])
    traits.append([format_budget(lane.view.spec) for lane in lanes])
    traits.append([f"model {LETTERS[lane.lane]}" for lane in lanes])
    traits.append([lane.view.id for lane in lanes])
    return _told_apart(models, traits)


def data_groups(views: Sequence[RunView]) -> list[list[int]]:
    """Places of views on the same data: of the same name, settings and modes, and of the same content where it is a
    visitor's own.
    """
    groups: list[list[int]] = []
    for i, view in enumerate(views):
        group = next((group for group in groups if all(_same_data(views[j], view) for j in group)), None)
        if group is None:
            groups.append([i])
        else:
            group.append(i)
    return groups


def _same_data(a: RunView, b: RunView) -> bool:
    """What a run that has not begun does not know yet, its modes and the fingerprint, is taken to be the same."""
    named = (a.spec.dataset, a.spec.dataset_settings) == (b.spec.dataset, b.spec.dataset_settings)
    ours, theirs = ((view.metadata.dataset.modes, view.metadata.dataset.fingerprint) for view in (a, b))
    return named and all(not x or not y or x == y for x, y in zip(ours, theirs, strict=True))


def data_names(views: Sequence[RunView]) -> list[str]:
    """The data of each; different data of the same title with what tells it apart."""
    groups = data_groups(views)
    firsts = [views[group[0]] for group in groups]
    traits = []
    for name in _names(view.spec.dataset_settings for view in firsts):
        settings = [view.spec.dataset_settings for view in firsts]
        traits.append([f"{_words(name)} {_value(own[name])}" if name in own else "" for own in settings])
    traits.append([f"{len(view.metadata.dataset.modes)} modes" for view in firsts])
    traits.append([view.metadata.dataset.fingerprint[:8] for view in firsts])
    names = _told_apart([view.dataset_title for view in firsts], traits)
    by_view = {i: name for group, name in zip(groups, names, strict=True) for i in group}
    return [by_view[i] for i in range(len(views))]


def describe_different_data(views: Sequence[RunView]) -> str:
    """Why samples of these cannot be compared; "" where the data is the same."""
    names = list(dict.fromkeys(data_names(views)))
    if len(names) < 2:
        return ""
    return (
        f"These lanes learned different data: {'; '.join(names)}. What one model makes of its data cannot be compared "
        "with what another makes of other data: neither samples and latent spaces, nor losses, shares and measures. So "
        "each data set has curves, coverage bars and measures of its own here."
    )


def differing_settings(lanes: Sequence[ComparedLane], titles: Sequence[str]) -> list[Row]:
    """A row for each setting in which lanes that have it differ: "setting", and a value by title, "-" where a lane has
    no such setting.
    """
    specs = [lane.view.spec for lane in lanes]
    origins = [lane.view.metadata.forked_from for lane in lanes]
    values: dict[str, list[str | None]] = {"data set": list(data_names([lane.view for lane in lanes]))}
    values |= _by_name("data: ", [spec.dataset_settings for spec in specs])
    values["model"] = [lane.view.metadata.lanes[lane.lane].title for lane in lanes]
    values |= _by_name("", [lane.settings for lane in lanes])
    values["seed"] = [str(spec.seed) for spec in specs]
    values["budget"] = [format_budget(spec) for spec in specs]
    values["device"] = [str(spec.device) for spec in specs]
    values["forked from"] = [f"{origin.run}, step {origin.step:,}" if origin else "nothing" for origin in origins]
    return [
        {SETTING: name, **{title: value or "-" for title, value in zip(titles, row, strict=True)}}
        for name, row in values.items()
        if len({value for value in row if value is not None}) > 1
    ]


def next_seed(spec: RunSpec, others: Iterable[RunSpec]) -> int:
    """One above the largest seed of a run and those others that differ from it in nothing else."""
    wanted = {**spec.model_dump(), "seed": None}
    seeds = [other.seed for other in others if {**other.model_dump(), "seed": None} == wanted]
    return (max([spec.seed, *seeds]) + 1) % (LARGEST_SEED + 1)


def merged_evaluation(lanes: Sequence[ComparedLane], evaluations: Sequence[Evaluation | None]) -> Evaluation:
    """What was measured of these lanes, as if they were those of one run, in their order; a lane that was not measured
    has no measures. A feature space that has changed between two evaluations counts as two: its version is in its name.
    """
    versions: dict[str, set[str]] = {}
    for evaluation in evaluations:
        for space, version in evaluation.spaces.items() if evaluation else ():
            versions.setdefault(space, set()).add(version)
    result = []
    for i, (lane, evaluation) in enumerate(zip(lanes, evaluations, strict=True)):
        measured = evaluation.lane(lane.lane) if evaluation else None
        if not (evaluation and measured):
            result.append(LaneEvaluation(lane=i, model=lane.model, step=0))
            continue
        measures = []
        for measure in measured.measures:
            space = measure.space
            if len(versions.get(space, ())) > 1:
                space = f"{space} ({evaluation.spaces.get(space, 'unknown version')})"
            measures.append(measure.model_copy(update={"space": space}))
        result.append(measured.model_copy(update={"lane": i, "measures": measures}))
    known = [evaluation for evaluation in evaluations if evaluation]
    samples, seed = (known[0].samples, known[0].seed) if known else (0, 0)
    return Evaluation(samples=samples, seed=seed, lanes=result)


def _told_apart(names: Sequence[str], traits: Sequence[Sequence[str]]) -> list[str]:
    """Names, each that is there more than once followed by what tells it apart: the first of the traits that is another
    for each, else as many as it takes, of which the last is the last resort.
    """
    result = list(names)
    for name in dict.fromkeys(names):
        same = [i for i, other in enumerate(names) if other == name]
        if len(same) == 1:
            continue

        def kinds(chosen: Sequence[Sequence[str]], among: Sequence[int] = tuple(same)) -> int:
            return len({tuple(trait[i] for trait in chosen) for i in among})

        chosen = next(([trait] for trait in traits[:-1] if kinds([trait]) == len(same)), [])
        for trait in traits if not chosen else ():
            if kinds([*chosen, trait]) > max(1, kinds(chosen)):
                chosen.append(trait)
        for i in same:
            result[i] = " · ".join([name, *(trait[i] for trait in chosen if trait[i])])
    return result


def _by_name(prefix: str, settings: Sequence[dict[str, Any]]) -> dict[str, list[str | None]]:
    return {
        prefix + _words(name): [_value(own[name]) if name in own else None for own in settings]
        for name in _names(settings)
    }


def _names(settings: Iterable[dict[str, Any]]) -> list[str]:
    """The names of all of them, each once."""
    return list(dict.fromkeys(name for own in settings for name in own))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
