"""Files that a reader finds whole or not at all: written under another name, then renamed."""

from __future__ import annotations

import errno
import io
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np


class DiskFull(OSError):
    """There is no room for a file; the message names it. What was stored before is untouched."""


def write_bytes(path: Path, content: bytes, make_folder: bool = True) -> None:
    """Write a file whole; its folder is made if missing, unless that is not wanted. Raises DiskFull."""
    if make_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        part.write_bytes(content)
        _replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"The disk is full: {path.name} ({len(content):,} bytes) could not be written. Everything stored "
                "before is kept. Make room, then resume the run."
            ) from error
        raise


def _replace(part: Path, path: Path) -> None:
    """Rename over the old file. Windows refuses while a reader has that open, which is never for long."""
    for wait in (0.01, 0.05, 0.2, 0):
        try:
            return os.replace(part, path)
        except PermissionError:
            if not wait:
                raise
            time.sleep(wait)


def write_json(path: Path, value: Any) -> None:
    write_bytes(path, as_json(value))


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    write_bytes(path, as_npz(arrays))


def as_json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def as_npz(arrays: dict[str, np.ndarray], compress: bool = True) -> bytes:
    """Arrays as the content of one .npz, without pickles."""
    buffer = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def append_line(path: Path, value: Any) -> None:
    """Append one JSON line in a single write; a line cut short by a full disk is taken back. Raises DiskFull."""
    line = (json.dumps(value) + "\n").encode()
    with path.open("ab", buffering=0) as file:
        start = file.tell()
        try:
            if file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            with suppress(OSError):  # a device is not cut
                file.truncate(start)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(
                    f"The disk is full: a line of {path.name} could not be written. Everything stored before is kept. "
                    "Make room, then resume the run."
                ) from error
            raise
