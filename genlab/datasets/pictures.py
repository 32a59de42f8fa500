"""Pictures from strangers, a zip or a folder of them: made square, small and of one mode, labelled by folders."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from genlab.datasets.archives import check_count, opened_archive
from genlab.datasets.columns import natural
from genlab.datasets.examples import NAMES_SAID, DataRefused, Examples, check_number, checked, refuse, refusing
from genlab.datasets.folders import Levels, labels_from
from genlab.datasets.options import FOUND_OUT, Background, ReadingOptions
from genlab.datasets.pixels import Scale, as_bytes

MAXIMUM_PICTURES = 20_000
MAXIMUM_PIXELS = 40 * 10**6  # of one picture
MAXIMUM_PIXELS_IN_ALL = 2_000 * 10**6  # of all in a zip: about half a minute of decoding
BROKEN = 0.1  # share of pictures that may be unreadable, and are then left out
BRIGHT = 192  # of 255: see-through pictures whose visible part is brighter on average are laid over black
SIZES = (28, 32)  # pixels that a picture is resized to
FORMATS = {
    "JPEG": (".jpg", ".jpeg", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm"),
}
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
ORIENTATION = 0x0112  # of EXIF
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
UNREAD = (".heic", ".heif", ".avif", ".raw", ".dng", ".cr2", ".nef", ".svg")  # pictures that are not read here
KINDS = ", ".join(FORMATS)

Opener = Callable[[], AbstractContextManager[IO[bytes]]]
File = tuple[PurePosixPath, Opener]


@dataclass(frozen=True)
class Small:
    """A picture made small.

    Attributes:
        pixels: (side, side, channels): bytes, grey or colour, with an opacity behind these where it is transparent; or
        float32 of one channel where the file has more than eight bits.
        range: lowest and highest value of the file's pixels where it has more than eight bits.
        decoded: how many pixels the file had.
        cut: whether it was not square.
    """

    pixels: np.ndarray
    range: Scale | None
    decoded: int
    cut: bool


def read_zip(content: bytes, options: ReadingOptions = FOUND_OUT) -> Examples:
    """The pictures in a zip. Raises DataRefused."""
    check_count(content)
    with opened_archive(io.BytesIO(content)) as (archive, members):
        files: list[File] = [
            (PurePosixPath(member.filename.replace("\\", "/")), partial(archive.open, member)) for member in members
        ]
        return _read(files, options, MAXIMUM_PIXELS_IN_ALL)


def read_folder(folder: Path, options: ReadingOptions = FOUND_OUT) -> Examples:
    """The pictures in a folder of one's own: as many pixels in all as there are. Raises DataRefused."""
    with refusing(f"The folder {folder.name}", "Check that it can be read."):
        files: list[File] = [
            (PurePosixPath(path.relative_to(folder).as_posix()), _opener(path))
            for path in folder.rglob("*")
            if path.is_file()
        ]
        return _read(files, options, None)


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def _read(files: list[File], options: ReadingOptions, allowance: int | None) -> Examples:
    if options.pixels not in SIZES:
        refuse(f"Pictures of {options.pixels} pixels cannot be made.", f"Choose {' or '.join(map(str, SIZES))}.")
    files = sorted(files, key=lambda file: [natural(part) for part in file[0].parts])
    seen = [file for file in files if not _hidden(file[0])]
    pictures = [file for file in seen if file[0].suffix.lower() in SUFFIXES]
    others = Counter(file[0].suffix.lower() for file in seen if file[0].suffix.lower() not in SUFFIXES)
    if not pictures:
        unread = [suffix for suffix in others if suffix in UNREAD]
        advice = f" Export the {', '.join(unread)} pictures as JPEG." if unread else ""
        refuse(
            f"There are no pictures among its {len(files):,} files.",
            f"Expected {KINDS} files, in folders or not.{advice}",
        )
    if len(pictures) > MAXIMUM_PICTURES:
        refuse(f"There are {len(pictures):,} pictures, more than {MAXIMUM_PICTURES:,}.", "Leave some out.")
    small, read, broken = _decoded(pictures, options, allowance)
    try:
        labels, kept, level, assumed, strays = labels_from(read, options.level)
    except DataRefused as refusal:
        refusal.options = replace(options, levels=Levels(read).depth)
        raise
    small = [each for each, keep in zip(small, kept) if keep]
    check_number(len(small))
    values, options, said = _alike(small, replace(options, level=level, levels=Levels(read).depth))
    left_out = [*broken, *strays]
    if hidden := len(files) - len(seen):
        left_out.append(f"{hidden:,} hidden {'file' if hidden == 1 else 'files'}.")
    if others:
        kinds = ", ".join(
            f"{count:,} {suffix or 'without an ending'}" for suffix, count in others.most_common(NAMES_SAID)
        )
        left_out.append(f"{others.total():,} {'file' if others.total() == 1 else 'files'} of other kinds: {kinds}.")
    found = checked(values, labels, left_out=left_out, options=replace(options, scale=(0, 255)))
    return replace(found, assumed=(*assumed, *said), options=replace(options, channels=None))


def _decoded(
    pictures: list[File], options: ReadingOptions, allowance: int | None
) -> tuple[list[Small], list[PurePosixPath], list[str]]:
    """The pictures that can be read, their paths, and a sentence that names the others; refused if these are many."""
    small, paths, broken = [], [], []
    reason: DataRefused | None = None
    for path, opener in pictures:
        try:
            with opener() as file:
                small.append(picture(file, str(path), options.pixels, options.colour))
        except DataRefused as refusal:
            reason = reason or refusal
            broken.append(str(path))
            if len(broken) > BROKEN * len(pictures):
                if len(broken) == 1:
                    raise
                raise DataRefused(
                    f"{len(broken)} of the first {len(broken) + len(small)} pictures: {reason}"
                ) from reason
            continue
        paths.append(path)
        if allowance is not None and (allowance := allowance - small[-1].decoded) < 0:
            refuse(
                f"The pictures have more than {MAXIMUM_PIXELS_IN_ALL / 1e6:,.0f} million pixels in all.",
                "Leave some out, or make them smaller first.",
            )
    if not broken:
        return small, paths, []
    more = f" and {len(broken) - NAMES_SAID:,} more" if len(broken) > NAMES_SAID else ""
    what = "1 picture that" if len(broken) == 1 else f"{len(broken):,} pictures that"
    return small, paths, [f"{what} cannot be read left out: {', '.join(broken[:NAMES_SAID])}{more}."]


def _alike(small: list[Small], options: ReadingOptions) -> tuple[np.ndarray, ReadingOptions, list[str]]:
    """(n, side, side, 1 or 3) bytes, of one scale and on one background, and sentences that say which."""
    assumed = []
    if cut := sum(each.cut for each in small):
        pictures = "1 picture that is" if cut == 1 else f"{cut:,} pictures that are"
        assumed.append(f"{pictures} not square: cut to the square in the middle.")
    channels = 3 if options.colour else 1
    values = np.empty((len(small), options.pixels, options.pixels, channels), "uint8")
    ranges = [each.range for each in small if each.range]
    scale, background = options.scale, options.background
    if ranges:
        scale = scale or (min(low for low, _ in ranges), max(high for _, high in ranges))
        scale = scale if scale[0] < scale[1] else (0.0, 65535.0)
        assumed.append(
            f"{len(ranges):,} pictures have more than 8 bits: {scale[0]:g} is black and {scale[1]:g} white in all of "
            "them."
        )
    if any(each.pixels.shape[2] in (2, 4) for each in small):
        background = background or _background(small)
        assumed.append(f"Transparent pictures are laid over {background}.")
    for place, each in enumerate(small):
        if each.range and scale:
            values[place] = as_bytes(each.pixels[None], scale)[0]
        elif each.pixels.shape[2] in (2, 4):
            paper = 255 if background == "white" else 0
            opacity = each.pixels[..., -1:] / 255
            values[place] = np.round(each.pixels[..., :-1] * opacity + paper * (1 - opacity))
        else:
            values[place] = each.pixels
    return values, replace(options, scale=scale if ranges else None, background=background), assumed


def _background(small: list[Small]) -> Background:
    """White, unless the visible parts of the transparent pictures are so bright that they would not be seen on it."""
    light = seen = 0.0
    for each in small:
        if each.range is None and each.pixels.shape[2] in (2, 4):
            opacity = each.pixels[..., -1].astype("float64")
            light += float((each.pixels[..., :-1].mean(axis=2) * opacity).sum())
            seen += float(opacity.sum())
    return "black" if seen and light / seen > BRIGHT else "white"


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def picture(file: IO[bytes], name: str, pixels: int, colour: bool) -> Small:
    """A picture file, made small: its first frame, turned as its EXIF orientation says, cut to the square in its
    middle, and resized. Raises DataRefused.
    """
    with refusing(f"The picture '{name[:80]}'", "It may be damaged: leave it out, or save it again."):
        try:
            image: Any = Image.open(file, formats=tuple(FORMATS))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_large(name) from error
        except UnidentifiedImageError:
            file.seek(0)
            raise ValueError(_what_it_is(file.read(12))) from None
        width, height = image.size
        if width * height > MAXIMUM_PIXELS * (2 if image.format == "JPEG" else 1):  # which is never decoded in full
            raise _too_large(name, f" of {width:,} x {height:,} pixels")
        image.draft("RGB" if colour else "L", (2 * pixels, 2 * pixels))  # a JPEG is decoded at a fraction of its size
        orientation = image.getexif().get(ORIENTATION, 1)
        image, deep = _plain(image, colour)
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
        image = _turned(image.resize((pixels, pixels), Image.Resampling.LANCZOS), orientation)
        array = np.asarray(image).reshape(pixels, pixels, -1)
    return Small(array, deep, width * height, width != height)


def _what_it_is(start: bytes) -> str:
    """What a file that is none of the formats read here is, by its first bytes."""
    if start[4:8] == b"ftyp":
        return "it is a HEIC, HEIF or AVIF picture, or a film, whatever its name says; export it as JPEG"
    return f"it is none of {KINDS}"


def _plain(image: Any, colour: bool) -> tuple[Any, Scale | None]:
    """The picture in grey or colour, with opacity if it is transparent; or of floats, with their range."""
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image).astype("float32")
        if not np.isfinite(values).all():
            raise ValueError("some of its pixels are no numbers")
        return Image.fromarray(values), (float(values.min()), float(values.max()))
    if image.has_transparency_data:
        return image.convert("RGBA").convert("RGBA" if colour else "LA"), None
    if image.mode == "LAB":
        raise ValueError("its colours are in the LAB space")
    return image.convert("RGB" if colour else "L"), None


def _turned(image: Any, orientation: int) -> Any:
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _too_large(name: str, size: str = "") -> DataRefused:
    return DataRefused(
        f"The picture '{name[:80]}' is too large{size}. Expected at most {MAXIMUM_PIXELS / 1e6:.0f} million pixels: "
        "make it smaller, or leave it out."
    )
