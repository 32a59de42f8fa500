"""Visitors' own data: what is read from real files, what is refused and how, what is stored and found again."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import PATIENCE
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from genlab.datasets import DataUnavailable, load_dataset
from genlab.datasets.arrays import read_npz
from genlab.datasets.examples import MAXIMUM_BYTES, DataRefused, checked
from genlab.datasets.options import FOUND_OUT
from genlab.datasets.own import as_arrays, save
from genlab.datasets.reading import MAXIMUM_UPLOAD, read, read_painted, read_typed
from genlab.figures.preview import preview
from genlab.registry import DATASETS, UnknownName

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(80, 3)) * (1, 50, 1000) + (0, 3, -9)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, which nothing has made yet."""
    monkeypatch.setenv("GENLAB_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def table(values: np.ndarray, separator: str = ",", header: str = "", labels: list[str] | None = None) -> bytes:
    lines = [separator.join(f"{value:.6f}" for value in row) for row in values]
    if labels:
        lines = [f"{line}{separator}{label}" for line, label in zip(lines, labels, strict=True)]
    return "\n".join(([header] if header else []) + lines).encode()


def npz(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def photo(kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    pixels = RANDOM.integers(0, 256, (size[1], size[0], 4), dtype="uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGBA").convert(mode).save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def photos(count: int = 60, folders: tuple[str, ...] = ("cat", "dog")) -> dict[str, bytes]:
    kinds = [("a.jpg", "JPEG", "RGB"), ("b.png", "PNG", "RGBA"), ("c.PNG", "PNG", "P"), ("d.jpeg", "JPEG", "L")]
    files = {}
    for i in range(count):
        name, kind, mode = kinds[i % len(kinds)]
        files[f"pets/{folders[i % len(folders)]}/{i}{name}"] = photo(kind, mode, (20 + i, 70 - i // 2))
    return files


# ---- what is read ----


@pytest.mark.parametrize("separator", [",", ";", "\t", " ", ", "])
@pytest.mark.parametrize("header", [False, True])
def test_a_table_of_numbers_is_read_whatever_separates_them(separator: str, header: bool) -> None:
    found = read("t.csv", table(POINTS, separator, separator.join(("a", "b", "c")) if header else ""))
    assert found.values == pytest.approx(POINTS, abs=1e-6)
    assert found.labels is None and "80 points in 3 columns" in found.summary()


def test_behind_semicolons_a_comma_is_a_decimal_point() -> None:
    assert read("t.csv", table(POINTS, ";").replace(b".", b",")).values == pytest.approx(POINTS, abs=1e-6)


@pytest.mark.parametrize("header", ["", "a,b,c,label", "a,b,c,species", "0,1,2,label"])
def test_labels_are_the_last_column_of_words(header: str) -> None:
    found = read("t.csv", table(POINTS, header=header, labels=["cat", "dog"] * 40))
    assert found.names == ("cat", "dog") and found.labels.tolist() == [0, 1] * 40
    assert found.values == pytest.approx(POINTS, abs=1e-6)


def test_numbers_are_labels_where_the_header_says_so() -> None:
    found = read("t.csv", table(POINTS, header="a,b,c,label", labels=["7", "3"] * 40))
    assert found.names == ("3", "7") and found.labels.tolist() == [1, 0] * 40


def test_pictures_of_any_size_and_mode_become_squares_of_one_size() -> None:
    extra = {"__MACOSX/pets/._a.jpg": b"x", "pets/.DS_Store": b"x", "pets/notes.txt": b"x"}
    found = read("pets.zip", zipped(photos() | extra))
    assert found.values.shape == (60, 28, 28, 1) and found.values.dtype == np.uint8
    assert found.names == ("cat", "dog") and np.bincount(found.labels).tolist() == [30, 30]
    for words in ("60 pictures of 28x28 pixels, grey", "cat (30)"):
        assert words in found.summary()
    assert found.left_out == ("2 hidden files.", "1 file of other kinds: 1 .txt.")
    larger = replace(FOUND_OUT, pixels=32, colour=True)
    assert read("pets.zip", zipped(photos()), larger).values.shape == (60, 32, 32, 3)


def test_a_single_folder_in_the_zip_is_no_class() -> None:
    assert read("z.zip", zipped(photos(folders=("all",)))).labels is None
    assert read("z.zip", zipped({f"{i}.jpg": photo() for i in range(50)})).labels is None


def test_a_picture_is_cut_to_its_middle_turned_and_laid_over_white() -> None:
    wide = np.zeros((40, 120, 4), "uint8")
    wide[:, 40:80] = (200, 0, 0, 255)  # the middle third; the rest is black and fully transparent
    wide[:20, 40:80] = (0, 0, 200, 255)
    turned, buffer = Image.Exif(), io.BytesIO()
    turned[0x0112] = 6  # orientation: show it turned a quarter to the right
    Image.fromarray(wide).save(buffer, "PNG", exif=turned)
    blank = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(blank, "PNG")
    deep = io.BytesIO()
    Image.fromarray(np.full((50, 50), 0x80FF, "uint16")).save(deep, "PNG")
    files = {f"{i}.png": buffer.getvalue() for i in range(50)} | {"x.png": blank.getvalue(), "y.png": deep.getvalue()}
    found = read("z.zip", zipped(files), replace(FOUND_OUT, colour=True))
    first = found.values[0].astype(int)
    assert (first[:, 18:, 2] > 190).all() and (first[:, 18:, 0] < 10).all(), "the blue top is on the right"
    assert (first[:, :10, 0] > 190).all() and (first[:, :10, 2] < 10).all()
    assert (found.values[50] == 255).all() and (found.values[51] == 0x80).all()


@pytest.mark.parametrize("key", ["examples", "x", "data"])
def test_an_npz_of_points_is_read(key: str) -> None:
    found = read("p.npz", npz(**{key: POINTS, "labels": np.arange(80) % 2, "names": np.array(["no", "yes"])}))
    assert (found.values == POINTS).all() and found.names == ("no", "yes")


@pytest.mark.parametrize("scale, dtype", [(255, "uint8"), (255, "int64"), (1, "float32"), (1, "float64")])
def test_pixels_are_bytes_or_fractions(scale: int, dtype: str) -> None:
    pictures = RANDOM.integers(0, 256, (60, 9, 11), dtype="uint8")
    given = np.round(pictures / 255 * scale, 6).astype(dtype)
    found = read("p.npz", npz(x_train=given[:30], x_test=given[30:]))
    assert found.train == 30 and found.values.shape == (60, 9, 11, 1)
    assert (found.values[..., 0] == pictures).all()


def test_painted_and_typed_points_are_kept_as_they_are() -> None:
    painted = read_painted([[x, y] for x, y in POINTS[:, :2] / 200])
    assert painted.as_they_are and "kept as they are" in painted.summary()
    typed = read_typed("\n".join(f"{x:.3f}, {y:.3f}" if x > 0 else f"{x:.3f} {y:.3f}" for x, y in POINTS[:, :2] / 200))
    assert typed.values == pytest.approx(painted.values, abs=1e-3) and typed.as_they_are
    assert not read_typed("\n".join(f"{x} {y}" for x, y in POINTS[:, :2])).as_they_are


# ---- what is refused ----


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for i in range(5):
            archive.writestr(f"{i}.png", bytes(MAXIMUM_BYTES // 4))
    assert len(buffer.getvalue()) < MAXIMUM_BYTES / 100
    return buffer.getvalue()


def lying_bomb() -> bytes:
    """A member that claims 100 bytes, in both of its headers, and inflates to ten million."""
    size = 10_000_000
    return zipped({"a.png": bytes(size)}).replace(struct.pack("<I", size), struct.pack("<I", 100))


def claims(width: int, height: int) -> bytes:
    """A PNG whose header claims this size."""
    content = photo("PNG")
    header = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]


def pickled() -> bytes:
    return npz(examples=np.array([{"a": 1}] * 60, dtype=object))


def false_shape() -> bytes:
    """An array of 60 x 2 whose header claims a hundred million rows."""
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((60, 2)))
    content = buffer.getvalue().replace(b"(60, 2), }       ", b"(100000000, 2), }")
    assert b"(100000000, 2)" in content
    return zipped({"examples.npy": content})


def spoiled(value: object, row: int = 6, column: int = 1) -> bytes:
    lines = table(POINTS, header="a,b,c").decode().split("\n")
    cells = lines[row].split(",")
    cells[column] = str(value)
    return "\n".join([*lines[:row], ",".join(cells), *lines[row + 1 :]]).encode()


CONSTANT = np.concatenate([POINTS[:, :2], np.full((80, 1), 4.0)], axis=1)
SQUARES = RANDOM.integers(0, 256, (60, 8, 8), dtype="uint8")
REFUSED = {
    "empty": ("a.csv", b"", "is empty"),
    "not text": ("a.csv", b"\x00\x01" * 60, "is not text"),
    "one picture": ("a.jpg", photo(), "is not text.*zip"),
    "larger than an upload": ("a.csv", b"1,2\n" * (MAXIMUM_UPLOAD // 4 + 1), "more than 50 MB"),
    "header alone": ("a.csv", b"a,b,c\n", "no rows|columns"),
    "one row": ("a.csv", b"1,2,3\n", "is 1 example.*At least 50"),
    "too few rows": ("a.csv", table(POINTS[:49]), "49 examples.*At least 50"),
    "too many rows": ("a.csv", b"1,2\n" * 200_001, "more than 200,000 rows"),
    "one column": ("a.csv", table(POINTS[:, :1]), "1 column of numbers"),
    "too many columns": ("a.csv", table(np.tile(POINTS, 100)), "300 columns.*2 to 256"),
    "endless line": ("a.csv", b"1," * 100_000, "Line 1 has more than"),
    "labels without numbers": ("a.csv", b"a\n" * 300_000, "more than 200,000 rows"),
    "ragged": ("a.csv", table(POINTS) + b"\n1,2\n", "Line 81 has 2 columns, the first row of numbers 3"),
    "words in a number column": ("a.csv", spoiled("tall"), r"Line 7, column 2 \('b'\): 'tall' is not a number"),
    "a hole in a number column": ("a.csv", spoiled(""), r"Line 7, column 2 \('b'\): nothing is there"),
    "not-a-number": ("a.csv", spoiled("nan"), r"Line 7, column 2 \('b'\): 'nan' is a missing value"),
    "infinity": ("a.csv", spoiled("-inf"), r"Example 6, column 2 \('b'\), is -inf"),
    "not-a-number column": ("a.npz", npz(x=np.where([True, False, True], POINTS, np.nan)), "80 such values in all"),
    "constant column": ("a.csv", table(CONSTANT, header="a,b,c"), r"All of column 3 \('c'\) is 4"),
    "a single class": ("a.csv", table(POINTS, labels=["cat"] * 80, header="a,b,c,label"), "a single class.*2 to 100"),
    "too many classes": ("a.npz", npz(x=np.tile(POINTS, (2, 1)), labels=np.arange(160)), "160 classes"),
    "a tiny class": (
        "a.csv",
        table(POINTS, labels=["cat"] * 79 + ["dog"], header="a,b,c,class"),
        "Class 'dog' has 1 examples",
    ),
    "bomb": ("a.zip", bomb(), "unpacks to 250 MB, more than 200 MB"),
    "bomb as npz": ("a.npz", zipped({"x.npy": bytes(MAXIMUM_BYTES + 1)}), "more than 200 MB"),
    "lying bomb": ("a.zip", lying_bomb(), "cannot be read"),
    "a path upwards": ("a.zip", zipped({"x/../../y.png": photo("PNG")}), "a path that leaves its folder"),
    "a path upwards on Windows": ("a.zip", zipped({"..\\y.png": photo("PNG")}), "a path that leaves its folder"),
    "an absolute path": ("a.zip", zipped({"/etc/y.png": photo("PNG")}), "a path that leaves its folder"),
    "a drive": ("a.zip", zipped({"C:\\y.png": photo("PNG")}), "a path that leaves its folder"),
    "unbounded method": ("a.zip", zipped({"y.png": photo("PNG")}, zipfile.ZIP_BZIP2), "in an unusual way"),
    "damaged zip": ("a.zip", zipped(photos())[:-30], "cannot be read"),
    "zip without pictures": ("a.zip", zipped({"a.txt": b"x", ".b.png": b"x"}), "no pictures among its 2 files"),
    "huge picture": ("a.zip", zipped({"a.png": claims(100_000, 100_000)}), "'a.png' is too large.*40 million"),
    "large picture": ("a.zip", zipped({"a.png": claims(10_000, 9_000)}), "'a.png' is too large.*40 million"),
    "truncated picture": ("a.zip", zipped({"p/a.jpg": photo(size=(300, 300))[:20_000]}), "'p/a.jpg' cannot be read"),
    "text as a picture": ("a.zip", zipped({"a.jpg": b"hello"}), "'a.jpg' cannot be read"),
    "too few pictures": ("a.zip", zipped(photos(20)), "20 examples"),
    "identical pictures": ("a.npz", npz(x=np.full((60, 8, 8), 7)), "the same"),
    "pickle": ("a.npz", pickled(), "a pickle"),
    "false shape": ("a.npz", false_shape(), "claims the shape"),
    "unknown arrays": ("a.npz", npz(pixels=SQUARES), "arrays are called pixels.*x_train"),
    "one half": ("a.npz", npz(x_train=SQUARES), "x_test is missing"),
    "other half of another shape": ("a.npz", npz(x_train=SQUARES, x_test=SQUARES[:, :7]), r"x_test \(60, 7, 8\)"),
    "labels of one half": ("a.npz", npz(x_train=SQUARES, x_test=SQUARES, y_test=np.arange(60)), "without the other"),
    "a tiny half": ("a.npz", npz(x_train=SQUARES, x_test=SQUARES[:3]), "60 examples to train on and 3"),
    "one axis": ("a.npz", npz(x=np.arange(60)), "neither points nor pictures"),
    "five axes": ("a.npz", npz(x=np.zeros((60, 4, 4, 1, 1))), "neither points nor pictures"),
    "words for points": ("a.npz", npz(x=np.full((60, 2), "a")), "neither points nor pictures"),
    "four channels": ("a.npz", npz(x=np.zeros((60, 8, 8, 4), "uint8")), "8x8 pixels with 4 channels"),
    "large sides": ("a.npz", npz(x=np.zeros((60, 65, 8), "uint8")), "65x8 pixels"),
    "odd pixels": ("a.npz", npz(x=SQUARES - 0.5), "from -0.5 to 254.5"),
    "not-a-number pixels": ("a.npz", npz(x=np.where(SQUARES > 9, np.nan, 0.5)), "Picture 1 has.*all of them numbers"),
    "labels of another length": ("a.npz", npz(x=SQUARES, labels=np.arange(59) % 2), r"shape \(59,\).*60 examples"),
    "labels as fractions": ("a.npz", npz(x=SQUARES, labels=np.full(60, 0.5)), "whole number or word"),
    "labels past the names": ("a.npz", npz(x=SQUARES, labels=np.arange(60) % 3, names=["a", "b"]), "the 2 names"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_words(case: str) -> None:
    name, content, words = REFUSED[case]
    with pytest.raises(DataRefused) as refusal:
        read(name, content)
    message = str(refusal.value)
    assert re.search(words, message), message
    assert message.count(". ") >= 1 and message.endswith("."), "it says what is wrong, then what to do"
    assert len(message) < 500


def test_too_many_pixels_in_all_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genlab.datasets.pictures.MAXIMUM_PIXELS_IN_ALL", 40 * 30 * 10)
    with pytest.raises(DataRefused, match="million pixels in all"):
        read("a.zip", zipped({f"{i}.jpg": photo() for i in range(60)}))


def test_too_many_files_are_refused_before_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    content = zipped({f"{i}.jpg": b"" for i in range(60)})
    monkeypatch.setattr("genlab.datasets.archives.MAXIMUM_FILES", 50)
    monkeypatch.setattr("genlab.datasets.archives.zipfile.ZipFile", None)
    with pytest.raises(DataRefused, match="more than 50 files"):
        read("a.zip", content)


@pytest.mark.parametrize("painted", [[], None, "x", [[1, 2]] * 5001, [[1, 2, 3]] * 60, [["a", 1]] * 60, [1] * 60])
def test_a_painting_that_is_none_is_refused(painted: object) -> None:
    with pytest.raises(DataRefused):
        read_painted(painted)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=100).map(lambda tail: b"PK\x03\x04" + tail),
        st.text("0123456789.,;-einfa \t\n\"'", max_size=300).map(str.encode),
    )
)
def test_random_files_raise_nothing_but_refusals(content: bytes) -> None:
    with pytest.raises(DataRefused):
        read("x", content)


GOOD = {
    "pictures": zipped({f"p/{i % 2}/{i}.png": photo("PNG", size=(8, 8)) for i in range(50)}),
    "arrays": npz(x=SQUARES[:50], labels=np.arange(50) % 2),
    "table": table(POINTS[:50], labels=["a", "b"] * 25),
}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.integers(0, 10**6), st.binary(min_size=1, max_size=8), st.booleans())
def test_damaged_files_raise_nothing_but_refusals(kind: str, place: int, patch: bytes, cut: bool) -> None:
    content = GOOD[kind]
    place %= len(content)
    with suppress(DataRefused):
        read("x", content[:place] if cut else content[:place] + patch + content[place + len(patch) :])


# ---- what is stored, and found again ----


def test_a_saved_file_is_a_data_set_at_once_and_gone_when_it_is_gone(folder: Path) -> None:
    assert "heights" not in DATASETS and not folder.exists(), "made at the first upload, not before"
    assert save("Heights", read("t.csv", table(POINTS))) == "heights"
    entry = DATASETS["heights"]
    assert entry.kind == "points" and not entry.unavailable()
    assert "80 points in 3 columns" in entry.description and "standard deviation 1" in entry.description
    dataset = load_dataset("heights", {})
    assert dataset.train.shape == dataset.test.shape == (40, 3) and dataset.train.dtype == np.float32
    assert dataset.train.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert dataset.train.std(axis=0) == pytest.approx(1, abs=1e-5)
    assert (load_dataset("heights", {}).test == dataset.test).all()
    assert dataset.modes.assign is not None
    (folder / "heights.npz").unlink()
    with pytest.raises(UnknownName, match="heights"):
        DATASETS["heights"]


def test_a_process_that_runs_already_sees_what_is_saved_later(folder: Path) -> None:
    program = (
        "from genlab.registry import DATASETS\nlist(DATASETS)\nprint(flush=True)\ninput()\nprint('late' in DATASETS)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        running.stdout.readline()
        save("late", read("t.csv", table(POINTS)))
        assert running.communicate("\n", timeout=PATIENCE)[0].strip() == "True"


def test_labelled_pictures_are_split_with_as_many_of_each_class(folder: Path) -> None:
    found = read("p.zip", zipped(photos()))
    dataset = load_dataset(save("pets", found), {})
    assert dataset.kind == "images" == DATASETS["pets"].kind and dataset.modes.names == ("cat", "dog")
    assert np.bincount(dataset.train_labels).tolist() == np.bincount(dataset.test_labels).tolist() == [15, 15]
    assert dataset.train[:].min() >= 0 and dataset.train[:].max() <= 1 and dataset.train[:].dtype == np.float32
    assert "60 pictures of 28x28 pixels, grey, with labels" in DATASETS["pets"].description


def test_painted_points_are_loaded_as_they_were_painted() -> None:
    points = POINTS[:, :2] / 200
    dataset = load_dataset(save("scribble", read_painted(points.tolist())), {})
    assert np.sort(np.concatenate([dataset.train, dataset.test])[:, 0]) == pytest.approx(np.sort(points[:, 0]))


def test_halves_of_ones_own_stay_apart() -> None:
    labels = np.arange(60) % 2
    dataset = load_dataset(
        save("h", read("h.npz", npz(x_train=SQUARES, y_train=labels, x_test=255 - SQUARES[:30], y_test=labels[:30]))),
        {},
    )
    assert (np.round(dataset.train[..., 0] * 255) == SQUARES).all() and len(dataset.test) == 30
    assert dataset.test_labels.tolist() == labels[:30].tolist()


def test_a_file_put_into_the_folder_by_hand_is_a_data_set(folder: Path) -> None:
    folder.mkdir()
    (folder / "By hand_2.npz").write_bytes(npz(data=POINTS))
    (folder / "ring8.npz").write_bytes(npz(data=POINTS))
    (folder / "broken.npz").write_bytes(b"not a zip")
    (folder / "odd.npz").write_bytes(npz(pixels=SQUARES))
    (folder / "few.npz").write_bytes(npz(x=SQUARES[:9]))
    (folder / "folder.npz").mkdir()
    assert load_dataset("By hand_2", {}).train.shape == (40, 3)
    assert len(load_dataset("ring8", {}).train) > 80, "what is built in has its name to itself"
    for name in ("broken", "odd", "folder"):
        assert f"{name}.npz cannot be used" in DATASETS[name].unavailable()
    with pytest.raises(DataUnavailable, match=r"few\.npz cannot be used.*9 examples"):
        load_dataset("few", {})


def test_nothing_stored_is_ever_replaced(folder: Path) -> None:
    first, second = read("t.csv", table(POINTS)), read("t.csv", table(POINTS[::-1]))
    assert save("a b", first) == save("A-b!", first) == "a-b", "the very same is stored once"
    content = (folder / "a-b.npz").read_bytes()
    with pytest.raises(DataRefused, match="a-b-2"):
        save("a b", second)
    assert save("a-b-2", second) == "a-b-2"
    with pytest.raises(DataRefused, match="a-b-3"):
        save("a b", checked(POINTS + 1))
    with pytest.raises(DataRefused, match="ring8-2"):
        save("Ring8", first)
    assert (folder / "a-b.npz").read_bytes() == content


@pytest.mark.parametrize(
    "name, slug",
    [("Ünïcode Ñame", "unicode-name"), ("../../etc/passwd", "etc-passwd"), ("a\0b\n*?", "a-b"), ("x" * 300, "x" * 40)],
)
def test_any_name_becomes_a_plain_one(name: str, slug: str, folder: Path) -> None:
    assert save(name, checked(POINTS)) == slug
    assert [path.name for path in folder.glob("*.npz")] == [f"{slug}.npz"]
    assert [path for path in folder.parent.rglob("*.npz") if path.parent != folder] == []


@pytest.mark.parametrize("name", ["", "...", "日本", "/"])
def test_a_name_without_letters_is_refused(name: str) -> None:
    with pytest.raises(DataRefused, match="type another name"):
        save(name, checked(POINTS))


def test_a_full_folder_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genlab.datasets.own.MAXIMUM_STORED", 1000)
    with pytest.raises(DataRefused, match="make room"):
        save("a", checked(POINTS))


def test_class_names_are_made_fit_to_be_shown() -> None:
    odd = ["<b>bold</b>", "a\nb", "a b", "x" * 90, "tab\x07"]
    found = checked(POINTS, np.array([odd[i % 5] for i in range(80)]))
    assert set(found.names) == {"‹b›bold‹/b›", "a b", "a b (2)", "x" * 40, "tab?"}


@pytest.mark.parametrize("found", [read("p.zip", GOOD["pictures"]), read("a.npz", GOOD["arrays"]), checked(POINTS)])
def test_what_is_stored_reads_back_the_same(found) -> None:
    again = read_npz(io.BytesIO(npz(**as_arrays(found))))
    assert (again.values == found.values).all() and again.names == found.names
    assert (again.labels is found.labels is None) or (again.labels == found.labels).all()


def test_the_preview_shows_some_of_what_was_found() -> None:
    figure = preview(checked(np.tile(POINTS, (100, 1)), np.arange(8000) % 2))
    assert [trace.name for trace in figure.data] == ["0", "1"]
    assert sum(len(trace.x) for trace in figure.data) == 3000
    assert figure.layout.title.text == "Points · 3,000 of 8,000 · columns 1 and 2 of 3"
    assert preview(checked(POINTS[:, :2])).layout.title.text == "Points"
    assert preview(read("p.zip", GOOD["pictures"])).data[0].source.startswith("data:image/png")


# ---- the command line ----


def genlab(*words: str, expect: int = 0) -> str:
    command = [sys.executable, "-c", "from genlab.cli import main; main()", *words]
    environment = {**os.environ, "COLUMNS": "160"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE)
    assert result.returncode == expect, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


def test_import_takes_a_folder_of_pictures_and_says_what_it_holds(tmp_path: Path) -> None:
    for name, content in photos().items():
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    said = genlab("import", str(tmp_path / "pictures"), "--name", "My Pets", "--pixels", "32", "--colour")
    assert "my-pets" in said and "60 pictures of 32x32 pixels, colour" in said and "2 classes" in said
    assert load_dataset("my-pets", {}).train.shape == (30, 32, 32, 3)


def test_import_names_a_file_by_itself_and_refuses_in_words(tmp_path: Path) -> None:
    path = tmp_path / "Heights 2.csv"
    path.write_bytes(table(POINTS))
    assert genlab("import", str(path)).startswith("heights-2: 80 points in 3 columns")
    path.write_bytes(b"1,2\n")
    assert "At least 50" in genlab("import", str(path), expect=2)
    assert "no file or folder" in genlab("import", str(tmp_path / "nothing"), expect=2)
    assert "Choose 28 or 32" in genlab("import", str(tmp_path), "--pixels", "99", expect=2)
