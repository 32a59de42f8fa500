"""Where a model can give examples back, the figure shows them and the train page offers it; where not, it says so."""

from __future__ import annotations

import base64
import io

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image
from test_pages import ROOT, no_worker, shown  # noqa: F401

from genlab.figures.base import draw, lane_views
from genlab.registry import FIGURES, MODELS
from genlab.runs import Run, Store
from genlab.runs.view import RunReader, RunView
from genlab.spec import make_spec
from genlab.ui import live
from genlab.ui.model_controls import by_network, setting_label


def reconstructions(view: RunView, lane: int) -> go.Figure:
    return draw(FIGURES["reconstructions"], [lane_views(view)[lane]])


def test_points_are_joined_to_what_comes_back(ring_run: Run) -> None:
    view = RunReader(ring_run).read()
    lines, given, returned = reconstructions(view, 1).data
    held_out, decoded = view.reference["samples"][:300], view.frames[1].arrays["reconstructed"]
    np.testing.assert_array_equal(np.stack([given.x, given.y], axis=1), held_out)
    np.testing.assert_array_equal(np.stack([returned.x, returned.y], axis=1), decoded)
    assert lines.x.reshape(-1, 3)[:, :2].tolist() == np.stack([held_out, decoded], axis=1)[..., 0].tolist()
    assert np.isnan(lines.x[2::3]).all(), "no line leads from one pair to the next"


def test_images_stand_beside_what_comes_back(digits_run: Run) -> None:
    view = RunReader(digits_run).read()
    (image,) = reconstructions(view, 1).data
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(image.source.partition(",")[2]))))
    assert sheet.shape[:2] == (8 * 8 + 7, 4 * 16 + 3), "four pairs a row, one pixel between pairs"
    assert not sheet[8, :, 1].any() and not sheet[:, 16, 1].any() and (sheet[9:17, 17:33, 1] == 255).all(), (
        "seen through"
    )
    sheet = sheet[..., 0]
    np.testing.assert_array_equal(sheet[9:17, 17:25], view.reference["samples"][5, ..., 0])
    np.testing.assert_array_equal(sheet[9:17, 25:33], view.frames[1].arrays["reconstructed"][5, ..., 0])


def test_a_model_that_cannot_says_why(ring_run: Run) -> None:
    (said,) = reconstructions(RunReader(ring_run).read(), 0).data
    assert "GAN has no encoder" in said.text[0]


def test_the_other_picture_takes_the_same_place(store: Store) -> None:
    view = RunReader(store.create(make_spec())).read()
    pictures = [live.cells(lane_views(view), picture) for picture in ("samples", "reconstructions")]
    places = [[(cell.span, cell.height) for cell in cells] for cells in pictures]
    assert places[0] == places[1]
    names = [[cell.name for cell in cells] for cells in pictures]
    assert names[1] == [name.replace("samples", "reconstructions") for name in names[0]]


@pytest.mark.parametrize("models, choice", [(("gan", "vae"), True), (("gan", "wgan"), False)])
def test_the_page_offers_the_choice_where_a_lane_has_it(
    models: tuple[str, ...], choice: bool, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.create(make_spec(lanes=[{"model": name} for name in models]))
    page = shown(ROOT / "pages" / "train.py", store, monkeypatch, run=run.id)
    (offered,) = [element for element in page.selectbox if element.key == "picture"]
    assert list(offered.options) == [
        "Samples",
        *["Reconstructions"] * choice,
        "Manifold",
        "Gradients",
        *["Weights"] * ("wgan" in models),
    ]
    captions = " ".join(caption.value for caption in page.caption)
    for name in models:
        assert MODELS[name].description in captions


def test_settings_read_as_words_and_stand_with_their_network() -> None:
    assert setting_label("latent_dim") == "latent dimensions" and setting_label("r1_weight") == "R1 penalty weight"
    groups = by_network(["generator_width", "packing", "discriminator_width", "generator_steps"])
    assert groups == {"": ["packing", "discriminator_width"], "generator": ["generator_width", "generator_steps"]}
