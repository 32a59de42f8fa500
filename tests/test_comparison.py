"""Lanes of several runs beside each other: titles, data, settings, seeds and measures; no run is trained here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from genlab.figures.base import lane_views
from genlab.figures.comparison import comparison_cells
from genlab.runs import Store
from genlab.runs.comparison import (
    ComparedLane,
    data_groups,
    describe_different_data,
    differing_settings,
    first_lanes,
    lane_titles,
    merged_evaluation,
    next_seed,
)
from genlab.runs.evaluation import Evaluation, LaneEvaluation, Measure
from genlab.runs.folder import Frame
from genlab.runs.tables import BETTER, as_markdown, better_lane, frame_rows, measure_rows
from genlab.runs.view import RunReader, RunView
from genlab.spec import make_spec

GAN, VAE = {"model": "gan"}, {"model": "vae"}


@pytest.fixture
def made(store: Store) -> Any:
    """Views of runs that have not begun: `made(seed=1)`."""
    return lambda **fields: RunReader(store.create(make_spec(**fields))).read()


def all_lanes(*views: RunView) -> list[ComparedLane]:
    return [ComparedLane(view, lane) for view in views for lane in range(len(view.spec.lanes))]


@pytest.mark.parametrize(
    "counts, chosen",
    [
        ([], []),
        ([2], [(0, 0), (0, 1)]),
        ([2, 2], [(0, 0), (1, 0), (0, 1), (1, 1)]),
        ([2, 2, 2], [(0, 0), (1, 0), (2, 0)]),
        ([1, 3], [(0, 0), (1, 0), (1, 1), (1, 2)]),
        ([4, 4, 4, 4], [(0, 0), (1, 0), (2, 0), (3, 0)]),
    ],
)
def test_as_many_lanes_are_compared_as_can_be_in_whole_rows(counts: list[int], chosen: list[tuple[int, int]]) -> None:
    assert first_lanes(counts) == chosen


def test_lanes_of_the_same_model_are_told_apart_by_what_differs(made: Any) -> None:
    assert lane_titles(all_lanes(made())) == ["GAN", "VAE"]
    seeds = lane_titles(all_lanes(made(seed=0), made(seed=3)))
    assert seeds == ["GAN · seed 0", "VAE · seed 0", "GAN · seed 3", "VAE · seed 3"]
    beta = {"model": "vae", "settings": {"beta": 4}}
    assert lane_titles(all_lanes(made(lanes=[GAN, VAE]), made(lanes=[beta], seed=1))) == [
        "GAN",
        "VAE · beta 1",
        "VAE · beta 4",
    ]
    assert lane_titles(all_lanes(made(lanes=[GAN]), made(lanes=[GAN], dataset="digits"))) == [
        "GAN · Ring of 8 Gaussians",
        "GAN · Digits, 8x8",
    ]


def test_several_traits_are_named_where_one_is_not_enough(made: Any) -> None:
    fields = [{"seed": 0, "budget": 10}, {"seed": 0, "budget": 20}, {"seed": 1, "budget": 10}]
    assert lane_titles(all_lanes(*(made(lanes=[GAN], **each) for each in fields))) == [
        "GAN · seed 0 · 10 steps",
        "GAN · seed 0 · 20 steps",
        "GAN · seed 1 · 10 steps",
    ]


def test_lanes_that_were_asked_the_same_still_have_titles_of_their_own(made: Any) -> None:
    titles = lane_titles(all_lanes(made(lanes=[GAN, GAN]), made(lanes=[GAN, GAN])))
    assert len(set(titles)) == 4


def test_data_is_the_same_by_name_settings_and_content(made: Any) -> None:
    ring, again, digits = made(), made(seed=1, lanes=[VAE]), made(dataset="digits")
    larger = made(dataset_settings={"size": 5000})
    assert data_groups([ring, again, digits, larger]) == [[0, 1], [2], [3]]
    assert describe_different_data([ring, again]) == ""
    words = describe_different_data([ring, again, digits, larger])
    assert "Digits, 8x8" in words and "size 5000" in words and "cannot be compared" in words
    for view, fingerprint in ((ring, "a"), (again, "b")):
        view.metadata.dataset.fingerprint = fingerprint
    assert data_groups([ring, again]) == [[0], [1]], "a visitor's file of the same name has other content"
    again.metadata.dataset.fingerprint = ""
    assert data_groups([ring, again]) == [[0, 1]], "one that has not begun does not know its data yet"


def test_the_table_of_settings_has_just_those_that_differ(made: Any) -> None:
    beta = {"model": "vae", "settings": {"beta": 4, "conditional": True}}
    lanes = all_lanes(made(seed=1, lanes=[GAN, VAE]), made(seed=2, lanes=[beta], budget=700))
    rows = {row.pop("setting"): list(row.values()) for row in differing_settings(lanes, ["A", "B", "C"])}
    assert rows["beta"] == ["-", "1", "4"] and rows["conditional"] == ["no", "no", "yes"]
    assert rows["seed"] == ["1", "1", "2"] and rows["budget"][2] == "700 steps"
    assert rows["model"] == ["GAN", "VAE", "VAE"]
    assert "likelihood" not in rows and "data set" not in rows, "both VAEs have the same"
    assert "generator learning rate" not in rows, "only one lane has it"
    assert differing_settings(all_lanes(made(lanes=[GAN]), made(lanes=[GAN])), ["A", "B"]) == []


def test_the_next_seed_is_above_those_of_the_same_spec() -> None:
    ring = make_spec(seed=4)
    assert next_seed(ring, [ring]) == 5
    assert next_seed(ring, [ring, make_spec(seed=9), make_spec(seed=20, dataset="digits")]) == 10
    largest = make_spec(seed=2**31 - 1)
    assert next_seed(largest, []) == 0, "after the largest seed comes the first"


def measure(low: float | None, high: float | None, better: str | None = "lower", **fields: Any) -> Measure:
    value = None if low is None or high is None else (low + high) / 2
    return Measure(
        **{
            "metric": "frechet",
            "result": "frechet",
            "label": "Distance",
            "space": "pixels",
            "count": 10,
            "value": value,
        }
        | {"low": low, "high": high, "better": better}
        | fields
    )


def test_the_better_one_is_marked_only_where_intervals_part() -> None:
    apart = {0: measure(1, 2), 1: measure(3, 4)}
    assert better_lane(apart) == 0
    assert better_lane({lane: each.model_copy(update={"better": "higher"}) for lane, each in apart.items()}) == 1
    assert better_lane({0: measure(1, 3), 1: measure(3, 4)}) is None, "they meet"
    assert better_lane({**apart, 2: measure(1.5, 3.5)}) is None, "one of three overlaps the best"
    assert better_lane({**apart, 2: measure(2.5, 3.5)}) == 0
    assert better_lane({0: measure(1, 2)}) is None, "nothing to be better than"
    assert better_lane({0: measure(1, 2), 1: measure(None, None, value=9.0)}) is None, "one has no interval"
    assert better_lane({0: measure(1, 2), 1: measure(None, None)}) is None, "one has no value"
    assert better_lane({0: measure(1, 2, None), 1: measure(3, 4, None)}) is None, "neither side is better"


def test_what_was_measured_of_several_runs_stands_in_one_table(made: Any) -> None:
    lanes = all_lanes(made(lanes=[GAN, VAE]), made(lanes=[VAE], seed=1), made(lanes=[VAE], seed=2))

    def evaluation(version: str, measures: dict[int, Measure]) -> Evaluation:
        of_lanes = [LaneEvaluation(lane=lane, model="vae", step=5, measures=[each]) for lane, each in measures.items()]
        return Evaluation(samples=10, seed=0, spaces={"pixels": version}, lanes=of_lanes)

    first, second = evaluation("1", {0: measure(5, 6), 1: measure(1, 2)}), evaluation("1", {0: measure(3, 4)})
    titles = ["A", "B", "C", "D"]
    merged = merged_evaluation(lanes, [first, first, second, None])
    rows = measure_rows(merged, titles, first=False, mark=True)
    (row,) = next(iter(rows.values()))
    assert [row[title] for title in titles] == ["5.5 (5 to 6)", f"1.5 (1 to 2) {BETTER}", "3.5 (3 to 4)", "-"]
    # A feature space that has changed in between is another one, and nothing is compared over it.
    other = evaluation("2", {0: measure(3, 4)})
    rows = measure_rows(merged_evaluation(lanes[1:3], [first, other]), titles[1:3], first=False, mark=True)
    assert len(next(iter(rows.values()))) == 2 and BETTER not in as_markdown(rows)


def with_a_frame(store: Store, solid: int, **fields: Any) -> RunView:
    run = store.create(make_spec(lanes=[GAN], **fields))
    metrics = {"captured": 8, "solid": solid, "modes": 8, "on_mode_share": 0.5, "mode_tv": None, "samples": 2500}
    run.write_frame(Frame(lane=0, step=10, metrics=metrics, arrays={}))
    run.write_reference({"on_mode_share": np.array(0.98)})
    return RunReader(run).read()


def test_without_an_evaluation_the_newest_frames_are_in_the_table(store: Store) -> None:
    views = [with_a_frame(store, 3), with_a_frame(store, 7, seed=1)]
    rows = {row.pop("measure"): row for row in frame_rows([(view, 0) for view in views], ["A", "B"])}
    assert rows["Solid modes, N = 2,500 ↑"] == {"A": "3", "B": "7", "real data": "-"}
    assert rows["Share on a mode, N = 2,500 ↑"]["real data"] == "0.98"
    assert "Total variation of the modes" not in " ".join(rows), "it has no value"
    (view,) = [RunReader(store.create(make_spec(lanes=[GAN]))).read()]
    before = frame_rows([(view, 0)], ["A"])
    assert [row["A"] for row in before][:2] == ["queued", "0"], "a run that has not begun has a place too"


def test_curves_over_each_other_share_a_figure_where_they_can_be_compared(made: Any) -> None:
    hinge = {"model": "gan", "settings": {"loss": "hinge"}}
    views = [made(lanes=[GAN, VAE]), made(lanes=[GAN, hinge], seed=1)]
    lanes = [lane for view in views for lane in lane_views(view)]
    cells = comparison_cells(lanes, [[0, 1, 2, 3]], "samples", together=True)
    shown = {cell.figure.title: cell.lanes for cell in cells if cell.figure and cell.figure.recorded}
    assert shown["Share on a mode over time"] == shown["Solid modes over time"] == (0, 1, 2, 3)
    assert shown["GAN (non-saturating): generator loss"] == (0, 2), "the same family and loss"
    assert shown["GAN (hinge): generator loss"] == (3,) and shown["VAE: KL"] == (1,)
    beside = comparison_cells(lanes, [[0, 1, 2, 3]], "samples", together=False)
    assert all(len(cell.lanes) == 1 for cell in beside if cell.figure and cell.figure.recorded)
    # Lanes on other data have figures of their own.
    apart = comparison_cells(lanes, [[0, 1], [2, 3]], "samples", together=True)
    assert {cell.lanes for cell in apart if cell.name.startswith("coverage")} == {(0, 1), (2, 3)}
    for grid in (cells, beside, apart):
        assert sum(cell.span for cell in grid) % 4 == 0, "every row is full"
        assert len({cell.name for cell in grid}) == len(grid)
