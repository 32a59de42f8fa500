"""How the samples of a run came about, as a moving picture: GIF, or MP4 where ffmpeg is at hand."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from genlab.export.base import THEMES, Asked, ExportFormat, ExportRefused, Files, with_frames
from genlab.figures.base import REAL, LaneView, flat
from genlab.figures.layers import gaps, tile
from genlab.figures.recording import evenly
from genlab.figures.timeline import place_on_clocks
from genlab.registry import EXPORTS
from genlab.runs.folder import Frame

SIDE, GAP, LINE = 320, 20, 26  # pixels: the square of a lane, what is around it, a line of words above
FRAMES, SECONDS, REST_SECONDS = 80, 0.1, 2.0  # at most, how long each stands, and the last
REAL_POINTS = 600
FINE = 3  # points are drawn so many times as large, and made smaller: their edges are smooth then


def make_gif(asked: Asked) -> Files:
    pictures = [
        picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE) for picture in pictures_of(asked)
    ]
    times = [1000 * SECONDS] * (len(pictures) - 1) + [1000 * REST_SECONDS]
    buffer = io.BytesIO()
    options = {"append_images": pictures[1:], "duration": times, "loop": 0, "comment": asked.made_by.encode()}
    pictures[0].save(buffer, "gif", save_all=True, **options)
    return {f"{asked.name}.gif": buffer.getvalue()}


def make_mp4(asked: Asked) -> Files:
    """H.264 as every player reads it. Raises ExportRefused if ffmpeg cannot make it."""
    pictures = list(pictures_of(asked))
    pictures += [pictures[-1]] * round(REST_SECONDS / SECONDS)
    width, height = pictures[0].size
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(round(1 / SECONDS)), "-i", "-"]
    coded = ["-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-movflags", "+faststart"]
    with TemporaryDirectory() as folder:
        path = Path(folder, "moving.mp4")
        made = subprocess.run(
            ["ffmpeg", "-loglevel", "error", "-y", *raw, *coded, str(path)],
            input=b"".join(picture.tobytes() for picture in pictures),
            capture_output=True,
        )
        if made.returncode or not path.is_file():
            reason = (made.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1][:200]
            raise ExportRefused(f"ffmpeg did not make the film: {reason}. The format gif needs no ffmpeg.")
        return {f"{asked.name}.mp4": path.read_bytes()}


def without_ffmpeg() -> str:
    if shutil.which("ffmpeg"):
        return ""
    return "The format mp4 needs the program ffmpeg, which is not on the path. Install it, or export a gif."


def pictures_of(asked: Asked) -> Iterator[Image.Image]:
    """RGB, all of one size with even sides: the lanes side by side, evenly over their seconds up to the wanted step."""
    lanes = asked.lanes
    frames = [
        [frame for frame in of_lane if asked.step is None or frame.step <= asked.step] for of_lane in with_frames(asked)
    ]
    if not all(frames):
        raise ExportRefused(f"There is no frame of every lane up to step {asked.step:,}. Ask for a later step.")
    longest = max(range(len(lanes)), key=lambda i: len(frames[i]))
    seconds = np.array([place_on_clocks(lanes[longest], frame.step)["seconds"] for frame in frames[longest]])
    for i in evenly(seconds, FRAMES):
        yield _moment(asked, lanes, [of_lane[min(i, len(of_lane) - 1)] for of_lane in frames])


def _moment(asked: Asked, lanes: list[LaneView], frames: list[Frame]) -> Image.Image:
    ink, paper = THEMES[asked.dark]["ink"], THEMES[asked.dark]["paper"]
    sheet = Image.new("RGB", (len(lanes) * (SIDE + GAP) + GAP, SIDE + 2 * LINE + 2 * GAP), paper)
    draw = ImageDraw.Draw(sheet)
    font, small = ImageFont.load_default(18), ImageFont.load_default(14)
    for i, (lane, frame) in enumerate(zip(lanes, frames, strict=True)):
        left = GAP + i * (SIDE + GAP)
        draw.rectangle([left, GAP + 2, left + 6, GAP + 20], fill=lane.colour)
        draw.text((left + 14, GAP), lane.title, ink, font)
        covered = f"{frame.metrics['solid']} of {frame.metrics['modes']} modes"
        draw.text((left, GAP + LINE), f"step {frame.step:,}: {covered}", ink, small)
        sheet.paste(samples_picture(frame.arrays["samples"], lane, paper), (left, GAP + 2 * LINE))
    return sheet


def samples_picture(samples: np.ndarray, lane: LaneView, paper: str) -> Image.Image:
    """A square: points over real ones, or a sheet of pictures whose pixels stay squares."""
    square = Image.new("RGB", (SIDE, SIDE), paper)
    if samples.ndim > 2:
        sheet = np.repeat(tile(samples), 4 - samples.shape[-1], axis=-1)[..., :3]
        sheet[gaps(samples)] = ImageColor.getrgb(paper)
        picture = Image.fromarray(sheet)
        times = max(1, SIDE // max(picture.size))
        if times == 1 and max(picture.size) > SIDE:
            picture.thumbnail((SIDE, SIDE))
        else:
            picture = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
        square.paste(picture, ((SIDE - picture.width) // 2, (SIDE - picture.height) // 2))
        return square
    extent = float(lane.reference["extent"])
    large = Image.new("RGB", (FINE * SIDE, FINE * SIDE), paper)
    draw = ImageDraw.Draw(large)
    real = lane.reference["samples"][:REAL_POINTS]
    for points, colour, radius in ((real, REAL, FINE), (samples, lane.colour, 1.5 * FINE)):
        places = flat(points, lane.reference) / extent
        for x, y in (1 + places * (1, -1))[np.isfinite(places).all(axis=1)] / 2 * FINE * SIDE:
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)
    return large.resize((SIDE, SIDE), Image.Resampling.BOX)


EXPORTS.add(
    ExportFormat(
        name="gif",
        title="Samples, moving",
        description="How the samples came about, for slides and chats.",
        suffix=".gif",
        make=make_gif,
        options=("step", "lane", "dark"),
    )
)
EXPORTS.add(
    ExportFormat(
        name="mp4",
        title="Samples, film",
        description="The same as a film.",
        suffix=".mp4",
        make=make_mp4,
        options=("step", "lane", "dark"),
        unavailable=without_ffmpeg,
    )
)
