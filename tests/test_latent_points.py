"""The points of a latent plane: what is selected among them, holes of the prior, their pictures, and other planes."""

from __future__ import annotations

import io
import time
import zipfile
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from helpers import train_fully, wait_until
from PIL import Image
from sklearn.manifold import trustworthiness

from genlab.datasets.columns import Column, to_json
from genlab.figures.base import lane_views
from genlab.figures.exploring import Chosen, plane_figure
from genlab.figures.latent_points import holes_figure, selected_figure
from genlab.latent.embedding import Embedder, embed
from genlab.latent.points import holes_of, picture_sheet
from genlab.metrics.codes import hole_map
from genlab.runs import Run, Store
from genlab.runs.latent_points import LOST, checkpoint_time, keep, kept
from genlab.runs.selection import as_csv, as_zip, counts, inside, selected_rows
from genlab.runs.view import RunReader
from genlab.spec import make_spec

SQUARE = [[-1, -1], [1, -1], [1, 1], [-1, 1]]


# What is inside an outline


def test_the_share_inside_an_outline_is_that_of_its_area() -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (40_000, 2))
    np.testing.assert_array_equal(inside(points, SQUARE), (np.abs(points) < 1).all(axis=1))
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = 1.5 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    np.testing.assert_array_equal(inside(points, circle)[(away := np.hypot(*points.T)) < 1.499], True)
    assert not inside(points, circle)[away > 1.5].any()
    # An arrowhead: its notch is not inside, and the way round does not matter.
    arrow = [[0, 0], [2, 1], [0, 2], [1, 1]]
    for outline in (arrow, arrow[::-1]):
        assert inside(np.array([[1.5, 1], [0.5, 1], [0.5, 0.4]]), outline).tolist() == [True, False, True]
        assert inside(points, outline).mean() == pytest.approx(1 / 16, abs=4 * np.sqrt(1 / 16 / 40_000))


@pytest.mark.parametrize("outline", [[], [[0, 0]], [[0, 0], [1, 1]], [[0, 0], [1, 0], [2, 0]]])
def test_an_outline_without_an_area_has_nothing_inside(outline: list[list[float]]) -> None:
    assert not inside(np.array([[0.0, 0], [0.5, 0], [0.5, 0.5]]), outline).any()


# What is taken away


def test_a_selection_is_taken_away_in_its_own_units() -> None:
    columns = [Column("price", "number", decimals=2, before="€ "), Column("colour", "category", ("red", "white"))]
    points = {
        "latents": np.array([[0.5, -1.25], [0.0, 0.0], [1 / 3, 2.0]], "float32"),
        "values": np.array([[9.5, 1], [1, 0], [12.25, 0]]),
        "columns": np.array(to_json([*columns, Column("label", "whole number")][:2])),
    }
    chosen, labels = np.array([0, 2]), ["dry, old", "sweet"]
    table = pd.read_csv(io.BytesIO(as_csv(chosen, labels, points)))
    assert list(table.columns) == ["index", "label", "latent 1", "latent 2", "price", "colour"]
    assert table["index"].tolist() == [0, 2] and table["label"].tolist() == labels
    np.testing.assert_array_equal(table[["latent 1", "latent 2"]].to_numpy("float32"), points["latents"][chosen])
    assert table["price"].tolist() == ["€ 9.50", "€ 12.25"] and table["colour"].tolist() == ["white", "red"]
    assert as_csv(np.zeros(0, int), [], points) == b"index,label\n"
    taken = points | {"columns": np.array(to_json([Column("label"), Column("index")]))}
    assert list(selected_rows(chosen, labels, taken)[0])[-2:] == ["label (2)", "index (2)"]


def test_pictures_go_beside_the_table() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 6, 3), "uint8")
    points = {"latents": np.zeros((5, 2), "float32"), "examples": images}
    with zipfile.ZipFile(io.BytesIO(as_zip(np.array([1, 4]), ["a", "b"], points))) as archive:
        assert archive.namelist() == ["selection.csv", "pictures/1.png", "pictures/4.png"]
        assert pd.read_csv(archive.open("selection.csv"))["label"].tolist() == ["a", "b"]
        np.testing.assert_array_equal(np.asarray(Image.open(archive.open("pictures/4.png"))), images[4])


def test_labels_are_counted_the_most_frequent_first() -> None:
    assert list(counts(["b", "a", "c", "b"]).items()) == [("b", 2), ("a", 1), ("c", 1)]
    assert counts([]) == {}


# Pictures under the pointer


@pytest.mark.parametrize("shape", [(800, 28, 28, 1), (800, 32, 32, 3), (30, 64, 128, 3), (1, 8, 8, 1)])
def test_small_pictures_are_bounded_and_where_they_are_said_to_be(shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, shape, "uint8")  # noise: no picture takes more
    content, columns, (high, wide) = picture_sheet(images)
    assert len(content) < 1_000_000 and max(high, wide) <= 32
    plain = np.broadcast_to(random.integers(0, 256, (shape[0], 1, 1, shape[3]), "uint8"), shape)
    sheet = np.asarray(Image.open(io.BytesIO(picture_sheet(plain)[0])), "float64")
    assert sheet.shape[1] == columns * wide
    for i in {0, shape[0] // 2, shape[0] - 1}:
        tile = sheet[(i // columns) * high :, (i % columns) * wide :][:high, :wide]
        middle = tile[high // 2 - 1 : high // 2 + 1, wide // 2 - 1 : wide // 2 + 1].mean(axis=(0, 1))
        np.testing.assert_allclose(middle, np.broadcast_to(plain[i, 0, 0], 3), atol=24)


# Holes of the prior


def asked_of(codes: np.ndarray, prior: str = "normal", log_variance: float | None = None) -> Any:
    """A trained model whose encoder gives these codes."""
    moments = (codes,) if log_variance is None else (codes, np.full(codes.shape, log_variance))
    return SimpleNamespace(
        lane=SimpleNamespace(model=SimpleNamespace(latent_dim=codes.shape[1], prior=prior)),
        dataset=SimpleNamespace(test=codes, test_labels=np.zeros(len(codes), "int64")),
        posterior=lambda test, labels: tuple(moment[: len(test)] for moment in moments),
    )


def plane_of(axes: np.ndarray, middle: Any = 0.0) -> Any:
    return SimpleNamespace(axes=axes, middle=np.broadcast_to(middle, len(axes)))


def test_codes_that_are_prior_draws_leave_what_chance_leaves_and_half_of_them_half() -> None:
    random = np.random.default_rng(0)
    found = [holes_of(asked_of(random.normal(size=(2000, 2))), plane_of(np.eye(2)), 0) for _ in range(30)]
    shares = np.array([each["hole_share"] for each in found])
    assert shares.mean() == pytest.approx(found[0]["hole_chance"], abs=4 * shares.std() / np.sqrt(30))
    codes = random.normal(size=(2000, 2))
    half = holes_of(asked_of(np.abs(codes) * [1, np.sign(codes[0, 1])]), plane_of(np.eye(2)), 0)
    assert half["hole_share"] > 0.73 and half["hole_chance"] < 0.01
    assert half["hole_count"] == 2000


def test_codes_at_half_the_radius_leave_the_ring_around_them() -> None:
    """In the square of half the map's side, evenly filled: all beyond it is a hole."""
    axis = np.linspace(-1.49, 1.49, 44)
    filled = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    of_square = (2 * scipy.stats.norm.cdf(1.5) - 1) ** 2
    found = holes_of(asked_of(filled), plane_of(np.eye(2)), 0)
    assert found["hole_share"] == pytest.approx(0.9973**2 - of_square, abs=1e-4)
    assert found["hole_outside"] == 0
    # Drawn from wide posteriors the same codes reach the ring.
    assert holes_of(asked_of(filled, log_variance=0.0), plane_of(np.eye(2)), 0)["hole_share"] < 0.05


def test_a_plane_of_components_sees_a_normal_prior_and_may_lie_off_its_middle() -> None:
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(6, 2)))[0]
    found = holes_of(asked_of(random.normal(size=(2000, 6))), plane_of(axes, 0.5), 0)
    assert found["hole_share"] == pytest.approx(found["hole_chance"], abs=0.01)
    np.testing.assert_allclose(found["hole_edges"].mean(axis=1), -0.5 * axes.sum(axis=0))


@pytest.mark.parametrize("dimensions", [2, 5])
def test_a_uniform_prior_has_a_map_of_its_own(dimensions: int) -> None:
    random = np.random.default_rng(0)
    axes = np.eye(dimensions, 2)
    codes = random.uniform(-1, 1, (2000, dimensions))
    found = holes_of(asked_of(codes, "uniform"), plane_of(axes), 0)
    assert found["hole_share"] == pytest.approx(found["hole_chance"], abs=0.004)
    found = holes_of(asked_of(codes * np.where(np.arange(dimensions) == 0, 0.5, 1), "uniform"), plane_of(axes), 0)
    # Half is left empty; in more dimensions the cells are larger, and those that are cut in two are not.
    assert 0.35 < found["hole_share"] <= 0.51
    if dimensions == 2:
        assert found["hole_share"] == pytest.approx(0.5, abs=0.01)
        np.testing.assert_allclose(found["hole_mass"], 1 / 144, rtol=0.15)


def test_one_dimension_has_no_map_and_a_given_mass_is_taken() -> None:
    assert holes_of(asked_of(np.zeros((10, 1))), plane_of(np.eye(1, 2)), 0) == {}
    result = hole_map(np.array([[0.5, 0.5]]), 2, 1, np.full((2, 2), 0.25))
    assert result["hole_share"] == 0.75 and result["chance"] == pytest.approx(0.75)


# Other planes


def test_an_embedding_keeps_groups_apart_and_comes_out_the_same_again() -> None:
    random = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], 40)
    latents = random.normal(size=(120, 10)) + 12 * np.eye(10)[groups]
    places = embed(latents, "tsne", 3)
    assert places.shape == (120, 2) and places.dtype == np.float32
    np.testing.assert_array_equal(embed(latents, "tsne", 3), places)
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-3)
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.diag(np.full(120, np.inf))
    assert (groups[distances.argmin(axis=1)] == groups).all()
    with pytest.raises(ValueError, match="at least 5"):
        embed(latents[:4], "tsne", 0)


# Asked for, made and kept


@pytest.fixture(scope="module")
def wide_run(backend, session_store: Store) -> Run:
    lanes = [{"model": "gan", "settings": {"latent_dim": 4}}, {"model": "vae", "settings": {"latent_dim": 4}}]
    run = session_store.create(make_spec(dataset="ring8", lanes=lanes, budget=30))
    train_fully(session_store, run)
    return run


def answer_until_there(answerer: Any, run: Run, lane: int, part: Any) -> None:
    def there() -> bool:
        answerer.answer_all()
        request = answerer.store.latent_points.find(run, lane, part)
        assert not (request and request.message), request
        return request is None and answerer.embedder._process is None

    wait_until(there, f"{part} of lane {lane}")


@pytest.fixture(scope="module")
def answerer(session_store: Store) -> Any:
    from genlab.latent.answers import Answerer

    return Answerer(session_store)


@pytest.fixture(scope="module")
def made_run(answerer: Any, wide_run: Run) -> Run:
    """The run with the points of both lanes."""
    for lane in (0, 1):
        answerer.store.latent_points.ask(wide_run, lane, "points")
        answer_until_there(answerer, wide_run, lane, "points")
    return wide_run


def test_points_are_made_once_for_a_checkpoint_and_planes_beside_the_worker(
    answerer: Any, wide_run: Run, session_store: Store
) -> None:
    run, requests = wide_run, session_store.latent_points
    for lane in (0, 1):
        requests.ask(run, lane, "points")
    answerer.answer_all()
    assert [requests.find(run, lane, "points") is None for lane in (0, 1)] == [True, False], "one at a time"
    answer_until_there(answerer, run, 1, "points")
    lanes = lane_views(RunReader(run).read())
    for lane in (0, 1):
        points = kept(run, lane, "points")
        assert points["latents"].shape == (800, 4) and points["columns"].size and points["values"].shape == (800, 2)
        np.testing.assert_allclose(points["places"], lanes[lane].arrays["latent"], atol=2e-4)
        assert ("hole_share" in points) == (lane == 1)
        assert set(kept(run, lane, "points", "places")) == {"places"}
    np.testing.assert_array_equal(points["examples"], answerer._lanes[1].trained.dataset.test[:800])

    requests.ask(run, 1, "tsne")
    answer_until_there(answerer, run, 1, "tsne")
    places = kept(run, 1, "tsne")["places"]
    assert places.shape == (800, 2) and trustworthiness(points["latents"], places, n_neighbors=10) > 0.95
    assert kept(run, 0, "tsne") is None and kept(run, 1, "umap") is None


def test_what_belongs_to_another_checkpoint_is_not_shown(wide_run: Run) -> None:
    keep(wide_run, 0, "umap", {"places": np.zeros((2, 2))}, checkpoint_time(wide_run, 0) - 1)
    assert kept(wide_run, 0, "umap") is None
    keep(wide_run, 0, "umap", {"places": np.zeros((2, 2))}, checkpoint_time(wide_run, 0))
    assert kept(wide_run, 0, "umap") is not None
    (wide_run.path / "latent" / "0-umap.npz").write_bytes(b"PK\x03\x04 cut short")
    assert kept(wide_run, 0, "umap") is None


def test_a_plane_is_cancelled_while_it_is_found(made_run: Run, session_store: Store) -> None:
    requests, embedder = session_store.latent_points, Embedder(session_store)
    requests.ask(made_run, 0, "tsne")
    embedder.tend()
    assert requests.find(made_run, 0, "tsne").started
    requests.end(made_run.id, 0, "tsne")
    wait_until(lambda: embedder._process.poll() is not None, "the process to leave")
    embedder.tend()
    assert embedder._process is None and requests.find(made_run, 0, "tsne") is None


def test_a_process_that_is_lost_is_told_of(made_run: Run, session_store: Store) -> None:
    requests, embedder = session_store.latent_points, Embedder(session_store)
    requests.ask(made_run, 0, "tsne")
    embedder.tend()
    embedder._process.kill()
    embedder._process.wait()
    embedder.tend()
    assert requests.find(made_run, 0, "tsne").message == LOST
    requests.end(made_run.id, 0, "tsne")


def test_what_cannot_be_had_is_said(answerer: Any, session_store: Store) -> None:
    untrained = session_store.create(make_spec())
    requests = session_store.latent_points
    requests.ask(untrained, 1, "points")
    answerer.answer_all()
    request = requests.find(untrained, 1, "points")
    assert "no checkpoint of lane 1" in request.message and not requests.waiting("points")
    assert requests.ask(untrained, 1, "points").waits, "and is asked for anew"
    requests.end(untrained.id, 1, "points")


def test_a_lost_worker_leaves_a_message_and_old_requests_go(store: Store) -> None:
    import os

    run, requests = Run(store.root / "r"), store.latent_points
    begun = requests.start(requests.ask(run, 0, "points"))
    assert begun.started and not requests.waiting("points")
    path = store.root / ".latent" / begun.name
    store.recover()
    assert requests.find(run, 0, "points").message == LOST
    os.utime(path, (time.time() - 7200,) * 2)
    requests.ask(run, 1, "tsne")
    assert not path.exists() and [each.lane for each in requests.waiting("tsne", "umap")] == [1]
    requests.end("r", 1, "tsne")
    requests.refuse(begun, "too late")
    assert not list(path.parent.iterdir()), "a request that is cancelled does not come back"
    path.write_text("[1]")
    assert requests.find(run, 0, "points") is None and not requests.waiting("points")


# The pictures


def test_a_selection_is_drawn_in_the_plane_and_beside_it(made_run: Run) -> None:
    lane = lane_views(RunReader(made_run).read())[1]
    points, chosen = kept(made_run, 1, "points"), np.array([3, 5])
    figure = plane_figure(lane, {"points": points["places"]}, chosen=Chosen(chosen, np.array(SQUARE), "select"))
    drawn = {trace.name: trace for trace in figure.data}
    others = np.setdiff1d(np.arange(800), chosen)
    np.testing.assert_array_equal(drawn["others"].x, points["places"][others, 0])
    assert list(drawn["outline"].x) == [-1, 1, 1, -1, -1] and figure.layout.dragmode == "select"
    assert figure.data[0].meta == "items" and len(figure.data[0].x) == 800, "below: the pointer finds it first"
    assert len(figure.layout.shapes) == 3
    embedded = plane_figure(lane, {"points": points["places"]}, "t-SNE")
    assert not embedded.layout.shapes and embedded.layout.title.text == "Codes · t-SNE"
    beside = {trace.name: trace for trace in selected_figure(lane, points, chosen).data}
    np.testing.assert_array_equal(beside["selected"].y, points["examples"][chosen, 1])
    assert selected_figure(lane, {}, chosen[:0]).data[0].text[0] == "nothing is selected"


def test_the_map_of_holes_has_a_cross_in_each_cell_without_a_code(made_run: Run) -> None:
    gan, vae = lane_views(RunReader(made_run).read())
    points = kept(made_run, 1, "points")
    heat, crosses = holes_figure(vae, points).data
    empty = (points["hole_codes"] == 0) & (points["hole_mass"] >= 0.0005)
    assert len(crosses.x) == empty.sum() > 0
    across, up = np.argwhere(empty.T)[0][::-1]
    middles = (points["hole_edges"][:, 1:] + points["hole_edges"][:, :-1]) / 2
    assert (crosses.x[0], crosses.y[0]) == (middles[0][across], middles[1][up])
    np.testing.assert_allclose(heat.z, (points["hole_mass"] - points["hole_codes"]).T)
    title = holes_figure(vae, points).layout.title.text
    assert title == f"Holes: {points['hole_share']:.1%} of the prior · by chance {points['hole_chance']:.1%}"
    assert "no encoder" in holes_figure(gan, points).data[0].text[0]
    assert "waiting" in holes_figure(vae, None).data[0].text[0]
    assert "two dimensions" in holes_figure(vae, {"places": points["places"]}).data[0].text[0]


def test_selected_pictures_are_laid_out(answerer: Any, digits_run: Run, session_store: Store) -> None:
    session_store.latent_points.ask(digits_run, 0, "points")
    answer_until_there(answerer, digits_run, 0, "points")
    points = kept(digits_run, 0, "points")
    assert points["examples"].dtype == np.uint8 and "values" not in points
    lane = lane_views(RunReader(digits_run).read())[0]
    figure = selected_figure(lane, points, np.arange(70))
    assert figure.data[0].type == "image" and figure.layout.title.text == "70 selected, the first 64"
    assert Image.open(io.BytesIO(points["sheet"].tobytes())).format == "WEBP"
