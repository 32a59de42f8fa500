"""Makes docs/survey.md and docs/survey.png: what three models learn of a table whose dependencies are known.

    python docs/survey.py

Trains gan, wgan-gp and vae at their presets over five seeds, 15 trainings, ten minutes on two cores, and measures 5,000
rows of each against held-out rows. What was trained before is kept in .cache/survey and measured again. Needs Chromium
and the development requirements.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import expect, sync_playwright
from screenshot import ARGUMENTS, BROWSERS, ROOT, wait_until_healthy

from genlab.datasets import load_dataset
from genlab.datasets.survey import survey_associations
from genlab.latent import sampled, trained
from genlab.metrics.tables import association_error, associations, column_distances, train_on_synthetic
from genlab.registry import MODELS
from genlab.runs import Run, Store
from genlab.spec import make_spec
from genlab.training import backend
from genlab.training.recorder import record

FAMILIES = ("gan", "wgan-gp", "vae")
SEEDS, ROWS, SAMPLE_SEED = range(5), 5000, 1
HEADINGS = {
    "total_variation": "categories: total variation",
    "wasserstein": "numbers: Wasserstein, in std",
    "mean": "associations: mean error",
    "known": "the same against the network",
    "score": "train on synthetic, test on real",
}


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    store = Store(ROOT / ".cache" / "survey")
    backend.prepare()
    runs = [trained_run(store, seed) for seed in SEEDS]
    coding = load_dataset("survey", {}).coding
    assert coding
    real = coding.decoded(load_dataset("survey", {}).test)
    others = (coding.decoded(load_dataset("survey", {"seed": 100 + seed}).train) for seed in SEEDS)
    rows = {"real rows": [measured(real, rows) for rows in others]}
    for lane, family in enumerate(FAMILIES):
        models = (trained.load(run, lane) for run in runs)
        drawn = (np.concatenate([made for made, _ in sampled.samples(each, ROWS, SAMPLE_SEED)]) for each in models)
        rows[MODELS[family].title] = [measured(real, coding.decoded(made)) for made in drawn]
    (ROOT / "docs" / "survey.md").write_text(page(rows), encoding="utf-8")
    take_picture(runs[0])


def trained_run(store: Store, seed: int) -> Run:
    """The run of a seed: the one that is there, else a new one."""
    lanes = [{"model": family} for family in FAMILIES]
    spec = make_spec(dataset="survey", lanes=lanes, seed=seed)
    for run in store.runs():
        if run.spec() == spec and run.state().state == "done":
            return run
    run = store.create(spec)
    for _ in record(run, store):
        pass
    print(f"seed {seed}: {run.state().state}", flush=True)
    return run


def measured(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    counts = np.array([len(column.words) for column in load_dataset("survey", {"size": 100}).coding.columns])
    pairs = np.triu_indices(len(counts), 1)
    found = column_distances(counts, real, fake) | association_error(counts, real, fake)
    known = np.abs(associations(counts, fake) - survey_associations())[pairs].mean()
    return found | train_on_synthetic(counts, real, fake) | {"known": float(known)}


def page(rows: dict[str, list[dict[str, float]]]) -> str:
    lines = [
        "# A table whose dependencies are known",
        "",
        "Made by `python docs/survey.py`. The table `survey` is drawn from a small Bayesian network, so that how much "
        "each column says about each other is known exactly. `gan`, `wgan-gp` and `vae` train on its 5,000 rows at "
        f"their presets, with {len(SEEDS)} seeds; {ROWS:,} rows of each are measured against as many held-out ones. In "
        "brackets the least and the greatest of the seeds. *Real rows* are as many new ones in place of the samples, "
        "about what a perfect model gets. Without learning, "
        f"{rows['real rows'][0]['most_frequent']:.3f} of the people are told rightly to smoke or not to.",
        "",
        f"| | {' | '.join(HEADINGS.values())} |",
        "|---|" + "---|" * len(HEADINGS),
    ]
    for name, found in rows.items():
        cells = []
        for key in HEADINGS:
            values = [each[key] for each in found]
            cells.append(f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "",
        "What the measures are stands in [metrics.md](metrics.md).",
        "",
        "![Columns and associations of real rows and of the samples of three models](survey.png)",
        "",
    ]
    return "\n".join(lines)


def take_picture(run: Run) -> None:
    """The figures of a table, from the page of mode coverage."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    flags = [f"--server.port={port}", "--server.headless=true", "--server.fileWatcherType=none"]
    environment = {**os.environ, "GENLAB_RUNS_DIR": str(run.path.parent)}
    server = subprocess.Popen([sys.executable, "-m", "streamlit", "run", "app.py", *flags], cwd=ROOT, env=environment)
    try:
        wait_until_healthy(f"http://localhost:{port}/_stcore/health")
        executable = next(filter(None, map(shutil.which, BROWSERS)), None)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1280, "height": 2400})
            page.goto(f"http://localhost:{port}/coverage?run={run.id}")
            expect(page.locator('[data-cell="associations"] .main-svg').first).to_be_visible(timeout=120_000)
            page.wait_for_timeout(2000)
            boxes = [page.locator(f'[data-cell="{name}"]').bounding_box() for name in ("columns", "associations")]
            first, last = boxes[0], boxes[1]
            assert first and last
            height = last["y"] + last["height"] - first["y"]
            clip = {"x": first["x"], "y": first["y"], "width": first["width"], "height": height}
            page.screenshot(path=ROOT / "docs" / "survey.png", clip=clip)  # type: ignore[arg-type]
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
