"""The contract of every figure, on real runs of points and of images, and before anything is there."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest
from helpers import train_fully
from PIL import Image
from sklearn.decomposition import PCA

from genlab.datasets.base import labelled, load_dataset
from genlab.figures.base import LANE_COLOURS, MODE_COLOURS, draw, lane_views
from genlab.figures.layers import png, tile
from genlab.figures.losses import settled_axis
from genlab.observing.planes import data_plane, latent_plane, plane_extent
from genlab.registry import FIGURES
from genlab.runs import Run, Store
from genlab.runs.view import RunReader, RunView
from genlab.spec import make_spec


def drawn(name: str, view: RunView) -> list[go.Figure]:
    entry, lanes = FIGURES[name], lane_views(view)
    return [draw(entry, lanes)] if entry.belongs == "run" else [draw(entry, [lane]) for lane in lanes]


OF_TABLES = ("columns", "associations")
CASES = [(name, data) for name in FIGURES for data in ("ring_run", "digits_run") if name not in OF_TABLES]
CASES += [(name, "wine_run") for name in FIGURES]


@pytest.mark.parametrize("name, data", CASES)
def test_every_figure_draws_a_real_run(name: str, data: str, request: pytest.FixtureRequest) -> None:
    for figure in drawn(name, RunReader(request.getfixturevalue(data)).read()):
        assert figure.data, "something is drawn"
        assert figure.layout.title.text
        content = figure.to_json()
        assert "NaN" not in content
        assert json.loads(content)["layout"]["uirevision"] == "kept", "a zoom survives the next update"


@pytest.mark.parametrize("name", list(FIGURES))
def test_every_figure_has_its_place_before_the_first_frame(name: str, store: Store) -> None:
    run = store.create(make_spec())
    for figure in drawn(name, RunReader(run).read()):
        assert figure.layout.title.text
        assert all(not len(trace.x) for trace in figure.data)
    assert FIGURES[name].alt


@pytest.mark.parametrize("name, data", CASES)
def test_a_description_stays_while_frames_change_and_is_plain_values(
    name: str, data: str, request: pytest.FixtureRequest
) -> None:
    run, entry = request.getfixturevalue(data), FIGURES[name]
    lanes = lane_views(RunReader(run).read())
    first = [dataclasses.replace(lane, frame=run.frame(lane.lane, 0)) for lane in lanes]
    for then, now in zip(*([at] if entry.belongs == "run" else [[lane] for lane in at] for at in (first, lanes))):
        before, after = entry.describe(then), entry.describe(now)
        assert (before.layout, before.layers) == (after.layout, after.layers)
        assert before.arrays.keys() == after.arrays.keys()
        for array in before.arrays:
            np.testing.assert_array_equal(before.arrays[array], after.arrays[array])
        plain = {"layout": after.layout, "layers": [dataclasses.asdict(layer) for layer in after.layers]}
        assert json.dumps(plain)
        frame = entry.frame(now)
        json.dumps(frame.layout)
        used = {array for layer in after.layers for array in layer.names()}
        assert used >= frame.arrays.keys() | after.arrays.keys(), "nothing is handed over that is not drawn"


@pytest.mark.parametrize("accuracy, doubt", [(0.8, ""), (0.7, " · classifier right on only 70%"), (None, "")])
def test_a_poor_classifier_is_said_beside_what_it_tells(accuracy: float | None, doubt: str, digits_run: Run) -> None:
    lane = lane_views(RunReader(digits_run).read())[0]
    reference = {"on_mode_share": np.array(0.97)} | ({} if accuracy is None else {"accuracy": np.array(accuracy)})
    assert dataclasses.replace(lane, reference=reference).real_value == "real data 97%" + doubt


def test_what_stands_beside_a_heading_does_not_move_as_its_numbers_grow(digits_run: Run) -> None:
    """The figure space, U+2007, is as wide as a digit."""
    lane = lane_views(RunReader(digits_run).read())[0]
    headings = []
    for solid, share in ((0, 0.0), (9, 0.094), (10, 0.1), (10, 0.96)):
        metrics = lane.frame.metrics | {"solid": solid, "modes": 10, "on_mode_share": share}
        frame = lane.frame.model_copy(update={"metrics": metrics})
        headings.append(dataclasses.replace(lane, frame=frame).heading)
    assert headings[1] == "GAN · \u20079 of 10 modes · \u20079% on a mode"
    assert headings[3] == "GAN · 10 of 10 modes · 96% on a mode"
    assert len({len(heading) for heading in headings}) == 1


def test_lanes_of_two_runs_stand_in_one_picture(ring_run: Run) -> None:
    lanes = lane_views(RunReader(ring_run).read())
    other = dataclasses.replace(lanes[1], run="another", title="VAE of another run", colour="#123456")
    bars = [trace for trace in draw(FIGURES["coverage"], [lanes[1], other]).data if trace.type == "bar"]
    assert [bar.name for bar in bars] == ["VAE", "VAE of another run", "real data"]
    assert bars[1].marker.color == "#123456" and bars[1].x[0] > bars[0].x[0]
    trails = draw(FIGURES["trade_off"], [lanes[1], other]).data
    np.testing.assert_array_equal(trails[0].y, trails[1].y)


HOSTILE = '<a href="http://evil.example">Log in</a> & %{x} <b>$x$</b>'


def test_names_are_shown_as_they_are(ring_run: Run) -> None:
    """Plotly takes some of HTML, and in what the pointer shows also %{x}: no sign of a name may reach it as such."""
    view = RunReader(ring_run).read()
    reference = view.reference | {"names": np.array([f"{i} {HOSTILE}" for i in range(8)])}
    lanes = [
        dataclasses.replace(lane, reference=reference, title=f"{lane.title} {HOSTILE}", losses={HOSTILE: name})
        for lane, name in zip(lane_views(view), ("generator/loss", "autoencoder/KL"), strict=True)
    ]
    figures = [draw(entry, lanes) for entry in FIGURES.values() if entry.belongs == "run"]
    figures += [draw(entry, [lane]) for entry in FIGURES.values() if entry.belongs != "run" for lane in lanes]
    content = "".join(figure.to_json() for figure in figures)
    assert "&lt;a href" in content and "&amp; %&#123;x}" in content.replace("\\u0026", "&").replace("\\u003c", "<")
    for sign in ("<a", "%{x} <", 'evil.example\\">', "<b>$"):
        assert sign not in content.replace("\\u003c", "<").replace("\\u003e", ">")


def test_both_lanes_have_equal_axes_and_their_own_colour(ring_run: Run) -> None:
    view = RunReader(ring_run).read()
    gan, vae = drawn("samples", view)
    assert gan.layout.xaxis.range == vae.layout.xaxis.range == gan.layout.yaxis.range
    assert gan.layout.yaxis.scaleanchor == "x"
    assert [figure.data[-1].marker.color for figure in (gan, vae)] == list(LANE_COLOURS[:2])
    assert [trace.type for trace in gan.data] == ["heatmap", "scattergl", "scattergl"]
    assert [trace.type for trace in vae.data] == ["scattergl", "scattergl"], "a VAE has no discriminator"


def test_bars_show_the_shares_that_the_frame_holds(ring_run: Run) -> None:
    view = RunReader(ring_run).read()
    (figure,) = drawn("coverage", view)
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [bar.name for bar in bars] == ["GAN", "VAE", "real data"]
    for bar, frame in zip(bars, view.frames, strict=False):
        np.testing.assert_array_equal(bar.y, frame.arrays["mode_share"])
    np.testing.assert_allclose(bars[-1].y, 1 / 8)
    crosses = [trace for trace in figure.data if trace.type == "scatter"]
    for cross, frame in zip(crosses, view.frames, strict=True):
        shares = frame.arrays["mode_share"]
        assert len(cross.x) == 8 - frame.metrics["solid"], "each mode that is not solid is marked"
        np.testing.assert_allclose(cross.y, shares[shares < 0.2 / 8] + 0.1 / 8, err_msg="above its bar")
    assert "2,500 samples" in figure.layout.title.text


def test_images_say_how_sure_their_modes_are_and_how_much_a_plane_shows(digits_run: Run) -> None:
    view = RunReader(digits_run).read()
    assert "classifier that is right on" in drawn("coverage", view)[0].layout.title.text
    gan, vae = drawn("latent", view)
    assert re.search(r"Codes · PCA, \d+% of variance", vae.layout.title.text)
    assert "Prior · first 2 of 16 dimensions" in gan.layout.title.text


def test_latents_with_categories_are_drawn_in_their_first_two_dimensions(digits_run: Run, backend) -> None:
    from genlab.latent.answers import latent_plane_of
    from genlab.latent.points import shown_latents
    from genlab.latent.trained import load

    frame, trained = digits_run.newest_frame(0), load(digits_run, 0)
    draws, _, _ = shown_latents(trained, digits_run.spec().seed)
    count = len(frame.arrays["latent"])
    np.testing.assert_array_equal(frame.arrays["latent"], draws[:count, :2])
    plane = latent_plane_of(trained, digits_run.spec().seed)
    np.testing.assert_array_equal(plane.points[:count], frame.arrays["latent"])
    np.testing.assert_allclose((draws - plane.middle) @ plane.axes, draws[:, :2], rtol=1e-6)


def test_one_latent_is_drawn_against_zero() -> None:
    one = np.array([[1.0], [3.0]], "float32")
    plane, share = latent_plane(one, one, first=True)
    np.testing.assert_array_equal(plane, [[1, 0], [3, 0]])
    assert share == 1.0


def test_latent_points_are_named_after_their_modes(ring_run: Run) -> None:
    gan, vae = drawn("latent", RunReader(ring_run).read())
    names = {str(name) for name in ring_run.reference()["names"]}
    assert {trace.name for trace in vae.data} == names, "test data is encoded, each point on its own mode"
    assert {trace.name for trace in gan.data} <= names | {"on no mode"}
    assert sum(len(trace.x) for trace in vae.data) == sum(len(trace.x) for trace in gan.data) == 800


@pytest.fixture(scope="session")
def wine_run(session_store: Store, backend) -> Run:
    """A GAN and a VAE, 10 steps on a table of 13 columns."""
    run = session_store.create(make_spec(dataset="wine", budget=10))
    train_fully(session_store, run)
    return run


def test_points_of_many_columns_are_drawn_in_the_plane_where_real_data_varies_most(wine_run: Run) -> None:
    view = RunReader(wine_run).read()
    reference, frame = view.reference, view.frames[0]
    np.testing.assert_allclose(reference["axes"].T @ reference["axes"], np.eye(2), atol=1e-9)
    parts = PCA(2).fit(load_dataset("wine", {}).train)
    np.testing.assert_allclose(np.abs((parts.components_ * reference["axes"].T).sum(axis=1)), 1, atol=1e-4)
    assert reference["axes_share"] == pytest.approx(parts.explained_variance_ratio_.sum(), rel=1e-4)
    figure = drawn("samples", view)[0]
    assert [trace.type for trace in figure.data] == ["scattergl", "scattergl"], "a surface is drawn of two columns only"
    assert f"PCA, {reference['axes_share'].item():.0%} of variance" in figure.layout.title.text
    plane = (frame.arrays["samples"] - reference["middle"]) @ reference["axes"]
    np.testing.assert_allclose(np.stack([figure.data[1].x, figure.data[1].y], axis=1), plane, rtol=1e-5, atol=1e-6)
    assert np.abs(figure.data[0].x).max() < figure.layout.xaxis.range[1]


def test_points_of_one_column_are_drawn_against_zero() -> None:
    column = np.linspace(-1, 3, 50, dtype="float32")[:, None]
    dataset = labelled("column", column, np.zeros(50, int), column, np.zeros(50, int), ("all",))
    plane = data_plane(dataset)
    np.testing.assert_array_equal(plane.coordinates(column), np.hstack([column, 0 * column]))
    assert plane_extent(dataset, plane) == pytest.approx(1.25 * 3)
    codes, _ = latent_plane(np.random.default_rng(0).normal(size=(50, 4)), column)
    assert codes.shape == (50, 2) and np.isfinite(codes).all()


def test_a_thousand_modes_are_lines_and_one_cloud(ring_run: Run) -> None:
    view = RunReader(ring_run).read()
    names = np.array([f"{i:03d}" for i in range(1000)])
    reference = view.reference | {"names": names, "mode_share": np.full(1000, 1e-3, "float32")}
    share = np.zeros(1000, "float32")
    share[[3, 700]] = 0.25, 0.75
    arrays = {"mode_share": share, "latent_modes": np.resize([-1, 3, 700], 800).astype("int16")}
    frames = [frame.model_copy(update={"arrays": frame.arrays | arrays}) for frame in view.frames]
    view = dataclasses.replace(view, reference=reference, frames=frames)
    (coverage,) = drawn("coverage", view)
    assert [trace.name for trace in coverage.data] == ["GAN", "VAE", "real data"]
    assert coverage.data[0].y[:3].tolist() == [0.75, 0.25, 0] and coverage.data[0].customdata[:2] == ("700", "003")
    for figure in drawn("latent", view):
        (trace,) = figure.data
        assert len(trace.x) == len(trace.marker.color) == 800
        assert set(trace.customdata) == {"on no mode", "003", "700"}


def test_empty_charts_have_axes_that_make_sense(ring_run: Run) -> None:
    lanes = lane_views(RunReader(ring_run).read())
    described = FIGURES["coverage"].describe(lanes)
    assert described.layout["yaxis"]["range"] == [0, 1.25 / 8], "a fourth more than each mode has of real data"
    assert settled_axis([]) == {"yaxis.range": [0.0, 1.0]}


def test_curves_hold_the_recorded_losses(ring_run: Run) -> None:
    view = RunReader(ring_run).read()
    gan, vae = drawn("losses", view)
    assert [trace.name for trace in gan.data] == ["generator", "discriminator"]
    assert [trace.name for trace in vae.data] == ["reconstruction", "KL"]
    np.testing.assert_allclose(gan.data[0].y, view.history.series(0, "generator/loss")[1], rtol=1e-6)
    assert list(gan.layout.xaxis.range) == [0, 60]


def test_a_sheet_of_images_keeps_every_pixel() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 1), dtype="uint8")
    sheet = tile(images)
    assert sheet.shape == (2 * 4 + 1, 3 * 6 + 2, 1)
    np.testing.assert_array_equal(sheet[5:, 7:13], images[4])
    decoded = np.asarray(Image.open(io.BytesIO(base64.b64decode(png(sheet).partition(",")[2]))))
    np.testing.assert_array_equal(decoded, sheet[..., 0])


def test_ten_modes_have_ten_colours_and_none_is_a_lanes() -> None:
    assert len(set(MODE_COLOURS) | set(LANE_COLOURS)) == 10 + 4
