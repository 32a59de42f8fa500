"""The latent page in a real browser: points are selected and saved, and the pointer shows their pictures."""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from helpers import wait_until
from patience import box_at_rest, choose, expect
from PIL import Image
from playwright.sync_api import Locator, Page
from serving import Server

from genlab.runs import Run
from genlab.runs.latent_points import kept
from genlab.runs.selection import inside
from genlab.spec import make_spec

pytestmark = pytest.mark.browser
NOTHING_SELECTED = re.compile(r"(?<!\d)0 selected")
LASSO = [(-0.5, -2.5), (2.6, -2.4), (2.5, 2.2), (0.3, 0.4)]  # in the units of the plane
# Pixels of the page from a place in a plane, and back.
PIXELS = """(cell, [x, y]) => {
  const plot = cell.querySelector(".js-plotly-plot")
  const { xaxis, yaxis } = plot._fullLayout
  const box = plot.getBoundingClientRect()
  return [box.x + xaxis._offset + xaxis.d2p(x), box.y + yaxis._offset + yaxis.d2p(y)]
}"""


@pytest.fixture
def run(real_server: Server, visit) -> Run:
    made = real_server.store.submit(make_spec(dataset="digits", lanes=LANES, budget=25))
    visit(real_server).open()  # a visitor starts the worker
    wait_until(lambda: made.state().state == "done", "the run to end")
    return made


LANES = [
    {"model": "gan", "settings": {"latent_dim": 2}},
    {"model": "vae", "settings": {"latent_dim": 2, "ema_decay": 0.0}},  # an average would still be where it began
    {"model": "ae", "settings": {"latent_dim": 3}},
]


def ask_about(page: Page, kind: str) -> None:
    page.locator(".st-key-latent-kind").get_by_role("radio", name=kind, exact=True).click()


def saved(page: Page, lane: int, title: str, what: str | re.Pattern[str]) -> bytes:
    """The file of a list whose words say what is in it: the file that is offered is then that of these words."""
    found = page.locator(f".st-key-latent-list{lane}")
    expect(found).to_contain_text(what)
    with page.expect_download() as download:
        found.get_by_role("button", name=title, exact=True).click()
    return download.value.path().read_bytes()


def draw_lasso(page: Page, plane: Locator) -> None:
    box_at_rest(plane)
    corners = [plane.evaluate(PIXELS, list(corner)) for corner in LASSO]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()


def top(cell: Locator) -> float:
    """Where it is in the page, however far that is scrolled."""
    scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
    return cell.evaluate(f"(cell) => cell.getBoundingClientRect().top + {scrolled}")


def test_points_are_shown_selected_and_saved(real_server: Server, run: Run, visit) -> None:
    page = visit(real_server).page
    page.goto(real_server.address(f"latent?run={run.id}"))
    planes = [page.locator(f'[data-cell="{lane}-latent"]') for lane in range(3)]
    titles = [page.locator(f'[data-cell="{lane}-title"]') for lane in range(3)]
    expect(titles[1]).to_contain_text("at step 25")
    wait_until(lambda: all(kept(run, lane, "points", "places") for lane in range(3)), "the points")
    points = [kept(run, lane, "points") for lane in range(3)]

    # The pointer shows the example at a code, or of a model without an encoder the sample of a draw.
    for lane in (1, 0):
        places = points[lane]["places"]
        alone = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.diag(np.full(len(places), np.inf))
        item = int(np.where(np.abs(places).max(axis=1) < 3, alone.min(axis=1), 0).argmax())
        picture = point_at(page, planes[lane], item, places[item].tolist())
        expect(planes[lane]).to_contain_text(f" · {'example' if lane else 'draw'} {item}")
        if lane == 1:  # a generator that has hardly learned makes the same of all draws
            of = (picture, points[lane]["examples"][..., 0], item)
            wait_until(lambda of=of: likeness(*of) < 0.05, "the picture of this point")
    page.mouse.move(5, 5)
    box_at_rest(planes[0])
    here = top(planes[0])

    # A lasso selects the same held-out examples in both lanes that encode, and none of the draws.
    ask_about(page, "Selection")
    expect(titles[1]).to_contain_text(NOTHING_SELECTED)
    draw_lasso(page, planes[1])
    expect(titles[1]).to_contain_text(re.compile(r"[1-9]\d* selected"))
    number = int(re.search(r"(\d+) selected", titles[1].inner_text()).group(1))
    expect(titles[2]).to_contain_text(f"{number} selected")
    expect(titles[0]).to_contain_text(NOTHING_SELECTED)

    table = pd.read_csv(io.BytesIO(saved(page, 1, "CSV", f"{number} selected")))
    assert list(table.columns) == ["index", "label", "latent 1", "latent 2"] and len(table) == number
    within = inside(points[1]["places"], LASSO)
    assert np.isin(np.arange(len(within)), table["index"]).mean() == pytest.approx(within.mean(), abs=0.03)
    np.testing.assert_allclose(table[["latent 1", "latent 2"]], points[1]["latents"][table["index"]], atol=1e-6)
    with zipfile.ZipFile(io.BytesIO(saved(page, 2, "CSV and pictures", f"{number} selected"))) as archive:
        other = pd.read_csv(archive.open("selection.csv"))
        assert other["index"].tolist() == table["index"].tolist() and "latent 3" in other
        last = int(other["index"].iloc[-1])
        picture = np.asarray(Image.open(archive.open(f"pictures/{last}.png")))
        np.testing.assert_array_equal(picture, points[2]["examples"][last, ..., 0])

    # The same by the keyboard: a label in place of the outline.
    labels = page.locator(".st-key-latent-labels input")

    def is_offered() -> bool:  # the list may close again where the page has just saved a file
        labels.first.fill("")
        labels.first.press_sequentially("7")
        page.wait_for_timeout(500)
        return page.get_by_role("option").all_inner_texts() == ["7"]

    wait_until(is_offered, "the label that was typed")
    labels.first.press("Enter")
    labels.first.press("Escape")  # the open list hides the rest of the page from whoever does not see it
    sevens = re.compile(r"(\d+) selected · 7: \1(?![\d,]| ·)")
    assert set(pd.read_csv(io.BytesIO(saved(page, 1, "CSV", sevens)))["label"]) == {7}
    draw_lasso(page, planes[1])  # the same once more, in place of the label
    expect(titles[1]).to_contain_text(f"{number} selected")
    ask_about(page, "Holes")
    share = points[1]["hole_share"]
    expect(page.locator('[data-cell="1-holes"]')).to_contain_text(f"Holes: {share:.1%} of the prior")
    expect(page.locator('[data-cell="0-holes"]')).to_contain_text("no encoder")

    # Another plane of three dimensions; what has two stays as it is, and so does the page.
    ask_about(page, "Place")
    choose(page.locator(".st-key-latent-plane input"), "t-SNE")
    expect(planes[2]).to_contain_text("Codes · t-SNE")
    expect(planes[1]).to_contain_text("codes of test data")
    assert top(planes[0]) == pytest.approx(here, abs=1)


def likeness(picture: Locator, images: np.ndarray, item: int) -> float:
    """The share of the images (n, height, width) that are more like what is seen than this one."""
    seen = Image.open(io.BytesIO(picture.screenshot())).convert("L").resize(images.shape[:0:-1], Image.Resampling.BOX)
    rows = np.concatenate([np.asarray(seen)[None], images]).reshape(len(images) + 1, -1)
    correlations = np.corrcoef(rows.astype("float64"))[0, 1:]
    return float((correlations > correlations[item]).mean()) if correlations[item] > 0.3 else 1.0


def point_at(page: Page, plane: Locator, item: int, place: list[float]) -> Locator:
    """Move the pointer to where a point is; once the page knows the pictures it shows that of the point, which is
    returned.
    """
    plane.locator(".main-svg").first.wait_for(state="attached")
    picture = plane.locator(".genlab-point-picture")

    def is_shown() -> bool:
        page.mouse.move(5, 5)
        page.mouse.move(*plane.evaluate(PIXELS, place))
        page.wait_for_timeout(300)
        return picture.count() == 1 and picture.is_visible() and picture.get_attribute("data-point") == str(item)

    wait_until(is_shown, f"the picture of point {item} under the pointer")
    return picture
