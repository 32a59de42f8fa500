"""Pictures from strangers, a zip or a folder of them: made square, small and of one mode, labelled by folders."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
from PIL import Image, ImageOps

from genlab.datasets.archives import check_count, opened_archive
from genlab.datasets.examples import DataRefused, Examples, checked, refuse, refusing

MAXIMUM_PICTURES = 20_000
MAXIMUM_PIXELS = 40 * 10**6  # of one picture
MAXIMUM_PIXELS_IN_ALL = 2_000 * 10**6  # of all in a zip: about half a minute of decoding
SIZES = (28, 32)  # pixels that a picture is resized to
FORMATS = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "GIF": (".gif",), "BMP": (".bmp",)}
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
KINDS = ", ".join(FORMATS)

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


def read_zip(content: bytes, pixels: int = 28, colour: bool = False) -> Examples:
    """The pictures in a zip. Raises DataRefused."""
    check_count(content)
    with opened_archive(io.BytesIO(content)) as (archive, members):
        files: list[tuple[PurePosixPath, Opener]] = [
            (PurePosixPath(member.filename.replace("\\", "/")), partial(archive.open, member)) for member in members
        ]
        return _read(files, pixels, colour, MAXIMUM_PIXELS_IN_ALL)


def read_folder(folder: Path, pixels: int = 28, colour: bool = False) -> Examples:
    """The pictures in a folder of one's own: as many pixels in all as there are. Raises DataRefused."""
    with refusing(f"The folder {folder.name}", "Check that it can be read."):
        files: list[tuple[PurePosixPath, Opener]] = [
            (PurePosixPath(path.relative_to(folder).as_posix()), _opener(path))
            for path in folder.rglob("*")
            if path.is_file()
        ]
        return _read(files, pixels, colour, None)


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def _read(files: list[tuple[PurePosixPath, Opener]], pixels: int, colour: bool, allowance: int | None) -> Examples:
    if pixels not in SIZES:
        refuse(f"Pictures of {pixels} pixels cannot be made.", f"Choose {' or '.join(map(str, SIZES))}.")
    files = sorted(files, key=lambda file: str(file[0]))
    seen = [file for file in files if not _hidden(file[0])]
    pictures = [file for file in seen if file[0].suffix.lower() in SUFFIXES]
    skipped = {"hidden": len(files) - len(seen), "not a picture": len(seen) - len(pictures)}
    if not pictures:
        refuse(f"There are no pictures among its {len(files):,} files.", f"Expected {KINDS} files, in folders or not.")
    if len(pictures) > MAXIMUM_PICTURES:
        refuse(f"There are {len(pictures):,} pictures, more than {MAXIMUM_PICTURES:,}.", "Leave some out.")
    values = np.empty((len(pictures), pixels, pixels, 3 if colour else 1), "uint8")
    for i, (path, opener) in enumerate(pictures):
        with opener() as file:
            values[i], decoded = picture(file, str(path), pixels, colour)
        if allowance is not None and (allowance := allowance - decoded) < 0:
            refuse(
                f"The pictures have more than {MAXIMUM_PIXELS_IN_ALL / 1e6:,.0f} million pixels in all.",
                "Leave some out, or make them smaller first.",
            )
    return checked(values, labels_from([path for path, _ in pictures]), skipped=skipped)


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def labels_from(paths: list[PurePosixPath]) -> np.ndarray | None:
    """The name of the folder that each picture is in; None unless all are in one below the folder that they share, and
    these have two or more names.
    """
    folders = [path.parent for path in paths]
    names = {folder.name for folder in folders}
    shared = set.intersection(*({folder, *folder.parents} for folder in folders))
    if len(names) < 2 or any(folder in shared for folder in folders):
        return None
    return np.array([folder.name for folder in folders])


def picture(file: IO[bytes], name: str, pixels: int, colour: bool) -> tuple[np.ndarray, int]:
    """A picture file -> (pixels, pixels, 1 or 3) bytes, and how many pixels it had. Raises DataRefused.

    Turned as its EXIF orientation says, laid over white where it is transparent, cut to the square in its middle, and
    resized.
    """
    with refusing(f"The picture '{name[:80]}'", "It may be damaged: leave it out, or save it again."):
        try:
            image: Any = Image.open(file, formats=tuple(FORMATS))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_large(name) from error
        width, height = image.size
        if width * height > MAXIMUM_PIXELS:
            raise _too_large(name, f" of {width:,} x {height:,} pixels")
        image.draft("RGB" if colour else "L", (2 * pixels, 2 * pixels))  # a JPEG is decoded at a fraction of its size
        image = _eight_bits(image)
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
        image = ImageOps.exif_transpose(image.resize((pixels, pixels), Image.Resampling.LANCZOS))
        if image.mode == "RGBA":
            paper = Image.new("RGBA", image.size, "white")
            paper.alpha_composite(image)
            image = paper
        small = np.asarray(image.convert("RGB" if colour else "L"))
    return small.reshape(pixels, pixels, -1), width * height


def _eight_bits(image: Any) -> Any:
    """The picture with eight bits a channel, as colour, grey or colour with transparency."""
    if image.mode.startswith(("I", "F")):  # a PNG of 16 bits, which `convert` would cut off at 255
        return Image.fromarray((np.asarray(image).astype("int64") >> 8).clip(0, 255).astype("uint8"))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode == "L" else image.convert("RGB")


def _too_large(name: str, size: str = "") -> DataRefused:
    return DataRefused(
        f"The picture '{name[:80]}' is too large{size}. Expected at most {MAXIMUM_PIXELS / 1e6:.0f} million pixels: "
        "make it smaller, or leave it out."
    )
