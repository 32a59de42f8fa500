"""The command line, as a user types it: real processes, their output and their exit codes."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers import PATIENCE
from typer.testing import CliRunner, Result

from genlab.cli import app
from genlab.registry import DATASETS, MODELS
from genlab.runs import Run, Store


def genlab(*words: str, runs: Path, expect: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "default", "-c", "from genlab.cli import main; main()", *words]
    environment = {**os.environ, "GENLAB_RUNS_DIR": str(runs), "COLUMNS": "160"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE)
    assert result.returncode == expect, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result


def in_this_process(*words: str, runs: Path, expect: int = 0) -> Result:
    """What a command prints, where TensorFlow is loaded already."""
    environment = {"GENLAB_RUNS_DIR": str(runs), "COLUMNS": "160"}
    result = CliRunner().invoke(app, words, env=environment, catch_exceptions=False)
    assert result.exit_code == expect, result.output
    return result


def test_train_prints_one_json_object_as_its_last_line(tmp_path: Path, backend) -> None:
    words = ("train", "--dataset", "ring8", "--model", "gan", "--model", "vae", "--steps", "50", "--seed", "3")
    result = genlab(*words, "--set", "0.generator_learning_rate=0.002", "--json", runs=tmp_path)
    assert result.stderr == "", "no library talks to people who did not ask"
    summary = json.loads(result.stdout.splitlines()[-1])
    assert [lane["model"] for lane in summary["lanes"]] == ["gan", "vae"]
    for lane in summary["lanes"]:
        assert lane["steps"] == 50 and lane["examples"] == 50 * 128 and lane["seconds"] > 0
        assert lane["modes"] == 8 and 0 <= lane["solid_modes"] <= 8 and 0 <= lane["on_mode_share"] <= 1
    run = Run(Path(summary["run"]))
    assert run.spec().seed == 3 and run.spec().lanes[0].settings["generator_learning_rate"] == 0.002

    resumed = in_this_process("train", "--resume", run.id, "--steps", "60", "--json", runs=tmp_path).stdout
    assert [lane["steps"] for lane in json.loads(resumed.splitlines()[-1])["lanes"]] == [60, 60]
    shown = genlab("evaluate", run.id, "--samples", "100", runs=tmp_path).stdout
    assert "real data" in shown and "Precision, coordinates, N = 100" in shown
    assert "GAN" in shown.upper() and "real data" in shown and shown.splitlines()[-1] == str(run.path)


def test_list_names_what_the_registries_hold(tmp_path: Path) -> None:
    models = json.loads(genlab("list", "models", "--json", runs=tmp_path).stdout)
    assert [row["name"] for row in models["models"]] == list(MODELS)
    datasets = json.loads(genlab("list", "datasets", "--json", runs=tmp_path).stdout)
    assert [row["name"] for row in datasets["datasets"]] == list(DATASETS)
    assert "No runs yet" in genlab("list", "runs", runs=tmp_path).stdout


def test_evaluate_and_list_read_a_run(ring_run: Run, session_store: Store) -> None:
    words = ("evaluate", ring_run.id, "--samples", "200", "--json")
    evaluated = json.loads(in_this_process(*words, runs=session_store.root).stdout)
    assert evaluated["state"] == "done" and evaluated["lanes"][0]["samples"] == 2500
    assert 0.98 < evaluated["real_on_mode_share"] < 0.995
    for lane in evaluated["lanes"]:
        measures = {measure["title"]: measure for measure in lane["measures"]}
        distance = measures["Fréchet distance, coordinates, N = 200"]
        assert (
            distance["low"] <= distance["value"] <= distance["high"]
            and 0 < distance["real_reference"] < distance["value"]
        )
        assert lane["not_measured"] == "" and isinstance(lane["findings"], list)
    listed = json.loads(in_this_process("list", "runs", "--json", runs=session_store.root).stdout)
    assert ring_run.id in [row["id"] for row in listed["runs"]]


@pytest.mark.parametrize(
    "words, message",
    [
        (("train", "--dataset", "rng8"), "There is no data set called 'rng8'. Did you mean 'ring8'?"),
        (("train", "--model", "wgann"), "There is no model called 'wgann'"),
        (("train", "--steps", "-5"), "budget: Input should be greater than 0, not -5"),
        (("train", "--steps", "5", "--seconds", "5"), "Give one budget, not --steps and --seconds"),
        (("train", "--set", "0.latent_dim"), "--set takes LANE.SETTING=VALUE"),
        (("train", "--set", "5.beta=1"), "there is no lane 5"),
        (("train", "--set", "1.beta=much"), "Model B (VAE): beta: Input should be a valid number"),
        (("train", "--resume", "nope"), "There is no run called nope"),
        (("train", "--resume", "nope", "--seed", "1"), "--seed cannot be given with --resume"),
        (("evaluate", "nope"), "There is no run called nope"),
    ],
)
def test_bad_input_gets_a_message_and_exit_code_2(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    result = in_this_process(*words, runs=tmp_path, expect=2)
    assert message in result.stderr
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_the_installed_command_is_a_function_that_takes_no_arguments() -> None:
    """What pip writes into the script `genlab`: import it, call it."""
    path = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["scripts"]["genlab"]
    module, _, name = path.partition(":")
    command = getattr(importlib.import_module(module), name)
    assert inspect.isfunction(command) and not inspect.signature(command).parameters
