"""Talks in a browser: talk mode by the keyboard alone, talks that are written, and a talk from a file offline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from helpers import wait_until
from patience import box_at_rest, choose, expect
from playwright.sync_api import Browser, Page
from serving import ROOT, Server, TrainPage

from genlab.recordings import recordings
from genlab.runs import Run
from genlab.runs.bin import Bin
from genlab.runs.explained import explain
from genlab.runs.tables import format_number
from genlab.runs.talks import Moment, Talk, Talks
from genlab.runs.view import RunReader
from genlab.spec import make_spec

pytestmark = pytest.mark.browser

STEPS, SEED = 600, 4711  # of the run that this file shows
IDEAS = ("data", "model-0", "model-1", "samples", "reconstructions", "losses", "latent", "coverage", "verdict")


@pytest.fixture
def ended(server: Server, visit) -> Run:
    """A run that has ended, the same for all tests of this file."""
    spec = make_spec(budget=STEPS, seed=SEED)
    run = next((run for run in server.store.runs() if run.spec() == spec), None) or server.store.submit(spec)
    visit(server).open()  # starts the worker
    wait_until(lambda: run.state().state == "done", "the run to be trained")
    return run


@pytest.fixture
def opened(server: Server, visit):
    def open_page(path: str, **options: Any) -> Page:
        page = visit(server, **options).page
        page.goto(server.address(path))
        return page

    return open_page


def on_screen(page: Page, name: str) -> None:
    expect(page.get_by_test_id("talk")).to_have_attribute("data-screen", name)


def step(page: Page) -> str:
    return page.get_by_test_id("timeline").first.get_attribute("data-step") or ""


def cells(page: Page) -> list[str]:
    """The charts that are in sight."""
    shown = page.locator("[data-testid=talk] [data-cell]:visible")
    return shown.evaluate_all("all => all.map((one) => one.dataset.cell)")


def has_all_frames(page: Page, run: Run) -> None:
    count = str(len({step for lane in (0, 1) for step in run.frame_steps(lane)}))
    line = page.get_by_test_id("timeline").first
    wait_until(lambda: line.count() and line.get_attribute("data-frames") == count, "all frames")


def test_a_run_is_told_with_the_keyboard_alone(opened, ended):
    page = opened(f"train?run={ended.id}&talk=1")
    on_screen(page, "data")
    has_all_frames(page, ended)
    assert cells(page) == ["data"]
    for name in IDEAS[1:]:
        page.keyboard.press("PageDown")
        on_screen(page, name)
    page.keyboard.press("ArrowRight")
    on_screen(page, "verdict")  # the last one
    expect(page.get_by_test_id("talk")).to_contain_text("of 8 modes")
    for _ in range(4):
        page.keyboard.press("PageUp")
    on_screen(page, "reconstructions")
    assert cells(page) == ["1-title", "1-reconstructions"]
    page.keyboard.press("ArrowLeft")
    on_screen(page, "samples")
    assert cells(page) == ["0-title", "1-title", "0-samples", "1-samples"]
    last = step(page)
    page.keyboard.press("Space")
    wait_until(lambda: step(page) != last, "the space bar to play the time line")
    page.keyboard.press("Space")
    page.keyboard.press("Home")
    wait_until(lambda: step(page) == "0", "the start of the time line")
    on_screen(page, "samples")
    expect(page).to_have_url(re.compile("screen=samples"))
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("talk")).to_have_count(0)
    expect(page).to_have_url(re.compile(rf"/train\?run={ended.id}$"))


def test_a_drag_of_the_slider_does_not_take_the_keys_of_the_clicker(opened, ended):
    page = opened(f"train?run={ended.id}&talk=1&screen=samples")
    on_screen(page, "samples")
    has_all_frames(page, ended)
    page.get_by_role("slider").click(position={"x": 5, "y": 5})
    wait_until(lambda: step(page) == "0", "the slider to move")
    expect(page.get_by_test_id("talk")).to_be_focused()
    page.keyboard.press("PageDown")
    on_screen(page, "reconstructions")
    assert step(page) == "0"


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (390, 844)], ids=str)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_screen_fills_the_window_with_large_words(size, theme, opened, ended):
    page = opened(f"train?run={ended.id}&talk=1&screen=coverage&hide=bar,buttons", color_scheme=theme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    on_screen(page, "coverage")
    has_all_frames(page, ended)
    expect(page.get_by_role("slider")).to_be_hidden()
    expect(page.get_by_role("button", name="Next screen")).to_be_hidden()
    wait_until(lambda: "coverage" in cells(page), "the chart")
    talk = page.get_by_test_id("talk")
    chart = box_at_rest(page.locator("[data-testid=talk] [data-cell=coverage]"))
    title = box_at_rest(talk.get_by_role("heading", level=1))
    assert chart["x"] >= 0 and chart["x"] + chart["width"] <= size[0] and chart["y"] + chart["height"] <= size[1]
    assert chart["height"] > 0.4 * size[1]
    assert title["height"] > size[1] / 20 if size[0] > size[1] else title["height"] > 20
    # Contrast of words by WCAG 2.2, 1.4.3, which asks for 4.5.
    assert contrast(page, ".genlab-talk-title") > 7 and contrast(page, ".genlab-talk-words p") > 7
    page.keyboard.press("PageDown")
    on_screen(page, "verdict")


def test_on_a_stage_that_is_smaller_than_its_charts_each_drawing_begins_on_an_empty_canvas(opened, ended):
    page = opened(f"train?run={ended.id}&talk=1&screen=samples")
    page.set_viewport_size({"width": 360, "height": 780})
    on_screen(page, "samples")
    has_all_frames(page, ended)
    for _ in range(10):
        page.keyboard.press("Home")
        page.keyboard.press("End")
    wait_until(lambda: step(page) == str(STEPS), "the end")
    tint = """(canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, canvas.height - 8, canvas.width, 8)
      return Math.max(...data.filter((_, i) => i % 4 === 3))
    }"""
    canvas = page.locator("[data-testid=talk] [data-cell='0-samples'] canvas.genlab-canvas").first
    assert canvas.evaluate(tint) <= 116, "the tint of the discriminator is drawn once, and at most with 115 of 255"


def test_labels_that_would_lie_over_each_other_stand_below_each_other(chromium: Browser):
    page = chromium.new_page()
    page.add_script_tag(path=ROOT / "genlab" / "figures" / "browser" / "layers.js")
    labels = [{"text": text, "x": x, "y": y, "width": 20} for text, x, y in (("b", 5, 12), ("a", 0, 10), ("c", 50, 11))]
    found = page.evaluate("(labels) => apart(labels, 10).map(({ text, y }) => [text, y])", labels)
    assert found == [["a", 10], ["c", 11], ["b", 20]], "c is beside both, and stays"
    page.close()


def contrast(page: Page, selector: str) -> float:
    script = """(node) => {
      const channels = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((value) => {
        const share = value / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      const light = (colour) => channels(colour).reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0)
      const dialog = getComputedStyle(node.closest("dialog")).backgroundColor
      const [a, b] = [light(getComputedStyle(node).color), light(dialog)].sort((x, y) => y - x)
      return (a + 0.05) / (b + 0.05)
    }"""
    return page.locator(selector).first.evaluate(script)


def test_without_a_run_a_recorded_one_is_told_and_says_so(opened):
    page = opened("train?talk=1")
    race = recordings()["race"]
    on_screen(page, "data")
    expect(page.get_by_text(race.label)).to_be_visible()
    while (page.get_by_test_id("talk").get_attribute("data-screen") or "") != "samples":
        page.keyboard.press("PageDown")
    wait_until(lambda: step(page) == str(int(race.spec["budget"])), "the end of the recording")
    page.keyboard.press("Space")
    wait_until(lambda: step(page) != str(int(race.spec["budget"])), "the recording to play")


def test_while_a_run_waits_a_recorded_one_is_told_and_then_the_run(server, opened, visit):
    busy = server.store.submit(make_spec(budget=100_000_000))
    visit(server).open()
    wait_until(lambda: busy.state().state == "running", "another run to train")
    run = server.store.submit(make_spec(budget=300, seed=1))
    page = opened(f"train?run={run.id}&talk=1&screen=samples")
    expect(page.get_by_text("Recorded run")).to_be_visible()
    on_screen(page, "samples")
    server.store.stop(busy)
    expect(page.get_by_text("Recorded run")).to_have_count(0)
    on_screen(page, "samples")
    wait_until(lambda: run.state().state == "done", "the run to be trained")
    wait_until(lambda: step(page) == "300", "its end on the stage")


def test_a_talk_is_written_from_the_train_page_and_opened_by_its_link(server, opened, ended):
    middle = ended.frame_steps(0)[len(ended.frame_steps(0)) // 2]
    page = opened(f"train?run={ended.id}&step={middle}")
    wait_until(lambda: step(page) == str(middle), "the moment")
    page.locator(".st-key-talk-menu button").first.click()
    page.get_by_label("Its title").fill("Half way <b>there</b>")
    page.get_by_label("Its title").press("Tab")
    page.get_by_label("Your words; the first line is the title").fill("Look here <i>now</i>")
    page.get_by_label("Your words; the first line is the title").press("Tab")
    for words, wanted in (("closed", 0), ("open", 1)):
        page.locator(".st-key-talk-menu button").first.click()
        expect(page.get_by_label("Its title"), f"the menu, {words}").to_have_count(wanted)
    expect(page.get_by_label("Its title")).to_have_value("Half way <b>there</b>")
    page.get_by_role("button", name=re.compile(rf"Add at step {middle:,}")).click()
    expect(page.get_by_text("it has 1 moment")).to_be_visible()
    expect(page.get_by_label("Its title"), "the next moment goes to the same talk").to_have_count(0)
    expect(page.get_by_label("Your words; the first line is the title")).to_have_value("")
    page.get_by_role("link", name="Write it").click()
    page.get_by_role("button", name="All talks").click()
    expect(page).to_have_url(re.compile(r"/talks$"))
    page.locator(".st-key-talk-half-way-b-there-b").get_by_role("button", name="Write").click()
    expect(page).to_have_url(re.compile(r"/talks\?edit=half-way-b-there-b$"))
    talks = Talks(server.store.root)
    (moment,) = talks.read("half-way-b-there-b").moments
    assert (moment.runs, moment.step, moment.screen) == ([ended.id], middle, "samples")
    given = opened("talks?talk=half-way-b-there-b")
    on_screen(given, moment.id)
    expect(given.get_by_role("heading", name="Look here <i>now</i>")).to_be_visible()
    wait_until(lambda: step(given) == str(middle), "the moment of the talk")
    given.keyboard.press("Escape")
    expect(given).to_have_url(re.compile(r"/talks\?edit=half-way"))
    expect(given.get_by_text("Half way <b>there</b>")).to_be_visible()


def test_a_talk_plays_from_one_file_without_a_network(server, opened, ended, chromium: Browser, tmp_path: Path):
    talks = Talks(server.store.root)
    name = talks.create("From a file")
    first, last = ended.frame_steps(0)[0], ended.frame_steps(0)[-1]
    moments = [
        Moment(caption="Begin\nwith words"),
        Moment(runs=[ended.id], step=first, screen="samples"),
        Moment(runs=[ended.id], screen="coverage", caption="The end"),
    ]
    talks.write(name, Talk(title="From a file", moments=moments))
    page = opened(f"talks?edit={name}")
    with page.expect_download() as download:
        page.get_by_role("button", name="One file").click()
    path = tmp_path / "talk.html"
    download.value.save_as(path)
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 720})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    offline, errors = context.new_page(), []
    offline.on("pageerror", lambda error: errors.append(str(error)))
    offline.goto(path.as_uri())
    on_screen(offline, moments[0].id)
    offline.keyboard.press("PageDown")
    on_screen(offline, moments[1].id)
    wait_until(lambda: step(offline) == str(first), "the first moment")
    offline.keyboard.press("Space")
    wait_until(lambda: step(offline) != str(first), "it to play")
    offline.keyboard.press("ArrowRight")
    on_screen(offline, moments[2].id)
    wait_until(lambda: step(offline) == str(last), "the end")
    expect(offline.get_by_role("heading", name="The end")).to_be_visible()
    assert cells(offline) == ["0-title", "1-title", "coverage"]
    assert not errors and all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    context.close()


def test_a_talk_goes_on_past_a_deleted_run_which_is_taken_back(server, opened, ended):
    talks = Talks(server.store.root)
    moments = [Moment(caption="Begin"), Moment(runs=[ended.id], screen="coverage"), Moment(caption="Go on")]
    talks.write("gone", Talk(title="Gone", moments=moments))
    wait_until(lambda: not ended.is_held(), "its last checkpoint to be written")
    Bin(server.store).delete(ended)
    page = opened("talks?talk=gone")
    on_screen(page, moments[0].id)
    page.keyboard.press("PageDown")
    on_screen(page, moments[1].id)
    expect(page.get_by_test_id("talk")).to_contain_text(f"Run {ended.id} was deleted.")
    page.keyboard.press("PageDown")
    on_screen(page, moments[2].id)
    page.keyboard.press("PageUp")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Take it back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/talks\?edit=gone$"))
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("button", name="Take it back")).to_have_count(0)
    page.get_by_role("button", name="Give").click()
    on_screen(page, moments[0].id)
    page.keyboard.press("PageDown")
    on_screen(page, moments[1].id)
    wait_until(lambda: cells(page) == ["0-title", "1-title", "coverage"], "the run on the stage")


@pytest.mark.parametrize("path", ["?recording=digits", "experiments?experiment=mode-drop&guess=0&state=recorded"])
def test_a_moment_of_a_recording_is_kept_in_a_talk(path, server, opened):
    page = opened(path)
    line = page.get_by_test_id("timeline")
    wait_until(lambda: line.count() and int(step(page) or 0) > 0, "the recording to play")
    page.get_by_role("slider").focus()
    page.keyboard.press("Space")
    for _ in range(2):
        page.keyboard.press("PageDown")
    expect(page).to_have_url(re.compile(r"[?&]step=\d+"))
    shown = int(re.search(r"[?&]step=(\d+)", page.url).group(1))
    assert shown == int(step(page))
    page.locator(".st-key-talk-menu button").first.click()
    title = f"Recorded {len(Talks(server.store.root).names())}"
    if page.get_by_label("Its title").count() == 0:
        choose(page.get_by_role("combobox", name="Talk"), re.compile("A new talk"))
    page.get_by_label("Its title").fill(title)
    page.get_by_label("Its title").press("Tab")
    page.get_by_role("button", name=re.compile(rf"Add at step {shown:,}")).click()
    expect(page.get_by_text("it has 1 moment")).to_be_visible()
    talks = Talks(server.store.root)
    talk = talks.read(title.lower().replace(" ", "-"))
    (moment,) = talk.moments
    assert moment.recording in ("digits", "experiments/mode-drop") and moment.step == shown
    given = opened(f"talks?talk={title.lower().replace(' ', '-')}")
    on_screen(given, moment.id)
    wait_until(lambda: step(given) == str(shown), "the moment on the stage")
    expect(given.get_by_text("Recorded run: ")).to_be_visible()
    again = opened(page.url.replace(server.address(""), ""))
    wait_until(lambda: again.get_by_test_id("timeline").count() and step(again) == str(shown), "a link to the moment")


def test_what_one_is_looking_at_is_opened_by_the_keyboard(server, visit, ended):
    tab: TrainPage = visit(server).open(f"?run={ended.id}")
    button = tab.cell("coverage").get_by_role("button", name="What am I looking at? Mode coverage")
    expect(button).to_be_visible()
    button.focus()
    tab.page.keyboard.press("Enter")
    words = tab.page.get_by_text("The share of samples on each mode, a bar for each model")
    expect(words).to_be_visible()
    tab.page.keyboard.press("Tab")
    expect(tab.page.get_by_role("link", name="What the words mean").last).to_be_focused()
    tab.page.keyboard.press("Escape")
    expect(words).to_be_hidden()


def test_how_it_works_has_the_numbers_of_the_run(opened, ended):
    page = opened(f"how_it_works?run={ended.id}")
    view = RunReader(ended).read()
    for lane in (0, 1):
        for phase in explain(view, lane, "").phases:
            expect(page.locator("svg").filter(has=page.get_by_text(phase.flow.updates[0])).first).to_be_visible()
            if phase.loss is not None:
                number = format_number(phase.loss).replace("-", "−")  # as a formula has it
                expect(page.locator(".katex-html").filter(has_text=number).first).to_be_visible()
    expect(page.get_by_role("heading", name="Where they differ")).to_be_visible()
    expect(page.get_by_text("no loss compares with it")).to_be_visible()
    expect(page.locator("#solid-mode")).to_have_count(1)
