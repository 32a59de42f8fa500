"""Forks: runs that go on from a kept checkpoint of another with one setting changed, and those checkpoints."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import train_fully
from typer.testing import CliRunner

from genlab.cli import app
from genlab.registry import MODELS
from genlab.runs import Run, RunUnreadable, Store, checkpoints
from genlab.runs.checkpoints import checkpoints_at, fork_steps, keep, kept_steps
from genlab.runs.folder import LaneState
from genlab.runs.forks import Change, describe_fork, fork_again, make_fork
from genlab.runs.history import History
from genlab.runs.view import RunReader
from genlab.spec import SpecError, changeable_names, make_spec, setting_notes
from genlab.ui.marks import marks

LANES = [
    {"model": "gan", "settings": {"generator_width": 8, "discriminator_width": 8, "discriminator_dropout": 0.2}},
    {"model": "vae", "settings": {"width": 8}},
]
TWELFTHS = list(range(0, 61, 5))


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory, backend) -> Run:
    """60 steps; to be copied by whoever changes it."""
    store = Store(tmp_path_factory.mktemp("parent"))
    run = store.create(make_spec(lanes=LANES, budget=60))
    train_fully(store, run)
    return run


@pytest.fixture
def copied(parent: Run, store: Store) -> Run:
    store.root.mkdir(parents=True)
    shutil.copytree(parent.path, store.root / parent.id)
    return store.open(parent.id)


def taken(store: Store, run: Run) -> Run:
    """A queued run, trained as the worker does it."""
    assert store.take().id == run.id
    train_fully(store, run)
    assert run.state().state == "done", run.state().message
    return run


def test_a_run_keeps_a_checkpoint_in_every_twelfth_of_its_budget(parent: Run) -> None:
    assert fork_steps(parent) == TWELFTHS and kept_steps(parent) == TWELFTHS[1:-1]
    for step in TWELFTHS[1:]:
        assert [checkpoint["clock"][0] for checkpoint in checkpoints_at(parent, step)] == [step, step]
    assert checkpoints_at(parent, 0) == [None, None]


def test_a_fork_without_a_change_ends_as_the_run_did_also_when_that_is_gone(
    copied: Run, parent: Run, store: Store
) -> None:
    fork = store.fork(copied, 37)
    assert [lane.step for lane in fork.state().lanes] == [35, 35] and fork.metadata().forked_from.step == 35
    shutil.rmtree(copied.path)
    taken(store, fork)
    for lane, name in ((0, "generator/loss"), (1, "vae/loss")):
        ours, theirs = (run.newest_frame(lane) for run in (fork, parent))
        assert ours.step == theirs.step == 60
        np.testing.assert_equal(ours.arrays, theirs.arrays)
        assert fork.frame_steps(lane)[0] == 35, "its own frames begin at the fork"
        (steps, losses), (all_steps, all_losses) = (History(run).update().series(lane, name) for run in (fork, parent))
        assert steps[0] > 35
        np.testing.assert_array_equal(losses, all_losses[all_steps > 35])
    assert fork.metadata().forked_from.run == parent.id and fork.metadata().forked_from.lane is None
    assert fork_steps(fork) == [step for step in TWELFTHS if step >= 35]
    with pytest.raises(SpecError, match="can be forked from step 35 on"):
        store.fork(fork, 34)


@pytest.mark.parametrize("step", [0, 35])
def test_a_live_setting_is_changed_from_the_first_step_on(step: int, copied: Run, store: Store) -> None:
    fork = taken(store, store.fork(copied, step, Change(1, "beta", "4")))
    forked = fork.metadata().forked_from
    assert (forked.run, forked.step, forked.lane, forked.setting) == (copied.id, step, 1, "beta")
    assert (forked.old, forked.new) == (1.0, 4.0)
    assert fork.spec().lanes[1].settings == copied.spec().lanes[1].settings | {"beta": 4.0}
    assert fork.spec().lanes[0] == copied.spec().lanes[0]
    history = History(fork).update()
    loss, reconstruction, kl = (history.series(1, f"vae/{name}")[1] for name in ("loss", "reconstruction", "kl"))
    np.testing.assert_allclose(loss, reconstruction + 4 * kl, rtol=1e-4)
    np.testing.assert_equal(fork.newest_frame(0).arrays, copied.newest_frame(0).arrays)  # the other lane is as it was


def test_a_setting_that_is_not_live_may_change_where_it_leaves_the_networks_alone(copied: Run, store: Store) -> None:
    fork = taken(store, store.fork(copied, 30, Change(0, "batch_size", 32)))
    assert fork.state().lanes[0].examples == 30 * 128 + 30 * 32
    assert fork.state().lanes[1].examples == 60 * 128


def test_a_fork_has_what_was_changed_while_its_run_trained(store: Store, backend) -> None:
    from genlab.training.loop import ChunkTrained
    from genlab.training.recorder import record

    run = store.create(make_spec(lanes=LANES[1:], budget=60))
    for event in record(run, store):
        if isinstance(event, ChunkTrained) and event.step == 28:
            run.request("settings", lane=0, values={"beta": 4.0})
    assert [make_fork(run, step).spec.lanes[0].settings["beta"] for step in (25, 30)] == [1.0, 4.0]
    fork = make_fork(run, 30, Change(0, "beta", 0.5))
    assert (fork.forked_from.old, fork.forked_from.new) == (4.0, 0.5)
    unchanged = taken(store, store.fork(run, 30))
    np.testing.assert_equal(unchanged.newest_frame(0).arrays, run.newest_frame(0).arrays)


def test_a_fork_trains_as_far_as_its_run_or_as_long_again_unless_told(parent: Run) -> None:
    assert make_fork(parent, 30).spec.budget == 60
    assert make_fork(parent).spec.budget == make_fork(parent, 60).spec.budget == 120
    assert make_fork(parent, 30, budget=40).spec.budget == 40
    with pytest.raises(SpecError, match="has used 30 steps, so a budget of 30 leaves nothing to train"):
        make_fork(parent, 30, budget=30)


@pytest.mark.parametrize(
    "change, message",
    [
        (Change(1, "width", 9), r"width decides the networks of model B \(VAE\).*can change:.* beta,.*train a new run"),
        (Change(0, "latent_dim", 5), r"latent_dim decides the networks of model A \(GAN\)"),
        (Change(0, "beta", 2), r"Model A \(GAN\) has no setting called beta.*generator_learning_rate"),
        (Change(2, "beta", 2), "There is no lane 2; this run has lanes 0 to 1"),
        (Change(1, "beta", "much"), r"Model B \(VAE\): beta: Input should be a valid number"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_in_words(
    change: Change, message: str, copied: Run, store: Store
) -> None:
    with pytest.raises(SpecError, match=message):
        store.fork(copied, 30, change)
    assert [run.id for run in store.runs()] == [copied.id], "nothing is left behind"


def test_a_checkpoint_that_does_not_fit_its_spec_ends_the_run_with_a_message(copied: Run, store: Store) -> None:
    fork = store.fork(copied, 30)
    spec = fork.spec().model_dump()
    spec["lanes"][1]["settings"]["width"] = 9
    fork.write_spec(make_spec(**spec))
    train_fully(store, store.take())
    assert fork.state().state == "failed"
    assert "checkpoint of model B belongs to other networks than its spec describes" in fork.state().message


@pytest.mark.parametrize("dataset", ["ring8", "digits"])
@pytest.mark.parametrize("model", list(MODELS))
def test_settings_that_a_fork_may_change_leave_a_checkpoint_fitting(model: str, dataset: str, backend) -> None:
    """All of them at once, of every model; a newcomer's too."""
    from genlab.datasets import load_dataset
    from genlab.registry import DATASETS
    from genlab.spec import LaneSpec
    from genlab.training.lane import Lane

    data, family = load_dataset(dataset, {}), MODELS[model]
    values = family.resolve({}, DATASETS[dataset].kind).model_dump()
    values |= {name: 8 for name in values if name.endswith("width")}
    changed = values | {
        name: another(family.settings, name, values[name]) for name in changeable_names(family.settings)
    }
    one, other = (Lane(0, LaneSpec(model=model, settings=settings), data, 0, "cpu") for settings in (values, changed))
    other.restore(one.checkpoint())
    assert changed != values


def another(settings: Any, name: str, value: Any) -> Any:
    field = settings.model_fields[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return next(option for option in field.annotation.__args__ if option != value)
    highest = next((rule.le for rule in field.metadata if hasattr(rule, "le")), np.inf)
    return type(value)(min(2 * value or 1, highest)) if value < highest else value / 2


def test_what_decides_the_networks_is_noted() -> None:
    for family in MODELS.values():
        noted = [name for name in family.settings.model_fields if setting_notes(family.settings, name)["architecture"]]
        assert {"latent_dim", "hidden_layers"} & set(family.settings.model_fields) <= set(noted)
        assert not [name for name in noted if setting_notes(family.settings, name)["live"]]


# The checkpoints that are kept


def a_checkpoint(step: int, size: int = 10) -> dict[str, np.ndarray]:
    return {"variable0000": np.zeros(size, "uint8"), "clock": np.array([step, step / 10, step], "float64")}


def test_no_more_are_kept_than_the_maximum_spread_evenly_the_first_and_the_newest_among_them(store: Store) -> None:
    run = store.create(make_spec())
    for step in range(10, 1010, 10):
        keep(run, [a_checkpoint(step), a_checkpoint(step)])
        assert len(kept_steps(run)) == min(12, step // 10)
    kept = kept_steps(run)
    assert kept[0] == 10 and kept[-1] == 1000 and np.diff(kept)[:-1].max() <= 4 * np.diff(kept)[:-1].min()


@pytest.mark.parametrize("size, expected", [(100_000, [1, 2, 3]), (300_000, [3]), (2_000_000, [])])
def test_no_more_bytes_are_kept_than_the_maximum(
    size: int, expected: list[int], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MAXIMUM_BYTES", 1_000_000)
    run = store.create(make_spec())
    for step in (1, 2, 3):
        keep(run, [a_checkpoint(step, size)] * 2)
    assert kept_steps(run) == expected
    assert sum(path.stat().st_size for path in run.path.rglob("at-*.npz")) <= 1_000_000


def test_a_larger_budget_keeps_as_many_over_the_whole_run(copied: Run, store: Store) -> None:
    copied.write_spec(make_spec(**copied.spec().model_dump() | {"budget": 600}))
    train_fully(store, copied)
    kept = kept_steps(copied)
    assert len(kept) == 12 and kept[0] == 5 and 550 <= kept[-1] < 560 and np.diff(kept).max() <= 150


def test_a_rewound_run_gives_up_the_later_ones(copied: Run, store: Store) -> None:
    from genlab.training.recorder import record

    for lane, checkpoint in enumerate(checkpoints_at(copied, 30)):
        copied.write_checkpoint(lane, checkpoint)  # as of a run that was killed some time after step 30
    events = record(copied, store)
    next(event for event in events if copied.state().lanes)
    events.close()
    assert fork_steps(copied) == TWELFTHS[:7]


def test_one_is_given_up_that_is_later_in_any_lane(store: Store) -> None:
    run = store.create(make_spec())
    for one, two in ((10, 40), (20, 80)):
        keep(run, [a_checkpoint(one), a_checkpoint(two)])
    assert kept_steps(run) == [40, 80], "named by the latest of their lanes"
    checkpoints.forget_later(run, [LaneState(step=19), LaneState(step=90)])
    assert kept_steps(run) == [40]


def test_lanes_of_different_steps_go_on_from_one_place_on_the_clock(store: Store, backend) -> None:
    lanes = [LANES[0], {"model": "vae", "settings": {"width": 8, "batch_size": 32}}]
    run = store.create(make_spec(lanes=lanes, clock="examples", budget=12_800))
    train_fully(store, run)
    first = kept_steps(run)[0]
    places = [checkpoint["clock"] for checkpoint in checkpoints_at(run, first)]
    assert places[1][0] == first == 4 * places[0][0] and places[0][2] == places[1][2]
    fork = taken(store, store.fork(run, first + 1))
    for lane in (0, 1):
        np.testing.assert_equal(fork.newest_frame(lane).arrays, run.newest_frame(lane).arrays)


def test_a_run_from_before_they_were_kept_is_forked_from_its_newest(copied: Run, store: Store) -> None:
    for path in copied.path.rglob("at-*.npz"):
        path.unlink()
    for lane in (0, 1):
        checkpoint = copied.checkpoint(lane)
        names = [name for name in checkpoint if not name.startswith("setting.")]
        copied.write_checkpoint(lane, {name: checkpoint[name] for name in names})
    assert fork_steps(copied) == [0, 60]
    fork = taken(store, store.fork(copied, 1000, Change(1, "beta", 4.0), budget=70))
    assert fork.metadata().forked_from.step == 60 and fork.state().lanes[1].step == 70
    history = History(fork).update()
    loss, reconstruction, kl = (history.series(1, f"vae/{name}")[1][-1] for name in ("loss", "reconstruction", "kl"))
    assert loss == pytest.approx(reconstruction + 4 * kl, rel=1e-4)


def test_a_damaged_one_is_said_and_the_others_serve(copied: Run, store: Store) -> None:
    (copied.path / "checkpoints" / "at-000000030.npz").write_bytes(b"nonsense")
    with pytest.raises(RunUnreadable, match=r"at-000000030\.npz"):
        make_fork(copied, 30)
    assert make_fork(copied, 29).forked_from.step == 25
    assert len(store.runs()) == 1


def test_a_checkpoint_that_the_run_has_left_behind_is_not_taken_for_another(copied: Run, store: Store) -> None:
    for lane, checkpoint in enumerate(checkpoints_at(copied, 45)):
        copied.write_checkpoint(lane, checkpoint)  # the newest, of a run that trains ...
    for step in (45, 50, 55):
        (copied.path / "checkpoints" / f"at-{step:09d}.npz").unlink()
    assert fork_steps(copied)[-2:] == [40, 45] and make_fork(copied, 45).forked_from.step == 45
    for lane in (0, 1):  # ... and is replaced between the look and the reading
        later = copied.checkpoint(lane) | {"clock": np.array([46, 4.6, 46 * 256], "float64")}
        copied.write_checkpoint(lane, later)
    with pytest.raises(RunUnreadable, match=r"trained on from step 45.*its newest is of step 46"):
        checkpoints_at(copied, 45)


def test_a_fork_begins_again_where_it_began(copied: Run, store: Store) -> None:
    assert fork_again(copied) is None, "a run of its own begins at step 0"
    fork = taken(store, store.fork(copied, 32, Change(1, "beta", 4.0), budget=40))
    shutil.rmtree(copied.path)
    again = fork_again(fork)
    assert again.forked_from == fork.metadata().forked_from and again.spec == fork.spec()
    assert [place.step for place in again.places()] == [30, 30]
    second = taken(store, store.submit(again.spec, fork=again))
    for lane in (0, 1):
        np.testing.assert_equal(second.newest_frame(lane).arrays, fork.newest_frame(lane).arrays)
    (fork.path / "checkpoints" / "at-000000030.npz").unlink()
    with pytest.raises(SpecError, match=r"began with at step 30 is not kept"):
        fork_again(fork)


# The command line


def test_the_command_trains_a_fork_and_show_says_of_what(copied: Run, store: Store) -> None:
    words = ["fork", copied.id, "--step", "41", "--set", "1.beta=4", "--runs", str(store.root), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout.splitlines()[-1])
    assert [lane["steps"] for lane in summary["lanes"]] == [60, 60] and summary["run"] != str(copied.path)
    sentence = f"Forked from {copied.id} at step 40, with beta of model B 4.0 in place of 1.0."
    assert sentence in result.stderr
    shown = CliRunner().invoke(app, ["show", summary["run"]], env={"COLUMNS": "160"}).stdout
    assert sentence in shown
    values = json.loads(CliRunner().invoke(app, ["show", summary["run"], "--json"]).stdout)
    assert values["forked_from"] == Run(Path(summary["run"])).metadata().forked_from.model_dump()
    assert values["forked_from"]["step"] == 40
    assert describe_fork(make_fork(copied, 40).forked_from).endswith("at step 40, with no setting changed.")


@pytest.mark.parametrize(
    "words, message",
    [
        (("--set", "1.width=9"), "width decides the networks of model B (VAE)"),
        (("--set", "1.beta=2", "--set", "0.batch_size=64"), "A fork changes one setting, and 2 are given"),
        (("--set", "dataset.size=500"), "A fork keeps the data set of its run"),
        (("--set", "beta"), "--set takes LANE.SETTING=VALUE"),
        (("--seconds", "5"), "counts in steps; give the larger budget with --steps"),
        (("--steps", "30"), "leaves nothing to train"),
        (("--steps", "30", "--seconds", "5"), "Give one budget, not --steps and --seconds"),
    ],
)
def test_the_command_refuses_in_words(words: tuple[str, ...], message: str, copied: Run, store: Store) -> None:
    result = CliRunner().invoke(app, ["fork", copied.id, "--runs", str(store.root), *words])
    assert result.exit_code == 2 and message in result.stderr.replace("\n", " ")
    assert len(store.runs()) == 1, "nothing is left behind"


def test_the_time_line_of_a_fork_begins_with_what_its_parent_did(copied: Run, store: Store) -> None:
    fork = taken(store, store.fork(copied, 37))
    parent, child = RunReader(copied).read(), RunReader(fork, with_past=True).read()
    for lane, name in ((0, "generator/loss"), (1, "vae/loss")):
        before = [step for step in copied.frame_steps(lane) if step < 35]
        assert before and child.frame_steps[lane] == before + fork.frame_steps(lane)
        for ours, theirs in zip(child.history.series(lane, name), parent.history.series(lane, name), strict=True):
            np.testing.assert_array_equal(ours, theirs)  # no setting was changed
    assert RunReader(fork, with_past=True).frame(0, before[0]).arrays.keys() == copied.frame(0, before[0]).arrays.keys()
    everywhere = list(range(len(child.spec.lanes)))
    assert marks(child, "steps") == [{"at": 35.0, "words": "fork", "lanes": everywhere}]
    assert marks(child, "steps", {0: 2}) == [{"at": 35.0, "words": "fork", "lanes": [2]}], "beside other runs"
    assert marks(parent, "steps") == []
    shutil.rmtree(copied.path)
    alone = RunReader(fork, with_past=True).read()
    assert [steps[0] for steps in alone.frame_steps] == [35, 35]
