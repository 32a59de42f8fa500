"""The run folder: damaged files, full disks, full queues, names from anywhere. Nothing stored is lost."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import wait_until

from genlab.runs import QueueFull, Run, RunUnreadable, Store
from genlab.runs.atomic import DiskFull, append_line, write_arrays, write_bytes
from genlab.runs.folder import Frame, LaneState, RunState
from genlab.runs.history import History, append_record, finish_last_line, rewind
from genlab.runs.store import MAXIMUM_WAITING
from genlab.runs.summary import run_row
from genlab.runs.view import RunReader
from genlab.spec import make_spec


@pytest.fixture
def run(store: Store) -> Run:
    return store.create(make_spec())


def a_frame(step: int = 0) -> Frame:
    return Frame(lane=0, step=step, metrics={"solid": 3}, arrays={"samples": np.ones((4, 2), "float32")})


def files_of(run: Run) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in run.path.rglob("*") if path.is_file() and path.name != ".lock"}


def test_what_is_written_is_read_back(run: Run) -> None:
    run.write_frame(a_frame(5))
    frame = run.newest_frame(0)
    assert (frame.step, frame.metrics) == (5, {"solid": 3})
    np.testing.assert_array_equal(frame.arrays["samples"], np.ones((4, 2)))
    assert run.spec() == make_spec()
    assert run.frame_steps(1) == [] and run.newest_frame(1) is None and run.reference() is None


@pytest.mark.parametrize("name", ["spec.json", "state.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"lanes": 3}', b"\xff\xfe\x00", None])
def test_a_damaged_run_says_which_file_and_stays_as_it_is(run: Run, name: str, content: bytes | None) -> None:
    run.write_frame(a_frame())
    if content is None:
        (run.path / name).unlink()
    else:
        (run.path / name).write_bytes(content)
    before = files_of(run)
    read = run.spec if name == "spec.json" else run.state
    with pytest.raises(RunUnreadable, match=rf"{run.id}.*{name}"):
        read()
    assert "unreadable" in run_row(run)["state"]
    assert files_of(run) == before


def test_a_damaged_frame_is_passed_over(run: Run) -> None:
    for step in (0, 10, 20):
        run.write_frame(a_frame(step))
    newest = run.path / "frames" / "0-000000020.npz"
    newest.write_bytes(newest.read_bytes()[:40])
    assert run.newest_frame(0).step == 10
    with pytest.raises(RunUnreadable, match=r"0-000000020\.npz"):
        run.frame(0, 20)


def test_a_pickle_in_a_frame_is_not_run(run: Run) -> None:
    np.savez(run.path / "reference.npz", names=np.array([{"a": 1}], dtype=object))
    with pytest.raises(RunUnreadable, match="reference"):
        run.reference()


def test_a_damaged_line_of_numbers_is_left_out_and_counted(run: Run) -> None:
    for step in (1, 2):
        append_record(run, {"lane": 0, "step": step, "seconds": 0.1, "examples": 5, "losses": {"a": step}})
    path = run.path / "metrics.jsonl"
    path.write_bytes(path.read_bytes() + b'nonsense\n{"lane": 0}\n{"lane": 0, "step": 3, "sec')
    history = History(run).update()
    assert history.series(0, "a")[1].tolist() == [1, 2] and history.skipped == 2
    finish_last_line(run)
    append_record(run, {"lane": 0, "step": 4, "seconds": 0.1, "examples": 5, "losses": {"a": 4}})
    assert history.update().series(0, "a")[0].tolist() == [1, 2, 4]


def test_history_reads_only_what_is_new_and_the_last_of_a_step_counts(run: Run) -> None:
    history = History(run)
    assert history.update().series(0, "a")[0].size == 0
    for value in (1.0, 2.0):
        append_record(run, {"lane": 0, "step": 7, "seconds": 0.5, "examples": 9, "losses": {"a": value}})
        history.update()
    assert [array.tolist() for array in history.series(0, "a", "seconds")] == [[0.5], [2.0]]


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "", "a/b", "x" * 300, "nope", "%00", ".queue", "run\n"])
def test_a_name_from_the_address_cannot_leave_the_folder(name: str, store: Store) -> None:
    with pytest.raises(RunUnreadable, match="run"):
        store.open(name)


def test_the_queue_is_first_come_first_served_and_full_at_its_limit(store: Store) -> None:
    runs = [store.submit(make_spec(seed=seed)) for seed in range(MAXIMUM_WAITING)]
    with pytest.raises(QueueFull, match=f"{MAXIMUM_WAITING} runs wait already"):
        store.submit(make_spec())
    assert len(store.runs()) == MAXIMUM_WAITING, "the refused run leaves nothing behind"
    assert store.waiting() == [run.id for run in runs]
    store.stop(runs[0])
    assert runs[0].state().state == "stopped" and "before it began" in runs[0].state().message
    assert store.take().id == runs[1].id
    assert runs[1].state().state == "starting"
    store.submit(make_spec())


def test_a_deleted_or_damaged_run_does_not_block_the_queue(store: Store) -> None:
    damaged, gone, good = (store.submit(make_spec()) for _ in range(3))
    (damaged.path / "state.json").write_text("{")
    for path in gone.path.iterdir():
        path.unlink()
    gone.path.rmdir()
    assert store.take().id == good.id
    assert store.take() is None


def test_requests_are_handed_out_once_in_order(run: Run) -> None:
    for verb in ("pause", "step", "resume"):
        run.request(verb)
    (run.path / "control" / "0-broken.json").write_text("{")
    assert [request["verb"] for request in run.take_requests()] == ["pause", "step", "resume"]
    assert run.take_requests() == []


def test_a_run_that_nobody_trains_any_more_is_interrupted(run: Run) -> None:
    run.write_state(RunState(state="running"))
    state = json.loads((run.path / "state.json").read_text())
    assert run.state().state == "running", "it may have been taken a moment ago"
    state["updated"] = time.time() - 60
    (run.path / "state.json").write_text(json.dumps(state))
    with run.lock():
        assert run.state().state == "running", "somebody holds it: a long compilation is not an end"
    assert run.state().state == "interrupted"


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    """A process that rewrites a file as fast as it can, and is killed: whatever is read is whole."""
    path = tmp_path / "state.json"
    code = f"""
from pathlib import Path
from genlab.runs.atomic import write_json
while True:
    for size in (10, 100_000):
        write_json(Path({str(path)!r}), {{"size": size, "filler": "x" * size}})
"""
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", code])
        wait_until(path.exists, "the first file")
        sizes: list[int] = []
        while sum(a != b for a, b in itertools.pairwise(sizes)) < 20:  # rewritten so often while it was read
            value = json.loads(path.read_text())
            assert len(value["filler"]) == value["size"]
            sizes.append(value["size"])
        writer.kill()
        writer.wait()
        assert json.loads(path.read_text())


@pytest.fixture
def small_disk(tmp_path: Path):
    """A real file system of 256 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=777", "tmpfs", str(folder)]
    for as_root in ([], ["sudo", "-n"]):
        with contextlib.suppress(FileNotFoundError):
            if subprocess.run([*as_root, *mount], capture_output=True).returncode == 0:
                yield folder
                subprocess.run([*as_root, "umount", str(folder)], check=True)
                return
    reason = "a small file system cannot be mounted here; it takes Linux, and root or sudo without a password"
    pytest.fail(reason) if os.environ.get("GENLAB_CI") else pytest.skip(reason)


def test_a_full_disk_is_said_and_loses_nothing(small_disk: Path) -> None:
    run = Store(small_disk).create(make_spec())
    noise = np.random.default_rng(0).integers(0, 256, (100, 28, 28, 1), dtype="uint8")
    run.write_frame(Frame(lane=0, step=0, metrics={}, arrays={"samples": noise}))
    larger = Frame(lane=0, step=1, metrics={}, arrays={"samples": np.concatenate([noise] * 4)})
    with pytest.raises(DiskFull, match=r"The disk is full: 0-000000001\.npz .* Make room, then resume"):
        run.write_frame(larger)
    np.testing.assert_array_equal(run.frame(0, 0).arrays["samples"], noise)
    assert run.spec() and run.state()
    left = [path.name for path in (run.path / "frames").iterdir()]
    assert all(name.startswith("0-") for name in left), "no half-written file stays"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full on this system")
def test_a_line_that_does_not_fit_is_said(run: Run) -> None:
    (run.path / "metrics.jsonl").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match=r"a line of metrics\.jsonl could not be written"):
        append_line(run.path / "metrics.jsonl", {"lane": 0})


def test_training_on_a_full_disk_stops_with_the_message(small_disk: Path, backend) -> None:
    from helpers import train_fully

    store = Store(small_disk)
    run = store.create(make_spec(budget=5000))
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 120_000)
    train_fully(store, run)
    state = run.state()
    assert state.state == "stopped" and "The disk is full" in state.message
    kept = run.frame_steps(0)
    assert kept and all(run.frame(0, step) for step in kept)
    assert RunReader(run).read().history.skipped == 0


def test_other_errors_of_the_system_are_not_called_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError) as error:
        write_bytes(tmp_path / "folder", b"a folder is in the way")
    assert not isinstance(error.value, DiskFull)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    write_arrays(tmp_path / "new" / "a.npz", {"a": np.zeros(1)})
    assert (tmp_path / "new" / "a.npz").is_file()


def losses_at(run: Run, *steps: int, lane: int = 0) -> None:
    for step in steps:
        append_record(run, {"lane": lane, "step": step, "seconds": step / 10, "examples": step, "losses": {"a": step}})


def test_a_rewound_run_has_one_history_also_for_a_reader_that_had_read_on(run: Run) -> None:
    for step in (0, 100, 125):
        run.write_frame(a_frame(step))
    losses_at(run, 50, 100, 101, 125)
    losses_at(run, 50, 125, lane=1)
    early = History(run).update()
    rewind(run, 0, step=100, seconds=10.0, examples=100)
    assert run.frame_steps(0) == [0, 100]
    assert early.update().series(0, "a")[0].tolist() == [50, 100] and early.rewound == [(0, 100)]
    losses_at(run, 110, 160)
    for history in (early.update(), History(run).update()):
        assert history.series(0, "a", "seconds")[0].tolist() == [5.0, 10.0, 11.0, 16.0]
        assert history.last_step(0) == 160 and history.skipped == 0
        assert history.series(1, "a")[0].tolist() == [50, 125], "each lane has a checkpoint of its own"


def test_a_rewind_is_recorded_only_where_something_was_given_up(run: Run) -> None:
    losses_at(run, 50, 100)
    rewind(run, 0, step=100, seconds=10.0, examples=100)
    assert History(run).update().rewound == []


def test_a_run_of_the_version_before_that_went_back_unsaid_is_read_as_it_went_on(run: Run) -> None:
    """Steps rise in what is read, whatever is in the file."""
    losses_at(run, 50, 100, 125, 150, 75, 110)
    assert History(run).update().series(0, "a")[0].tolist() == [50, 75, 110]


def test_a_series_without_a_value_at_a_step_leaves_that_out(run: Run) -> None:
    losses_at(run, 1, 2)
    place = {"lane": 0, "step": 2, "seconds": 0.2, "examples": 2}
    append_record(run, {**place, "metrics": {"solid": 8, "kl_held_out": None, "words": "none"}})
    history = History(run).update()
    assert history.names(0) == ["a", "solid"]
    assert [array.tolist() for array in history.series(0, "solid")] == [[2.0], [8.0]]
    np.testing.assert_array_equal(history.column(0, "solid"), [np.nan, 8])
    assert history.series(0, "none")[0].size == 0 and history.series(3, "a")[0].size == 0


def test_a_look_at_a_long_run_costs_no_more_than_at_a_short_one(run: Run) -> None:
    """By counting: what a look does with rows that it has read already would grow with their number."""
    lines = [
        json.dumps({"lane": 0, "step": step, "seconds": step / 10, "examples": step, "losses": {"a": step}})
        for step in range(40_000)
    ]
    (run.path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    history = History(run).update()
    losses_at(run, 40_000)
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        values = history.update().series(0, "a")[1]
    finally:
        sys.setprofile(None)
    assert len(values) == 40_001 and calls < 300, f"{calls} calls"


def test_a_lane_is_as_far_as_its_newest_numbers(run: Run) -> None:
    run.write_state(RunState(state="running", lanes=[LaneState(state="running", step=3), LaneState()]))
    losses_at(run, 4, 7)
    view = RunReader(run).read()
    assert (view.lane_state(0).step, view.lane_state(0).seconds, view.lane_state(0).state) == (7, 0.7, "running")
    assert view.lane_state(1).step == 0


def test_a_reader_lets_go_of_a_frame_that_was_given_up(run: Run) -> None:
    run.write_frame(a_frame(10))
    reader = RunReader(run)
    assert reader.read().frames[0].step == 10
    rewind(run, 0, step=0, seconds=0.0, examples=0)
    assert reader.read().frames == [None, None]
