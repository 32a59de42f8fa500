"""The README tells the truth: its commands run, its files exist, its names are the registries'."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genlab.cli import app
from genlab.registry import DATASETS, EXPORTS, MODELS
from genlab.runs import Run
from genlab.runs.archives import pack_run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    return [text for named, text in fenced if named == language]


COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]


@pytest.mark.slow
@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("genlab ")])
def test_every_genlab_command_runs(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ring_run: Run
) -> None:
    """In this process, where TensorFlow is loaded already; tests/test_cli.py starts real ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(tmp_path))
    (tmp_path / "run.zip").write_bytes(pack_run(ring_run))  # as the command before that of import-run leaves it
    words = [str(ring_run.path) if word == "RUN" else word for word in shlex.split(command)[1:]]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks("python"))
def test_every_python_example_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(tmp_path / "runs"))
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out, "it prints what it says it prints"


def test_every_command_is_one_that_is_tested_or_known() -> None:
    known = {"make app", "make test", "python -m venv .venv"}
    known |= {".venv/bin/pip install -r requirements.txt -e .", ".venv/bin/streamlit run app.py"}
    for command in COMMANDS:
        assert command.startswith("genlab ") or command.partition("#")[0].strip() in known


@pytest.mark.parametrize("target", ["app", "test"])
def test_make_knows_what_to_do(target: str) -> None:
    # -W: as on a fresh clone, whatever is installed here.
    result = subprocess.run(
        ["make", "-n", "-W", "requirements.txt", "-W", "requirements-dev.txt", target],
        cwd=ROOT, capture_output=True, text=True, env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "pip install" in result.stdout
    assert ("streamlit run app.py" if target == "app" else "pytest") in result.stdout


def test_every_file_that_is_named_exists() -> None:
    tree = next(block for block in blocks("") if "app.py" in block)
    for path in [line.split()[0] for line in tree.splitlines()] + re.findall(r"\]\(([\w./-]+)\)", README):
        assert (ROOT / path).exists(), path
    for package in (path.parent for path in (ROOT / "genlab").glob("*/__init__.py")):
        assert f"genlab/{package.name}/" in tree, f"{package.name} is missing from the README's tree"


def test_every_data_set_is_in_the_readme() -> None:
    for name in DATASETS.added():
        assert f"`{name}`" in README
    for name in MODELS:
        assert MODELS[name].title in README


def test_every_export_format_is_in_the_readme_with_its_options() -> None:
    section = README.partition("## Take a run along")[2].partition("\n## ")[0]
    for entry in EXPORTS.values():
        (row,) = [
            line for line in section.splitlines() if line.startswith("|") and f"`{entry.name}`" in line.split("|")[1]
        ]
        assert {f"--{option}" for option in entry.options} == set(re.findall(r"--\w+", row.split("|")[3]))


def test_pins_and_notes_name_no_address_of_a_package_registry() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "Makefile", "pyproject.toml", ".ci/run"):
        text = (ROOT / name).read_text()
        assert "index-url" not in text and "find-links" not in text
        assert not re.search(r"https?://", text), name
