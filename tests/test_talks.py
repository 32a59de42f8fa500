"""Talks that are written: what is kept, what is refused, what a browser is sent; and the verdict of a talk."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from test_pages import ROOT, no_worker, shown, words  # noqa: F401

from genlab.export.html import play_offline
from genlab.export.talk import TAKE_BACK, talk_message
from genlab.figures.base import LaneView, lane_views
from genlab.figures.packing import unpack, unpack_message
from genlab.figures.recorded_talk import recorded_slides, screens_of
from genlab.figures.talk import DATA, SCREENS, slides, spoken_of, talk_cells, verdict
from genlab.recordings import Recording, experiment_recordings, recording_at, recordings
from genlab.registry import FIGURES
from genlab.runs import Run, Store
from genlab.runs.bin import Bin
from genlab.runs.talks import MAXIMUM_MOMENTS, Moment, Screen, Talk, Talks, TalkUnreadable
from genlab.runs.view import RunReader
from genlab.ui import talk_page


@pytest.fixture
def talks(tmp_path: Path) -> Talks:
    return Talks(tmp_path)


def told(message: bytes) -> dict[str, Any]:
    return unpack_message(message)[0]["talk"]


def test_a_talk_is_read_as_it_was_written(talks: Talks) -> None:
    name = talks.create("  When does a GAN\ndrop modes? ")
    assert name == "when-does-a-gan-drop-modes" and talks.read(name).title == "When does a GAN drop modes?"
    moments = [Moment(runs=["a", "b:1"], step=300, screen="latent", caption="One\ntwo"), Moment(caption="<b>words</b>")]
    talk = Talk(title="x", moments=moments)
    talks.write(name, talk)
    assert talks.read(name) == talk
    assert talk.moments[0].lanes() == [("a", None), ("b", 1)]
    assert [path.name for path in talks.root.iterdir()] == [f"{name}.json"], "written whole, and nothing left beside it"


def test_names_are_made_of_titles_and_differ(talks: Talks) -> None:
    titles = ["../../etc/passwd", "../../etc/passwd", "日本", "A" * 120]
    assert [talks.create(title) for title in titles] == ["etc-passwd", "etc-passwd-2", "talk", "a" * 50]
    with pytest.raises(ValidationError):
        talks.create("   ")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "a.json", "x" * 61, "a\n", "-a", "a\x00"])
def test_a_name_that_is_none_is_refused(name: str, talks: Talks) -> None:
    for act in (talks.read, talks.delete, lambda name: talks.write(name, Talk(title="x"))):
        with pytest.raises(TalkUnreadable, match="not the name of a talk"):
            act(name)
    assert not talks.root.exists()


BAD = {"id": "0" * 8, "runs": ["a"], "step": 1, "screen": "samples", "caption": ""}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "null",
        "[" * 100_000,
        json.dumps({"title": ""}),
        json.dumps({"title": "x", "more": 1}),
        *(
            json.dumps({"title": "x", "moments": [{**BAD, **change}]})
            for change in (
                {"runs": ["../x"]},
                {"runs": ["a:b"]},
                {"runs": ["a"] * 5},
                {"step": -1},
                {"step": 1e300},
                {"screen": "<script>"},
                {"id": "x"},
                {"caption": "x" * 1001},
                {"more": 1},
                {"recording": "../x"},
                {"recording": "a/b/c"},
            )
        ),
        json.dumps({"title": "x", "moments": [BAD] * (MAXIMUM_MOMENTS + 1)}),
        json.dumps({"title": "x", "note": "y" * 600_000}),
    ],
    ids=range(19),
)
def test_a_file_of_nonsense_is_refused_with_words(content: str, talks: Talks) -> None:
    talks.root.mkdir()
    (talks.root / "bad.json").write_text(content)
    with pytest.raises(TalkUnreadable, match="bad"):
        talks.read("bad")


def test_moments_are_moved_changed_and_removed() -> None:
    moments = [Moment(caption=caption) for caption in "abc"]
    talk = Talk(title="x", moments=moments)

    def captions(changed: Talk) -> str:
        return "".join(moment.caption for moment in changed.moments)

    assert captions(talk.moved(moments[0].id, 1)) == "bac"
    assert captions(talk.moved(moments[2].id, -1)) == "acb"
    assert captions(talk.moved(moments[0].id, -1)) == "abc" == captions(talk.moved(moments[2].id, 5))
    assert captions(talk.without(moments[1].id)) == "ac"
    assert captions(talk.changed(moments[1].id, caption="B")) == "aBc" and captions(talk) == "abc"
    with pytest.raises(ValidationError):
        talk.changed(moments[1].id, step=-3)
    with pytest.raises(TalkUnreadable):
        talk.without("0" * 8)


def test_the_screens_of_moments_are_those_of_talk_mode() -> None:
    assert set(get_args(Screen)) == {"words", *SCREENS}


def test_a_message_has_a_recording_for_each_choice_of_runs(
    session_store: Store, ring_run: Run, digits_run: Run
) -> None:
    ring, digits = ring_run.id, digits_run.id
    step = ring_run.frame_steps(0)[0]
    moments = [
        Moment(caption="Hello\n<i>you</i>"),
        Moment(runs=[ring], step=step, screen="samples", caption="At the start"),
        Moment(runs=[ring], screen="models"),
        Moment(runs=[f"{ring}:1", f"{digits}:0"], screen="coverage"),
        Moment(runs=["gone"], screen="samples"),
        Moment(runs=[f"{ring}:7"], screen="samples"),
        Moment(runs=[ring], screen="verdict"),
    ]
    message = talk_message(session_store, Talk(title="x", moments=moments), {"leaves": "there"})
    header, recordings = unpack_message(message)
    screens = header["talk"]["slides"]
    assert len(recordings) == 2 and header["talk"]["leaves"] == "there"
    assert screens[0] | {"name": ""} == {"name": "", "title": "Hello", "words": ["<i>you</i>"], "cells": []}
    start, *models = screens[1:4]
    assert start["title"] == "At the start" and (start["line"], start["step"]) == (0, step)
    assert (
        start["cells"] == ["0-title", "1-title", "0-samples", "1-samples"] and "Recorded: GAN and VAE" in start["label"]
    )
    assert [screen["title"] for screen in models] == ["GAN: how it learns", "VAE: how it learns"]
    assert all("<svg" in screen["drawing"] for screen in models)
    both = screens[4]
    assert both["cells"] == ["0-title", "1-title", "coverage", "coverage-1"] and both["step"] == "end"
    assert "There is no run called gone" in screens[5]["words"][0] and "there is no lane 7" in screens[6]["words"][0]
    assert "of 8 modes" in screens[7]["words"][0]
    # Every cell that a screen shows is in its recording, and so is the frame that a moment stands at.
    for screen in screens[1:5]:
        described = unpack(unpack_message(recordings[screen["line"]])[1][0])[0]
        assert set(screen["cells"]) <= {cell["name"] for cell in described["cells"]}
    frames = [unpack(part)[0] for part in unpack_message(recordings[0])[1][2:]]
    assert step in {frame["step"] for frame in frames if frame["lane"] == 0}


def test_a_moment_of_a_deleted_run_says_where_it_is_and_takes_it_back(
    store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(store.root / ring_run.id)
    shutil.copytree(ring_run.path, run.path)
    moments = [Moment(runs=[run.id], screen="coverage", caption="Look\nhere"), Moment(caption="Go on")]
    talks, talk = Talks(store.root), Talk(title="x", moments=moments)
    talks.write("x", talk)
    deleted = Bin(store).delete(run)
    first, second = told(talk_message(store, talk, {}))["slides"]
    assert first["title"] == "Look" and first["words"][0] == "here" and "in the bin for a week" in first["words"][1]
    assert first["leads"] == TAKE_BACK and second["title"] == "Go on"
    monkeypatch.setattr(talk_page, "get_store", lambda: store)
    monkeypatch.setattr(talk_page, "_kept_message", lambda digest, talk, told: digest)
    before = talk_page._message("x", talk, {})
    page = shown(ROOT / "pages" / "talks.py", store, monkeypatch, edit="x")
    page.button(key=f"x-{moments[0].id}-restore-{run.id}").click().run()
    assert not page.exception and run.path.is_dir() and not Bin(store).find(run.id)
    assert not [button for button in page.button if "restore" in button.key]
    assert told(talk_message(store, talk, {}))["slides"][0]["cells"]
    assert talk_page._message("x", talk, {}) != before, "the stage shows it again"
    shutil.rmtree(Bin(store).delete(run).run.path)
    (gone, _) = told(talk_message(store, talk, {}))["slides"]
    assert "There is no run called" in gone["words"][1] and not gone["leads"] and deleted.run.id == run.id


@pytest.mark.parametrize("place", ["race", "digits", "experiments/mode-drop"])
def test_a_moment_of_a_recording_shows_it_at_its_step(place: str, store: Store) -> None:
    recording = recording_at(place)
    assert recording and recording.place == place
    steps = sorted({unpack(part)[0]["step"] for part in unpack_message(recording.read())[1][2:]})
    middle = steps[len(steps) // 2]
    moments = [
        Moment(recording=place, step=middle, screen="samples", caption="Here\nmine"),
        Moment(recording=place, step=middle, screen="verdict"),
        Moment(recording=place, screen="verdict"),
    ]
    header, (line,) = unpack_message(talk_message(store, Talk(title="x", moments=moments), {}))
    samples, at_step, at_end = header["talk"]["slides"]
    assert (samples["title"], samples["words"], samples["step"], samples["line"]) == ("Here", ["mine"], middle, 0)
    assert samples["label"] == recording.label
    described = unpack(unpack_message(line)[1][0])[0]
    assert set(samples["cells"]) <= {cell["name"] for cell in described["cells"]} and "0-samples" in samples["cells"]
    assert all(words.startswith(f"Step {middle:,}: ") for words in at_step["words"]) and at_step["words"]
    assert all(words.startswith(f"Step {steps[-1]:,}: ") for words in at_end["words"]) and at_end["step"] == "end"


@pytest.mark.parametrize(
    "recording", [*recordings().values(), *experiment_recordings().values()], ids=lambda recording: recording.place
)
def test_every_screen_that_is_offered_of_a_recording_shows_something(recording: Recording) -> None:
    offered = screens_of(recording)
    assert {"data", "models", "verdict"} < set(offered)
    for screen in offered:
        made = recorded_slides(recording, (screen,))
        assert made and all(slide["cells"] or slide["words"] for slide in made)
    assert not [screen for screen in SCREENS if screen not in offered and recorded_slides(recording, (screen,))]


def test_a_recording_that_there_is_not_is_said_to_be_none(store: Store) -> None:
    talk = Talk(title="x", moments=[Moment(recording="experiments/none", screen="samples", caption="A\nmine")])
    (screen,) = told(talk_message(store, talk, {}))["slides"]
    assert screen["title"] == "A" and screen["words"][0] == "mine" and not screen["cells"]
    assert "There is no recorded run called experiments/none" in screen["words"][1]


def test_a_talk_without_moments_says_so(store: Store) -> None:
    (screen,) = told(talk_message(store, Talk(title="Nothing yet"), {}))["slides"]
    assert screen["title"] == "Nothing yet" and "no moments" in screen["words"][0]


def test_hostile_words_stay_words_in_the_file(store: Store) -> None:
    hostile = "</script><script>alert(1)</script>"
    talk = Talk(title=hostile, moments=[Moment(caption=hostile)])
    page = play_offline(talk.title, "Made by genlab.", talk_message(store, talk, {}), player="genlabTalk").decode()
    assert "alert(1)</script>" not in page and "&lt;script&gt;alert(1)" in page
    assert "window.genlabTalk.show" in page


def lanes_of(run: Run, **metrics: list[float]) -> list[LaneView]:
    lanes = lane_views(RunReader(run).read())
    changed = []
    for i, lane in enumerate(lanes):
        assert lane.frame
        values = {**lane.frame.metrics, **{name: of[i] for name, of in metrics.items()}}
        changed.append(replace(lane, frame=lane.frame.model_copy(update={"metrics": values})))
    return changed


def test_the_verdict_is_computed_and_says_where_there_is_no_difference(ring_run: Run) -> None:
    # Two shares of 1,000: 0.50 and 0.54 are 1.79 standard errors apart, 0.50 and 0.55 are 2.24.
    same = verdict(lanes_of(ring_run, solid=[7, 7], on_mode_share=[0.5, 0.54], samples=[1000, 1000]))
    assert "no difference this time, 7 each" in same[-2] and "no difference beyond chance" in same[-1]
    apart = verdict(lanes_of(ring_run, solid=[7, 8], on_mode_share=[0.5, 0.55], samples=[1000, 1000]))
    assert apart[-2:] == [
        "VAE covers the most modes: 8, the next 7.",
        "VAE has the most of its samples on a mode: 55%, the next 50%.",
    ]
    assert verdict([replace(lane, frame=None) for lane in lanes_of(ring_run)]) == [
        "Nothing is known yet: no model has a frame."
    ]


def test_talk_mode_has_a_screen_for_each_idea(ring_run: Run) -> None:
    lanes = lane_views(RunReader(ring_run).read())
    cells = {cell.name: cell.lanes for cell in talk_cells(lanes)}
    screens = slides(spoken_of(lanes, "Ring", [(None, {})] * 2), cells)
    assert [screen["name"] for screen in screens] == [
        *("data", "model-0", "model-1", "samples", "reconstructions", "losses", "latent", "coverage", "verdict")
    ]
    reconstructions = screens[4]
    assert reconstructions["cells"] == ["1-title", "1-reconstructions"] and reconstructions["columns"] == 1


@pytest.mark.parametrize("name", [*FIGURES, "data"])
def test_what_one_is_looking_at_is_short_and_says_what_to_look_for(name: str) -> None:
    entry = DATA if name == "data" else FIGURES[name]
    assert 20 <= len(entry.explanation.split()) <= 80
    assert " Look for " in entry.explanation


def test_a_talk_is_written_on_its_page(session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    talks = Talks(session_store.root)
    name = talks.create("Written here")
    moments = [Moment(caption="one"), Moment(runs=[ring_run.id], screen="samples", caption="two")]
    talks.write(name, Talk(title="Written here", moments=moments))
    try:
        test = shown(ROOT / "pages" / "talks.py", session_store, monkeypatch, edit=name)
        first, second = (f"{name}-{moment.id}" for moment in moments)
        test.number_input(key=f"{second}-step").set_value(40).run()
        test.selectbox(key=f"{second}-screen").set_value("latent").run()
        test.text_area(key=f"{first}-caption").set_value("**ONE**").run()
        test.button(key=f"{first}-Later").click().run()
        assert not test.exception
        now = talks.read(name).moments
        assert [(m.caption, m.step, m.screen) for m in now] == [("two", 40, "latent"), ("**ONE**", None, "words")]
        test.button(key=f"{second}-remove").click().run()
        assert [m.caption for m in talks.read(name).moments] == ["**ONE**"]
        test.button(key="undo").click().run()
        assert talks.read(name).moments == now and not test.exception
    finally:
        talks.delete(name)


def test_the_views_of_the_page_of_talks_are_in_its_address(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    name = Talks(store.root).create("Mine")
    test = shown(ROOT / "pages" / "talks.py", store, monkeypatch)
    test.button(key=f"Write-{name}").click().run()
    assert dict(test.query_params) == {"edit": name}
    test.button(key="add-words").click().run()
    assert len(test.text_area) == 1, "a press on the page leaves it at the talk"
    test.button(key="All talks").click().run()
    assert dict(test.query_params) == {} and not test.text_area and not test.exception


def test_a_talk_about_a_run_that_goes_on_is_made_again(
    session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk_page, "get_store", lambda: session_store)
    monkeypatch.setattr(talk_page, "_kept_message", lambda digest, talk, told: digest)
    talk, steps = Talk(title="x", moments=[Moment(runs=[ring_run.id])]), {0: [0, 10], 1: [0, 10]}
    monkeypatch.setattr(Run, "steps_of_frames", lambda run: steps)
    before = talk_page._message("x", talk, {})
    assert talk_page._message("x", talk, {}) == before
    steps[1] = [0, 10, 20]
    assert talk_page._message("x", talk, {}) != before


@pytest.mark.parametrize("query", [{"talk": "../../x"}, {"edit": "<b>"}, {"talk": "none"}])
def test_nonsense_in_the_address_of_a_talk_is_said(
    query: dict[str, str], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "talks.py", store, monkeypatch, **query)
    assert len(test.error) == 1 and next(iter(query.values())) in words(test)


def test_a_new_talk_is_begun_and_deleted_and_taken_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    test = shown(ROOT / "pages" / "talks.py", store, monkeypatch)
    test.text_input[0].set_value("My talk")
    test.button[0].click().run()
    assert Talks(store.root).names() == ["my-talk"] and not test.exception
    again = shown(ROOT / "pages" / "talks.py", store, monkeypatch)
    again.button(key="delete-my-talk").click().run()
    assert Talks(store.root).names() == []
    again.button(key="undo").click().run()
    assert Talks(store.root).names() == ["my-talk"] and not again.exception
