"""What was assumed of a file, on the page: shown before anything is stored, and changed there."""

from __future__ import annotations

import re

import numpy as np
import pytest
from messy_files import drawing, noise, picture, table, zipped
from patience import choose, expect
from serving import TrainPage
from test_data_page import open_data_page, upload

pytestmark = pytest.mark.browser


def stored(tab: TrainPage, name: str) -> dict[str, np.ndarray]:
    tab.page.get_by_role("button", name="Use this data").click()
    expect(tab.page).to_have_url(re.compile(rf"/train\?dataset={name}$"))
    with np.load(tab.server.data / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


def test_an_assumption_about_a_table_is_changed_before_it_is_stored(server, visit):
    tab = visit(server)
    open_data_page(tab)
    content = table(";x;y;kind", lambda i, row: f"{i};{';'.join(row)};{'' if i == 5 else ('b', 'a')[i % 2]}", ",")
    upload(tab, "measured.csv", content)
    alert = tab.page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("Line 7, column 4 ('kind'): nothing is there.")
    choose(tab.page.get_by_label("Rows with missing values").last, "leave them out")
    expect(tab.page.get_by_text("59 points in 2 columns")).to_contain_text("2 classes: a (29), b (30)")
    expect(tab.page.get_by_text("Cells are separated by semicolon; a comma is the decimal mark.")).to_be_visible()
    expect(tab.page.get_by_text("it has no name and counts the rows")).to_be_visible()
    assert not server.data.exists() or not list(server.data.glob("measured*")), "nothing is stored yet"
    tab.page.get_by_text("Columns", exact=True).click()
    choose(tab.page.get_by_label("column 1").last, "whole number")
    expect(tab.page.get_by_text("59 points in 3 columns")).to_be_visible()
    choose(tab.page.get_by_label("kind").last, "category")
    expect(tab.page.get_by_text("59 rows in 4 columns")).to_be_visible()
    arrays = stored(tab, "measured")
    assert arrays["examples"].shape == (59, 4) and "labels" not in arrays
    assert arrays["examples"][:, 0].tolist() == [i for i in range(60) if i != 5]


def test_day_and_month_of_dates_are_exchanged(server, visit):
    tab = visit(server)
    open_data_page(tab)
    content = table("day,x", lambda i, row: f"{i % 12 + 1:02d}/0{i % 7 + 2}/2024,{row[0]}")
    upload(tab, "days.csv", content)
    expect(tab.page.get_by_text("day (01/02/2024 is 02 January 2024)")).to_be_visible()
    choose(tab.page.get_by_label("In dates").last, "day first")
    expect(tab.page.get_by_text("day (01/02/2024 is 01 February 2024)")).to_be_visible()


def test_an_assumption_about_a_zip_is_changed_before_it_is_stored(server, visit):
    tab = visit(server)
    open_data_page(tab)
    files = {f"{('cat', 'dog')[i % 2]}/{2020 + i // 2 % 2}/{i}.png": picture(noise(i, 12)) for i in range(60)}
    files |= {f"cat/2020/mark{i}.png": picture(drawing(i, (0, 0, 0))) for i in range(4)}
    upload(tab, "pets.zip", zipped(files | {"dog/2020/broken.png": b"x"}))
    summary = tab.page.get_by_text("64 pictures of 28x28 pixels")
    expect(summary).to_contain_text("2 classes: cat (34), dog (30)")
    expect(tab.page.get_by_text("dog/2020/broken.png")).to_be_visible()
    expect(tab.page.get_by_text("Transparent pictures are laid over white.")).to_be_visible()
    levels = ["level 1 (found)", "no classes", "level 1", "level 2"]
    choose(tab.page.get_by_label("Classes by folders").last, "level 2", levels)
    expect(summary).to_contain_text("2 classes: 2020 (34), 2021 (30)")
    choose(tab.page.get_by_label("Transparent over").last, "black")
    expect(tab.page.get_by_text("Transparent pictures are laid over black.")).to_be_visible()
    arrays = stored(tab, "pets")
    assert arrays["names"].tolist() == ["2020", "2021"] and np.bincount(arrays["labels"]).tolist() == [34, 30]
    assert (arrays["examples"] == 0).all(axis=(1, 2, 3)).sum() == 4, "black on black"
