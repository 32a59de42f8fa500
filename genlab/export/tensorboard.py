"""What a run recorded, for TensorBoard: scalars, samples as images, and the newest frame in the projector.

A folder for each lane. The files are written by TensorBoard's own record writer, without TensorFlow.
"""

from __future__ import annotations

import importlib.util
import io
import re
from typing import Any

import numpy as np

from genlab.datasets.pixels import png_bytes
from genlab.export.base import THEMES, Asked, ExportFormat, Files, with_frames
from genlab.export.moving import samples_picture
from genlab.figures.base import LaneView
from genlab.figures.layers import tile
from genlab.figures.recording import evenly
from genlab.registry import EXPORTS
from genlab.runs.folder import Frame

IMAGES = 40  # of a lane, evenly over its steps
FILE_VERSION = "brain.Event:2"  # the first record of every file of events
TABS = re.compile(r"[\t\r\n]+")


def make(asked: Asked) -> Files:
    """`tensorboard --logdir FOLDER` opens it: a run of TensorBoard for each lane."""
    with_frames(asked)  # refuses a run that has none
    files: Files = {}
    for lane in asked.lanes:
        folder = f"{lane.lane}-{asked.view.spec.lanes[lane.lane].model}"
        created = int(asked.view.metadata.created)
        files[f"{folder}/events.out.tfevents.{created}.genlab"] = _events(asked, lane, created)
        if lane.frame and lane.reference:
            files |= {f"{folder}/{name}": content for name, content in _projector(lane, lane.frame).items()}
    return files


def without_tensorboard() -> str:
    if importlib.util.find_spec("tensorboard"):
        return ""
    return "This format is written by TensorBoard, which is not installed here: `pip install tensorboard`, then again."


def _events(asked: Asked, lane: LaneView, created: float) -> bytes:
    """The records of a lane, in the order of their steps; their times are those of training."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    values: dict[int, list[Any]] = {}
    for name in lane.history.names(lane.lane):
        for step, value in zip(*lane.history.series(lane.lane, name), strict=True):
            values.setdefault(int(step), []).append(Summary.Value(tag=name, simple_value=value))
    for frame in _spread(asked.frames(lane.lane)) if lane.reference else []:
        picture = samples_picture(frame.arrays["samples"], lane, THEMES[False]["paper"])
        image = Summary.Image(height=picture.height, width=picture.width, colorspace=3)
        image.encoded_image_string = png_bytes(np.asarray(picture))
        values.setdefault(frame.step, []).append(Summary.Value(tag="samples", image=image))
    at = lane.history.column(lane.lane, "step"), lane.history.column(lane.lane, "seconds")
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    writer.write(Event(wall_time=created, file_version=FILE_VERSION).SerializeToString())
    for step in sorted(values):
        seconds = float(np.interp(step, *at)) if len(at[0]) else 0.0
        event = Event(wall_time=created + seconds, step=step, summary=Summary(value=values[step]))
        writer.write(event.SerializeToString())
    return buffer.getvalue()


def _spread(frames: list[Frame]) -> list[Frame]:
    return [frames[i] for i in evenly(np.arange(len(frames)), IMAGES)] if frames else []


def _projector(lane: LaneView, frame: Frame) -> Files:
    """The latent plane and the samples of a frame, each place with the name of its mode."""
    samples = frame.arrays["samples"]
    pictures = samples.ndim > 2
    flat = samples.reshape(len(samples), -1) / (255.0 if pictures else 1.0)
    files, parts = Files(), []
    for name, places, modes in (
        ("latent", frame.arrays["latent"], frame.arrays["latent_modes"]),
        ("samples", flat, frame.arrays["sample_modes"]),
    ):
        files[f"{name}.tsv"] = "\n".join("\t".join(f"{x:.5g}" for x in place) for place in places).encode()
        words = ["on no mode" if mode < 0 else TABS.sub(" ", lane.names[mode]) for mode in modes]
        files[f"{name}_modes.tsv"] = "\n".join(words).encode()
        about = [f'tensor_name: "{name}"', f'tensor_path: "{name}.tsv"', f'metadata_path: "{name}_modes.tsv"']
        if pictures and name == "samples":
            height, width = samples.shape[1:3]
            sides = f"single_image_dim: {width} single_image_dim: {height}"
            about.append(f'sprite {{ image_path: "samples.png" {sides} }}')
        parts.append(f"embeddings {{ {' '.join(about)} }}")
    if pictures:
        sheet = tile(samples, gap=0)
        files["samples.png"] = png_bytes(sheet)
    return files | {"projector_config.pbtxt": "\n".join(parts).encode()}


EXPORTS.add(
    ExportFormat(
        name="tensorboard",
        title="TensorBoard",
        description="Scalars, samples and the projector, a folder that TensorBoard opens.",
        suffix="",
        make=make,
        options=("lane", "step"),
        unavailable=without_tensorboard,
    )
)
