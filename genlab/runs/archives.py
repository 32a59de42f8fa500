"""A run as one zip, and back: data only. What is in a zip from elsewhere is checked before any of it is unpacked.

The zip has the files of the run's folder under the run's id. Into a store go only those that a run can have, and of
arrays only such as hold numbers or words, no pickles.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from genlab.datasets.archives import check_members
from genlab.datasets.arrays import npz_outlines
from genlab.datasets.examples import DataRefused
from genlab.runs.folder import ACTIVE, Run, RunUnreadable
from genlab.runs.store import Store

# What a run consists of: not who trains it, what is asked of it, or what is made from the rest.
FILES = re.compile(
    r"(spec|state|metadata|evaluation|notes)\.json|metrics\.jsonl|error\.txt|(reference|evaluation)\.npz"
    r"|frames/\d{1,3}-\d{9,12}\.npz|checkpoints/(\d{1,3}|at-\d{9,12})\.npz"
)
NEEDED = ("spec.json", "state.json")
MAXIMUM_BYTES = 2 * 10**9  # of all that is unpacked
MAXIMUM_FRAME_BYTES = 100 * 10**6  # of the arrays of a file that pages read
MAXIMUM_JSON_BYTES = 50 * 10**6  # of a file that is read as a whole
MAXIMUM_FILES = 5_000  # a run has at most 300 frames a lane and a dozen checkpoints
DIRECTORY_BYTES = 10 * 10**6  # of the list of files, at the end of a zip
IMPORTED = "Exported while it was on its way. Resume goes on from its last checkpoint, where it has one."


class ArchiveRefused(ValueError):
    """A file that is not opened as a run; the message says what it is, what was expected and what to do."""


def pack_run(run: Run) -> bytes:
    """The zip of a run, also while it trains: each of its files is whole. Raises RunUnreadable."""
    run.spec()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(run.path.rglob("*")):
            name = path.relative_to(run.path).as_posix()
            if FILES.fullmatch(name):
                with suppress(FileNotFoundError):  # a frame that made room for others just now
                    content = path.read_bytes()
                    method = zipfile.ZIP_STORED if path.suffix == ".npz" else zipfile.ZIP_DEFLATED
                    archive.writestr(f"{run.id}/{name}", content, method)
    return buffer.getvalue()


def import_run(store: Store, file: BinaryIO) -> Run:
    """Open a zip of a run in a store; with a new id, where there is a run of its id. Nothing is there before all of it
    was found in order. Raises ArchiveRefused, OSError.
    """
    draft = Run(store.root / f".new-{uuid4().hex}")
    try:
        with _opened(file) as (archive, members):
            folder, wanted = _wanted(store, members)
            for name, member in wanted.items():
                target = draft.path / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
                _check_file(target)
            state = draft.written_state()
            draft.spec()
            if state.state in ACTIVE:
                state.state, state.message = "interrupted", IMPORTED
                draft.write_state(state)
        return store.place(draft, folder)
    except RunUnreadable as error:
        reason = str(error).replace(f"Run {draft.id}", "It", 1)
        raise ArchiveRefused(f"The zip does not hold a run that can be read. {reason}") from None
    finally:
        shutil.rmtree(draft.path, ignore_errors=True)


@contextmanager
def _opened(file: BinaryIO) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """The zip and its files, once their number, names and sizes were found harmless."""
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            check_members(members, MAXIMUM_BYTES)
            yield archive, members
    except ArchiveRefused:
        raise
    except DataRefused as error:
        raise ArchiveRefused(str(error)) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ArchiveRefused(
            f"The file cannot be read as a zip: {error}. Expected what `genlab export RUN --to zip` "
            "wrote: copy it again."
        ) from None


def _check_directory(file: BinaryIO) -> None:
    """Refuse more files than a run has before zipfile lists them, at half a kilobyte of memory each."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - DIRECTORY_BYTES))
    if file.read().count(b"PK\x01\x02") > MAXIMUM_FILES:
        raise ArchiveRefused(f"The zip holds more than {MAXIMUM_FILES:,} files, which no run has.")
    file.seek(0)


def _wanted(store: Store, members: list[zipfile.ZipInfo]) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    """The folder that the zip has the run in, and its files by their names there; what no run has is left out."""
    found: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for member in members:
        folder, _, name = member.filename.replace("\\", "/").partition("/")
        if not FILES.fullmatch(name):
            continue
        if name in found:
            raise ArchiveRefused(f"The zip has two files called '{name}'. Expected one run: export it again.")
        if name.endswith((".json", ".txt")) and member.file_size > MAXIMUM_JSON_BYTES:
            raise ArchiveRefused(f"'{name}' unpacks to {member.file_size / 1e6:,.0f} MB, far more than that of a run.")
        folders.add(folder)
        found[name] = member
    if missing := [name for name in NEEDED if name not in found]:
        raise ArchiveRefused(
            f"The zip has no {' and no '.join(missing)} in a folder of its own, so it is not that of a run. Expected "
            "what `genlab export RUN --to zip` wrote."
        )
    if len(folders) > 1:
        raise ArchiveRefused(f"The zip holds {len(folders)} runs. Expected one: export each by itself.")
    total = sum(member.file_size for member in found.values())
    store.root.mkdir(parents=True, exist_ok=True)
    if total > shutil.disk_usage(store.root).free:
        raise ArchiveRefused(f"The run takes {total / 1e6:,.0f} MB, more than the disk has room for. Make room first.")
    return folders.pop(), found


def _check_file(path: Path) -> None:
    """What cannot be read, or might do more than hold data when it is, goes no further."""
    try:
        if path.suffix == ".npz":
            with path.open("rb") as file:
                npz_outlines(file, MAXIMUM_BYTES if path.parent.name == "checkpoints" else MAXIMUM_FRAME_BYTES)
        elif path.suffix == ".json":
            json.loads(path.read_bytes())
    except (DataRefused, ValueError) as error:
        raise ArchiveRefused(f"'{path.name}' in the zip is not a file of a run. {error}") from None
