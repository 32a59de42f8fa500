"""The train page in a browser: what a visitor sees and does while two models learn."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import psutil
import pytest
from helpers import wait_until
from patience import box_at_rest, expect
from playwright.sync_api import Locator
from serving import CHARTS, ENDLESS, LONGEST

from genlab.runs import Run
from genlab.runs.history import History
from genlab.spec import make_spec

pytestmark = pytest.mark.browser

FEW = 300  # steps: a run to wait for


def test_pause_holds_the_step_number_and_step_makes_one(server, visit):
    tab = visit(server)
    tab.watch()
    tab.reaches(25)
    tab.press("Pause")
    tab.is_now("paused")
    held = tab.step()
    written_again(tab.run())
    assert tab.step() == held
    for made in (1, 2):
        tab.press("Step")
        expect(tab.state).to_contain_text(f"step {held + made:,} of")
        tab.is_now("paused")
    written_again(tab.run())
    assert tab.step() == held + 2
    tab.press("Resume")
    tab.is_now("running")
    tab.reaches(held + 100)


def written_again(run: Run) -> None:
    """Wait until a paused run has said twice that it is still there, a second apart: nothing moves meanwhile."""
    for _ in range(2):
        before = run.state().updated
        wait_until(lambda before=before: run.state().updated > before, "another word of the paused run")


def test_stop_ends_a_run_and_offers_to_resume_it(server, visit):
    tab = visit(server)
    tab.watch()
    tab.reaches(25)
    tab.press("Stop")
    tab.is_now("stopped")
    stopped_at = tab.step()
    other = visit(server).open(f"?run={tab.run().id}")
    other.is_now("stopped")
    tab.press("Resume")
    for each in (tab, other):
        each.is_now("running")
        each.reaches(stopped_at + 25)


def test_reset_goes_back_to_step_0_with_the_same_seed_and_resume_trains_to_the_end(server, visit):
    tab = visit(server)
    first = tab.begin(FEW, seed=7)
    tab.is_now("done")
    tab.press("Reset")
    expect(tab.page).not_to_have_url(re.compile(first.id))
    second = tab.run()
    tab.is_now("paused")
    assert tab.step() == 0
    assert second.spec() == first.spec() and second.spec().seed == 7
    tab.press("Step")
    expect(tab.state).to_contain_text("step 1 of")
    tab.press("Resume")
    tab.is_now("done")
    assert tab.step() == FEW


def test_a_reload_shows_the_same_run_which_goes_on(server, visit):
    tab = visit(server)
    run = tab.watch()
    tab.reaches(25)
    before = tab.step()
    tab.page.reload()
    tab.is_now("running")
    assert tab.run().id == run.id and tab.step() >= before
    tab.reaches(before + 100)


def test_a_second_tab_shows_the_same_run_and_steers_it(server, visit):
    first, second = visit(server), visit(server)
    run = first.watch()
    second.open(f"?run={run.id}")
    second.is_now("running")
    second.press("Pause")
    second.is_now("paused")
    first.is_now("paused")
    assert first.step() == second.step()
    first.press("Resume")
    second.is_now("running")


def test_a_setting_that_is_changed_while_it_trains_is_the_same_in_every_tab_and_can_be_set_back(server, visit):
    first, second = visit(server), visit(server)
    run = first.watch()
    second.open(f"?run={run.id}")
    boxes = [tab.page.locator(".st-key-1-vae-points-beta input") for tab in (first, second)]

    def values_taken() -> list[dict[str, float]]:
        return [values for _, _, values in History(run).update().changed]

    def set_to(box: Locator, value: str) -> None:
        box.fill(value)
        box.press("Tab")
        wait_until(lambda: values_taken()[-1:] == [{"beta": float(value)}], f"the worker to take beta {value}")

    for box in boxes:
        expect(box).to_have_value("1")
    set_to(boxes[0], "4")
    for box in boxes:
        expect(box).to_have_value("4")
    first.page.reload()
    expect(boxes[0]).to_have_value("4")
    set_to(boxes[0], "1")
    for box in boxes:
        expect(box).to_have_value("1")
    assert values_taken() == [{"beta": 4.0}, {"beta": 1.0}]


def test_every_chart_is_drawn_again_and_again_while_both_lanes_train(server, visit):
    tab = visit(server)
    tab.watch()
    changing = [chart for chart in CHARTS if chart != "0-latent"]  # where samples stay on their modes, it stays too
    for _ in range(3):
        drawn = {chart: tab.updates(chart) for chart in changing}
        for chart in changing:
            wait_until(
                lambda chart=chart, before=drawn[chart]: tab.updates(chart) > before, f"another update of {chart}"
            )
    tab.is_now("running")


def test_a_zoom_stays_while_the_run_goes_on(server, visit):
    tab = visit(server)
    tab.watch()
    tab.reaches(25)  # early, while the range of the losses still changes with each update
    chart = tab.cell("0-losses").locator(".js-plotly-plot")
    ranges = "plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]"
    whole = chart.evaluate(ranges)
    area = box_at_rest(chart.locator(".nsewdrag"))
    tab.page.mouse.move(area["x"] + 0.1 * area["width"], area["y"] + 0.2 * area["height"])
    tab.page.mouse.down()
    tab.page.mouse.move(area["x"] + 0.25 * area["width"], area["y"] + 0.8 * area["height"], steps=8)
    tab.page.mouse.up()
    tab.page.wait_for_function(
        "([plot, whole]) => plot._fullLayout.xaxis.range[1] < 0.4 * whole", arg=[chart.element_handle(), whole[1]]
    )
    zoomed, seen = chart.evaluate(ranges), tab.updates("0-losses")
    assert zoomed[2:] != whole[2:]
    wait_until(lambda: tab.updates("0-losses") >= seen + 10, "ten more updates")
    assert chart.evaluate(ranges) == zoomed
    chart.evaluate("plot => Plotly.relayout(plot, {'yaxis.range': [-70, 70]})")  # far from what any update asks for
    seen = tab.updates("0-losses")
    wait_until(lambda: tab.updates("0-losses") >= seen + 4, "four more updates")
    assert chart.evaluate(ranges)[2:] == [-70, 70]


@pytest.mark.parametrize(
    "query, message",
    [
        ("?run=../../etc/passwd", "'../../etc/passwd' is not the name of a run"),
        ("?run=.queue", "'.queue' is not the name of a run"),
        ("?run=nope", "There is no run called nope"),
        (f"?run={'x' * 300}", f"'{'x' * 60}' is not the name of a run"),
        ("?run=", ""),
        ("?dataset=banana", "There is no data set called 'banana'"),
    ],
)
def test_nonsense_in_the_address_is_answered_in_words_and_train_still_works(server, visit, query, message):
    tab = visit(server).open(query)
    if message:
        expect(tab.page.get_by_role("alert").filter(has_text=message)).to_be_visible()
    else:
        expect(tab.page.get_by_role("heading", name="Two models, the same data, side by side")).to_be_visible()
    tab.train.click()
    expect(tab.state).to_be_visible()
    assert tab.run().spec().dataset == "ring8"
    expect(tab.page.get_by_role("alert")).to_have_count(0)
    expect(tab.exceptions).to_have_count(0)


def test_a_killed_worker_interrupts_the_run_which_goes_on_under_the_next(server, visit):
    tab = visit(server)
    tab.watch()
    tab.reaches(50)
    wait_until(lambda: tab.updates("0-samples"), "the samples to be drawn")
    drawn = tab.updates("0-samples")
    killed = server.worker()
    killed.kill()
    tab.is_now("interrupted")
    reached = tab.step()
    expect(tab.cell("0-samples").locator(".main-svg").first).to_be_visible()
    assert tab.updates("0-samples") >= drawn
    tab.press("Resume")
    tab.is_now("running")
    assert server.worker().pid != killed.pid and not psutil.pid_exists(killed.pid)
    tab.reaches(reached + 25)
    tab.press("Stop")
    tab.is_now("stopped")
    tab.begin(FEW)
    tab.is_now("done")


def test_a_learning_rate_is_changed_while_it_trains_and_marked(real_server, visit):
    run = real_server.store.submit(make_spec(budget=ENDLESS))
    tab = visit(real_server).open(f"?run={run.id}")
    tab.is_now("running")
    before = run.spec().lanes[0].settings["generator_learning_rate"]
    rate = tab.page.get_by_role("spinbutton", name="Gen. rate")
    rate.fill("0.0004")
    rate.press("Tab")
    words = f"GAN: generator learning rate {before:g} → 0.0004"
    expect(tab.cell("0-losses").locator(".annotation")).to_contain_text(words)
    expect(tab.page.locator(".genlab-mark")).to_have_attribute("title", words)
    ((lane, step, values),) = History(run).update().changed
    assert (lane, values) == (0, {"generator_learning_rate": 0.0004}) and step > 0
    tab.press("stop")
    tab.is_now("stopped")


def test_a_double_click_on_train_makes_one_run(server, visit):
    tab = visit(server).open()
    before = {run.id for run in server.store.runs()}
    tab.train.dblclick()
    tab.is_now("running")
    assert [run.id for run in server.store.runs() if run.id not in before] == [tab.run().id]


def test_the_run_of_a_second_visitor_waits_in_the_queue_then_trains(server, visit):
    first, second = visit(server), visit(server)
    first.begin(LONGEST)
    first.is_now("running")
    second.begin(FEW)
    second.is_now("queued")
    first.is_now("running")
    first.press("Stop")
    second.is_now("done")
    first.is_now("stopped")


def test_nothing_on_the_page_moves_while_it_trains(server, visit):
    tab = visit(server)
    run = tab.begin(LONGEST)
    expect(tab.cell("coverage")).to_be_visible()
    places = "nodes => nodes.map(node => [node.dataset.cell, node.offsetLeft, node.offsetTop, node.offsetHeight])"
    queued = tab.page.locator("[data-cell]").evaluate_all(places)
    assert [name for name, *_ in queued] == [
        "0-title",
        "1-title",
        *CHARTS[:2],
        *CHARTS[3:5],
        "0-losses",
        "1-losses",
        "coverage",
    ]
    tab.is_now("running")
    for sample in range(10):
        tab.reaches(25 * sample)
        assert tab.page.locator("[data-cell]").evaluate_all(places) == queued
    assert tab.page.evaluate("document.documentElement.scrollHeight") <= 800
    server.store.stop(run)


def test_models_are_added_and_removed_with_seed_and_budget_in_sight(server, visit):
    tab = visit(server).open()
    for field in ("steps-ring8", "clock", "seed"):
        expect(tab.page.locator(f".st-key-{field} input")).to_be_in_viewport(ratio=1)
    for lane in (2, 3):
        tab.press("add")
        expect(tab.page.locator(f".st-key-model-{lane}")).to_be_visible()
    expect(tab.page.locator(".st-key-add")).to_have_count(0)
    tab.train.click()
    expect(tab.cell("3-samples")).to_be_visible()
    assert [lane.model for lane in tab.run().spec().lanes] == ["gan", "vae", "wgan-gp", "wae"]
    tab.press("remove-0")
    expect(tab.page.locator(".st-key-model-3")).to_have_count(0)
    expect(tab.page.locator(".st-key-model-0 input")).to_have_value("VAE")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_have_the_colours_of_the_theme(server, visit, scheme):
    config = Path(__file__).parents[2] / ".streamlit" / "config.toml"
    theme = tomllib.loads(config.read_text(encoding="utf-8"))["theme"][scheme]
    run = visit(server).begin(FEW)
    tab = visit(server, color_scheme=scheme).open(f"?run={run.id}")
    tab.is_now("done")
    expect(tab.cell("0-losses").locator(".xtick text").first).to_have_css("fill", rgb(theme["textColor"]))
    expect(tab.cell("0-title")).to_have_css("color", rgb(theme["textColor"]))
    expect(tab.page.get_by_test_id("stApp")).to_have_css("background-color", rgb(theme["backgroundColor"]))


def rgb(colour: str) -> str:
    """ "#1B2530" as a browser says it."""
    return "rgb({}, {}, {})".format(*bytes.fromhex(colour.removeprefix("#")))


def test_words_fit_beside_four_lanes_and_on_a_phone_the_pictures_of_all_come_first(server, visit):
    lanes = [{"model": model} for model in ("aae", "aae", "wgan-gp", "wgan-gp")]
    run = server.store.submit(make_spec(dataset="grid25", lanes=lanes, budget=FEW))
    tab = visit(server).open(f"?run={run.id}")
    tab.is_now("done")
    for width, height in ((1280, 800), (390, 844)):
        tab.page.set_viewport_size({"width": width, "height": height})
        tab.page.reload()
        expect(tab.cell("3-title")).to_contain_text("on a mode")
        tab.cell("coverage").scroll_into_view_if_needed()
        expect(tab.cell("coverage").locator(".main-svg").first).to_be_visible()
        assert not cut(tab.page.locator(".genlab-caption > *, .genlab-figure-title, .genlab-legend-name"))
    down = [name for _, name in sorted(tab.page.locator("[data-cell]").evaluate_all(PLACES))]
    for first, then in (("samples", "latent"), ("latent", "losses")):
        assert max(down.index(f"{lane}-{first}") for lane in range(4)) < down.index(f"0-{then}")
    assert down.index("3-title") + 1 == down.index("3-samples") and down[-1] == "coverage"
    says = "node => getComputedStyle(node, '::before').content"
    assert tab.cell("3-latent").locator(".genlab-figure-title").evaluate(says) == '"WGAN-GP D · "'


PLACES = """nodes => nodes.filter((node) => node.clientHeight)
  .map((node) => [node.getBoundingClientRect().top, node.dataset.cell])"""


def cut(words: Locator) -> list[str]:
    """Those that do not fit their place."""
    return words.evaluate_all(
        "nodes => nodes.filter((node) => node.scrollWidth > node.clientWidth).map((node) => node.textContent)"
    )
