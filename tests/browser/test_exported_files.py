"""What is exported of each model family, of points and of pictures, opened by programs that are not genlab."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers import PATIENCE, keep_classifiers, train_fully, wait_until
from patience import expect
from PIL import Image
from playwright.sync_api import Browser

from genlab.export import export
from genlab.registry import EXPORTS, MODELS
from genlab.runs import Run, Store
from genlab.runs.archives import import_run
from genlab.spec import make_spec

pytestmark = pytest.mark.browser
FAMILIES = [name for name in MODELS.added() if name != "linear-ae"]
DATA = {"points": {"dataset": "ring8", "budget": 12}, "pictures": {"dataset": "digits", "budget": 2}}
TOGETHER = 3  # families, in a run
CASES = [(kind, family) for kind in DATA for family in FAMILIES]
COUNT = 5  # examples that go through an exported network

# Plain Keras in a process in which genlab cannot be imported: loads every network, and runs every script.
PROGRAM = """
import json, sys
from pathlib import Path
sys.modules["genlab"] = None
import keras, numpy as np, tensorflow as tf
folders = sorted(Path(sys.argv[1]).iterdir())
for folder in folders:
    with np.load(folder / "inputs.npz") as inputs:
        outputs = {}
        for path in sorted((folder / "keras").glob("*.keras")):
            network = keras.models.load_model(path)
            given = [inputs[f"{path.stem}/{i}"] for i in range(len(network.inputs))]
            outputs[path.stem] = keras.ops.convert_to_numpy(network(given if len(given) > 1 else given[0]))
    np.savez(folder / "outputs.npz", **outputs)
    path = folder / "plain.py"
    text = path.read_text().replace("(1000, 128)", "(20, 128)")  # of the classifier that names digits
    sys.argv[1:] = ["--steps", "2"]
    tf.config.run_functions_eagerly(folder.name.startswith("pictures"))  # sooner than to compile them
    names = {"__name__": "__main__", "__file__": str(path)}
    exec(compile(text, str(path), "exec"), names)
    np.savez(folder / "samples.npz", samples=names["samples"], modes=names["modes"])
    keras.backend.clear_session()
"""


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory, backend) -> dict[tuple[str, str], tuple[Run, int]]:
    """Where each family was trained: a run, and its lane."""
    store, found = Store(tmp_path_factory.mktemp("exported") / "runs"), {}
    keep_classifiers(store, tmp_path_factory)
    for kind, fields in DATA.items():
        for first in range(0, len(FAMILIES), TOGETHER):
            families = FAMILIES[first : first + TOGETHER]
            run = store.create(make_spec(**fields, lanes=[{"model": name} for name in families]))
            train_fully(store, run)
            assert run.state().state == "done", run.state().message
            found |= {(kind, name): (run, lane) for lane, name in enumerate(families)}
    return found


@pytest.fixture(scope="module")
def folders(
    lanes: dict[tuple[str, str], tuple[Run, int]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch_module: pytest.MonkeyPatch,
) -> Path:
    """Of each family a folder with what plain Keras made of its networks and its script, all in one process."""
    from genlab.latent import trained

    root, load = tmp_path_factory.mktemp("plain"), cache(trained.load)  # each model is built once
    monkeypatch_module.setattr(trained, "load", load)
    for (kind, family), (run, lane) in lanes.items():
        folder = root / f"{kind}-{family}"
        files = {f"keras/{name}": part for name, part in export(run, "keras", "plain", lane=lane).items()}
        files |= export(run, "script", "plain", lane=lane)
        random, inputs, wanted = np.random.default_rng(0), {}, {}
        for name, network in load(run, lane).lane.model.networks.items():
            given = [random.uniform(size=(COUNT, *tensor.shape[1:])).astype("float32") for tensor in network.inputs]
            inputs |= {f"{name}/{i}": array for i, array in enumerate(given)}
            wanted[name] = network(given if len(given) > 1 else given[0]).numpy()
        for name, part in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(part)
        np.savez(folder / "inputs.npz", **inputs)
        np.savez(folder / "wanted.npz", **wanted)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root)],
        cwd=root, env=environment, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    (root.parent / "plain.txt").write_text(done.stdout)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("kind, family", CASES)
def test_each_format_opens_elsewhere(
    kind: str,
    family: str,
    lanes: dict[tuple[str, str], tuple[Run, int]],
    folders: Path,
    chromium: Browser,
    tmp_path: Path,
) -> None:
    run, lane = lanes[kind, family]

    def exported(to: str, **wanted: Any) -> bytes:
        return next(iter(export(run, to, "it", lane=lane, **wanted).values()))

    plays_offline(chromium, exported("html"), tmp_path)
    moving = Image.open(io.BytesIO(exported("gif")))
    assert moving.n_frames >= 2 and min(moving.size) > 300
    moving.seek(moving.n_frames - 1)
    assert len(moving.convert("RGB").getcolors(100_000)) > 10, "more than an empty sheet"
    is_a_table_of(run, lane, pd.read_csv(io.BytesIO(exported("csv"))), pd.read_parquet(io.BytesIO(exported("parquet"))))
    opened = import_run(Store(tmp_path / "runs"), io.BytesIO(next(iter(export(run, "zip", "it").values()))))
    assert opened.newest_frame(lane).metrics == run.newest_frame(lane).metrics
    folder = folders / f"{kind}-{family}"
    with np.load(folder / "outputs.npz") as outputs, np.load(folder / "wanted.npz") as wanted:
        assert sorted(outputs) == sorted(wanted)
        for name in wanted:
            np.testing.assert_allclose(outputs[name], wanted[name], rtol=1e-4, atol=1e-5)
    assert len((folder / "plain.py").read_text().splitlines()) < 150
    with np.load(folder / "samples.npz") as made:
        assert made["samples"].shape[1:] == run.newest_frame(lane).arrays["samples"].shape[1:]
        assert np.isfinite(made["samples"]).all() and len(made["modes"]) == len(made["samples"])
    is_a_drawing(chromium, exported("svg", figure="samples"))


def plays_offline(chromium: Browser, page: bytes, folder: Path) -> None:
    """The time line moves by itself, with no server asked and no error."""
    path = folder / "it.html"
    path.write_bytes(page)
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 800})
    tab, asked, errors = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.goto(path.as_uri())
    line = tab.get_by_test_id("timeline")
    wait_until(lambda: int(line.get_attribute("data-drawn") or 0) > 3, "it to play")
    wait_until(lambda: tab.locator('[data-cell="0-samples"]').get_attribute("data-updates"), "samples")
    tab.keyboard.press("Home")
    expect(line).to_have_attribute("data-step", "0")
    dark = tab.get_by_role("button", name="Dark colours")
    dark.click()
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    assert asked == [path.as_uri()] and errors == []
    context.close()


def is_a_table_of(run: Run, lane: int, csv: pd.DataFrame, parquet: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(csv, parquet, check_dtype=False)
    records = [json.loads(row) for row in (run.path / "metrics.jsonl").read_text().splitlines()]
    losses = {row["step"]: row["losses"] for row in records if row["lane"] == lane and "losses" in row}
    assert set(csv["lane"]) == {lane} and csv["step"].is_monotonic_increasing
    for step, recorded in losses.items():
        (row,) = csv[csv["step"] == step].to_dict("records")
        for name, value in recorded.items():
            assert row[name] == pytest.approx(value, rel=1e-9)


def is_a_drawing(chromium: Browser, svg: bytes) -> None:
    """It parses, brings its font along, and a browser draws more than one colour of it."""
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg") and b"@font-face" in svg and b"var(--" not in svg
    page = chromium.new_page(viewport={"width": int(root.get("width")), "height": int(root.get("height"))})
    page.set_content(f"<style>body {{ margin: 0 }}</style>{svg.decode()}")
    drawn = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    assert len(drawn.getcolors(1_000_000)) > 20


@pytest.mark.parametrize("kind", DATA)
def test_a_figure_is_a_picture_at_the_size_of_print(kind: str, lanes: dict[tuple[str, str], tuple[Run, int]]) -> None:
    run, _ = lanes[kind, "gan"]
    light, dark = (
        Image.open(io.BytesIO(export(run, "png", "it", figure="coverage", dark=dark)["it.png"]))
        for dark in (False, True)
    )
    assert light.size == dark.size and min(light.size) > 1500
    assert light.convert("RGB").getpixel((3, 3)) == (255, 255, 255)
    assert dark.convert("RGB").getpixel((3, 3)) == (18, 23, 29)


@pytest.mark.parametrize("kind", DATA)
def test_tensorboard_reads_its_files(kind: str, lanes: dict[tuple[str, str], tuple[Run, int]], tmp_path: Path) -> None:
    if reason := EXPORTS["tensorboard"].unavailable():
        pytest.fail(reason) if os.environ.get("GENLAB_CI") else pytest.skip(reason)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for family in FAMILIES:
        run, lane = lanes[kind, family]
        files = export(run, "tensorboard", "it", lane=lane)
        for name, part in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(part)
        folder = tmp_path / f"{lane}-{family}"
        events = EventAccumulator(str(folder), size_guidance={"images": 0}).Reload()  # 0: all of them
        records = [json.loads(row) for row in (run.path / "metrics.jsonl").read_text().splitlines()]
        for name in (name for row in records if row["lane"] == lane for name in row.get("losses", {})):
            wanted = {row["step"]: row["losses"][name] for row in records if row["lane"] == lane and "losses" in row}
            read = {event.step: event.value for event in events.Scalars(name)}
            assert read == pytest.approx(wanted, rel=1e-6)
        pictures = events.Images("samples")
        assert [picture.step for picture in pictures] == run.frame_steps(lane)
        assert Image.open(io.BytesIO(pictures[-1].encoded_image_string)).size == (320, 320)
        config = (folder / "projector_config.pbtxt").read_text()
        for tensor, labels in zip(
            re.findall(r'tensor_path: "(.*?)"', config), re.findall(r'metadata_path: "(.*?)"', config), strict=True
        ):
            places = np.loadtxt(folder / tensor, delimiter="\t")
            assert len(places) == len((folder / labels).read_text().splitlines())
