"""Makes the recorded runs in genlab/recordings: trains each, packs it, and draws its small moving picture. Below
genlab/recordings/experiments is the first run of each experiment, of its first seed, with a picture that stands still.

    python docs/make_recordings.py [NAME]... [--repack]

Without names it makes those whose settings differ from what the presets are now; with --repack it packs what was
trained last again. What was trained stays in .cache/recordings. MNIST is read from GENLAB_DATA_DIR, or downloaded.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import genlab
from genlab.figures.base import MODE_COLOURS, REAL, lane_views
from genlab.figures.packing import unpack_message
from genlab.figures.recording import evenly, make_recording, recording_cells, recording_columns
from genlab.recordings import EXPERIMENTS as EXPERIMENTS_FOLDER
from genlab.recordings import FOLDER, INDEX, Recording
from genlab.registry import EXPERIMENTS
from genlab.runs import Run, Store
from genlab.runs.atomic import write_bytes, write_json
from genlab.runs.folder import Frame
from genlab.runs.picture import sample_square
from genlab.runs.view import RunReader, RunView
from genlab.spec import LANE_COLOURS, RunSpec, make_spec

CACHE = Path(__file__).parents[1] / ".cache" / "recordings"
FRAMES = 100  # of a lane, in a recording ...
MOVING, MOVING_MILLISECONDS, LAST_MILLISECONDS = 20, 160, 1500  # ... and in its small picture, and how long they stand
SIDE, GAP = 168, 16  # pixels: a lane's square in it, and what is between two
CODES = 300
INKS = [(*bytes.fromhex(colour[1:]), 255) for colour in LANE_COLOURS]
EXPERIMENT_BYTES = 280_000  # of the recording of an experiment


@dataclass(frozen=True)
class Recorded:
    """What to record. `frame_share`: of the time, at most so much goes into frames while it trains."""

    name: str
    title: str
    look: str
    spec: dict[str, Any]
    picture: str = "samples"
    latent: bool = False
    maximum_bytes: int = 1_000_000
    frame_share: float = 0.3
    folder: str = ""

    @property
    def path(self) -> Path:
        return FOLDER / self.folder / f"{self.name}.recording"

    @property
    def cache(self) -> Path:
        return CACHE / self.folder / self.name


FAR_START = {"generator_offset": 3, "discriminator_steps": 3}
RECORDED = [
    Recorded(
        "race",
        "A GAN and a VAE on a ring",
        "Watch the eight spots fill: how soon each model reaches all of them, and how many of its samples lie between.",
        {"dataset": "ring8"},
        frame_share=0.9,
    ),
    Recorded(
        "packing",
        "A GAN that drops modes, beside its cure",
        "Both start far from the data with a quick discriminator: watch which spots A never reaches, and how B, whose "
        "discriminator judges two samples at once, gets to more of them.",
        {
            "dataset": "ring",
            "lanes": [
                {"model": "gan", "settings": FAR_START},
                {"model": "gan", "settings": FAR_START | {"packing": 2}},
            ],
        },
        frame_share=0.9,
    ),
    Recorded(
        "digits",
        "Digits of 8x8 pixels",
        "Watch the grids: when the first digit can be read, and which of the two draws it softer.",
        {"dataset": "digits"},
    ),
    Recorded(
        "mnist",
        "MNIST",
        "Watch digits come out of grey: sharp and sometimes broken strokes on the left, softer ones on the right.",
        {"dataset": "mnist"},
        maximum_bytes=1_050_000,
    ),
    Recorded(
        "shapes",
        "Shapes in colour",
        "Watch the colours come: whose shapes have one colour each, and which of them have corners.",
        {"dataset": "colour-shapes"},
        maximum_bytes=1_500_000,
    ),
    Recorded(
        "wine",
        "A table of 178 wines",
        "Thirteen columns, drawn in the plane where the wines differ most: watch a cloud become their V, and three "
        "cultivars part in the latent space.",
        {"dataset": "wine"},
        frame_share=0.9,
    ),
    Recorded(
        "latent",
        "Two latent spaces of digits",
        "Every dot is a real digit: watch ten clouds of one colour each come apart, and how far out they go.",
        {
            "dataset": "digits",
            "lanes": [
                {"model": "vae", "settings": {"latent_dim": 2}},
                {"model": "wae", "settings": {"latent_dim": 2}},
            ],
        },
        picture="reconstructions",
        latent=True,
    ),
]


def of_experiments() -> list[Recorded]:
    """The first run of each experiment that has any, on its own small budget of bytes."""
    return [
        Recorded(
            entry.name,
            entry.title,
            entry.claim,
            entry.runs(0)[0].model_dump(),
            picture=entry.picture,
            maximum_bytes=EXPERIMENT_BYTES,
            folder=EXPERIMENTS_FOLDER,
        )
        for entry in EXPERIMENTS.values()
        if entry.runs(0)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="train these anew, and no others")
    parser.add_argument("--repack", action="store_true", help="pack what was trained before again")
    given = parser.parse_args()
    every = [*RECORDED, *of_experiments()]
    if unknown := set(given.names) - {recorded.name for recorded in every}:
        parser.error(f"There is no recording called {', '.join(unknown)}.")
    for recorded in every:
        spec = make_spec(**recorded.spec)
        as_now = recorded.path.is_file() and about(recorded.path).is_of(spec.model_dump())
        if recorded.name not in given.names if given.names else as_now and not given.repack:
            continue
        if not given.repack:
            train(recorded, spec)
        keep(recorded)
        paths = [other.path for other in every if other.folder == recorded.folder]
        write_json(recorded.path.with_name(INDEX.name), [asdict(about(path)) for path in paths if path.is_file()])
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    print(f"{size:,} bytes in all")


def about(path: Path) -> Recording:
    """What a recording says of itself."""
    return Recording(**unpack_message(path.read_bytes())[0]["recording"])


def train(recorded: Recorded, spec: RunSpec) -> None:
    """Train it in a folder of its own, with as many frames as its share of the time allows."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from genlab.training import backend, loop
    from genlab.training.recorder import record

    backend.prepare()
    loop.FRAME_SECONDS, loop.FRAME_SHARE = 0.0, recorded.frame_share
    shutil.rmtree(recorded.cache, ignore_errors=True)
    store = Store(recorded.cache)
    recorded.cache.parent.mkdir(parents=True, exist_ok=True)
    store.root.mkdir()
    (CACHE / "classifiers").mkdir(parents=True, exist_ok=True)
    store.cache.symlink_to(CACHE / "classifiers")
    run = store.create(spec)
    began = time.monotonic()
    for _ in record(run, store):
        pass
    print(f"{recorded.name}: trained in {time.monotonic() - began:.0f} s", flush=True)


def keep(recorded: Recorded) -> None:
    """Write the recording of what was trained, and its two small pictures."""
    (run,) = Store(recorded.cache).runs()
    view = RunReader(run).read()
    if view.state.state != "done":
        raise SystemExit(f"{recorded.name}: the run is {view.state.state}. {view.state.message}")
    lanes = lane_views(view)
    frames = [[run.frame(lane, step) for step in steps] for lane, steps in enumerate(view.frame_steps)]
    said = Recording(
        name=recorded.name,
        title=recorded.title,
        look=recorded.look,
        spec=view.spec.model_dump(),
        run=view.described(),
        made=time.strftime("%Y-%m-%d", time.gmtime(view.metadata.created)),
        genlab=genlab.__version__,
        folder=recorded.folder,
    )
    cells = recording_cells(lanes, recorded.picture, recorded.latent)
    limits = {"maximum_frames": FRAMES, "maximum_bytes": recorded.maximum_bytes}
    message = make_recording(cells, lanes, frames, asdict(said), columns=recording_columns(lanes), **limits)
    recorded.path.parent.mkdir(exist_ok=True)
    write_bytes(recorded.path, message)
    draw(recorded, run, view, frames)
    print(f"{recorded.name}: {len(message):,} bytes, frames {unpack_message(message)[0]['held']}")
    for lane in lanes:
        print("  " + lane.heading)


def draw(recorded: Recorded, run: Run, view: RunView, frames: list[list[Frame]]) -> None:
    """The lanes side by side on a transparent ground, moving, and as they are at the end."""
    reference = view.reference
    assert reference is not None
    seconds = np.interp([f.step for f in frames[0]], view.history.column(0, "step"), view.history.column(0, "seconds"))
    pictures = []
    for i in evenly(seconds, MOVING):
        sheet = np.zeros((SIDE, len(frames) * (SIDE + GAP) - GAP, 4), np.uint8)
        for lane, of_lane in enumerate(frames):
            at, frame = lane * (SIDE + GAP), of_lane[min(i, len(of_lane) - 1)]
            square = (
                codes(frame) if recorded.latent else sample_square(frame.arrays["samples"], reference, INKS[lane], SIDE)
            )
            sheet[:, at : at + SIDE] = square
        pictures.append(Image.fromarray(sheet))
    times = [MOVING_MILLISECONDS] * (len(pictures) - 1) + [LAST_MILLISECONDS]
    options: dict[str, Any] = {"format": "webp", "quality": 55, "alpha_quality": 60, "method": 6}
    moving, still = io.BytesIO(), io.BytesIO()
    pictures[0].save(moving, save_all=True, append_images=pictures[1:], duration=times, loop=0, **options)
    pictures[-1].save(still, **options)
    if not recorded.folder:
        write_bytes(recorded.path.with_suffix(".webp"), moving.getvalue())
    write_bytes(recorded.path.with_suffix(".still.webp"), still.getvalue())


def codes(frame: Frame) -> np.ndarray:
    """The latent space: (SIDE, SIDE, 4) bytes, dots in the colours of their modes."""
    points, modes = frame.arrays["latent"][:CODES], frame.arrays["latent_modes"][:CODES]
    extent, result = max(3.5, float(np.quantile(np.abs(points), 0.998))), np.zeros((SIDE, SIDE, 4), np.uint8)
    for mode in np.unique(modes):
        ink = REAL if mode < 0 else MODE_COLOURS[mode % len(MODE_COLOURS)]
        colour = (*bytes.fromhex(ink[1:]), 255)
        nowhere = {"samples": np.zeros((0, 2)), "extent": np.array(extent)}
        square = sample_square(points[modes == mode], nowhere, colour, SIDE)
        result = np.where(square[..., 3:] > 0, square, result)
    return result


if __name__ == "__main__":
    main()
