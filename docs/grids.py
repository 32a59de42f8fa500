"""Makes docs/grids.png: every model at its preset, trained on images for its default budget, and what it then makes.

    python docs/grids.py [--only MODEL]... [--dataset NAME] [--steps N | --seconds N] [--output FILE]

The samples are the first of the draw that the run's seed fixes: none is chosen. What was trained before is kept in
.cache/grids and drawn again; a model named by --only, or one whose settings or budget changed, is trained anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from genlab.datasets import load_dataset
from genlab.figures.layers import tile
from genlab.registry import DATASETS, MODELS
from genlab.runs.atomic import write_arrays
from genlab.spec import RunSpec, make_spec

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "grids"
SIDE = 6  # rows and columns of a grid
WIDTH, COLUMNS, MARGIN, GAP = 1680, 6, 40, 24  # of the picture, in pixels
TITLE, DETAIL, LINE = 24, 16, 22  # heights of the letters, and of a line of detail
INK, QUIET = "#1B2530", "#5A6672"


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", choices=list(MODELS), help="train this model anew, and no other")
    parser.add_argument("--dataset", help="mnist, or digits where there is no MNIST, unless given")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--steps", type=int, help="the data set's own number unless given")
    budget.add_argument("--seconds", type=float, help="of training, in place of steps")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "grids.png")
    given = parser.parse_args()
    dataset = given.dataset or ("digits" if DATASETS["mnist"].unavailable() else "mnist")
    entries = []
    for name in MODELS:
        clock = {"clock": "seconds", "budget": given.seconds} if given.seconds else {"budget": given.steps}
        spec = make_spec(dataset=dataset, lanes=[{"model": name}], **clock)
        result = trained(spec, anew=name in (given.only or ()), allowed=not given.only or name in given.only)
        if result:
            entries.append((MODELS[name].title, caption(result["metrics"]), result["samples"][: SIDE * SIDE]))
            share = result["metrics"]["real_on_mode_share"]
    real = (255 * load_dataset(dataset, {}).test[: SIDE * SIDE]).round().astype("uint8")
    entries.insert(0, ("Real data", f"{DATASETS[dataset].title}, held out\n{share:.0%} on a mode", real))
    draw(entries).save(given.output, optimize=True)
    print(given.output)


def trained(spec: RunSpec, *, anew: bool, allowed: bool) -> dict[str, Any] | None:
    """The samples and metrics at the end of this run, from the cache or trained if that is allowed; else None."""
    asked = spec.model_dump_json()
    path = CACHE / f"{spec.dataset}-{spec.lanes[0].model}-{hashlib.sha256(asked.encode()).hexdigest()[:12]}.npz"
    if anew or (allowed and not path.is_file()):
        from genlab.training import backend  # imports TensorFlow, which a picture from the cache does without
        from genlab.training.loop import FrameBuilt, LaneEnded, Training

        backend.prepare()
        frame = None
        training = Training(spec, CACHE)
        for event in training.events():
            if isinstance(event, FrameBuilt):
                frame = event.frame
            elif isinstance(event, LaneEnded) and event.state == "failed":
                raise SystemExit(f"{spec.lanes[0].model}: {event.message}")
        assert frame and (spec.clock != "steps" or frame.step == spec.budget)
        real = training.frame_builder.mode_assigner.real["on_mode_share"]
        metrics = frame.metrics | {"step": frame.step, "real_on_mode_share": real}
        print(spec.lanes[0].model, caption(metrics), sep="\n", flush=True)
        write_arrays(path, {"samples": frame.arrays["samples"], "metrics": np.array(json.dumps(metrics))})
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        return {"samples": file["samples"], "metrics": json.loads(str(file["metrics"]))}


def caption(metrics: dict[str, Any]) -> str:
    modes = f"{metrics['solid']} of {metrics['modes']} modes solid"
    return f"{modes}\n{metrics['on_mode_share']:.0%} on a mode · {metrics['step']:,} steps"


def draw(entries: list[tuple[str, str, np.ndarray]]) -> Image.Image:
    """Title, two lines of detail and images (n, height, width, channels) in bytes of each, in rows of six."""
    side = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
    head = TITLE + 2 * LINE + 16
    rows = -(-len(entries) // COLUMNS)
    page = Image.new("RGB", (WIDTH, 2 * MARGIN + rows * (head + side) + (rows - 1) * GAP), "white")
    pen = ImageDraw.Draw(page)
    for i, (title, detail, images) in enumerate(entries):
        left = MARGIN + (i % COLUMNS) * (side + GAP)
        top = MARGIN + (i // COLUMNS) * (head + side + GAP)
        pen.text((left, top), title, INK, ImageFont.load_default(TITLE))
        for number, line in enumerate(detail.splitlines()):
            pen.text((left, top + TITLE + 8 + number * LINE), line, QUIET, ImageFont.load_default(DETAIL))
        # Enlarged by whole pixels, then reduced to fit: pixels stay square and nearly sharp.
        times = -(-2 * side // (SIDE * images.shape[2]))
        sheet = tile(images.repeat(times, axis=1).repeat(times, axis=2), gap=4, columns=SIDE)
        grid = Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet).convert("RGB")
        page.paste(grid.resize((side, side), Image.Resampling.BOX), (left, top + head))
    return page


if __name__ == "__main__":
    main()
