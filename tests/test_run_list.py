"""What the list of runs shows and does: summaries, the index, a choice, notes, pictures, the bin, and the page."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_pages import ROOT, no_worker, shown, words

from genlab.figures.base import LANE_COLOURS as FIGURE_COLOURS
from genlab.runs import Run, RunUnreadable, Store
from genlab.runs.bin import KEPT_SECONDS, Bin, RunBusy
from genlab.runs.folder import SUMMARY, Frame, LaneState, RunState
from genlab.runs.index import Choice, RunIndex
from genlab.runs.notes import Notes, read_notes, write_notes
from genlab.runs.picture import LANE_COLOURS, SIDE, read_picture
from genlab.runs.summary import UNREADABLE, read_summary
from genlab.spec import make_spec

assert no_worker  # a fixture of every test here, too


def ended(store: Store, share: float = 0.5, **fields: object) -> Run:
    run = store.create(make_spec(**fields))
    points = np.array([[0.0, 0.0], [1.0, 1.0]], "float32")
    run.write_reference({"samples": points, "extent": np.array(2.0)})
    metrics = {"solid": 3, "modes": 8, "on_mode_share": share}
    run.write_frame(Frame(lane=0, step=9, metrics=metrics, arrays={"samples": points}))
    run.write_state(RunState(state="done", lanes=[LaneState(state="done", step=9, seconds=2.0)]))
    return run


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_summary_is_kept_and_made_again_when_the_run_goes_on_or_is_damaged(store: Store) -> None:
    run = ended(store, lanes=[{"model": "gan", "settings": {"batch_size": 32}}, {"model": "vae"}])
    made = read_summary(run)
    lane = made.lanes[0]
    assert (lane.changed, lane.solid, lane.modes, lane.on_mode_share) == ({"batch_size": 32}, 3, 8, 0.5)
    assert made.lanes[1].changed == {} and made.lanes[1].solid is None
    assert (run.path / SUMMARY).is_file() and read_summary(run) == made
    run.write_state(RunState(state="paused"))
    assert read_summary(run).state == "paused" and not (run.path / SUMMARY).exists()
    run.write_state(RunState(state="stopped"))
    assert read_summary(run).state == "stopped"
    (run.path / "spec.json").write_text("{")
    assert read_summary(run).state == UNREADABLE


def test_the_index_reads_what_changed_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [ended(store, share) for share in (0.2, 0.9)]
    index = RunIndex(store)
    index.rows()
    for run in runs:  # as if all had been written a while ago
        for path in (*run.path.glob("*.json"), run.path):
            os.utime(path, (1e9, 1e9))
    assert [row.id for row in index.rows()] == [runs[1].id, runs[0].id]
    read = []
    monkeypatch.setattr("genlab.runs.index.load_notes", lambda path: read.append(path) or Notes())
    index.rows()
    assert not read
    write_notes(runs[0], Notes("mine"))
    index.rows()
    assert [runs[0].id in path for path in read] == [True]


def test_a_choice_searches_filters_and_sorts(store: Store) -> None:
    low, high = ended(store, 0.2, seed=1), ended(store, 0.9, dataset="moons", lanes=[{"model": "wgan"}])
    write_notes(low, Notes("For the talk", star=True))
    rows = RunIndex(store).rows()

    def found(**fields: object) -> list[str]:
        return [row.id for row in Choice(**fields).of(rows)]

    assert found() == [high.id, low.id] and found(sort="oldest") == [low.id, high.id]
    assert found(sort="largest share on a mode") == [high.id, low.id]
    assert found(search="TALK ring8") == found(starred=True) == found(model="vae") == [low.id]
    assert found(dataset="moons") == [high.id] and found(state="failed") == []


def test_notes_are_kept_in_one_line_and_a_damaged_file_is_none(store: Store) -> None:
    run = ended(store)
    write_notes(run, Notes("  two \n words ", " a note ", True))
    assert read_notes(run) == Notes("two words", "a note", True)
    (run.path / "notes.json").write_text("[")
    assert read_notes(run) == Notes()


def test_the_picture_is_kept_and_has_the_colours_of_the_lanes(store: Store) -> None:
    run = ended(store)
    picture = np.asarray(Image.open(io.BytesIO(read_picture(run) or b"")))
    assert picture.shape[0] == SIDE and (picture.reshape(-1, 4) == LANE_COLOURS[0]).all(axis=1).any()
    assert (run.path / "picture.png").is_file() and read_picture(store.create(make_spec())) is None
    assert ["#{:02X}{:02X}{:02X}".format(*colour) for colour in LANE_COLOURS] == list(FIGURE_COLOURS[:2])


def test_the_bin_takes_a_run_whole_gives_it_back_and_forgets_it_after_a_week(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, bin_ = ended(store), Bin(store)
    before = files_of(run.path)
    bin_.delete(run)
    assert not store.runs() and [one.run.id for one in bin_.runs()] == [run.id]
    bin_.remove_expired()
    bin_.restore(run.id)
    assert files_of(run.path) == before and not bin_.runs()
    bin_.delete(run)
    (deleted,) = bin_.runs()
    monkeypatch.setattr("time.time", lambda: deleted.deleted + KEPT_SECONDS + 1)
    bin_.remove_expired()
    assert not bin_.runs() and not deleted.run.path.exists()
    with pytest.raises(RunUnreadable, match="no longer in the bin"):
        bin_.restore(run.id)


def test_a_run_on_its_way_is_not_deleted_and_says_so(store: Store) -> None:
    run = store.submit(make_spec())
    with pytest.raises(RunBusy, match=r"queued.*Stop it first"):
        Bin(store).delete(run)
    assert run.path.is_dir() and store.waiting() == [run.id]


def test_runs_are_chosen_deleted_and_taken_back_on_the_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [ended(store) for _ in range(3)]
    test = shown(ROOT / "pages" / "runs.py", store, monkeypatch)
    assert test.button(key="delete").disabled and test.button(key="compare").disabled
    for run in runs[:2]:
        test.checkbox(key=f"choose-{run.id}").check().run()
    assert not test.button(key="compare").disabled
    test.button(key="delete").click().run()
    assert (
        not test.exception
        and [run.id for run in store.runs()] == [runs[2].id]
        and "2 runs are in the bin" in words(test)
    )
    test.button(key="undo").click().run()
    assert not test.exception and len(store.runs()) == 3
    test.button(key=f"star-{runs[0].id}").click().run()
    assert read_notes(runs[0]).star
    test.toggle(key="runs-starred").set_value(True).run()
    assert [box.key for box in test.checkbox if box.key.startswith("choose-")] == [f"choose-{runs[0].id}"]
