"""Visitors' own data in a browser: brought to the data page in three ways, and trained on to the end."""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np
import pytest
from helpers import PATIENCE
from patience import box_at_rest, expect
from PIL import Image
from serving import TrainPage
from sklearn.datasets import load_sample_images

from genlab.runs import Run

pytestmark = pytest.mark.browser

FEW = 30  # steps


def photographs() -> bytes:
    """A zip of 120 pieces of scikit-learn's two photographs, JPEG and PNG of many sizes, in a folder for each."""
    random, buffer = np.random.default_rng(0), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, photograph in zip(("temple", "flower"), load_sample_images().images, strict=True):
            for i in range(60):
                height, width = random.integers(40, 200, 2)
                top, left = random.integers(0, 427 - height), random.integers(0, 640 - width)
                piece, content = Image.fromarray(photograph[top : top + height, left : left + width]), io.BytesIO()
                kind = ("JPEG", "PNG")[i % 2]
                piece.save(content, kind)
                archive.writestr(f"photos/{name}/{i}.{kind.lower()}", content.getvalue())
        archive.writestr("photos/readme.txt", "Not a picture.")
        archive.writestr("__MACOSX/photos/._0.jpeg", b"")
    return buffer.getvalue()


def open_data_page(tab: TrainPage) -> None:
    """From the train page, as a visitor finds it."""
    tab.open()
    tab.page.get_by_role("link", name="Use your own data").click()
    expect(tab.page.get_by_role("heading", name="Train on your own data")).to_be_visible()


def use(tab: TrainPage, name: str) -> Run:
    """Name what was found, use it, and train both models on it."""
    expect(tab.cell("preview").locator(".main-svg").first).to_be_visible()
    box = tab.page.get_by_label("Name")
    box.fill(name)
    box.press("Tab")
    tab.page.get_by_role("button", name="Use this data").click()
    expect(tab.page).to_have_url(re.compile(rf"/train\?dataset={name}$"))
    steps = tab.page.locator(f".st-key-steps-{name} input")
    steps.fill(str(FEW))
    steps.press("Tab")
    expect(steps).to_have_value(str(FEW))
    tab.train.click()
    expect(tab.page).to_have_url(re.compile(r"[?&]run="))
    # The classifier that names the modes of labelled data is trained first.
    expect(tab.state).to_contain_text("done", timeout=3 * PATIENCE * 1000)
    run = tab.run()
    assert run.spec().dataset == name and run.state().state == "done"
    assert [lane.state for lane in run.state().lanes] == ["done", "done"]
    for chart in ("0-samples", "1-samples", "coverage"):
        expect(tab.cell(chart).locator(".main-svg").first).to_be_visible()
    return run


def upload(tab: TrainPage, name: str, content: bytes) -> None:
    tab.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def test_a_zip_of_photographs_is_trained_on(real_server, visit):
    tab = visit(real_server)
    open_data_page(tab)
    upload(tab, "My photos.zip", photographs())
    expect(tab.page.get_by_text("120 pictures of 28x28 pixels, grey")).to_contain_text(
        "2 classes: flower (60), temple (60)"
    )
    expect(tab.page.get_by_text("1 hidden file.")).to_be_visible()
    expect(tab.page.get_by_label("Name")).to_have_value("My photos")
    tab.page.get_by_text("Keep colours").click()
    expect(tab.page.get_by_text("120 pictures of 28x28 pixels, colour")).to_be_visible()
    run = use(tab, "photos")
    assert run.reference()["samples"].shape[1:] == (28, 28, 3)
    expect(tab.cell("0-title")).to_contain_text("of 2 modes")


def test_a_table_is_trained_on(server, visit):
    tab = visit(server)
    open_data_page(tab)
    values = np.random.default_rng(0).normal(size=(200, 2)) * (1, 100)
    upload(tab, "heights.csv", "\n".join(["age,height", *(f"{x:.3f},{y:.3f}" for x, y in values)]).encode())
    expect(tab.page.get_by_text("200 points in 2 columns")).to_contain_text("each column scaled")
    use(tab, "heights")


def test_what_cannot_be_used_is_refused_on_the_page(server, visit):
    tab = visit(server)
    open_data_page(tab)
    rows = [f"{i},{(i * i) % 59}" for i in range(60)]
    upload(tab, "few.csv", "\n".join(["a,b", rows[0], "3,*four*", *rows[1:]]).encode())
    alert = tab.page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("Line 3, column 2 ('b'): '*four*' is not a whole number.")
    expect(tab.page.get_by_role("button", name="Use this data")).to_have_count(0)


def test_painted_points_are_trained_on_and_stay_while_the_visitor_looks_elsewhere(server, visit):
    tab = visit(server)
    open_data_page(tab)
    tab.page.get_by_text("Paint points", exact=True).click()
    canvas, count = tab.page.locator(".painter-canvas"), tab.page.locator(".painter-count")
    for y in (0.25, 0.75):
        box = box_at_rest(canvas)
        tab.page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + y * box["height"])
        tab.page.mouse.down()
        tab.page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + y * box["height"], steps=20)
        tab.page.mouse.up()
        expect(tab.page.get_by_text(re.compile(r"\d+ points in 2 columns · kept as they are"))).to_be_visible()
    both = count.inner_text()
    tab.page.get_by_role("button", name="Undo").click()
    expect(count).not_to_have_text(both)
    once = count.inner_text()
    tab.page.get_by_text("Type points", exact=True).click()
    expect(canvas).to_have_count(0)
    tab.page.get_by_text("Paint points", exact=True).click()
    expect(count).to_have_text(once)
    run = use(tab, "scribble")
    points = run.reference()["samples"]
    assert points[:, 1].mean() == pytest.approx(1, abs=0.1), "the upper stroke, a quarter down from 2 to -2"
    assert points[:, 0].min() < -1 and points[:, 0].max() > 1


def test_typed_points_are_found(server, visit):
    tab = visit(server)
    open_data_page(tab)
    tab.page.get_by_text("Type points", exact=True).click()
    area = tab.page.locator("textarea")
    area.fill("\n".join(f"{np.cos(i):.3f}, {np.sin(i):.3f}" for i in range(70)))
    area.press("Control+Enter")
    expect(tab.page.get_by_text("70 points in 2 columns")).to_contain_text("kept as they are")
    expect(tab.page.get_by_label("Name")).to_have_value("points")
