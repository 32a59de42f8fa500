"""Zip files from strangers: what is in one is checked before any of it is unpacked, and never to disk."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO

from genlab.datasets.examples import MAXIMUM_BYTES, refuse, refusing

MAXIMUM_FILES = 40_000
DIRECTORY_ENTRY = b"PK\x01\x02"
# zipfile reads these piece by piece, never past the size that was declared; bzip2 and lzma it inflates without a bound.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1


def looks_like_zip(content: bytes) -> bool:
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def check_count(content: bytes) -> None:
    """Refuse more files than are allowed before zipfile lists them, at half a kilobyte of memory each."""
    if content.count(DIRECTORY_ENTRY) > MAXIMUM_FILES:
        refuse(f"The zip holds more than {MAXIMUM_FILES:,} files.", "Leave some out.")


@contextmanager
def opened_archive(
    file: BinaryIO, maximum: int = MAXIMUM_BYTES
) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """A zip and the files in it, once their names, sizes and methods were found harmless. Raises DataRefused."""
    with refusing("The zip", "Make it again: a plain zip, not encrypted."), zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        check_members(members, maximum)
        yield archive, members


def check_members(members: list[zipfile.ZipInfo], maximum: int) -> None:
    """Refuse files that leave their folder, links, what is encrypted or packed in an unusual way, and more bytes
    unpacked than the maximum. Raises DataRefused.
    """
    for member in members:
        _check_member(member)
    total = sum(member.file_size for member in members)
    if total > maximum:
        refuse(f"The zip unpacks to {total / 1e6:,.0f} MB, more than {maximum / 1e6:,.0f} MB.", "Leave some out.")


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or (parts and ":" in parts[0]):
        refuse(
            f"The zip has a file called '{member.filename[:80]}', a path that leaves its folder.",
            "Expected plain file and folder names: zip the folder itself, with its relative paths.",
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        refuse(f"'{name[:80]}' in the zip is a link.", "Expected plain files: put the file itself into the zip.")
    if member.flag_bits & ENCRYPTED:
        refuse(f"'{name[:80]}' in the zip is encrypted.", "Expected a zip without a password: make it again.")
    if member.compress_type not in METHODS:
        refuse(f"'{name[:80]}' in the zip is packed in an unusual way.", "Make a plain zip, with deflate.")
