"""Recordings: what a run kept comes back from one file, those that come with genlab are whole, and pages play them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import PATIENCE
from PIL import Image
from streamlit.testing.v1 import AppTest

from genlab import recordings
from genlab.experiments.outcomes import outcomes
from genlab.figures.base import lane_views
from genlab.figures.packing import unpack, unpack_message
from genlab.figures.recording import (
    CODES,
    IMAGES,
    POINTS,
    evenly,
    make_recording,
    recording_cells,
    recording_columns,
)
from genlab.recordings import FOLDER, Recording
from genlab.registry import DATASETS, EXPERIMENTS, MODELS
from genlab.runs import Run, Store
from genlab.runs.view import RunReader
from genlab.spec import RunSpec, make_spec
from genlab.ui import timeline
from genlab.ui.escape import JOINER

ROOT = Path(__file__).parents[1]
MOST_BYTES = 12_000_000  # of all that comes with genlab
ALL = recordings.recordings()
each = pytest.mark.parametrize("recording", ALL.values(), ids=lambda recording: recording.name)


def recorded(run: Run, maximum_frames: int = 100, maximum_bytes: int = 10**7, **cells: Any) -> bytes:
    view = RunReader(run).read()
    lanes = lane_views(view)
    frames = [[run.frame(lane, step) for step in steps] for lane, steps in enumerate(view.frame_steps)]
    limits = {"maximum_frames": maximum_frames, "maximum_bytes": maximum_bytes}
    return make_recording(recording_cells(lanes, **cells), lanes, frames, {"name": "mine"}, columns=4, **limits)


def test_the_frames_of_a_run_come_back(ring_run: Run) -> None:
    header, (fixed, grown, *frames) = unpack_message(recorded(ring_run))
    assert header["recording"] == {"name": "mine"}
    assert header["held"] == [len(ring_run.frame_steps(lane)) for lane in (0, 1)]
    described, arrays = unpack(fixed)
    assert described["recording"] and [lane["title"] for lane in described["lanes"]] == ["GAN", "VAE"]
    assert len(arrays["0-samples/real"]) and unpack(grown)[0]["starts"] == {}
    opened = [unpack(frame) for frame in frames]
    of_run = [(lane, step) for lane in (0, 1) for step in ring_run.frame_steps(lane)]
    assert [(part["lane"], part["step"]) for part, _ in opened] == of_run
    for part, arrays in opened:
        lane, kept = part["lane"], ring_run.frame(part["lane"], part["step"])
        for name, wanted in (
            ("samples/samples", kept.arrays["samples"][:POINTS]),
            ("latent/points", kept.arrays["latent"][:CODES]),
        ):
            assert np.abs(arrays[f"{lane}-{name}"] - wanted).max() <= np.abs(wanted).max() / 32767
        np.testing.assert_allclose(arrays[f"coverage/{lane}/share"], kept.arrays["mode_share"], rtol=1e-6)
        assert f"{kept.metrics['solid']} of 8 modes" in part["heading"]
    seconds = [part["seconds"] for part, _ in opened if part["lane"] == 0]
    assert seconds == sorted(seconds) and seconds[-1] > 0


def test_pictures_come_back_as_they_are(digits_run: Run) -> None:
    _, parts = unpack_message(recorded(digits_run, picture="reconstructions", large=True))
    part, arrays = unpack(parts[-1])
    kept = digits_run.frame(1, part["step"])
    assert np.array_equal(arrays["1-samples/samples"], kept.arrays["samples"][:IMAGES])
    assert np.array_equal(arrays["1-reconstructions/pairs"][:, :, 8:], kept.arrays["reconstructed"])


def test_it_keeps_so_many_frames_and_fewer_where_the_bytes_end(ring_run: Run) -> None:
    steps = ring_run.frame_steps(0)
    whole = recorded(ring_run)
    two = recorded(ring_run, maximum_frames=2)
    opened = [unpack(part)[0] for part in unpack_message(two)[1][2:]]
    assert [part["step"] for part in opened] == [steps[0], steps[-1]] * 2
    assert len(steps) > 2 and len(recorded(ring_run, maximum_bytes=len(whole) - 1)) < len(whole)
    with pytest.raises(ValueError, match="two frames"):
        recorded(ring_run, maximum_bytes=len(two) - 1)


def test_what_is_kept_is_spread_evenly_over_the_seconds() -> None:
    seconds = np.array([0, 0.1, 0.2, 0.3, 1.0, 2.0, 3.0])
    assert evenly(seconds, 4).tolist() == [0, 4, 5, 6]
    assert evenly(seconds, 100).tolist() == list(range(7))
    assert evenly(np.array([0, 1, 1.001, 100]), 4).tolist() == [0, 1, 2, 3], "none is left out where all fit"


def test_the_index_says_what_the_files_say() -> None:
    listed = json.loads(recordings.INDEX.read_text())
    said = [unpack_message(Recording(**values).read())[0]["recording"] for values in listed]
    assert [Recording(**values) for values in said] == [Recording(**values) for values in listed]
    assert {path.stem for path in FOLDER.glob("*.recording")} == set(ALL)
    assert len(ALL) == 7 and next(iter(ALL)) == "race"


@each
def test_every_recording_opens_and_can_be_trained(recording: Recording) -> None:
    header, parts = unpack_message(recording.read())
    opened = [unpack(part)[0] for part in parts]
    made = [sum(part.get("lane") == lane for part in opened) for lane in range(len(recording.spec["lanes"]))]
    assert made == header["held"] and min(made) > 20
    last = max(part["step"] for part in opened if "step" in part)
    assert last == recording.spec["budget"]
    assert make_spec(**recording.spec_of_today).model_dump() == recording.spec_of_today
    assert recording.look.endswith(".") and recording.label.startswith("Recorded run: ")
    with Image.open(recording.picture()) as moving, Image.open(recording.picture(still=True)) as still:
        assert moving.n_frames > 10 and moving.size == still.size  # type: ignore[attr-defined]


def test_all_that_comes_with_genlab_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= MOST_BYTES


OF_EXPERIMENTS = recordings.experiment_recordings()


def assert_is_of(recording: recordings.Recording, asked: RunSpec) -> None:
    """It is of this run, but for presets that were others when it was made."""
    made, wanted = recording.spec_of_today, asked.model_dump()
    assert {**made, "lanes": []} == {**wanted, "lanes": []}
    assert [lane["model"] for lane in made["lanes"]] == [lane.model for lane in asked.lanes]
    kind = DATASETS[asked.dataset].preset
    for lane, other in zip(asked.lanes, made["lanes"], strict=True):
        preset = MODELS[lane.model].resolve({}, kind).model_dump()
        chosen = {name: value for name, value in lane.settings.items() if value != preset[name]}
        assert chosen == {name: other["settings"][name] for name in chosen}


@pytest.mark.parametrize("name", list(OF_EXPERIMENTS))
def test_the_recording_of_an_experiment_is_its_first_run_and_has_an_outcome(name: str) -> None:
    recording = OF_EXPERIMENTS[name]
    header, parts = unpack_message(recording.read())
    assert header["recording"] == json.loads(json.dumps(dataclasses.asdict(recording)))
    opened = [unpack(part)[0] for part in parts]
    assert max(part["step"] for part in opened if "step" in part) == recording.spec["budget"]
    assert_is_of(recording, EXPERIMENTS[name].runs(0)[0])
    assert outcomes()[name][0].seed == 0
    with Image.open(recording.picture(still=True)) as still:
        assert still.width >= still.height


@pytest.mark.parametrize("recording", [*ALL.values(), *OF_EXPERIMENTS.values()], ids=lambda recording: recording.name)
def test_what_stands_in_one_row_of_a_recording_is_of_one_height(recording: Recording) -> None:
    described, _ = unpack(unpack_message(recording.read())[1][0])
    row, left = set(), described["columns"]
    for cell in described["cells"]:
        row.add(cell["height"])
        left -= cell["span"]
        assert left >= 0 and len(row) == 1, cell["name"]
        if not left:
            row, left = set(), described["columns"]
    assert not row


def test_every_experiment_is_recorded() -> None:
    assert set(OF_EXPERIMENTS) == {name for name in EXPERIMENTS if EXPERIMENTS[name].runs(0)}


def test_a_recording_is_of_a_spec_on_whatever_device() -> None:
    race = ALL["race"]
    assert race.is_of(race.spec_of_today | {"device": "gpu"}) and not race.is_of(race.spec_of_today | {"seed": 1})


def test_a_page_plays_it_in_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    monkeypatch.setattr(timeline, "_timeline", lambda **arguments: sent.append(arguments["data"]))
    monkeypatch.setattr(timeline, "served_plotly", lambda: "plotly.js")
    timeline.play_recording(ALL["race"].read(), key="recording")
    header, parts = unpack_message(sent[0])
    assert header["plays"] and header["loops"] and header["plotly"] == "plotly.js"
    assert parts == unpack_message(ALL["race"].read())[1]


@pytest.fixture
def page(store: Store, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("genlab.ui.worker_supervisor.ensure_worker", lambda: None)
    monkeypatch.setattr("genlab.ui.live.ensure_worker", lambda: None)
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)


def text(page: AppTest) -> str:
    found = [str(element.value) for kind in ("markdown", "caption", "warning") for element in page.get(kind)]
    assert not page.exception
    return " ".join(found).replace("\\", "").replace(JOINER, "")


def test_the_front_page_names_its_recording_and_the_others(page: AppTest) -> None:
    said = text(page.run())
    assert ALL["race"].label in said and all(recording.look in said for recording in ALL.values())
    page.query_params["recording"] = "wine"
    said = text(page.run())
    assert ALL["wine"].label in said and ALL["race"].label not in said and "ignored" not in said


def test_nonsense_for_a_recording_is_said_and_ignored(page: AppTest) -> None:
    page.query_params["recording"] = "<b>../x"
    said = text(page.run())
    assert "recording=<b>../x" in said and "ignored" in said and ALL["race"].label in said


def test_a_run_that_waits_shows_the_recording_of_such_a_run(page: AppTest, store: Store) -> None:
    page.switch_page("pages/train.py")
    race = ALL["race"]
    for spec, plays in ((race.spec, True), (race.spec | {"seed": 7}, False)):
        page.query_params["run"] = store.submit(make_spec(**spec)).id
        assert (race.label in text(page.run())) == plays


def test_lanes_stand_two_a_row_and_nothing_flows_up_beside_the_last(store: Store) -> None:
    run = store.create(make_spec(lanes=[{"model": "gan"}, {"model": "vae"}, {"model": "ae"}]))
    lanes = lane_views(RunReader(run).read())
    cells, columns = recording_cells(lanes, losses=True), recording_columns(lanes)
    rows: list[list[str]] = [[]]
    left = columns
    for cell in cells:
        if not left:
            rows, left = [*rows, []], columns
        rows[-1].append(cell.name)
        left -= cell.span
        assert left >= 0, "a cell fits the row that it begins in"
    assert left == 0
    assert rows[:3] == [
        ["0-title", "1-title"],
        ["0-samples", "0-latent", "1-samples", "1-latent"],
        ["0-losses", "1-losses"],
    ]
    assert [row[0] for row in rows[3:]] == ["2-title", "2-samples", "2-losses", "coverage"]
