"""The queue of jobs: order, claims, stops at any moment, and processes that are killed at any moment."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import stress_jobs
from helpers import wait_until

from genlab.runs import Run, RunUnreadable, Store
from genlab.runs.atomic import DiskFull
from genlab.runs.folder import SILENT_SECONDS
from genlab.runs.jobs import Job, JobQueue
from genlab.spec import make_spec


def let_time_pass(run: Run) -> None:
    """Make the state of a run look as if it had been written long ago."""
    values = json.loads((run.path / "state.json").read_text())
    (run.path / "state.json").write_text(json.dumps({**values, "updated": time.time() - SILENT_SECONDS - 60}))


def test_training_goes_first_then_the_higher_priority_then_the_older(tmp_path: Path) -> None:
    queue = JobQueue(tmp_path)
    queue.add(Job("evaluate", "a", priority=9))
    queue.add(Job("train", "b"))
    queue.add(Job("train", "c", priority=1, owner="someone", group="sweep"))
    queue.add(Job("train", "d"))
    assert [job.run for job in queue.waiting()] == ["c", "b", "d", "a"]
    first = queue.claim("train")
    assert (first.run, first.owner, first.group) == ("c", "someone", "sweep")
    assert queue.stage("c", "train") == "claimed" and queue.stage("b", "train") == "waiting"
    queue.release(first)
    assert queue.claim("train") == first, "it waits again at its old place"


def test_a_job_is_claimed_once_however_many_try(tmp_path: Path) -> None:
    queue = JobQueue(tmp_path)
    for number in range(100):
        queue.add(Job("train", f"run-{number}"))

    def claim_all() -> list[str]:
        claimed = []
        while job := JobQueue(tmp_path).claim("train"):
            claimed.append(job.run)
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claimed = [run for part in [pool.submit(claim_all) for _ in range(4)] for run in part.result()]
    assert sorted(claimed) == sorted(f"run-{number}" for number in range(100))


def test_a_file_that_is_no_job_is_passed_over(tmp_path: Path) -> None:
    queue = JobQueue(tmp_path)
    queue.add(Job("train", "good"))
    (tmp_path / ".jobs" / "waiting" / "train.broken.json").write_text("{")
    (tmp_path / ".jobs" / "waiting" / "train.0.1.other.json").write_text('{"kind": "train", "run": "../../x"}')
    assert [job.run for job in queue.waiting()] == ["good"]


def test_a_stop_is_never_lost(store: Store) -> None:
    """Before a worker takes the run it leaves the queue; from then on the worker is asked."""
    waiting, taken = store.submit(make_spec()), store.submit(make_spec())
    store.stop(waiting)
    assert store.take().id == taken.id and waiting.state().state == "stopped"
    store.stop(taken)
    assert [request["verb"] for request in taken.take_requests()] == ["stop"]


def test_a_stop_and_a_take_at_the_same_time_do_not_pass_each_other(store: Store) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(30):
            run = store.submit(make_spec())
            stop, take = pool.submit(Store(store.root).stop, run), pool.submit(Store(store.root).take)
            stop.result()
            if take.result() is None:
                assert run.state().state == "stopped"
            else:
                assert run.state().state == "starting"
                assert [request["verb"] for request in run.take_requests()] == ["stop"]
            assert store.waiting() == []


def test_a_run_is_queued_once_however_often_it_is_resumed(store: Store) -> None:
    run = store.submit(make_spec())
    store.stop(run)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Store(store.root).resume(run), range(8)))
    assert store.waiting() == [run.id]


def test_a_run_whose_job_is_lost_is_not_queued_for_ever(store: Store) -> None:
    """Whoever made it was killed before it was queued, or whoever claimed it before it began."""
    unqueued, claimed = store.create(make_spec()), store.submit(make_spec())
    store.jobs.claim("train")
    for run in (unqueued, claimed):
        assert run.state().state == "queued", "a moment ago it may yet be"
        let_time_pass(run)
        assert run.state().state == "interrupted" and "Resume queues it" in run.state().message
    store.resume(unqueued)
    let_time_pass(unqueued)
    assert unqueued.state().state == "queued"
    store.recover()
    assert store.waiting() == [claimed.id, unqueued.id], "what a lost worker had not begun waits again, at its place"
    assert claimed.state().state == "queued"


def test_recovering_leaves_what_had_begun_and_says_what_was_being_measured(store: Store) -> None:
    begun, measured, gone = store.submit(make_spec()), store.create(make_spec()), store.create(make_spec())
    job = store.jobs.claim("train")
    begun.write_state(begun.state().model_copy(update={"state": "starting"}))
    for run in (measured, gone):
        store.request_evaluation(run)
        store.take_evaluation()
    for path in gone.path.iterdir():
        path.unlink()
    gone.path.rmdir()
    store.recover()
    assert store.jobs.claimed() == [] and store.waiting() == [] and job.run == begun.id
    assert "ended before it was done" in measured.evaluation_progress()["message"]
    assert not gone.path.exists()


def test_a_run_made_instead_of_another_stops_it_and_takes_its_place(store: Store) -> None:
    runs = [store.submit(make_spec(seed=seed)) for seed in range(8)]
    new = store.submit(make_spec(), instead_of=runs[3])
    assert runs[3].state().state == "stopped" and store.waiting()[-1] == new.id and len(store.waiting()) == 8


def test_a_full_disk_leaves_the_run_in_the_queue(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.submit(make_spec())

    def fail(*_: object, **__: object) -> None:
        raise DiskFull("The disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("genlab.runs.folder.write_bytes", fail)
        with pytest.raises(DiskFull):
            store.take()
    assert store.waiting() == [run.id]
    assert store.take().id == run.id


def test_ids_never_collide_and_sort_by_time(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        parts = [pool.submit(lambda: [store.create(make_spec()).id for _ in range(75)]) for _ in range(4)]
        made = [part.result() for part in parts]
    ids = [run_id for part in made for run_id in part]
    assert len(set(ids)) == 300 == len(store.runs())
    assert all(part == sorted(part) for part in made)
    assert store.open(ids[0]).spec() == make_spec()


def test_two_runs_made_at_the_same_moment_do_not_collide(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(["a", "a", "a", "b"])
    monkeypatch.setattr("genlab.runs.store.new_id", lambda: next(moments))
    first, second = store.create(make_spec(seed=1)), store.create(make_spec(seed=2))
    assert (first.id, second.id) == ("a", "b") and first.spec().seed == 1 and second.spec().seed == 2
    assert [path.name for path in sorted(store.root.iterdir())] == ["a", "b"], "nothing else is left behind"


def test_a_maker_killed_at_any_moment_leaves_whole_runs_alone(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from genlab.runs import Store
from genlab.spec import make_spec
while True:
    Store(Path({str(tmp_path)!r})).create(make_spec())
"""
    maker = subprocess.Popen([sys.executable, "-c", program])
    wait_until(lambda: len(Store(tmp_path).runs()) >= 20, "twenty runs")
    maker.kill()
    maker.wait()
    runs = Store(tmp_path).runs()
    assert len(runs) >= 20
    for run in runs:
        assert run.spec() and run.state() and run.metadata().created


def test_two_processes_killed_at_random_lose_no_run_and_take_none_twice(tmp_path: Path) -> None:
    """`python tests/stress_jobs.py --seconds 60` does the same for a minute."""
    report = stress_jobs.stress(tmp_path, seconds=3, seed=0, created=20, trained=5)
    assert report["killed"]
    assert report["lost"] == report["twice"] == report["queued for ever"] == []


def test_a_run_that_is_gone_cannot_be_stopped(store: Store) -> None:
    with pytest.raises(RunUnreadable, match="no run called"):
        store.stop(Run(store.root / "20260101-000000-000000"))
