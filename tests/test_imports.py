"""Who may import whom: read from the source, and asked of a fresh process that imported what the pages do."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import PATIENCE

ROOT = Path(__file__).parents[1]
FILES = {
    str(path.relative_to(ROOT).as_posix()): path
    for path in [ROOT / "app.py", *sorted(ROOT.glob("pages/*.py")), *sorted(ROOT.glob("genlab/**/*.py"))]
}
PAGES = ("app.py", "pages/", "genlab/ui/")
LIGHT = (
    *PAGES,
    "genlab/figures/",
    "genlab/export/",
    "genlab/runs/",
    "genlab/metrics/",
    "genlab/evaluation/diagnosis.py",
    "genlab/experiments/",
    "genlab/spec.py",
    "genlab/registry.py",
)
MAKE_TENSORS = ("genlab/models/losses.py", "genlab/models/networks.py")  # nothing light reaches these

# The rooms from the bottom to the top: each imports those above it in this list, and never one below.
ROOMS = (
    "registry",
    "spec",
    "runs.atomic",
    "metrics",
    "datasets",
    "models",
    "runs",
    "observing",
    "training",
    "latent",
    "evaluation",
    "experiments.measuring",
    "experiments.runner",
    "training.worker",
    "cli",
)
# What draws and shows stands beside training, and reaches nothing that could load a framework.
SHOWING = {
    "recordings": ("runs",),
    "experiments": ("spec", "registry", "runs", "metrics", "datasets", "models", "figures"),
    "figures": ("spec", "registry", "runs", "metrics", "datasets", "models", "recordings"),
    "export": ("spec", "registry", "runs", "metrics", "datasets", "models", "figures", "recordings"),
    "ui": (
        "spec",
        "registry",
        "runs",
        "metrics",
        "datasets",
        "models",
        "evaluation.diagnosis",
        "figures",
        "experiments",
        "export",
        "recordings",
    ),
    "pages": ("spec", "registry", "runs", "metrics", "datasets", "models", "figures", "ui"),
}
ALLOWED = {room: ROOMS[: index + 1] for index, room in enumerate(ROOMS)} | {
    "evaluation.diagnosis": ("spec", "registry", "metrics", "models", "runs"),
    "experiments.measuring": (*ROOMS, "figures", "experiments"),
    "experiments.runner": (*ROOMS, "figures", "experiments"),
    "cli": (*ROOMS, "figures", "experiments", "export"),
    "export.keras": ("registry", "datasets", "runs", "export", "latent"),  # in the command line alone
    **{room: (*allowed, room) for room, allowed in SHOWING.items()},
}


def room_of(name: str) -> str:
    """The room that a file is in: the longest name of one that its dotted name starts with."""
    dotted = name.removesuffix(".py").replace("/", ".").removeprefix("genlab.")
    if dotted == "app" or dotted.startswith("pages."):
        return "pages"
    return max((room for room in ALLOWED if is_in(dotted, room)), key=len)


def is_in(dotted: str, room: str) -> bool:
    return dotted == room or dotted.startswith(f"{room}.")


def imports(path: Path, whole: bool = True) -> Iterator[str]:
    """Full names of all that a file imports; only what it does when it is loaded unless `whole`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively: write the whole name."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif path.name == "registry.py" and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue  # the types of its entries, which it never imports when it runs
        elif whole or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            nodes.extend(ast.iter_child_nodes(node))


def packages(path: Path, whole: bool = True) -> set[str]:
    """The outermost names of what a file imports."""
    return {name.partition(".")[0] for name in imports(path, whole)}


each_file = pytest.mark.parametrize("name", FILES)


@each_file
def test_only_the_backend_imports_what_is_beneath_keras(name):
    if not name.startswith("genlab/training/backend/"):
        assert not packages(FILES[name]) & {"tensorflow", "jax", "torch"}


@each_file
def test_only_the_pages_and_their_parts_import_streamlit(name):
    if not name.startswith(PAGES):
        assert "streamlit" not in packages(FILES[name])


@each_file
def test_keras_stays_away_from_pages_and_is_imported_late_by_models_and_data_sets(name):
    if name.startswith(LIGHT):
        assert "keras" not in packages(FILES[name])
    elif name.startswith(("genlab/models/", "genlab/datasets/")) and name not in MAKE_TENSORS:
        assert "keras" not in packages(FILES[name], whole=False)
        assert not set(imports(FILES[name], whole=False)) & {"genlab.models.losses", "genlab.models.networks"}


@each_file
def test_imports_point_one_way(name):
    if name == "genlab/__init__.py":
        assert not list(imports(FILES[name]))
        return
    allowed = ALLOWED[room_of(name)]
    for imported in imports(FILES[name]):
        if imported.startswith("genlab."):
            dotted = imported.removeprefix("genlab.")
            assert any(is_in(dotted, room) for room in allowed), f"{name} imports {imported}, which is above it."


def test_every_folder_is_a_room():
    folders = {path.name for path in (ROOT / "genlab").iterdir() if (path / "__init__.py").is_file()}
    assert folders <= set(ALLOWED)


def test_a_process_that_can_show_every_page_has_loaded_no_framework():
    """What the pages import and list, in a fresh process: a lazy import that is not lazy shows here."""
    modules = sorted(
        name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for name in FILES
        if name.startswith(("genlab/ui/", "genlab/figures/", "genlab/export/", "genlab/runs/", "genlab/metrics/"))
    )
    program = f"""
import importlib, sys
for module in {modules + ["genlab.registry", "genlab.spec"]}:
    importlib.import_module(module)
from genlab.registry import DATASETS, EXPORTS, FIGURES, METRICS, MODELS
from genlab.spec import make_spec
for dataset in DATASETS:
    for model in MODELS:
        make_spec(dataset=dataset, lanes=[{{"model": model}}])
assert list(FIGURES) and list(METRICS) and [entry.unavailable() for entry in EXPORTS.values()]
loaded = {{"tensorflow", "keras", "jax", "torch", "sklearn", "pandas", "charset_normalizer"}} & set(sys.modules)
assert not loaded, f"The pages load {{loaded}}."
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    asked = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert asked.returncode == 0, asked.stderr[-3000:]
