"""Fresh samples and what is nearest to them, draws through training, and the page that shows them."""

from __future__ import annotations

import base64
import io
import re
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from helpers import train_fully
from PIL import Image
from test_pages import ROOT, no_worker, shown, words  # noqa: F401

from genlab.figures import fresh, neighbourhood, swipe, through_time
from genlab.figures.base import LaneView, lane_views
from genlab.runs import Run, Store
from genlab.runs.draws import Draw
from genlab.runs.questions import Answer, Question
from genlab.runs.view import RunReader
from genlab.spec import make_spec

PAGE = ROOT / "pages" / "samples.py"
NORMAL = NormalDist()


# Draws


def test_a_truncated_normal_prior_has_the_moments_and_the_quantiles_of_one() -> None:
    from genlab.latent.drawing import truncated

    latents = np.random.default_rng(0).standard_normal((200_000, 1), dtype="float32")
    for threshold in (0.5, 1.0, 2.0):
        kept = truncated(latents, "normal", threshold)
        within = 2 * NORMAL.cdf(threshold) - 1
        variance = 1 - 2 * threshold * NORMAL.pdf(threshold) / within
        assert np.abs(kept).max() <= threshold
        assert kept.mean() == pytest.approx(0, abs=0.01) and kept.var() == pytest.approx(variance, rel=0.01)
    moved = truncated(np.array([[0.0, 1.0], [-np.inf, np.inf]]), "normal", 1.0)
    quantile = NORMAL.cdf(-1) + NORMAL.cdf(1) * (NORMAL.cdf(1) - NORMAL.cdf(-1))
    np.testing.assert_allclose(moved, [[0, NORMAL.inv_cdf(quantile)], [-1, 1]], atol=1e-6)
    assert truncated(latents, "normal", None) is latents


def test_a_truncated_uniform_prior_is_uniform_on_less_and_ends_at_1() -> None:
    from genlab.latent.drawing import truncated

    latents = np.array([[-1.0, 0.5, 1.0]], "float32")
    np.testing.assert_allclose(truncated(latents, "uniform", 0.25), [[-0.25, 0.125, 0.25]])
    np.testing.assert_array_equal(truncated(latents, "uniform", 2.0), latents)


def test_classes_are_asked_for_by_share_by_row_or_one_alone() -> None:
    from genlab.latent.drawing import labels_of

    shares = np.array([0.5, 0.3, 0.2])
    drawn = labels_of(Draw(count=10_000), shares)
    np.testing.assert_allclose(np.bincount(drawn) / 10_000, shares, atol=0.02)
    np.testing.assert_array_equal(labels_of(Draw(count=10), shares), drawn[:10])
    rows = labels_of(Draw(count=8, a_row=2, classes="rows"), shares)
    assert rows.tolist() == [0, 0, 1, 1, 2, 2, 0, 0]
    assert labels_of(Draw(count=2, classes=2), shares).tolist() == [2, 2]
    with pytest.raises(ValueError, match="classes 0 to 2"):
        labels_of(Draw(classes=3), shares)

    from genlab.datasets.base import labelled
    from genlab.latent.drawing import held_out_like

    test, test_labels = np.arange(6, dtype="float32")[:, None], np.array([0, 1, 0, 0, 1, 2])
    data = labelled("made", test, test_labels, test, test_labels, ("a", "b", "c"))
    assert held_out_like(data, Draw(count=4), np.zeros(4)).ravel().tolist() == [0, 1, 2, 3]
    assert held_out_like(data, Draw(count=2, classes=0), np.zeros(2)).ravel().tolist() == [0, 2]
    by_row = held_out_like(data, Draw(count=8, a_row=2, classes="rows"), rows)
    assert by_row.ravel().tolist() == [0, 2, 1, 4, 5, 5, 3, 0]


# Neighbours


@pytest.mark.parametrize("shape", [(2,), (4, 5, 1)])
def test_neighbours_are_those_of_every_distance_taken_one_by_one(shape: tuple[int, ...]) -> None:
    from genlab.latent.nearest import TrainingSet

    random = np.random.default_rng(0)
    train, examples = (random.random((count, *shape)).astype("float32") + 100 for count in (80, 7))
    examples[3] = train[50]
    distances, index = TrainingSet(train).nearest(examples, 5)
    every = np.linalg.norm(
        (examples[:, None] - train[None].astype("float64")).reshape(len(examples), len(train), -1), axis=2
    )
    np.testing.assert_array_equal(index, np.argsort(every, axis=1)[:, :5])
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :5], rtol=1e-12)
    assert distances[3, 0] == 0 and index[3, 0] == 50, "a copy"
    assert TrainingSet(train[:3]).nearest(examples, 5)[0].shape == (7, 3)


def test_a_distance_is_judged_beside_those_of_held_out_examples() -> None:
    held_out = np.array([1.0, 2.0, 3.0, 4.0])
    assert [neighbourhood.share_closer(held_out, distance) for distance in (0.0, 2.0, 2.5, 9.0)] == [0, 0.25, 0.5, 1]
    edges = neighbourhood.distance_edges(held_out, np.array([0.5]), 8.0)
    assert edges[0] == 0 and edges[-1] == pytest.approx(8.16)
    np.testing.assert_allclose(neighbourhood.shares(np.array([0.5, 1.5, 7.0]), np.array([0.0, 1, 2])), [1 / 3, 2 / 3])
    near, far = np.full(100, 3.0), np.full(5, 50.0)
    assert neighbourhood.distance_edges(near, far, 0.0)[-1] == pytest.approx(6.12), "the last bin has the rest"
    assert neighbourhood.distance_edges(near, np.array([4.0]), 0.0)[-1] == pytest.approx(4.08)
    assert neighbourhood.distance_edges(np.zeros(3), np.zeros(2), 0.0)[-1] == 1, "a data set of copies"


# Pure functions of the figures


def test_a_density_integrates_to_the_share_within_the_square() -> None:
    axis = np.linspace(-0.99, 0.99, 100)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)  # evenly on an area of 4
    area = (2 * 2.0 / 80) ** 2
    assert fresh.density(points, 2.0, 80).sum() * area == pytest.approx(1)
    assert fresh.density(np.concatenate([points, points + 50]), 2.0, 80).sum() * area == pytest.approx(0.5)
    np.testing.assert_allclose(fresh.density(points, 2.0, 8, smoothing=0.0)[2:6, 2:6], 0.25)


def test_a_smoothed_point_is_a_gaussian_and_the_first_row_is_at_the_bottom() -> None:
    low = fresh.density(np.array([[2.0, -3.0]]), 4.5, 9, smoothing=0.0)
    assert np.argwhere(low).tolist() == [[1, 6]] and low.max() == 1
    middle = fresh.density(np.zeros((1, 2)), 4.5, 9, smoothing=1.0)
    assert middle[4, 5] / middle[4, 4] == pytest.approx(np.exp(-0.5))
    assert middle[4, 6] / middle[4, 4] == pytest.approx(np.exp(-2.0))
    assert middle[4, 8] == 0, "cut off at three standard deviations"
    assert [fresh.smoothing_for(real) for real in (10_000, 1000, 250, 10)] == [1, 1, 2, 10]


def test_a_place_on_a_sheet_is_the_picture_there() -> None:
    sheet = fresh.Sheet(count=7, columns=3, height=4, width=6)
    corners = [sheet.corner(i) for i in range(7)]
    assert corners[0] == (0, 0) and corners[4] == (7, 5) and corners[6] == (0, 10)
    for i, (left, top) in enumerate(corners):
        assert sheet.at(left, top) == sheet.at(left + 5.4, top + 3.4) == i
    assert sheet.at(-3, 0) is None and sheet.at(22, 0) is None and sheet.at(8, 11) is None, "beside all"


def test_steps_are_thinned_evenly_with_both_ends() -> None:
    assert through_time.even_steps([1, 5, 9], 14) == [1, 5, 9]
    assert through_time.even_steps(range(101), 5) == [0, 25, 50, 75, 100]
    assert len(through_time.even_steps(range(300), 60)) == 60


def test_explanations_are_short() -> None:
    texts = [*fresh.ABOUT.values(), *neighbourhood.ABOUT.values(), through_time.ABOUT, swipe.ABOUT]
    assert all(20 <= len(text.split()) <= 80 for text in texts)


# Answers of trained models


@pytest.fixture(scope="module")
def answerer(session_store: Store) -> Any:
    from genlab.latent.answers import Answerer

    return Answerer(session_store)


@pytest.fixture(scope="module")
def tables(session_store: Store, backend) -> Run:
    run = session_store.create(
        make_spec(dataset="wine", budget=5, lanes=[{"model": "gan", "settings": {"conditional": True}}])
    )
    train_fully(session_store, run)
    return run


def asked(answerer: Any, run: Run, **draw: Any) -> Answer:
    answer: Answer = answerer.answer(Question(run=run.id, kind="samples", draw=Draw(**draw)))
    assert not answer.message
    return answer


def view_of(run: Run, lane: int = 0) -> LaneView:
    return lane_views(RunReader(run).read())[lane]


def test_a_seed_gives_its_samples_whatever_else_is_asked(answerer: Any, ring_run: Run) -> None:
    answer = asked(answerer, ring_run, seed=3, count=300)
    few = asked(answerer, ring_run, seed=3, count=20, neighbours=True)
    assert answer.steps == {0: 60, 1: 60}
    gan, few_of_gan = answer.of_lane(0), few.of_lane(0)
    np.testing.assert_array_equal(gan["samples"][:20], few_of_gan["samples"])
    assert not np.array_equal(asked(answerer, ring_run, seed=4, count=20).of_lane(0)["samples"], gan["samples"][:20])
    data = answerer._lanes[0].trained.dataset
    np.testing.assert_array_equal(gan["real"], data.test[:300])
    assert "distances" not in gan and "labels" not in gan
    every = np.linalg.norm(few_of_gan["samples"][:, None].astype("float64") - data.train, axis=2)
    np.testing.assert_allclose(few_of_gan["distances"], np.sort(every, axis=1)[:, :5], rtol=1e-9)
    nearest = data.train[np.argsort(every, axis=1)[:, 0]]
    np.testing.assert_array_equal(few_of_gan["nearest"][:, 0], nearest)
    held_out = np.linalg.norm(data.test[:10, None].astype("float64") - data.train, axis=2).min(axis=1)
    np.testing.assert_allclose(few_of_gan["held_out"][:10], held_out, rtol=1e-9)


def test_a_truncated_draw_is_sampled_at_the_truncated_latents(answerer: Any, ring_run: Run) -> None:
    from genlab.latent.drawing import truncated

    answer = asked(answerer, ring_run, seed=1, count=50, truncation=0.5)
    gan = answerer._lanes[0].trained
    latents = truncated(gan.lane.model.draw_prior(np.random.default_rng([1, 6]), 50), gan.lane.model.prior, 0.5)
    np.testing.assert_array_equal(answer.of_lane(0)["samples"], gan.sample(latents))


def test_rows_of_a_table_are_given_in_its_units_and_of_the_class_that_is_asked_for(answerer: Any, tables: Run) -> None:
    arrays = asked(answerer, tables, count=10, classes=2, neighbours=True).of_lane(0)
    assert arrays["labels"].tolist() == [2] * 10
    data = answerer._lanes[0].trained.dataset
    np.testing.assert_allclose(arrays["nearest_table"][3], data.coding.decoded(arrays["nearest"][3]))
    rows = neighbourhood.neighbour_rows(view_of(tables), arrays, 3)
    assert [row["GAN"] for row in rows] == ["sample", *(f"nearest\u00a0{i}" for i in (1, 2, 3))]
    column = data.coding.columns[0]
    assert rows[1][column.name] == column.written(arrays["nearest_table"][3, :1, 0])[0]
    message = answerer.answer(Question(run=tables.id, kind="samples", draw=Draw(classes=7))).messages[0]
    assert "there are classes 0 to 2" in message


def test_pictures_come_as_bytes_with_their_neighbours(answerer: Any, digits_run: Run) -> None:
    arrays = asked(answerer, digits_run, count=16, neighbours=True).of_lane(1)
    assert arrays["samples"].dtype == arrays["nearest"].dtype == np.uint8
    assert arrays["nearest"].shape == (16, 5, 8, 8, 1)
    figure = neighbourhood.neighbours_figure(arrays, 2)
    assert list(figure.layout.xaxis.ticktext) == ["sample", *(f"{value:.3g}" for value in arrays["distances"][2])]
    sheet = fresh.pictures_figure("", arrays["samples"], 4, chosen=5)
    assert (min(sheet.data[1].x), min(sheet.data[1].y)) == (8.5, 8.5), "around the second of the second row"


def test_points_are_drawn_with_what_is_nearest(answerer: Any, ring_run: Run) -> None:
    lane = view_of(ring_run)
    arrays = asked(answerer, ring_run, count=200, neighbours=True).of_lane(0)
    chosen = neighbourhood.nearest_to(lane, arrays, tuple(arrays["samples"][7]))
    assert chosen == 7
    figure = neighbourhood.neighbour_points_figure(lane, arrays, 7)
    traces = {trace.name: trace for trace in figure.data}
    np.testing.assert_allclose([traces["chosen sample"].x[0], traces["chosen sample"].y[0]], arrays["samples"][7])
    np.testing.assert_allclose(traces["nearest training example"].x, arrays["nearest"][7, :, 0])
    spread = neighbourhood.distances_figure(lane, arrays, 7)
    steps, heights = spread.data[0].x, spread.data[0].y
    assert steps[0] == 0 and heights[::2].sum() == pytest.approx(1)
    assert spread.data[2].x[0] == arrays["distances"][7, 0]
    share = np.mean(arrays["held_out"] < arrays["distances"][7, 0])
    assert f"{share:.0%} of held-out nearer" in neighbourhood.in_words(arrays, 7)


def test_real_data_and_lanes_have_the_same_colours(answerer: Any, ring_run: Run) -> None:
    lane, arrays = view_of(ring_run), asked(answerer, ring_run, count=500).of_lane(0)
    real = arrays["real"]
    maps = [fresh.density_figure(lane, "", points, real).data[0] for points in (real, arrays["samples"])]
    assert maps[0].zmax == maps[1].zmax == pytest.approx(1.5 * np.max(maps[0].z))


# Recorded frames


def test_a_draw_goes_through_time(ring_run: Run, digits_run: Run) -> None:
    lane = view_of(ring_run)
    steps = ring_run.frame_steps(0)
    samples = np.stack([ring_run.frame(0, step).arrays["samples"][5:7] for step in steps])
    path = through_time.paths_figure(lane, [5, 6], steps, samples).data[1]
    np.testing.assert_allclose(path.y[: len(steps)], samples[:, 0, 1])
    assert np.isnan(path.y[len(steps)]) and path.y[len(steps) + 1] == samples[0, 1, 1]
    assert path.customdata[len(steps) + 1] == f"draw 6 · step {steps[0]:,}"
    steps = digits_run.frame_steps(1)
    samples = np.stack([digits_run.frame(1, step).arrays["samples"][2:5] for step in steps])
    figure = through_time.strips_figure([2, 3, 4], steps, samples)
    source = figure.data[0].source.removeprefix("data:image/png;base64,")
    sheet = np.array(Image.open(io.BytesIO(base64.b64decode(source))).convert("L"))
    assert sheet.shape == (3 * 9 - 1, len(steps) * 9 - 1)
    np.testing.assert_array_equal(sheet[9:17, 9 * (len(steps) - 1) :], samples[-1, 1, :, :, 0])


def test_a_side_of_a_swipe_is_a_sheet_or_places_in_a_square(ring_run: Run, digits_run: Run) -> None:
    lane = view_of(ring_run, 1)
    side = swipe.side_of(lane)
    assert side["title"] == "VAE" and side["detail"] == "step 60"
    places = np.frombuffer(base64.b64decode(side["points"]), "<f4").reshape(-1, 2)
    extent = float(lane.reference["extent"])
    np.testing.assert_allclose((2 * places - 1) * [extent, -extent], lane.arrays["samples"], atol=1e-5)
    assert swipe.side_of(view_of(digits_run))["picture"].startswith("data:image/png")


# The page


def components(test: Any) -> str:
    return " ".join(part.proto.json for part in test.get("bidi_component"))


@pytest.mark.parametrize("show", ["fresh", "time", "swipe", "neighbours"])
def test_every_view_stands_while_no_answer_comes(
    show: str, session_store: Store, ring_run: Run, digits_run: Run, tables: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genlab.ui.asking.AT_ONCE_SECONDS", 0.0)
    for run in (ring_run, digits_run, tables):
        test = shown(PAGE, session_store, monkeypatch, run=run.id, show=show)
        assert not test.warning
        drawn = components(test)
        assert ("waiting for the answer" in drawn) == (show in ("fresh", "neighbours"))
        shown_lanes = set(re.findall(r'"(?:heading|title)": ?"(GAN|VAE)"', drawn))
        assert shown_lanes == ({"GAN"} if run is tables else {"GAN", "VAE"})
        if show == "neighbours":
            titles = re.findall(r'"name": ?"0-title", ?"span": ?(\d)', drawn)
            assert titles == ["2"], "as wide as once the answer is there"


def test_the_address_says_what_is_chosen_and_nonsense_is_ignored(
    session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genlab.ui.asking.AT_ONCE_SECONDS", 0.0)
    steps = ring_run.frame_steps(0)
    test = shown(
        PAGE, session_store, monkeypatch, run=ring_run.id, show="swipe", a=f"0:{steps[0]}", b=f"0:{steps[1] + 1}"
    )
    sides = components(test)
    assert f"step {steps[0]:,}" in sides and f"step {steps[1]:,}" in sides
    address = {"show": "fresh", "seed": "7", "size": "500", "truncation": "0.5"}
    test = shown(PAGE, session_store, monkeypatch, run=ring_run.id, **address)
    assert test.session_state["samples.asked"].draw == Draw(seed=7, count=500, truncation=0.5, a_row=1)
    for show, name in (
        ("fresh", "seed"),
        ("fresh", "size"),
        ("time", "draw"),
        ("swipe", "a"),
        ("neighbours", "sample"),
    ):
        test = shown(PAGE, session_store, monkeypatch, run=ring_run.id, show=show, **{name: "<b>9:x"})
        (warning,) = test.warning
        assert "It is ignored" in warning.value and f"says {name}" in warning.value
    test = shown(PAGE, session_store, monkeypatch, run=ring_run.id, show="everything")
    assert "fresh, time, swipe, neighbours" in words(test) + test.warning[0].value


def test_what_the_address_says_of_one_run_goes_with_it(
    session_store: Store, ring_run: Run, digits_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genlab.ui.asking.AT_ONCE_SECONDS", 0.0)
    address = {"show": "neighbours", "sample": "900", "seed": "5"}
    test = shown(PAGE, session_store, monkeypatch, run=ring_run.id, **address)
    assert test.number_input(key="address.sample").value == 900
    test.selectbox(key="samples.run").set_value(digits_run.id).run()
    assert not test.exception and not test.warning
    assert test.number_input(key="address.sample").value == 0 and test.number_input(key="address.seed").value == 5
    assert "sample" not in test.query_params and test.session_state["samples.asked"].draw.count == 64
