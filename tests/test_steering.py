"""Steering a run from the page and the command line: no press is lost, none counts twice, none leaves half a run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock
from helpers import PATIENCE, train_fully, wait_until
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from genlab.cli import app
from genlab.runs import Run, Store
from genlab.runs.atomic import DiskFull
from genlab.spec import make_spec
from genlab.ui import worker_supervisor
from genlab.ui.worker_supervisor import WorkerSupervisor

ROOT = Path(__file__).parents[1]
SMALL = [{"model": "ae", "settings": {"width": 4}}]


@pytest.fixture
def train_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    for module in ("worker_supervisor", "live"):
        monkeypatch.setattr(f"genlab.ui.{module}.ensure_worker", lambda: None)
    monkeypatch.setattr("genlab.ui.controls.DOUBLE_CLICK_SECONDS", PATIENCE)  # however slow the machine is
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    page.switch_page("pages/train.py")
    return page.run()


def test_reset_right_after_train_stops_the_run_and_starts_the_paused_one(train_page: AppTest, store: Store) -> None:
    train_page.button(key="train").click().run()
    (first,) = store.runs()
    train_page.button(key="reset").click().run()
    assert not train_page.exception
    second, _ = store.runs()
    assert first.state().state == "stopped" and second.state().state == "queued"
    assert second.spec() == first.spec() and store.waiting() == [second.id]
    assert train_page.query_params["run"] in (second.id, [second.id])
    train_page.button(key="reset").click().run()
    assert len(store.runs()) == 2 and second.state().state == "queued", "a double click on Reset makes one run"
    assert [request["verb"] for request in second.take_requests()] == ["pause"]


def test_a_double_click_on_train_makes_one_run_and_another_seed_another(train_page: AppTest, store: Store) -> None:
    train_page.button(key="train").click().run()
    train_page.button(key="train").click().run()
    assert len(store.runs()) == 1
    train_page.number_input(key="seed").set_value(5)
    train_page.button(key="train").click().run()
    second, first = store.runs()
    assert second.spec().seed == 5 and first.state().state == "stopped" and store.waiting() == [second.id]


@pytest.mark.parametrize("timer", [True, False])
def test_a_click_that_a_timer_sends_too_counts_once(timer: bool) -> None:
    """The message of a timer says what every control holds, and of no click; that of a click says all."""
    from streamlit.proto.ClientState_pb2 import ClientState
    from streamlit.runtime.app_session import AppSession, AppSessionState

    import genlab.ui.frame  # noqa: F401

    message = ClientState(is_auto_rerun=timer)
    message.widget_states.widgets.add(id="step", trigger_value=True)
    message.widget_states.widgets.add(id="seed", int_value=7)
    message.widget_states.widgets.add(id="grid", json_trigger_value="{}")
    AppSession.request_rerun(SimpleNamespace(_state=AppSessionState.SHUTDOWN_REQUESTED), message)  # type: ignore[arg-type]
    assert [widget.id for widget in message.widget_states.widgets] == (["seed"] if timer else ["step", "seed", "grid"])


class FakeProcess:
    """A worker that ends at once, or never."""

    started = 0
    ends = False

    def __init__(self, *_: object, **__: object) -> None:
        time.sleep(0.02)  # others ask meanwhile
        FakeProcess.started += 1

    def poll(self) -> int | None:
        return 1 if self.ends else None


@pytest.fixture
def fake_process(monkeypatch: pytest.MonkeyPatch) -> type[FakeProcess]:
    monkeypatch.setattr(worker_supervisor.subprocess, "Popen", FakeProcess)
    monkeypatch.setattr(FakeProcess, "started", 0)
    return FakeProcess


def test_a_second_server_on_the_same_folder_shows_the_worker_of_the_first(
    store: Store, monkeypatch: pytest.MonkeyPatch, fake_process: type[FakeProcess]
) -> None:
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    monkeypatch.setattr(worker_supervisor, "HEAD_START_SECONDS", 0.0)
    store.root.mkdir()
    (store.root / ".worker.json").write_text(json.dumps({"state": "ready", "devices": {"cpu": "CPU"}}))
    second = WorkerSupervisor(store.root)
    monkeypatch.setattr(worker_supervisor, "ensure_worker", second.ensure_running)
    with FileLock(store.root / ".worker.lock"):  # as the first server's worker holds it
        assert worker_supervisor.worker_status()["state"] == "ready" and fake_process.started == 1
        assert worker_supervisor.worker_status()["state"] == "ready"
    assert worker_supervisor.worker_status()["state"] == "starting the worker", "what it said ends with it"


def test_visitors_who_come_at_once_start_one_worker(
    store: Store, monkeypatch: pytest.MonkeyPatch, fake_process: type[FakeProcess]
) -> None:
    monkeypatch.setattr(worker_supervisor, "HEAD_START_SECONDS", 0.0)
    supervisor, visitors = WorkerSupervisor(store.root), threading.Barrier(8)

    def visit(_: int) -> None:
        visitors.wait()
        supervisor.ensure_running()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(8)))
    assert fake_process.started == 1


def test_a_worker_that_ends_again_and_again_is_started_less_and_less_often(
    store: Store, monkeypatch: pytest.MonkeyPatch, fake_process: type[FakeProcess]
) -> None:
    now = 0.0
    monkeypatch.setattr(worker_supervisor.time, "monotonic", lambda: now)
    monkeypatch.setattr(fake_process, "ends", True)
    supervisor = WorkerSupervisor(store.root)
    starts = []
    for now in range(3600):  # noqa: B007 - the clock of the supervisor
        supervisor.ensure_running()
        starts.append(fake_process.started)
    assert starts[10] == 2, "the first time it is started again soon"
    assert starts[-1] < 20


def test_a_worker_waits_where_the_disk_is_full_and_goes_on_when_there_is_room(
    store: Store, backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from genlab.training import worker

    monkeypatch.setattr(worker, "DISK_SECONDS", 0.01)
    full = threading.Event()
    full.set()
    refused = 0

    def write_bytes(*arguments: Any, **named: Any) -> None:
        nonlocal refused
        if full.is_set():
            refused += 1
            raise DiskFull("The disk is full")
        written(*arguments, **named)

    run = store.submit(make_spec(lanes=SMALL, budget=5))
    from genlab.runs.atomic import write_bytes as written

    for module in ("atomic", "folder"):
        monkeypatch.setattr(f"genlab.runs.{module}.write_bytes", write_bytes)
    leaving = threading.Event()
    thread = threading.Thread(target=worker.work, args=(store, leaving))
    thread.start()
    try:
        wait_until(lambda: refused > 5, "the worker to try again")
        assert thread.is_alive() and store.waiting() == [run.id]
        full.clear()
        wait_until(lambda: run.state().state == "done", "the run")
    finally:
        leaving.set()
        thread.join()
    capsys.readouterr()


def test_a_paused_run_gives_way_to_measuring(store: Store, backend, monkeypatch: pytest.MonkeyPatch) -> None:
    from genlab.training import recorder

    monkeypatch.setattr(recorder, "PAUSE_SECONDS", 0.0)
    paused, other = (store.create(make_spec(lanes=SMALL, budget=10)) for _ in range(2))
    paused.request("pause")
    looks = 0
    for _ in recorder.record(paused, store):
        if paused.state().state == "paused":
            looks += 1
            if looks == 3:
                store.request_evaluation(other)
    assert looks >= 3, "while nothing waits it stays"
    assert paused.state().state == "stopped" and "made room" in paused.state().message
    assert store.take_evaluation().id == other.id


# The command line


def genlab(*words: str) -> str:
    """The last line that a command prints."""
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()[-1]


def test_resume_takes_the_path_that_it_is_given(store: Store, tmp_path: Path, backend) -> None:
    run = store.create(make_spec(lanes=SMALL, budget=5))
    train_fully(store, run)
    run.request("stop")  # as one that comes when a run has just ended: it is not for what follows
    other = Store(tmp_path / "elsewhere")
    other.root.mkdir()
    shutil.copytree(run.path, other.root / run.id)
    summary = json.loads(
        genlab("train", "--resume", str(other.root / run.id), "--steps", "10", "--runs", str(store.root), "--json")
    )
    assert summary["run"] == str(other.root / run.id) and summary["lanes"][0]["steps"] == 10
    assert run.state().lanes[0].step == 5 and run.spec().budget == 5


def test_show_prints_one_object(store: Store, backend) -> None:
    run = store.create(make_spec(lanes=[*SMALL, {"model": "ae", "settings": {"width": 4, "batch_size": 32}}], budget=5))
    train_fully(store, run)
    values = json.loads(genlab("show", run.id, "--runs", str(store.root), "--json"))
    assert values == json.loads(genlab("show", str(run.path), "--json"))
    assert list(values) == ["id", "schema", "state", "forked_from", "dataset", "versions", "lanes"]
    assert (values["id"], values["state"]) == (run.id, "done")
    assert values["dataset"] == {"name": "ring8", "title": "Ring of 8 Gaussians", "available": True}
    second = values["lanes"][1]
    assert list(second) == ["model", "title", "step", "seconds", "examples", "frames", "curves"]
    assert (second["model"], second["title"], second["step"], second["examples"]) == ("ae", "Autoencoder B", 5, 160)
    assert second["frames"][0] == 0 and second["frames"][-1] == 5
    curves = second["curves"]
    assert list(curves)[:3] == ["step", "seconds", "examples"] and curves["step"] == [0, 1, 2, 3, 4, 5]
    assert {len(values) for values in curves.values()} == {6}
    assert curves["autoencoder/loss"][0] is None and curves["solid"][0] is not None
    assert None not in curves["autoencoder/loss"][1:]
    assert "Autoencoder B" in CliRunner().invoke(app, ["show", str(run.path)]).stdout


def test_show_of_no_run_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["show", "nope", "--runs", str(tmp_path)])
    assert result.exit_code == 2 and "There is no run called nope" in result.output


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("when", ["TensorFlow loads", "it trains"])
def test_interrupting_train_leaves_no_run_that_waits_for_nobody(when: str, store: Store) -> None:
    # Where the tests run in the background, the shell has had Ctrl-C ignored, and children inherit that.
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program += "from genlab.cli import main; main()"
    words = ("train", "--model", "ae", "--set", "0.width=4", "--steps", "100000000", "--runs", str(store.root))
    process = subprocess.Popen([sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True)
    if when == "it trains":
        wait_until(lambda: [run for run in store.runs() if run.state().state == "running"], "training")
    else:
        wait_until(lambda: loads_tensorflow(process.pid), "TensorFlow to load")
    process.send_signal(signal.SIGINT)
    while when == "TensorFlow loads" and process.poll() is None:  # an import may swallow the first
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
    process.wait(PATIENCE)
    process.stderr.close()
    runs: list[Run] = store.runs()
    assert len(runs) <= 1 and all(run.state().state == "interrupted" for run in runs)
    if when == "it trains":
        assert process.returncode == 130 and "Resume goes on" in runs[0].state().message


def loads_tensorflow(process: int) -> bool:
    maps = Path(f"/proc/{process}/maps")
    return not maps.parent.parent.is_dir() or (os.path.exists(maps) and "tensorflow" in maps.read_text())
