"""The links between the pages, in a real browser: the run that one looks at comes along, and Back shows it again."""

from __future__ import annotations

import re

import pytest
from patience import expect

pytestmark = pytest.mark.browser

FEW = 30  # steps


def test_the_run_comes_along_from_page_to_page(server, visit):
    tab, other = visit(server), visit(server)
    run = tab.begin(FEW)
    tab.is_now("done")
    other.begin(FEW, seed=1)
    other.is_now("done")
    frame = tab.page.locator(".st-key-frame")
    for name, path in (("Latent space", "latent"), ("Mode coverage", "coverage"), ("How it works", "how_it_works")):
        frame.get_by_role("link", name=name).click()
        expect(tab.page).to_have_url(re.compile(f"/{path}[?]run={run.id}$"))
        expect(tab.page.get_by_role("combobox", name="Run")).to_have_value(re.compile(run.id))
    tab.page.reload()
    expect(tab.page.get_by_role("combobox", name="Run")).to_have_value(re.compile(run.id))
    tab.page.go_back()
    expect(tab.page).to_have_url(re.compile(f"/coverage[?]run={run.id}$"))
    frame.get_by_role("link", name="Train", exact=True).click()
    expect(tab.page).to_have_url(re.compile(f"/train[?]run={run.id}$"))
    tab.is_now("done")
    frame.get_by_role("link", name="Train", exact=True).click()
    expect(tab.page.get_by_role("heading", name="Two models, the same data, side by side")).to_be_visible()
    expect(tab.page).to_have_url(re.compile("/train$"))


def test_a_page_that_names_its_run_by_itself_lets_back_go_on(server, visit):
    tab = visit(server)
    run = tab.begin(FEW)
    tab.is_now("done")
    page = visit(server).page
    page.goto(server.address("runs"))
    page.locator(".st-key-frame").get_by_role("link", name="Latent space").click()
    expect(page).to_have_url(re.compile(f"/latent[?]run={run.id}$"))
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile("/runs$"))
