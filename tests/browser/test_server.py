"""The server from cold to gone: how little it weighs, and what survives it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import psutil
import pytest
from helpers import PATIENCE
from patience import expect
from serving import CHARTS, LONGEST

pytestmark = pytest.mark.browser

LIGHT = 200e6  # bytes


def test_a_link_straight_to_the_train_page_of_a_cold_server(cold_server, visit):
    tab = visit(cold_server()).open()
    frame = tab.page.locator(".st-key-frame")
    for page in ("genlab", "Train", "Runs"):
        expect(frame.get_by_role("link", name=page, exact=True)).to_be_visible()
    expect(frame).to_contain_text("device: ")
    expect(tab.exceptions).to_have_count(0)
    frame.get_by_role("link", name="Runs").click()
    expect(tab.page).to_have_url(re.compile("/runs$"))
    expect(tab.page.get_by_role("heading", name="Runs")).to_be_visible()
    frame.get_by_role("link", name="genlab").click()
    expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
    tab.page.get_by_role("button", name="Train the same live").click()
    expect(tab.train).to_be_visible()


def test_both_models_train_to_the_end_beside_a_server_that_stays_light(cold_server, visit):
    server = cold_server(played=False)
    tab = visit(server)
    run = tab.begin(300)
    tab.is_now("done")
    assert tab.step() == 300
    for lane, model in enumerate(("GAN", "VAE")):
        expect(tab.cell(f"{lane}-title")).to_contain_text(re.compile(rf"^{model} · \d of 8 modes · \d+% on a mode"))
    for chart in CHARTS:
        expect(tab.cell(chart).locator(".main-svg").first).to_be_visible()
        assert tab.updates(chart) >= 1, chart
    assert tab.run().id == run.id and run.state().state == "done"

    weight = server.process.memory_info().rss
    assert weight < LIGHT, f"The server weighs {weight / 1e6:.0f} MB."
    if not sys.platform.startswith("linux"):
        return  # only Linux says which libraries a process has loaded
    heavy = re.compile(r"tensorflow|jaxlib|/keras/|/torch/")
    assert not heavy.search(libraries := Path(f"/proc/{server.process.pid}/maps").read_text())
    assert "/pandas/" not in libraries, "Streamlit has looked whether something is a data frame."
    assert heavy.search(Path(f"/proc/{server.worker().pid}/maps").read_text()), "The worker is where it is."


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_run_outlives_its_server_and_resumes_under_the_next(cold_server, visit, how):
    server = cold_server()
    tab = visit(server)
    run = tab.begin(LONGEST)
    tab.reaches(50)
    worker = server.worker()
    getattr(server.process, how)()
    server.process.wait(PATIENCE)
    gone, alive = psutil.wait_procs([worker], PATIENCE)
    assert gone and not alive, "The worker outlived its server."

    successor = cold_server(server.store.root, server.port)
    again = visit(successor).open(f"?run={run.id}")
    again.is_now("interrupted")
    reached = again.step()
    assert reached >= 25
    expect(again.cell("0-samples").locator(".main-svg").first).to_be_visible()
    again.press("Resume")
    again.is_now("running")
    again.reaches(reached + 25)
