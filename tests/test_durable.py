"""A run outlives its surroundings: an older genlab, data that is gone or changed, models that are no more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import PATIENCE, train_fully
from streamlit.testing.v1 import AppTest

from genlab.cli.show import run_values, show
from genlab.datasets import DataUnavailable
from genlab.evaluation.diagnosis import diagnose
from genlab.figures.base import draw, lane_views
from genlab.figures.packing import unpack
from genlab.figures.timeline import describe
from genlab.registry import FIGURES, MODELS
from genlab.runs import Run, RunUnreadable, Store
from genlab.runs.history import History
from genlab.runs.schema import SCHEMA
from genlab.runs.summary import run_row
from genlab.runs.view import RunReader, RunView
from genlab.spec import SpecError, make_spec
from genlab.ui import live
from genlab.ui.escape import literal

ROOT = Path(__file__).parents[1]
VERSION_1 = Path(__file__).parent / "recorded" / "version-1"  # GAN and VAE, checkpoint at step 20, killed at 40 of 60


@pytest.fixture
def old_run(store: Store) -> Run:
    """As the version before folders had a version left it."""
    store.root.mkdir(parents=True)
    shutil.copytree(VERSION_1, store.root / "20251231-235959-1a2b")
    return store.open("20251231-235959-1a2b")


def copy_of(run: Run, store: Store) -> Run:
    store.root.mkdir(parents=True, exist_ok=True)
    shutil.copytree(run.path, store.root / run.id)
    return store.open(run.id)


def change_spec(run: Run, **values: object) -> None:
    path = run.path / "spec.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def page_words(store: Store, page: str, monkeypatch: pytest.MonkeyPatch, run: Run) -> str:
    """Everything a page says of a run."""
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    monkeypatch.setattr("genlab.ui.worker_supervisor.ensure_worker", lambda: None)
    for module in ("live", "coverage_page"):
        monkeypatch.setattr(f"genlab.ui.{module}.ensure_worker", lambda: None)
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    test.switch_page(page)
    test.query_params["run"] = run.id
    test.run()
    assert not test.exception
    kinds = ("markdown", "error", "warning", "subheader", "caption")
    return " ".join(str(element.value) for kind in kinds for element in test.get(kind))


def test_a_run_of_the_version_before_is_shown(old_run: Run) -> None:
    view = RunReader(old_run).read()
    assert [view.title(lane) for lane in (0, 1)] == ["GAN", "VAE"] and view.dataset_title == "Ring of 8 Gaussians"
    assert view.spec.lanes[0].settings["ema_decay"] == 0.9
    assert view.state.state == "interrupted" and view.lane_state(1).step == 40, "later than its last state.json"
    assert len(draw(FIGURES["losses"], lane_views(view)[:1]).data[0].y) == 40
    assert old_run.evaluation().lanes[0].measures and diagnose(view, old_run.evaluation()) is not None
    values = run_values(old_run)
    assert values["schema"] == 1 and values["versions"] == {} and values["dataset"]["available"]
    assert values["lanes"][1]["frames"] == [0, 40] and values["lanes"][1]["curves"]["step"] == list(range(41))


def test_a_run_of_the_version_before_goes_on_from_its_checkpoint(old_run: Run, store: Store, backend) -> None:
    store.resume(old_run)
    assert store.take().id == old_run.id
    before = History(old_run).update()
    train_fully(store, old_run)
    assert old_run.state().state == "done", old_run.state().message
    values = run_values(old_run)
    assert values["schema"] == SCHEMA and values["versions"]["backend"].startswith("tensorflow ")
    for lane in values["lanes"]:
        assert lane["step"] == 60 and lane["frames"][0] == 0 and lane["frames"][-1] == 60
        assert lane["curves"]["step"] == list(range(61))
    assert before.update().rewound == [(0, 20), (1, 20)], "a reader that has read what was given up is told"
    assert before.series(1, "vae/loss")[0].tolist() == list(range(1, 61))


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for data sets, with one called mine."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("GENLAB_DATA_DIR", str(folder))
    save_points(folder, seed=0)
    return folder


def save_points(folder: Path, seed: int) -> None:
    np.savez(folder / "mine.npz", examples=np.random.default_rng(seed).normal(size=(300, 2)))


@pytest.fixture
def own_run(own_data: Path, store: Store, backend) -> Run:
    run = store.create(make_spec(dataset="mine", lanes=[{"model": "vae", "settings": {"width": 8}}], budget=10))
    train_fully(store, run)
    assert run.state().state == "done", run.state().message
    return run


def test_a_run_keeps_what_showing_it_needs(own_run: Run) -> None:
    metadata = own_run.metadata()
    dataset = metadata.dataset
    assert (dataset.name, dataset.title, dataset.kind, dataset.shape) == ("mine", "mine", "points", [2])
    assert dataset.modes and dataset.own and len(dataset.fingerprint) == 12
    assert metadata.lanes[0].curves == MODELS["vae"].curves and "encode" in metadata.lanes[0].abilities
    assert metadata.versions.keys() == {"genlab", "keras", "backend", "device"}


def described(view: RunView) -> list[dict[str, Any]]:
    """What the train page draws of a run."""
    lanes = lane_views(view)
    cells: list[dict[str, Any]] = unpack(describe(live.cells(lanes), lanes))[0]["cells"]
    return cells


def test_a_run_whose_data_set_is_gone_is_shown_and_says_what_it_cannot(
    own_run: Run, own_data: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlab.evaluation.evaluate import evaluate
    from genlab.latent.trained import load

    drawn = [cell.name for cell in live.cells(lane_views(RunReader(own_run).read()))]
    (own_data / "mine.npz").unlink()
    view = RunReader(own_run).read()
    assert view.dataset_title == "mine" and [cell.name for cell in live.cells(lane_views(view))] == drawn
    assert run_row(own_run)["state"] == "done"
    assert run_values(own_run)["dataset"] == {"name": "mine", "title": "mine", "available": False}
    for act in (store.resume, load, lambda run: list(evaluate(run, store.cache))):
        with pytest.raises(SpecError, match=r"can only be shown.*no data set called 'mine'"):
            act(own_run)
    assert own_run.state().state == "done"
    assert "no data set called" in page_words(store, "pages/train.py", monkeypatch, own_run)
    assert "Measures" in page_words(store, "pages/coverage.py", monkeypatch, own_run)


def test_data_of_the_same_name_with_other_content_is_not_taken_for_the_runs_own(
    own_run: Run, own_data: Path, store: Store
) -> None:
    from genlab.evaluation.evaluate import evaluate
    from genlab.latent.trained import load

    save_points(own_data, seed=1)
    assert not run_values(own_run)["dataset"]["available"]
    for act in (load, lambda run: list(evaluate(run, store.cache))):
        with pytest.raises(DataUnavailable, match="holds other data now"):
            act(own_run)
    own_run.write_spec(make_spec(**{**own_run.spec().model_dump(), "budget": 20}))
    before = own_run.checkpoint(0)
    store.resume(own_run)
    train_fully(store, own_run)
    state = own_run.state()
    assert state.state == "stopped" and "holds other data now" in state.message and state.lanes[0].step == 10
    np.testing.assert_equal(own_run.checkpoint(0), before)

    save_points(own_data, seed=0)  # the old file back under its name
    store.resume(own_run)
    train_fully(store, own_run)
    assert own_run.state().state == "done" and own_run.state().lanes[0].step == 20


@pytest.mark.parametrize("dataset", ["no-more", "ring8"])
def test_a_run_whose_model_is_gone_is_shown_from_its_folder(
    dataset: str, ring_run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copy_of(ring_run, store)
    lanes = json.loads((run.path / "spec.json").read_text())["lanes"]
    lanes[0]["model"] = "no-more"
    change_spec(run, lanes=lanes, dataset=dataset)
    view = RunReader(run).read()
    assert view.title(0) == "GAN" and list(view.curves(0)) == list(MODELS["gan"].curves)
    assert len(described(view)) == 9 and {finding.lane for finding in diagnose(view)} <= {0, 1}
    with pytest.raises(SpecError, match=r"can only be shown.*'no-more'"):
        store.resume(run)
    for page in ("pages/train.py", "pages/coverage.py", "pages/runs.py"):
        page_words(store, page, monkeypatch, run)
    (run.path / "metadata.json").unlink()  # as the version before left it: names alone are known then
    view = RunReader(run).read()
    assert view.title(0) == "no-more" and view.curves(0) == {
        "discriminator": "discriminator/loss",
        "generator": "generator/loss",
    }
    assert len(described(view)) == 9


def test_a_setting_that_is_gone_and_a_bound_that_is_tighter_leave_the_run_readable(
    ring_run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copy_of(ring_run, store)
    lanes = json.loads((run.path / "spec.json").read_text())["lanes"]
    lanes[0]["settings"]["no_more"] = 3
    change_spec(run, lanes=lanes)
    assert run.spec().lanes[0].settings["no_more"] == 3
    with pytest.raises(SpecError, match=r"Model A \(GAN\): there is no setting called no_more"):
        run.runnable_spec()
    lanes[0]["settings"].pop("no_more")
    lanes[0]["settings"]["batch_size"] = 10**9  # beyond today's bound
    change_spec(run, lanes=lanes, budget=10**12)
    assert RunReader(run).read().spec.budget == 10**12
    with pytest.raises(SpecError, match=r"batch_size: .* not 1000000000|budget: "):
        run.runnable_spec()
    assert "can only be shown" in page_words(store, "pages/train.py", monkeypatch, run)


def test_a_run_of_a_newer_genlab_can_only_be_shown(ring_run: Run, store: Store) -> None:
    run = copy_of(ring_run, store)
    metadata = json.loads((run.path / "metadata.json").read_text())
    (run.path / "metadata.json").write_text(
        json.dumps(metadata | {"schema_version": SCHEMA + 1, "something": {"new": [1, 2]}})
    )
    assert run_values(run)["schema"] == SCHEMA + 1
    with pytest.raises(SpecError, match="written by a newer genlab"):
        store.resume(run)


def test_reset_of_a_run_that_can_only_be_shown_says_why(
    ring_run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copy_of(ring_run, store)
    change_spec(run, dataset="no-more")
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    monkeypatch.setattr("genlab.ui.live.ensure_worker", lambda: None)
    monkeypatch.setattr("genlab.ui.worker_supervisor.ensure_worker", lambda: None)
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    test.switch_page("pages/train.py")
    test.query_params["run"] = run.id
    test.run()
    test.button(key="reset").click().run()
    assert not test.exception and len(store.runs()) == 1
    assert any(literal("no-more") in error.value for error in test.error)


def test_an_error_keeps_its_traceback_in_the_run_and_the_page_shows_it_behind_details(
    store: Store, backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlab.training.lane import Lane

    def fail(*_: object) -> None:
        raise ArithmeticError("the sum went wrong\nwith a second line")

    run = store.create(make_spec(lanes=[{"model": "vae", "settings": {"width": 8}}], budget=10))
    with monkeypatch.context() as patch:
        patch.setattr(Lane, "advance", fail)
        with pytest.raises(ArithmeticError):
            train_fully(store, run)
    assert run.state().state == "failed" and run.state().message == "ArithmeticError: the sum went wrong"
    assert "Traceback" in run.error() and "in fail" in run.error() and "with a second line" in run.error()
    assert "the sum went wrong" in page_words(store, "pages/train.py", monkeypatch, run)
    assert run.checkpoint(0) is None, "what an error left in the middle of a step is not gone on from"
    store.resume(run)
    train_fully(store, run)
    assert run.state().state == "done" and run.error() == ""


def test_show_says_in_words_what_a_run_is(old_run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    show(old_run, False, Console(width=160))
    shown = capsys.readouterr().out
    assert "Ring of 8 Gaussians, seed 0, 60 steps: interrupted" in shown and "2, to step 40" in shown
    assert "GAN" in shown and str(old_run.path) in shown


def test_the_versions_of_the_package_and_of_its_description_agree() -> None:
    import tomllib

    import genlab

    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == genlab.__version__


def test_the_server_takes_uploads_as_large_as_the_reader_does() -> None:
    import tomllib

    from genlab.datasets.reading import MAXIMUM_UPLOAD

    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] * 10**6 == MAXIMUM_UPLOAD


@pytest.mark.parametrize("dataset, activation", [("ring8", "relu"), ("digits", "leaky-relu")])
def test_settings_that_came_later_mean_what_models_did_before(dataset: str, activation: str, store: Store) -> None:
    """Whatever the presets of today are."""
    run = store.create(make_spec(dataset=dataset))
    path, later = (
        run.path / "spec.json",
        ("hidden_layers", "activation", "r2_weight", "learning_rate_decay", "penalty_interval"),
    )
    values = json.loads(path.read_text())
    values["lanes"][0]["settings"] = {k: v for k, v in values["lanes"][0]["settings"].items() if k not in later}
    path.write_text(json.dumps(values))
    settings = run.runnable_spec().lanes[0].settings
    assert [settings[name] for name in later] == [2, activation, 0.0, "none", 1]


@pytest.mark.parametrize("name", [[], {"gan": 1}, None, 3])
@pytest.mark.parametrize("what", ["model", "dataset"])
def test_a_spec_whose_names_are_no_words_is_unreadable(what: str, name: object, store: Store) -> None:
    run = store.create(make_spec())
    path = run.path / "spec.json"
    values = json.loads(path.read_text())
    (values["lanes"][0] if what == "model" else values)[what] = name
    path.write_text(json.dumps(values))
    with pytest.raises(RunUnreadable, match="does not describe a run"):
        run.spec()
