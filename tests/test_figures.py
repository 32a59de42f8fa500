"""The contract of every figure, on real runs of points and of images, and before anything is there."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from genlab.figures.base import LANE_COLOURS, MODE_COLOURS
from genlab.figures.samples import png, tile
from genlab.registry import FIGURES
from genlab.runs import Run, Store
from genlab.runs.view import RunView, Watch
from genlab.spec import make_spec


def drawn(name: str, view: RunView) -> list[go.Figure]:
    entry = FIGURES[name]
    return [entry.function(view)] if entry.per == "run" else [entry.function(view, lane) for lane in range(2)]


@pytest.mark.parametrize("name", list(FIGURES))
@pytest.mark.parametrize("data", ["ring_run", "digits_run"])
def test_every_figure_draws_a_real_run(name: str, data: str, request: pytest.FixtureRequest) -> None:
    for figure in drawn(name, Watch(request.getfixturevalue(data)).look()):
        assert figure.data, "something is drawn"
        assert figure.layout.title.text
        content = figure.to_json()
        assert "NaN" not in content
        assert json.loads(content)["layout"]["uirevision"] == "kept", "a zoom survives the next update"


@pytest.mark.parametrize("name", list(FIGURES))
def test_every_figure_has_its_place_before_the_first_frame(name: str, store: Store) -> None:
    run = store.create(make_spec())
    for figure in drawn(name, Watch(run).look()):
        assert figure.layout.title.text
        assert all(not len(trace.x) for trace in figure.data)
    assert FIGURES[name].alt


def test_both_lanes_have_equal_axes_and_their_own_colour(ring_run: Run) -> None:
    view = Watch(ring_run).look()
    gan, vae = drawn("samples", view)
    assert gan.layout.xaxis.range == vae.layout.xaxis.range == gan.layout.yaxis.range
    assert gan.layout.yaxis.scaleanchor == "x"
    assert [figure.data[-1].marker.color for figure in (gan, vae)] == list(LANE_COLOURS[:2])
    assert [trace.type for trace in gan.data] == ["heatmap", "scattergl", "scattergl"]
    assert [trace.type for trace in vae.data] == ["scattergl", "scattergl"], "a VAE has no discriminator"


def test_bars_show_the_shares_that_the_frame_holds(ring_run: Run) -> None:
    view = Watch(ring_run).look()
    (figure,) = drawn("coverage", view)
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [bar.name for bar in bars] == ["GAN", "VAE", "real data"]
    for bar, frame in zip(bars, view.frames, strict=False):
        np.testing.assert_array_equal(bar.y, frame.arrays["mode_share"])
    np.testing.assert_allclose(bars[-1].y, 1 / 8)
    crosses = [trace for trace in figure.data if trace.type == "scatter"]
    for cross, frame in zip(crosses, view.frames, strict=True):
        assert len(cross.x) == 8 - frame.metrics["solid"], "each mode that is not solid is marked"
    assert "2,500 samples" in figure.layout.title.text


def test_images_say_how_sure_their_modes_are_and_how_much_a_plane_shows(digits_run: Run) -> None:
    view = Watch(digits_run).look()
    assert "classifier that is right on" in drawn("coverage", view)[0].layout.title.text
    for figure in drawn("latent", view):
        assert re.search(r"PCA, \d+% of variance", figure.layout.title.text)


def test_latent_points_are_named_after_their_modes(ring_run: Run) -> None:
    gan, vae = drawn("latent", Watch(ring_run).look())
    names = {str(name) for name in ring_run.reference()["names"]}
    assert {trace.name for trace in vae.data} == names, "test data is encoded, each point on its own mode"
    assert {trace.name for trace in gan.data} <= names | {"on no mode"}
    assert sum(len(trace.x) for trace in vae.data) == sum(len(trace.x) for trace in gan.data) == 800


def test_curves_hold_the_recorded_losses(ring_run: Run) -> None:
    view = Watch(ring_run).look()
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
