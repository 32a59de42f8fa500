"""What the list of runs shows and does: summaries, the index, a choice, notes, pictures, the bin, and the page."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from html import escape
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from test_pages import ROOT, no_worker, shown, words

from genlab.runs import Run, RunUnreadable, Store
from genlab.runs.bin import KEPT_SECONDS, Bin, RunBusy
from genlab.runs.evaluation import Evaluation
from genlab.runs.folder import SUMMARY, Frame, LaneState, RunState
from genlab.runs.index import Choice, RunIndex
from genlab.runs.metadata import Grouped
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


def test_what_was_kept_is_looked_for_where_the_state_changes_and_no_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.open(ended(store).id)
    read_summary(run)
    removed = []
    unlink = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path, **named: removed.append(path.name) or unlink(path, **named))
    for step in range(5):
        run.write_state(RunState(state="running", lanes=[LaneState(step=step)]))
    assert removed.count(SUMMARY) == 1 and not (run.path / SUMMARY).exists()
    run.write_state(RunState(state="done"))
    assert removed.count(SUMMARY) == 2


def test_the_index_reads_what_changed_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [ended(store, share) for share in (0.2, 0.9)]
    index = RunIndex(store)
    index.rows()
    settle(runs)
    assert [row.id for row in index.rows()] == [runs[1].id, runs[0].id]
    read = []
    monkeypatch.setattr("genlab.runs.index.read_notes", lambda run: read.append(run.id) or Notes())
    index.rows()
    assert not read
    write_notes(runs[0], Notes("mine"))
    index.rows()
    assert read == [runs[0].id]


def test_a_new_server_reads_one_file_and_what_changed_since(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genlab.runs.index.WORTH_KEEPING", 2)
    runs = [ended(store, share) for share in (0.2, 0.9, 0.4)]
    write_notes(runs[1], Notes("mine", "a note", True))
    for run in runs:
        read_summary(run)
    settle(runs)
    rows = RunIndex(store).rows()
    kept = store.root / ".rows.json"
    assert kept.is_file() and [run.id for run in store.runs()] == [row.id for row in rows]
    write_notes(runs[0], Notes("later"))
    Bin(store).delete(runs[2])
    read = []
    monkeypatch.setattr("genlab.runs.index.read_summary", lambda run: read.append(run.id) or read_summary(run))
    now = RunIndex(store).rows()
    assert read == [runs[0].id]
    assert now[0] == rows[1] and now[0].notes.star
    assert [row.title for row in now] == ["mine", "later"]
    for damage in ("{", "[[1]]", ""):
        kept.write_text(damage)
        assert [row.title for row in RunIndex(store).rows()] == ["mine", "later"]


def test_two_servers_may_keep_their_rows_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genlab.runs.index.WORTH_KEEPING", 1)
    runs = [ended(store) for _ in range(6)]
    for run in runs:
        read_summary(run)
    settle(runs)
    servers = [RunIndex(store), RunIndex(store)]
    for share in range(8):
        write_notes(runs[share % 6], Notes(f"look {share}"))
        settle([runs[share % 6]], 1e9 + share)
        threads = [threading.Thread(target=server.rows) for server in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = json.loads((store.root / ".rows.json").read_bytes())
        assert sorted(summary["id"] for _, summary, _ in kept) == [run.id for run in runs]
    assert RunIndex(store).rows() == servers[0].rows() == servers[1].rows()
    assert [row.title for row in servers[0].rows()] == [f"look {look}" for look in (5, 4, 3, 2, 7, 6)]
    assert not list(store.root.glob(".rows.json.*")) and not list(store.root.glob("..rows.json.*"))


def test_a_run_that_waits_again_is_not_listed_as_interrupted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.submit(make_spec())
    store.jobs.claim("train")  # by a worker that is killed before it has said so
    state = run.written_state()
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: 1e9)
        run.write_state(state)
    settle([run])
    index = RunIndex(store)
    assert [row.summary.state for row in index.rows()] == ["interrupted"] and read_summary(run).state == "interrupted"
    settle([run])
    index.rows()
    store.recover()
    assert [row.summary.state for row in index.rows()] == ["queued"]


def test_numbers_that_are_none_do_not_take_the_list_from_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged, other = ended(store), ended(store)
    metrics = {"solid": "many", "modes": [8], "on_mode_share": float("nan")}
    damaged.write_frame(Frame(lane=0, step=9, metrics=metrics, arrays={"samples": np.zeros((4, 2), "float32")}))
    metadata = damaged.metadata()
    for created in (1e300, float("nan")):
        metadata.created = created
        damaged.write_metadata(metadata)
        damaged.write_state(damaged.state())
        assert listed(shown(ROOT / "pages" / "runs.py", store, monkeypatch)) == [other.id, damaged.id]


def test_runs_of_an_experiment_are_found_by_it_and_say_so_in_their_row(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = [make_spec(seed=10), make_spec(seed=11)]
    of_two = [store.create(spec, grouped=Grouped(experiment="mode-drop", seed=2)) for spec in specs]
    other = store.create(make_spec(), grouped=Grouped(experiment="luck", seed=2))
    alone = store.create(make_spec())
    rows = RunIndex(store).rows()
    assert {row.id for row in Choice(search="experiment MODE-DROP seed 2").of(rows)} == {run.id for run in of_two}
    assert [row.id for row in Choice(search="experiment luck").of(rows)] == [other.id]
    assert [row.summary.group for row in rows if row.id == alone.id] == [""]
    page = shown(ROOT / "pages" / "runs.py", store, monkeypatch)
    said = {run_id: row.count("experiment mode-drop, seed 2") for run_id, row in rows_of(page)}
    assert said == {run.id: int(run in of_two) for run in (*of_two, other, alone)}


def settle(runs: list[Run], seconds: float = 1e9) -> None:
    """As if all had been written a while ago."""
    for run in runs:
        os.utime(run.path, (seconds, seconds))


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


def test_the_bin_takes_a_run_whole_gives_it_back_and_forgets_it_after_a_week(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, bin_ = ended(store), Bin(store)
    before = files_of(run.path)
    deleted = bin_.delete(run)
    assert not store.runs() and [(one.run.path, one.deleted) for one in bin_.runs()] == [
        (deleted.run.path, deleted.deleted)
    ]
    bin_.remove_expired()
    bin_.restore(deleted)
    assert files_of(run.path) == before and not bin_.runs()
    deleted = bin_.delete(run)
    monkeypatch.setattr("time.time", lambda: deleted.deleted + KEPT_SECONDS + 1)
    bin_.remove_expired()
    assert not bin_.runs() and not deleted.run.path.exists()
    with pytest.raises(RunUnreadable, match="no longer in the bin"):
        bin_.restore(deleted)


def test_of_two_deleted_runs_of_one_name_the_chosen_one_is_taken_back(store: Store) -> None:
    run, bin_ = ended(store), Bin(store)
    write_notes(run, Notes("first"))
    first = bin_.delete(run)
    shutil.copytree(first.run.path, run.path)
    write_notes(run, Notes("second"))
    second = bin_.delete(run)
    bin_.restore(first)
    assert read_notes(run).name == "first" and [one.deleted for one in bin_.runs()] == [second.deleted]
    with pytest.raises(RunUnreadable, match="already"):
        bin_.restore(second)


def test_a_deleted_run_does_not_come_back_by_what_is_still_written_of_it(store: Store) -> None:
    run = ended(store)
    Bin(store).delete(run)
    frame = Frame(lane=0, step=1, metrics={}, arrays={})
    for write in (
        lambda: run.request("pause"),
        lambda: run.write_state(RunState()),
        lambda: run.write_frame(frame),
        lambda: run.write_evaluation(Evaluation(samples=1, seed=0), {}),
        lambda: write_notes(run, Notes("still here")),
    ):
        with pytest.raises(RunUnreadable, match="There is no run called"):
            write()
    assert read_picture(run) is None and read_summary(run).state == UNREADABLE and not run.is_held()
    assert not run.path.exists()


def test_a_run_that_is_deleted_at_the_end_of_its_measurement_stays_deleted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlab.latent.answers import Answerer
    from genlab.training.worker import evaluate_run

    def evaluate(run: Run, cache: Path) -> Iterator[object]:
        yield object()
        store.cancel_evaluation(run)
        Bin(store).delete(run)
        run.write_evaluation(Evaluation(samples=1, seed=0), {})

    played = SimpleNamespace(evaluate=evaluate, Progress=int)
    monkeypatch.setitem(sys.modules, "genlab.evaluation.evaluate", played)
    run = ended(store)
    store.request_evaluation(run)
    evaluate_run(store.take_evaluation(), store, threading.Event(), Answerer(store))
    assert not run.path.exists() and [one.run.id for one in Bin(store).runs()] == [run.id]
    assert not store.jobs.claimed()


def test_a_run_on_its_way_is_not_deleted_and_says_so(store: Store) -> None:
    run = store.submit(make_spec())
    with pytest.raises(RunBusy, match=r"queued.*Stop it first"):
        Bin(store).delete(run)
    assert run.path.is_dir() and store.waiting() == [run.id]


def test_runs_are_chosen_deleted_and_taken_back_on_the_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [ended(store) for _ in range(3)]
    test = shown(ROOT / "pages" / "runs.py", store, monkeypatch)
    assert test.button(key="delete").disabled and test.button(key="compare").disabled
    test.session_state["chosen-runs"] = [run.id for run in runs[:2]]
    test.run()
    assert not test.button(key="compare").disabled
    test.button(key="delete").click().run()
    assert (
        not test.exception
        and [run.id for run in store.runs()] == [runs[2].id]
        and "2 runs are in the bin" in words(test)
    )
    test.button(key="undo").click().run()
    assert not test.exception and len(store.runs()) == 3
    write_notes(runs[0], Notes(star=True))
    test.toggle(key="runs-starred").set_value(True).run()
    assert listed(test) == [runs[0].id]


def listed(test: AppTest) -> list[str]:
    """The ids of the rows on the page."""
    return [run_id for run_id, _ in rows_of(test)]


def test_words_from_outside_are_text_in_a_row(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'&"
    lanes = [LaneState(state="failed", message=hostile)]
    failed, damaged = ended(store), ended(store)
    failed.write_state(RunState(state="failed", message=hostile, lanes=lanes))
    write_notes(failed, Notes(hostile, hostile))
    write_notes(damaged, Notes(hostile))
    (damaged.path / "state.json").write_text("{")
    for _, html in rows_of(shown(ROOT / "pages" / "runs.py", store, monkeypatch)):
        assert escape(hostile) in html
        assert "<img src=x" not in html and hostile[-3:] not in html


def rows_of(test: AppTest) -> list[list[str]]:
    """Id and HTML of each row."""
    (component,) = [part for part in test.get("bidi_component") if '"rows"' in part.proto.json]
    rows: list[list[str]] = json.loads(component.proto.json)["rows"]
    return rows
