"""The time line in a browser: replay, scrubbing while it trains, the keyboard, links to a moment."""

from __future__ import annotations

import re
from typing import Any

import pytest
from helpers import wait_until
from patience import expect
from serving import Server, TrainPage

from genlab.runs import Run
from genlab.runs.folder import Frame
from genlab.runs.history import append_record
from genlab.spec import make_spec

pytestmark = pytest.mark.browser

STEPS, SEED = 2000, 77  # of the run that this file looks at
FEW = 300


@pytest.fixture
def line(visit) -> Any:
    """Opens a run and waits until the browser holds all of its frames."""

    def opened(server: Server, run: Run, query: str = "") -> TrainPage:
        tab = visit(server).open(f"?run={run.id}{query}")
        wait_until(lambda: frames(tab) == moments(run), "all frames")
        return tab

    return opened


def frames(tab: TrainPage) -> int:
    return int(attribute(tab, "frames") or 0)


def moments(run: Run) -> int:
    return len({step for lane in range(2) for step in run.frame_steps(lane)})


def attribute(tab: TrainPage, name: str) -> str:
    line = tab.page.get_by_test_id("timeline")
    return (line.get_attribute(f"data-{name}") or "") if line.count() else ""


def stands_at(tab: TrainPage, step: int) -> None:
    expect(tab.page.get_by_test_id("timeline")).to_have_attribute("data-step", str(step))


@pytest.fixture
def ended(server, visit) -> Run:
    """A run that has ended, the same for all tests of this file."""
    mine = [run for run in server.store.runs() if run.spec().seed == SEED and not run.metadata().forked_from]
    run = mine[0] if mine else server.store.submit(make_spec(budget=STEPS, seed=SEED))
    visit(server).open(f"?run={run.id}").is_now("done")
    assert len(run.frame_steps(0)) >= 4
    return run


def test_keys_move_an_ended_run(server, line, ended):
    steps = ended.frame_steps(0)
    tab = line(server, ended)
    stands_at(tab, steps[-1])
    for key, step in (
        ("ArrowLeft", steps[-2]),
        ("ArrowLeft", steps[-3]),
        ("ArrowRight", steps[-2]),
        ("Home", steps[0]),
        ("PageDown", steps[min(10, len(steps) - 1)]),
        ("Home", steps[0]),
        ("End", steps[-1]),
    ):
        tab.page.keyboard.press(key)
        stands_at(tab, step)
    slider = tab.page.get_by_role("slider", name="Place on the time line")
    expect(slider).to_have_attribute("aria-valuetext", f"step {steps[-1]:,}")
    headings = tab.cell("0-title").get_by_role("heading")
    at_the_end = headings.inner_text()
    tab.page.keyboard.press("Home")
    stands_at(tab, steps[0])
    assert at_the_end != "" and re.search(r"\d of 8 modes", headings.inner_text())


def test_space_plays_from_the_start_to_the_end(server, line, ended):
    steps = ended.frame_steps(0)
    tab = line(server, ended)
    before = int(attribute(tab, "drawn"))
    tab.page.keyboard.press(" ")
    wait_until(lambda: attribute(tab, "step") != str(steps[-1]), "the replay to begin")
    stands_at(tab, steps[-1])
    assert int(attribute(tab, "drawn")) - before >= len(steps) - 1, "every frame was drawn"
    expect(tab.page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_the_address_names_the_step_and_a_link_opens_it(server, line, ended):
    steps = ended.frame_steps(0)
    tab = line(server, ended)
    entries = tab.page.evaluate("history.length")
    for _ in range(2):
        tab.page.keyboard.press("ArrowLeft")
    expect(tab.page).to_have_url(re.compile(rf"step={steps[-3]}\b"))
    assert tab.page.evaluate("history.length") == entries, "moving fills no history"
    tab.page.reload()
    stands_at(tab, steps[-3])
    other = line(server, ended, f"&step={steps[1] + 1}&clock=seconds")
    stands_at(other, steps[1])
    expect(other.page.get_by_label("Against")).to_have_value("seconds")


def test_who_scrubs_back_while_it_trains_stays_there_until_live(server, visit):
    tab = visit(server)
    tab.watch()
    wait_until(lambda: frames(tab) >= 4, "frames")
    tab.page.keyboard.press("Home")
    stands_at(tab, 0)
    held = frames(tab)
    wait_until(lambda: frames(tab) >= held + 4, "more frames, which go on coming")
    stands_at(tab, 0)
    assert attribute(tab, "live") == "false"
    tab.page.get_by_role("button", name="Live").click()
    wait_until(lambda: int(attribute(tab, "step")) > 0 and attribute(tab, "live") == "true", "the newest frame")
    step = int(attribute(tab, "step"))
    wait_until(lambda: int(attribute(tab, "step")) > step, "newer frames, followed")


NOTE_STEPS = """line => {
    window.steps = []
    const note = () => window.steps.push(Number(line.dataset.step))
    new MutationObserver(note).observe(line, { attributeFilter: ["data-step"] })
}"""


def test_frames_that_come_together_are_shown_one_after_the_other(server, visit, ended):
    run = server.store.create(make_spec(budget=10**6, seed=SEED + 1))
    run.write_reference(ended.reference() or {})
    newest = [ended.newest_frame(lane) for lane in (0, 1)]
    state = run.state()
    state.state = "running"
    with run.lock():  # as whoever trains it would

        def write(steps: list[int]) -> None:
            for step in steps:
                for lane in (0, 1):
                    frame = newest[lane]
                    run.write_frame(Frame(lane=lane, step=step, metrics=frame.metrics, arrays=frame.arrays))
                    append_record(run, {"lane": lane, "step": step, "seconds": step / 1000, "examples": step * 256})
            run.write_state(state)

        write([20])
        tab = visit(server).open(f"?run={run.id}")
        stands_at(tab, 20)
        tab.page.get_by_test_id("timeline").evaluate(NOTE_STEPS)
        write([40, 60, 80])
        stands_at(tab, 80)
        state.state = "stopped"
        run.write_state(state)
    assert list(dict.fromkeys(step for step in tab.page.evaluate("window.steps") if step > 20)) == [40, 60, 80]


def test_a_zoom_stays_while_it_plays(server, line, ended):
    tab = line(server, ended)
    plot = tab.cell("0-samples").locator(".js-plotly-plot")
    plot.evaluate("plot => Plotly.relayout(plot, {'xaxis.range': [0, 1], 'yaxis.range': [0, 1]})")
    drawn = int(attribute(tab, "drawn"))
    tab.page.keyboard.press(" ")
    wait_until(lambda: int(attribute(tab, "drawn")) >= drawn + len(ended.frame_steps(0)) - 1, "the replay")
    assert plot.evaluate("plot => [...plot._fullLayout.xaxis.range]") == [0, 1]


@pytest.mark.parametrize(
    "query, words", [("step=3.5", "step=3.5"), ("step=x%3Cb%3E", "step=x<b>"), ("clock=sundial", "clock=sundial")]
)
def test_nonsense_in_the_address_of_a_moment_is_said_and_ignored(server, line, ended, query, words):
    tab = line(server, ended, f"&{query}")
    expect(tab.page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    stands_at(tab, ended.frame_steps(0)[-1])
    expect(tab.exceptions).to_have_count(0)


def test_a_fork_goes_on_from_a_kept_checkpoint_and_is_marked(server, line, ended):
    steps = ended.frame_steps(0)
    tab = line(server, ended)
    tab.page.keyboard.press("ArrowLeft")
    stands_at(tab, steps[-2])
    tab.page.get_by_role("button", name="Fork here").click()
    dialog = tab.page.get_by_role("dialog")
    expect(dialog).to_contain_text("A new run goes on from step")
    rate = dialog.get_by_role("spinbutton").first
    rate.fill("0.5")
    rate.press("Tab")
    dialog.get_by_role("button", name="Fork", exact=True).click()
    expect(tab.page).not_to_have_url(re.compile(ended.id))
    fork = tab.run()
    wait_until(lambda: fork.state().state == "done", "the fork to be trained")  # the page may still show the first run
    tab.is_now("done")
    origin = fork.metadata().forked_from
    assert origin.run == ended.id and 0 < origin.step <= steps[-2] and origin.new == 0.5
    assert fork.frame_steps(0)[0] == origin.step, "its own frames begin at the fork"
    tab.page.keyboard.press("Home")
    stands_at(tab, 0)  # and its line with what the first run did
    expect(tab.page.locator(".genlab-mark")).to_have_attribute("title", "fork")
    expect(tab.page.get_by_text(f"Forked from {ended.id}")).to_be_visible()


def test_parts_that_the_address_leaves_out_are_not_there(server, visit, ended):
    tab = visit(server)
    tab.page.goto(server.address(f"train?run={ended.id}&hide=links,settings,buttons,bar,roof"))
    wait_until(lambda: frames(tab) == moments(ended), "all frames")
    expect(tab.page.get_by_role("link", name="Runs")).to_have_count(0)
    expect(tab.train).to_have_count(0)
    expect(tab.state).to_have_count(0)
    expect(tab.page.get_by_role("slider")).to_have_count(0)
    expect(tab.page.get_by_role("alert").filter(has_text="hide=roof")).to_be_visible()
    tab.page.keyboard.press("Home")
    stands_at(tab, 0)  # a speaker still has the keys


def test_the_link_names_the_moment_and_what_is_left_out(server, line, ended):
    tab = line(server, ended)
    tab.page.keyboard.press("Home")
    expect(tab.page).to_have_url(re.compile(r"step=0\b"))
    tab.page.get_by_role("button", name="Link").click()
    tab.page.get_by_text("Settings at the side").click()
    expect(tab.page.get_by_test_id("stCode")).to_contain_text(f"/train?run={ended.id}&step=0&hide=settings")


# What the time line tells first of step 0 is lost, as it may be beside a click.
LOSE_ONE = """() => {
  const { show } = window.genlabTimeline
  window.genlabTimeline.show = (component) => show({ ...component, setTriggerValue: (name, value) => {
    if (name === "place" && value === "0" && window.lost === undefined) window.lost = value
    else component.setTriggerValue(name, value)
  }})
}"""


def test_a_place_that_was_told_in_vain_is_told_again(server, line, ended):
    tab = line(server, ended)
    tab.page.evaluate(LOSE_ONE)
    tab.page.get_by_label("Against").select_option("examples")  # the next message takes up what was put in place
    expect(tab.page.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile(r"examples$"))
    tab.page.get_by_test_id("timeline").focus()
    tab.page.keyboard.press("Home")
    wait_until(lambda: tab.page.evaluate("window.lost") == "0", "the loss")
    tab.page.get_by_role("button", name="Link").click()
    tab.page.get_by_text("Settings at the side").click()
    expect(tab.page.get_by_test_id("stCode")).to_contain_text("&step=0&hide=settings")


def test_four_lanes_stand_on_one_line(server, visit):
    run = server.store.submit(make_spec(budget=FEW, lanes=[{"model": name} for name in ("gan", "vae", "wgan", "ae")]))
    tab = visit(server).open(f"?run={run.id}")
    tab.is_now("done")
    last = run.frame_steps(0)[-1]
    stands_at(tab, last)
    for lane in range(4):
        expect(tab.cell(f"{lane}-title").get_by_role("heading")).to_contain_text("of 8 modes")
        wait_until(lambda lane=lane: tab.updates(f"{lane}-samples"), f"the samples of lane {lane}")
    tab.page.keyboard.press("Home")
    stands_at(tab, 0)


def test_another_clock_is_chosen_on_the_line_and_the_place_stays(server, line, ended):
    steps = ended.frame_steps(0)
    tab = line(server, ended)
    tab.page.keyboard.press("ArrowLeft")
    stands_at(tab, steps[-2])
    tab.page.get_by_label("Against").select_option("seconds")
    expect(tab.page.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile(r"^[\d.]+ s$"))
    expect(tab.page).to_have_url(re.compile("clock=seconds"))
    stands_at(tab, steps[-2])
