"""The time line: what is packed comes back, and a visitor's browser gets each frame once."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from genlab.figures.base import lane_views
from genlab.figures.packing import pack, unpack, unpack_message
from genlab.figures.timeline import Curves, curves, describe, pack_new_curves
from genlab.runs import Run, Store
from genlab.runs.view import RunReader
from genlab.ui import live
from genlab.ui import timeline as module
from genlab.ui.timeline import timeline


def test_arrays_come_back_as_near_as_they_travel() -> None:
    random = np.random.default_rng(0)
    arrays = {
        "places": random.normal(0, 3, (500, 2)),
        "table": random.uniform(-7, 12, (48, 48)),
        "shares": random.uniform(size=8),
        "modes": np.array([-1, 0, 7], "int16"),
        "many": np.array([-1, 999]),
        "pictures": random.integers(0, 256, (4, 5, 3, 3), "uint8"),
        "dropped": np.array([True, False]),
        "names": np.array(["<b>", "é\n"]),
    }
    header, back = unpack(pack({"lane": 1}, arrays))
    assert header == {"lane": 1} and back.keys() == arrays.keys()
    assert np.abs(back["places"] - arrays["places"]).max() <= np.abs(arrays["places"]).max() / 32767
    assert np.abs(back["table"] - arrays["table"]).max() <= np.ptp(arrays["table"]) / 255
    np.testing.assert_allclose(back["shares"], arrays["shares"], rtol=1e-6)
    for name in ("modes", "many", "pictures", "dropped", "names"):
        assert np.array_equal(back[name], arrays[name]), name


@pytest.mark.parametrize("places", [np.zeros((3, 2)), np.zeros((0, 2)), np.zeros((4, 4))])
def test_places_without_extent_come_back(places: np.ndarray) -> None:
    assert np.array_equal(unpack(pack({}, {"places": places}))[1]["places"], places)


@pytest.mark.parametrize(
    "before, now, start, end",
    [
        ([], [1, 2], 0, [1, 2]),
        ([1, 2], [1, 2, 3], 2, [3]),
        ([1, 2, 5], [1, 2, 4, 6], 2, [4, 6]),  # the last point of a thinned curve is replaced
        ([1, 2, 3], [1], 1, []),  # a run that went back to its checkpoint
    ],
)
def test_of_a_curve_its_new_end_travels(before: list[float], now: list[float], start: int, end: list[float]) -> None:
    package = pack_new_curves(Curves({"curve": np.array(now)}, {}), {"curve": np.array(before)})
    header, arrays = unpack(package)
    assert header["starts"] == {"curve": start} and arrays["curve"].tolist() == end


def test_a_curve_that_has_not_changed_does_not_travel() -> None:
    same = {"curve": np.arange(3.0)}
    assert unpack(pack_new_curves(Curves(same, {}), same))[0]["starts"] == {}


def test_the_description_holds_all_that_the_train_page_draws(ring_run: Run) -> None:
    lanes = lane_views(RunReader(ring_run).read())
    header, arrays = unpack(describe(live.cells(lanes), lanes, columns=4))
    drawn = {cell["name"]: [layer["kind"] for layer in cell["layers"]] for cell in header["cells"] if "layers" in cell}
    assert drawn["0-samples"] == ["Surface", "Points", "Points"] and drawn["1-samples"] == ["Points", "Points"]
    assert drawn["0-latent"] == ["ClassPoints", "Labels"] and drawn["coverage"] == ["Bars", "Bars", "Bars"]
    assert {"0-samples/real", "coverage/real"} <= arrays.keys()
    assert [lane["title"] for lane in header["lanes"]] == ["GAN", "VAE"]


class Browser:
    """What the browser does with messages: it holds frames by lane and step, and asks where it lacks some."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
        self.session: dict[str, Any] = {}
        self.messages: list[bytes] = []
        monkeypatch.setattr(module, "_timeline", lambda **arguments: self.messages.append(arguments["data"]))
        monkeypatch.setattr(module, "st", SimpleNamespace(session_state=self.session, query_params={}))
        monkeypatch.setattr(module, "served_plotly", lambda: "plotly.js")
        monkeypatch.setattr(module, "MESSAGE_SECONDS", float("inf"))  # a busy machine sends as much
        self.run, self.reader = run, RunReader(run)

    def look(self, **options: Any) -> tuple[dict[str, Any], list[tuple[int, int]]]:
        """One look of the page; returns the header, and lane and step of each frame in the message."""
        view = self.reader.read()
        lanes = lane_views(view)
        cells, frames = live.cells(lanes), live.lane_frames(self.reader, view)
        timeline(cells, lanes, frames, key="charts", columns=4, **options)
        header, parts = unpack_message(self.messages[-1])
        headers = [unpack(part)[0] for part in parts]
        return header, [(part["lane"], part["step"]) for part in headers if "step" in part]

    def ask(self, held: list[list[int]], signature: str, **more: Any) -> None:
        self.session["charts"] = {"missing": {"held": held, "signature": signature, **more}}
        module._note_question("charts")


def all_frames(run: Run) -> list[tuple[int, int]]:
    return [(lane, step) for lane in (0, 1) for step in run.frame_steps(lane)]


def test_every_frame_is_sent_once(ring_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(monkeypatch, ring_run)
    header, frames = browser.look()
    assert sorted(frames) == all_frames(ring_run) and header["describes"] and header["grows"] and not header["more"]
    header, frames = browser.look()
    assert frames == [] and "describes" not in header and "grows" not in header
    assert len(browser.messages[1]) < 500, "bytes of a look with nothing new"
    assert header["held"] == [len(ring_run.frame_steps(lane)) for lane in (0, 1)]


def test_a_browser_that_lost_a_message_gets_what_it_lacks(ring_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(monkeypatch, ring_run)
    header, frames = browser.look()
    lost = frames[-1]
    held = [[step for lane, step in frames if lane == mine and (lane, step) != lost] for mine in (0, 1)]
    browser.ask(held, header["signature"])
    header, frames = browser.look()
    assert frames == [lost] and header["describes"] and header["grows"]
    browser.ask([], "")  # one that was reloaded
    assert sorted(browser.look()[1]) == all_frames(ring_run)


def test_a_long_run_comes_in_parts_with_the_wanted_step_first(ring_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MESSAGE_BYTES", 0)
    browser = Browser(monkeypatch, ring_run)
    wanted = ring_run.frame_steps(0)[-1]
    header, first = browser.look(step=wanted)
    assert first == [(0, wanted)] and header["more"]
    sent, looks = set(first), 0
    while header["more"]:
        browser.ask([[step for lane, step in sent if lane == mine] for mine in (0, 1)], header["signature"], more=True)
        header, frames = browser.look(step=wanted)
        assert "describes" not in header and not sent & set(frames)
        sent |= set(frames)
        looks += 1
    assert sorted(sent) == all_frames(ring_run) and looks == len(sent) - 1


def test_frames_that_the_run_removed_are_removed(ring_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(monkeypatch, ring_run)
    browser.look()
    kept = {lane: ring_run.frame_steps(lane) for lane in (0, 1)}
    monkeypatch.setattr(Run, "steps_of_frames", lambda run: {lane: steps[:1] for lane, steps in kept.items()})
    header, frames = browser.look()
    assert header["removed"] == [[lane, step] for lane in (0, 1) for step in kept[lane][1:]] and frames == []
    assert header["held"] == [1, 1]


def test_a_damaged_frame_is_read_once(ring_run: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(store.root / "damaged")  # a name of its own: what was packed is kept by name
    shutil.copytree(ring_run.path, run.path)
    *_, before, last = run.frame_steps(0)
    for step in (before, last):
        (run.path / "frames" / f"0-{step:09d}.npz").write_bytes(b"damaged")
    tried = []
    read_arrays = Run.read_arrays
    monkeypatch.setattr(Run, "read_arrays", lambda run, path: tried.append(path.name) or read_arrays(run, path))
    browser = Browser(monkeypatch, run)
    header, frames = browser.look()
    damaged = {(0, before), (0, last)}
    assert set(frames) == set(all_frames(run)) - damaged and not header["more"] and tried
    tried.clear()
    for _ in range(2):
        assert browser.look()[1] == []
    assert tried == []
    browser.ask([], "")  # one that was reloaded, perhaps since the files were mended
    browser.look()
    assert {f"0-{step:09d}.npz" for _, step in damaged} <= set(tried)


def test_curves_are_thinned_so_that_few_points_change() -> None:
    from genlab.figures.base import thinned

    at = np.arange(10_000.0)
    for count in (1, 399, 400, 401, 1000, 9999):
        xs, ys = thinned(at[:count], -at[:count], 400)
        assert len(xs) <= 400 and xs[0] == 0 and xs[-1] == count - 1 and np.array_equal(ys, -xs)
    before, after = thinned(at[:1000], at[:1000], 400)[0], thinned(at[:1040], at[:1040], 400)[0]
    assert np.array_equal(before[:-1], after[: len(before) - 1]), "only the last one moved"


def test_curves_of_another_clock_are_drawn_against_it(ring_run: Run) -> None:
    view = RunReader(ring_run).read()
    for clock in ("steps", "seconds", "examples"):
        lanes = lane_views(view, clock)
        drawn = curves(live.cells(lanes), lanes).arrays["0-losses/generator/loss/at"]
        recorded = view.history.series(0, "generator/loss", {"steps": "step"}.get(clock, clock))[0]
        np.testing.assert_allclose(drawn, recorded, rtol=1e-6)
