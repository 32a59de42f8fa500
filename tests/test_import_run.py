"""A run as a zip, and back: what comes back is the run, and what is no run, or would do harm, is refused whole."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_pages import ROOT, shown, words
from typer.testing import CliRunner

from genlab.cli import app
from genlab.runs import Run, Store, archives
from genlab.runs.archives import ArchiveRefused, import_run, pack_run
from genlab.runs.folder import RunState
from genlab.runs.view import RunReader


def files_of(run: Run) -> dict[str, bytes]:
    made = ("control", ".lock", "summary.json", "picture.png")
    paths = [path for path in run.path.rglob("*") if path.is_file()]
    found = {path.relative_to(run.path).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in found.items() if not name.startswith(made)}


def zipped(files: dict[str, bytes | None], mode: int = 0) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, mode << 16
            archive.writestr(member, content or b"")
    return buffer


@pytest.fixture(scope="module")
def content(ring_run: Run) -> dict[str, bytes]:
    """The files of a run under its id, as they are in its zip."""
    with zipfile.ZipFile(io.BytesIO(pack_run(ring_run))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_file_of_a_run_comes_back(ring_run: Run, store: Store) -> None:
    run = import_run(store, io.BytesIO(pack_run(ring_run)))
    assert run.id == ring_run.id and files_of(run) == files_of(ring_run)
    here, there = RunReader(run).read(), RunReader(ring_run).read()
    assert here.state.state == "done" and here.frame_steps == there.frame_steps
    for lane in range(2):
        np.testing.assert_array_equal(run.checkpoint(lane)["clock"], ring_run.checkpoint(lane)["clock"])


def test_a_run_that_is_there_already_gets_another_id(ring_run: Run, store: Store) -> None:
    first, second = (import_run(store, io.BytesIO(pack_run(ring_run))) for _ in range(2))
    assert first.id == ring_run.id != second.id
    assert {run.id for run in store.runs()} == {first.id, second.id}
    assert files_of(first) == files_of(second)


def test_a_run_on_its_way_is_interrupted_elsewhere(ring_run: Run, store: Store, tmp_path: Path) -> None:
    shutil.copytree(ring_run.path, tmp_path / "copy")
    copy = Run(tmp_path / "copy")
    copy.write_state(RunState(state="running", lanes=copy.state().lanes))
    run = import_run(store, io.BytesIO(pack_run(copy)))
    assert run.state().state == "interrupted" and "Resume" in run.state().message


def test_what_no_run_has_is_left_out(content: dict[str, bytes], ring_run: Run, store: Store) -> None:
    more = {f"{ring_run.id}/.lock": b"", f"{ring_run.id}/control/1.json": b"{}", "__MACOSX/x": b"1", "a/b.py": b"1"}
    assert files_of(import_run(store, zipped({**more, **content}))) == files_of(ring_run)


def pickled() -> bytes:
    """An .npz with an array of objects, which numpy would have to unpickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        array = io.BytesIO()
        header = {"descr": "|O", "fortran_order": False, "shape": (1,)}
        np.lib.format.write_array_header_1_0(array, header)
        array.write(pickle.dumps([print]))
        archive.writestr("samples.npy", array.getvalue())
    return buffer.getvalue()


def swollen() -> bytes:
    """An .npz of a few kilobytes that unpacks to 200 MB."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, samples=np.zeros(2 * 10**8, "uint8"))
    return buffer.getvalue()


ID = "20261126-120000-000000"
REFUSED: dict[str, tuple[Callable[[dict[str, bytes]], dict], int, str]] = {
    "absolute": (lambda files: {"/etc/passwd": b"x", **files}, 0, "leaves its folder"),
    "upwards": (lambda files: {f"{ID}/../../x.json": b"x", **files}, 0, "leaves its folder"),
    "drive": (lambda files: {"C:/x.json": b"x", **files}, 0, "leaves its folder"),
    "link": (lambda files: files, stat.S_IFLNK | 0o777, "is a link"),
    "two runs": (lambda files: {**files, "other/metrics.jsonl": b""}, 0, "two files|holds 2 runs"),
    "no run": (lambda files: {"a/notes.json": b"{}"}, 0, "no spec.json and no state.json"),
    "empty": (lambda files: {}, 0, "no spec.json"),
    "no json": (lambda files: {**files, f"{ID}/metadata.json": b"{"}, 0, "is not a file of a run"),
    "no spec": (lambda files: {**files, f"{ID}/spec.json": b"[]"}, 0, "spec.json holds no object"),
    "no state": (lambda files: {**files, f"{ID}/state.json": b'{"state": 5}'}, 0, "does not hold the state of a run"),
    "pickle": (lambda files: {**files, f"{ID}/reference.npz": pickled()}, 0, "a pickle"),
    "bomb": (lambda files: {**files, f"{ID}/frames/0-000000000.npz": swollen()}, 0, "unpacks to 200 MB"),
    "large": (lambda files: {**files, f"{ID}/notes.json": b" " * 60_000_000}, 0, "unpacks to 60 MB"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_harm_is_refused_and_nothing_is_left(kind: str, content: dict[str, bytes], store: Store) -> None:
    change, mode, words = REFUSED[kind]
    own = {f"{ID}/{name.partition('/')[2]}": part for name, part in content.items()}
    with pytest.raises(ArchiveRefused, match=words):
        import_run(store, zipped(change(own), mode))
    assert not store.root.exists() or [path.name for path in store.root.iterdir()] == []


def test_duplicates_are_refused(content: dict[str, bytes], store: Store) -> None:
    buffer = zipped(dict(content))
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(next(iter(content)), b"{}")
    with pytest.raises(ArchiveRefused, match="two files called"):
        import_run(store, buffer)


def test_a_size_that_is_a_lie_is_refused(content: dict[str, bytes], store: Store, ring_run: Run) -> None:
    """A file that unpacks to more than the list says: what is read stops there, and its check sum is wrong."""
    buffer = zipped({**content, f"{ring_run.id}/error.txt": b"x" * 100_000})
    packed = bytearray(buffer.getvalue())
    true = (100_000).to_bytes(4, "little")
    while true in packed:
        at = packed.index(true)
        packed[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(ArchiveRefused, match="cannot be read as a zip"):
        import_run(store, io.BytesIO(bytes(packed)))
    assert not list(store.root.iterdir())


def test_too_many_files_and_bytes_are_refused_before_they_are_unpacked(
    content: dict[str, bytes], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAXIMUM_FILES", 3)
    with pytest.raises(ArchiveRefused, match="more than 3 files"):
        import_run(store, zipped(dict(content)))
    monkeypatch.undo()
    monkeypatch.setattr(archives, "MAXIMUM_BYTES", 10_000)
    with pytest.raises(ArchiveRefused, match="unpacks to"):
        import_run(store, zipped(dict(content)))
    assert not store.root.exists()


@pytest.mark.parametrize("file", [b"", b"nothing", b"PK\x03\x04 and no more"])
def test_what_is_no_zip_is_refused(file: bytes, store: Store) -> None:
    with pytest.raises(ArchiveRefused, match="cannot be read as a zip"):
        import_run(store, io.BytesIO(file))


def test_the_page_of_runs_opens_a_run(ring_run: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genlab.ui.worker_supervisor.ensure_worker", lambda: None)
    page = shown(ROOT / "pages" / "runs.py", store, monkeypatch)
    page.file_uploader(key="import.file").upload("mine.zip", b"nothing", "application/zip").run()
    assert "cannot be read as a zip" in words(page) and not store.runs()
    page.file_uploader(key="import.file").upload("mine.zip", pack_run(ring_run), "application/zip").run()
    assert not page.exception and [run.id for run in store.runs()] == [ring_run.id]


def test_the_command_line_takes_a_run_elsewhere(ring_run: Run, tmp_path: Path) -> None:
    file, runs = tmp_path / "mine.zip", tmp_path / "elsewhere"
    invoke = CliRunner().invoke
    made = invoke(app, ["export", str(ring_run.path), "--to", "zip", "--out", str(file), "--json"])
    assert json.loads(made.stdout) == {"format": "zip", "files": [str(file)]}
    opened = invoke(app, ["import-run", str(file), "--runs", str(runs), "--json"])
    assert json.loads(opened.stdout)["id"] == ring_run.id
    shown = invoke(app, ["show", ring_run.id, "--runs", str(runs), "--json"])
    assert json.loads(shown.stdout)["lanes"][0]["step"] == 60
    refused = invoke(app, ["import-run", str(ring_run.path / "spec.json"), "--runs", str(runs)])
    assert refused.exit_code == 2 and "cannot be read as a zip" in refused.output
