"""Files as people have them: read right the first time, with what was assumed said; or refused, with advice."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from messy_files import POINTS, deep, drawing, noise, npz, number, picture, survey, table, text, zipped
from PIL import Image, ImageOps
from typer.testing import CliRunner

from genlab.cli import app
from genlab.datasets import load_dataset
from genlab.datasets.columns import Column
from genlab.datasets.examples import DataRefused, Examples
from genlab.datasets.options import FOUND_OUT
from genlab.datasets.own import save
from genlab.datasets.reading import read

RANDOM = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENLAB_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def said(found: Examples) -> str:
    return "\n".join((*found.assumed, *found.left_out))


def types(found: Examples) -> dict[str, str]:
    return {column.name: column.type for column in found.columns}


# ---- tables ----

TABLES = {
    "a decimal comma in quotes": table("x,y", lambda i, row: f'"{row[0]}","{row[1]}"', ","),
    "a decimal comma behind tabs": table("x\ty", lambda i, row: "\t".join(row), ","),
    "a decimal comma behind semicolons": table("x;y", lambda i, row: ";".join(row), ","),
    "a decimal comma behind blanks": table("x y", lambda i, row: "  ".join(row), ","),
    "bars": table("x|y", lambda i, row: "|".join(row)),
    "a data frame's index": table(",x,y", lambda i, row: f"{i},{','.join(row)}"),
    "the index of columns without names": table(",0,1", lambda i, row: f"{i},{','.join(row)}"),
    "names of rows": table('"x","y"', lambda i, row: f'"{i + 1}",{",".join(row)}'),
    "a separator at the end": table("", lambda i, row: f"{','.join(row)},"),
    "a separator at the end of rows alone": table("x,y", lambda i, row: f"{','.join(row)},"),
    "UTF-16": table("x,y", lambda i, row: ",".join(row), encoding="utf-16"),
    "UTF-16 without a mark": table("x,y", lambda i, row: ",".join(row), encoding="utf-16-le"),
    "UTF-32": table("x,y", lambda i, row: ",".join(row), encoding="utf-32"),
    "a mark of UTF-8": table("x,y", lambda i, row: ",".join(row), encoding="utf-8-sig"),
    "a separator that is declared": b"sep=;\n" + table("x;y", lambda i, row: ";".join(row), ","),
    "a title": b"Measured in May\n\n" + table("x,y", lambda i, row: ",".join(row)),
    "an identifier": table("id,x,y", lambda i, row: f"{i + 100},{','.join(row)}"),
    "names that are all different": table("who,x,y", lambda i, row: f"Ms. {chr(65 + i % 26)}{i},{','.join(row)}"),
    "an empty column": table("x,note,y", lambda i, row: f"{row[0]},,{row[1]}"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_has_the_two_columns_that_it_has(kind: str) -> None:
    found = read("t.csv", TABLES[kind])
    assert found.values == pytest.approx(POINTS)
    assert found.kind == "points" and found.labels is None
    assert {column.type for column in found.columns} == {"number"}


@pytest.mark.parametrize(
    "kind, words",
    [
        ("a data frame's index", "'column 1' is left out: it has no name and counts the rows from 0 on. To keep it"),
        ("names of rows", "'column 1' is left out: it has no name and counts the rows from 1 on"),
        ("a separator at the end", "'column 3' is left out: it is empty"),
        ("an empty column", "'note' is left out: it is empty"),
        ("an identifier", "'id' is left out: it counts the rows from 100 on"),
        ("names that are all different", "'who' is left out: all its words are different"),
        ("a decimal comma in quotes", "separated by comma; a comma is the decimal mark"),
        ("a title", "Lines 1 to 2 come before the table"),
        ("UTF-16", "The text is in utf-16"),
    ],
)
def test_what_was_assumed_and_left_out_is_said(kind: str, words: str) -> None:
    assert words in said(read("t.csv", TABLES[kind]))


def test_what_is_left_out_can_be_kept_and_more_be_left_out() -> None:
    content = TABLES["a data frame's index"]
    kept = read("t.csv", content, replace(FOUND_OUT, columns=(("column 1", "whole number"), ("y", "left out"))))
    assert list(types(kept)) == ["column 1", "x"] and kept.values[:, 0].tolist() == list(range(60))
    assert dict(kept.options.columns) == {"column 1": "whole number", "x": "number", "y": "left out"}


def test_labels_are_named_as_they_are_written() -> None:
    words = ["thé", "thè", "Öl"]
    for encoding in ("latin-1", "cp1252", "utf-8", "utf-16"):
        content = table("x,y,label", lambda i, row: f"{','.join(row)},{words[i % 3]}", encoding=encoding)
        assert read("t.csv", content).classes == {"thé": 20, "thè": 20, "Öl": 20}, encoding
    russian = table("x,y,label", lambda i, row: f"{','.join(row)},{('Москва', 'Казань')[i % 2]}", encoding="cp1251")
    assert set(read("t.csv", russian).classes) == {"Москва", "Казань"}
    polish = table("x,y,label", lambda i, row: f"{','.join(row)},{('Łódź', 'Gdańsk')[i % 2]}", encoding="cp1250")
    assert set(read("t.csv", polish).classes) == {"Łódź", "Gdańsk"}
    greek = ["νερό", "τσάι", "λάδι"]
    content = table("x,y,label", lambda i, row: f"{','.join(row)},{greek[i % 3]}", encoding="iso8859-7")
    assert set(read("t.csv", content).classes) == set(greek)
    assert set(read("t.csv", content, replace(FOUND_OUT, encoding="iso8859-7")).classes) == set(greek)


def test_any_column_can_be_the_labels() -> None:
    first = table("species,x,y", lambda i, row: f"{('b', 'a')[i % 2]},{','.join(row)}")
    assert read("t.csv", first).classes == {"a": 30, "b": 30}
    numbers = table("x,class,y", lambda i, row: f"{row[0]},{(10, 2)[i % 2]},{row[1]}")
    found = read("t.csv", numbers)
    assert list(found.classes) == ["2", "10"] and found.values == pytest.approx(POINTS)
    narrow = read("t.csv", first, replace(FOUND_OUT, columns=(("y", "left out"),)))
    assert narrow.labels is None and types(narrow) == {"species": "category", "x": "number"}, "two columns are needed"
    none = read("t.csv", first, replace(FOUND_OUT, columns=(("species", "category"),)))
    assert none.labels is None and none.kind == "table"
    asked = table("x,y,z,w", lambda i, row: f"{','.join(row)},{i % 3},{i % 5}")
    assert read("t.csv", asked, replace(FOUND_OUT, columns=(("z", "labels"),))).classes == {"0": 20, "1": 20, "2": 20}


def test_a_column_with_a_rare_word_is_a_category_unless_it_is_called_label() -> None:
    words = ["red", *(("green", "blue")[i % 2] for i in range(59))]
    content = table("colour,x,y", lambda i, row: f"{words[i]},{','.join(row)}")
    assert types(read("t.csv", content)) == {"colour": "category", "x": "number", "y": "number"}
    with pytest.raises(DataRefused, match="Class 'red' has 1 examples"):
        read("t.csv", content.replace(b"colour", b"class"))


def test_a_missing_value_is_refused_by_its_place_or_its_row_left_out() -> None:
    content = table("a,b,c", lambda i, row: f"{','.join(row)},{'NA' if i in (1, 4) else i}")
    with pytest.raises(DataRefused, match=r"Line 3, column 3 \('c'\): 'NA' is a missing value. 2 rows.*left out"):
        read("t.csv", content)
    found = read("t.csv", content, replace(FOUND_OUT, missing="leave out"))
    assert len(found.values) == 58 and found.values[0] == pytest.approx([*POINTS[0], 0])
    assert "2 rows with missing values left out: line 3, 6." in found.left_out


@pytest.mark.parametrize("values", [("1.5", "2.5"), ("3", "4", "5"), ("red", "blue"), ("2020-01-02", "2021-02-03")])
def test_rows_are_left_out_whatever_is_missing_in_them(values: tuple[str, ...]) -> None:
    cells = ["" if i in (0, 9) else values[i % len(values)] for i in range(60)]
    content = text(
        ["a,b,c,d", *(f"{x},{y},{cell},{'uv'[i % 2]}" for i, ((x, y), cell) in enumerate(zip(POINTS, cells)))]
    )
    found = read("t.csv", content, replace(FOUND_OUT, missing="leave out"))
    column = next(column for column in found.columns if column.name == "c")
    written = column.written(found.values[:, found.columns.index(column)])
    assert written == [cell for cell in cells if cell]


def test_words_dates_and_whole_numbers_are_found() -> None:
    found = read("t.csv", survey())
    assert types(found) == {
        "Datum": "date",
        "Alter": "whole number",
        "Einkommen": "number",
        "Zufriedenheit": "whole number",
        "Umzug": "category",
    }
    assert found.columns[0].pattern == "%d.%m.%Y" and found.columns[4].words == ("ja", "nein")
    assert found.values[:, 2].min() > 15_000 and found.values[:, 2].max() < 90_000
    for words in ("'Nr'", "'Name'", "'Bemerkung'"):
        assert words in said(found)
    with_zeros = read("t.csv", table("plz,x,y", lambda i, row: f"0{1000 + i % 7},{','.join(row)}"))
    assert with_zeros.classes["01000"] == 9, "a code keeps its zero"


def test_a_mixed_table_is_read_and_comes_back_in_its_units() -> None:
    colours, sold = ("red", "blue", "green"), ("yes", "no")
    content = table(
        "colour,size,price,sold", lambda i, row: f"{colours[i % 3]},{row[1]},{40000 + 25 * i},{sold[i % 2]}"
    )
    found = read("t.csv", content)
    assert types(found) == {"colour": "category", "size": "number", "price": "whole number", "sold": "category"}
    assert found.kind == "table" and found.labels is None
    dataset = load_dataset(save("prices", found), {})
    assert dataset.train.shape == (30, 7) and dataset.coding is not None
    back = dataset.coding.decoded(np.concatenate([dataset.train, dataset.test]))
    order = np.argsort(back[:, 2])
    assert back[order] == pytest.approx(found.values, rel=1e-5)
    written = [column.written(back[order, place]) for place, column in enumerate(dataset.coding.columns)]
    assert [",".join(row) for row in zip(*written)] == content.decode().split("\n")[1:-1]


@pytest.mark.parametrize(
    "column, values, written",
    [
        (Column("a", "category", ("no", "yes")), [0.2, 1.4, -3], ["no", "yes", "no"]),
        (Column("a", "whole number"), [41999.6, -0.2], ["42000", "0"]),
        (Column("a", decimals=2), [1.005, 3], ["1.00", "3.00"]),
        (Column("a", decimals=0), [2], ["2.0"]),
        (Column("a"), [0.1], ["0.1"]),
        (Column("a", "date", pattern="%d.%m.%Y %H:%M"), [0.5, 19358], ["01.01.1970 12:00", "01.01.2023 00:00"]),
    ],
)
def test_values_are_written_as_their_column_is(column: Column, values: list[float], written: list[str]) -> None:
    assert column.written(np.array(values)) == written


def test_thousands_and_decimal_marks_are_told_apart() -> None:
    for row, separator, value in (
        ("1.234,5", ";", 1234.5),
        ("1,234.5", ";", 1234.5),
        ('"1,234"', ",", 1234),
        ("1,234", ";", 1.234),
        ("1 234,5", ";", 1234.5),
        ("1'234.5", ",", 1234.5),
    ):
        lines = [f"{row}{separator}{i}" for i in range(59)]
        found = read("t.csv", text([*lines, f"-0{'.' if '.5' in row or row[0] == chr(34) else ','}25{separator}7"]))
        assert found.values[0, 0] == value, row


def test_a_unit_that_all_numbers_of_a_column_have_is_no_word() -> None:
    """As a German spreadsheet exports sums of money and percentages."""
    rows = [
        f"{date}.03.2024;{1000 + 13.5 * i:.2f} €;{i % 50},5 %;{('bar', 'Karte')[i % 2]}"
        for i, date in enumerate(range(1, 31))
    ]
    lines = [
        "Datum;Umsatz;Rabatt;Zahlung",
        *(row.replace(".", ",").replace(",03,2024", ".03.2024") for row in 2 * rows),
    ]
    found = read("t.csv", text(lines, "cp1252", "\r\n"))
    assert types(found) == {"Datum": "date", "Umsatz": "number", "Rabatt": "number", "Zahlung": "category"}
    assert found.values[1, 1:3] == pytest.approx([1013.5, 1.5]) and found.options.encoding == "cp1252"
    assert [column.written(found.values[1:2, i])[0] for i, column in enumerate(found.columns)] == [
        *("02.03.2024", "1013.50 €", "1.5 %", "Karte")
    ]
    mixed = text(["a,b,c", *(f"{x},{y},{'$5' if i % 2 else '5 kg'}" for i, (x, y) in enumerate(POINTS))])
    assert read("t.csv", mixed).classes == {"5 kg": 30, "$5": 30}, "two units are two words"


def test_a_zip_of_one_table_is_that_table() -> None:
    assert read("t.zip", zipped({"t.csv": TABLES["bars"]})).values == pytest.approx(POINTS)


# ---- tables that spreadsheets, data frames and surveys give ----

CITIES = ("Köln", "Münster", "Bonn")
SHEET = [
    "Datum;Stadt;Umsatz;Menge",
    *(f"{i % 28 + 1:02d}.{i % 12 + 1:02d}.2024;{CITIES[i % 3]};{10 + i}.{i:03d},50;1.{i:03d}" for i in range(60)),
]
SHEET_TYPES = {"Datum": "date", "Stadt": "category", "Umsatz": "number", "Menge": "whole number"}


@pytest.mark.parametrize(
    "before, units, behind, words",
    [
        (["Umsatzbericht;;;", ";;;"], [], [], "Lines 1 to 2 come before the table"),
        ([], [], ["", "Quelle: Controlling"], "Line 63 comes behind the table"),
        ([], [], ["Quelle: Controlling", "Stand: Mai"], "Lines 62 to 63 come behind the table"),
    ],
)
def test_titles_and_remarks_of_a_sheet_are_no_rows(before, units, behind, words: str) -> None:
    found = read("t.csv", text([*before, *SHEET[:1], *units, *SHEET[1:], *behind], "cp1252", "\r\n"))
    assert types(found) == SHEET_TYPES and len(found.values) == 60
    assert found.values[1, 2:] == pytest.approx([11001.5, 1001]) and words in said(found)


@pytest.mark.parametrize(
    "units, behind, place",
    [
        ([";;EUR;Stück"], [], r"Line 2, column 1 \('Datum'\): nothing is there"),
        ([], ["Summe;;700.000,00;90.000"], r"Line 62, column 1 \('Datum'\): 'Summe' is the name of a total"),
        ([], ["Summe;;700.000,00;90.000", "Mittelwert:;;7.000,00;900"], r"Line 62.*the name of a total. 2 rows"),
        ([], ["31.12.2024;Summe;700.000,00;90.000"], r"Line 62, column 2 \('Stadt'\): 'Summe' is the name of a total"),
        ([], ["31.02.2024;Bonn;7,00;9"], r"Line 62, column 1 \('Datum'\): '31.02.2024' is not a date"),
    ],
)
def test_a_row_of_units_or_a_total_is_named_and_can_be_left_out(units, behind, place: str) -> None:
    content = text([*SHEET[:1], *units, *SHEET[1:], *behind], "cp1252", "\r\n")
    with pytest.raises(DataRefused, match=place) as refusal:
        read("t.csv", content)
    assert "--missing leave-out" in refusal.value.way_out
    found = read("t.csv", content, replace(FOUND_OUT, missing="leave out"))
    assert types(found) == SHEET_TYPES and len(found.values) == 60, "one odd row does not change what the others are"
    assert found.columns[1].words == ("Bonn", "Köln", "Münster") and f"{1 + len(behind[1:])} row" in said(found)


def test_a_last_row_called_total_is_kept_where_its_type_was_asked_for() -> None:
    content = text(
        ["brand,x,y", *(f"{('Shell', 'Esso')[i % 2]},{a},{b}" for i, (a, b) in enumerate(POINTS)), "Total,1,2"]
    )
    with pytest.raises(DataRefused, match=r"name of a total.*give the column a type"):
        read("t.csv", content)
    kept = read("t.csv", content, replace(FOUND_OUT, columns=(("brand", "category"),)))
    assert kept.columns[0].words == ("Esso", "Shell", "Total") and len(kept.values) == 61


@pytest.mark.parametrize("order", ["filtered", "shuffled"])
def test_an_index_that_skips_or_is_shuffled_is_no_feature(order: str) -> None:
    random = np.random.default_rng(0)
    index = np.sort(random.choice(300, 60, replace=False)) if order == "filtered" else random.permutation(60)
    content = table(",x,y", lambda i, row: f"{index[i]},{','.join(row)}")
    found = read("t.csv", content)
    assert found.values == pytest.approx(POINTS) and "another whole number in each row" in said(found)
    kept = read("t.csv", content, replace(FOUND_OUT, columns=(("column 1", "whole number"),)))
    assert kept.values[:, 0].tolist() == index.tolist()
    named = table("size,x,y", lambda i, row: f"{index[i]},{','.join(row)}")
    assert "size" in types(read("t.csv", named)), "a column with a name is one"


def test_dates_say_how_they_were_read_and_day_and_month_can_be_changed(tmp_path: Path) -> None:
    days = [f"{i % 12 + 1:02d}/{i // 5 + 1:02d}/2024" for i in range(60)]
    content = table("day,x", lambda i, row: f"{days[i]},{row[0]}")
    found = read("t.csv", content)
    assert found.columns[0].pattern == "%m/%d/%Y" and found.options.dates == "month first"
    other = read("t.csv", content, replace(FOUND_OUT, dates="day first"))
    assert "day (01/01/2024 is 01 January 2024)" in said(found)
    assert other.columns[0].pattern == "%d/%m/%Y" and other.options.dates == "day first"
    assert other.columns[0].written(other.values[:, 0]) == days == found.columns[0].written(found.values[:, 0])
    assert other.values[1, 0] - other.values[0, 0] == 1 and found.values[1, 0] - found.values[0, 0] == 31
    path = tmp_path / "t.csv"
    path.write_bytes(content.replace(b"01/01/2024", b"02/01/2024", 1))
    assert "02/01/2024 is 02 January 2024" in run(str(path), "--dates", "day-first", "--dry-run")
    late = table("day,x", lambda i, row: f"{i % 28 + 1:02d}/{i % 12 + 1:02d}/2024,{row[0]}")
    assert read("t.csv", late).columns[0].pattern == "%d/%m/%Y", "what all dates fit, before what some fit"


@pytest.mark.parametrize(
    "pattern", ["%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S+00:00", "%Y/%m/%d %I:%M:%S %p", "%m/%d/%Y %I:%M %p"]
)
def test_moments_are_read_as_data_frames_and_forms_write_them(pattern: str) -> None:
    from datetime import UTC, datetime, timedelta

    moments = [(datetime(2024, 3, 1, 9, tzinfo=UTC) + timedelta(minutes=471 * i)).strftime(pattern) for i in range(60)]
    found = read("t.csv", table("when,x", lambda i, row: f"{moments[i]},{row[0]}"))
    assert types(found)["when"] == "date" and found.columns[0].written(found.values[:, 0]) == moments


def test_points_before_three_digits_are_thousands_behind_semicolons() -> None:
    thousands = text(["a;b", *(f"{1 + i // 9}.{100 + 7 * i};{2 * i}" for i in range(60))])
    assert read("t.csv", thousands).values[0].tolist() == [1100, 0]
    assert read("t.csv", thousands, replace(FOUND_OUT, decimal=".")).values[0].tolist() == [1.1, 0]
    fractions = text(["a;b", "0.125;1", *(f"{1 + i // 9}.{100 + 7 * i};{2 * i}" for i in range(60))])
    assert read("t.csv", fractions).values[1].tolist() == [1.1, 0]


WORDS = {
    "cp1250": (["město", "výška", "šířka"], ["Děčín", "Plzeň", "Žižkov"]),
    "cp1254": (["şehir", "yükseklik", "genişlik"], ["İstanbul", "Iğdır", "Ağrı"]),
    "cp1252": (["Größe", "Höhe", "Länge"], ["Müller", "Jäger", "Groß"]),
}


@pytest.mark.parametrize("encoding", ["cp1250", "cp1254", "cp1252"])
@pytest.mark.parametrize("also", [True, False])
def test_a_few_words_are_enough_to_tell_an_encoding(encoding: str, also: bool) -> None:
    header, words = WORDS[encoding]
    names = ";".join(header if also else ["a", "b", "c"])
    content = table(names, lambda i, row: f"{words[i % 3]};{';'.join(row)}", ",", encoding)
    found = read("t.csv", content)
    assert set(found.classes) == set(words) and found.options.encoding == encoding
    assert not also or [column.name for column in found.columns] == header[1:]


SEPARATORS = st.sampled_from([",", ";", "\t", "|", " "])
MARKS = st.sampled_from(["NA", "n/a", "NaN", "null", "-", "?", "#N/A", "None"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252"])


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    separator=SEPARATORS,
    decimal=st.sampled_from([".", ","]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=ENCODINGS,
    ending=st.sampled_from(["\n", "\r\n"]),
    header=st.booleans(),
    mark=MARKS,
    columns=st.integers(2, 5),
)
def test_tables_of_known_numbers_come_back_equal(
    data, separator, decimal, quoting, encoding, ending, header, mark, columns
) -> None:
    # Two digits behind the mark: with three a comma may separate thousands.
    seed, missing = data.draw(st.integers(0, 10**6)), data.draw(st.sets(st.integers(0, 59), max_size=9))
    values = np.round(np.random.default_rng(seed).normal(size=(60, columns)) * 10 ** (seed % 4), 2)
    assume(all(len(np.unique(column)) > 2 for column in values.T))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=separator, quoting=quoting, lineterminator=ending)
    if header:
        writer.writerow([f"größe{i}" for i in range(columns)])
    for i, row in enumerate(values):
        cells = [number(value, decimal) for value in row]
        writer.writerow([*cells[:-1], mark] if i in missing else cells)
    content = buffer.getvalue().encode(encoding)
    kept = [i for i in range(60) if i not in missing]
    if missing:
        with pytest.raises(DataRefused, match=rf"Line {min(missing) + 1 + header}, column {columns}.*missing value"):
            read("t.csv", content)
    found = read("t.csv", content, replace(FOUND_OUT, missing="leave out"))
    assert (found.values == values[kept]).all()
    if header:
        assert found.columns[0].name == "größe0"


# ---- pictures and arrays ----


def test_whole_numbers_of_any_range_have_full_contrast() -> None:
    bits = (RANDOM.random((60, 12, 12)) > 0.7).astype("uint8")
    for values, scale in (
        (bits, "0, black, to 1, white"),
        (bits * 16, "0, black, to 16, white"),
        (bits.astype("float64") * 16, "0, black, to 16, white"),
        (bits.astype("int16") * 900 - 300, "-300, black, to 600, white"),
        (bits.astype("float32") * 2 - 1, "-1, black, to 1, white"),
        (bits.astype(bool), "0, black, to 1, white"),
        (bits * 255, "0, black, to 255, white"),
        (bits.astype("float32") * 254.5, "0, black, to 255, white"),
    ):
        found = read("a.npz", npz(examples=values))
        assert scale in said(found)
        assert (found.values[..., 0] >= 254).tolist() == bits.astype(bool).tolist(), scale
    dark = read("a.npz", npz(examples=bits * 16), replace(FOUND_OUT, scale=(0, 255)))
    assert dark.values.max() == 16
    again = load_dataset(save("dark", dark), {})
    assert again.train[:].max() == pytest.approx(16 / 255), "what is stored is not scaled again"
    odd = npz(examples=bits * 4.2 - 2.1)
    with pytest.raises(DataRefused, match=r"from -2\.1 to 2\.1.*black and white"):
        read("a.npz", odd)
    assert read("a.npz", odd, replace(FOUND_OUT, scale=(-2.1, 2.1))).values.max() == 255


def test_colours_may_come_first() -> None:
    pictures = RANDOM.integers(0, 256, (60, 3, 20, 16), dtype="uint8")
    found = read("a.npz", npz(examples=pictures))
    assert found.values.shape == (60, 20, 16, 3) and (found.values == np.moveaxis(pictures, 1, 3)).all()
    assert "colours comes before" in said(found)
    last = read("a.npz", npz(examples=RANDOM.integers(0, 256, (60, 16, 16, 3), dtype="uint8")))
    assert last.values.shape == (60, 16, 16, 3) and last.options.channels == "last"


def test_deep_pictures_share_one_scale_over_the_values_that_occur() -> None:
    files = {f"{i}.png": picture(deep(i, 3000)) for i in range(59)} | {"half.png": picture(deep(0, 1500))}
    found = read("p.zip", zipped(files))
    assert found.values[0].max() >= 250 and found.values[0].min() < 26
    assert 110 < found.values[-1].max() < 140, "half as bright in all alike"
    assert "0 is black and 3000 white" in said(found)
    floats = np.linspace(-1, 1, 400, dtype="float32").reshape(20, 20)
    tiff = read("p.zip", zipped({f"{i}.tif": picture(Image.fromarray(floats + i / 600), "TIFF") for i in range(60)}))
    assert tiff.values.max() > 240 and tiff.values.min() < 15


@pytest.mark.parametrize("colour, background, seen", [((255, 255, 255), "black", 0), ((20, 20, 60), "white", 255)])
def test_transparent_pictures_are_laid_on_what_they_are_seen_on(colour, background, seen) -> None:
    content = zipped({f"{i}.png": picture(drawing(i, colour)) for i in range(60)})
    found = read("p.zip", content)
    assert f"laid over {background}" in said(found) and found.options.background == background
    assert found.values[:, 0, 0].max() == found.values[:, 0, 0].min() == seen
    assert found.values[0].std() > 50
    if seen:
        assert (read("p.zip", content, replace(FOUND_OUT, background="black")).values[:, 0, 0] == 0).all()


FOLDERS = {
    "classes above years": ("{animal}/{year}/{i}.png", ["cat", "dog"]),
    "classes below years": ("{year}/{animal}/{i}.png", ["cat", "dog"]),
    "halves above classes": ("data/{half}/{animal}/{i}.png", ["cat", "dog"]),
    "classes alone": ("pets/{animal}/{i}.png", ["cat", "dog"]),
    "groups below classes": ("{animal}/batch_{part}/{i}.png", ["cat", "dog"]),
    "numbered classes": ("{number}/{i}.png", [str(i) for i in range(1, 13)]),
    "halves alone": ("{half}/{i}.png", []),
    "no folders": ("{i}.png", []),
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_folders_that_name_classes_are_found(kind: str) -> None:
    pattern, classes = FOLDERS[kind]
    files = {}
    for i in range(120):
        values = {"animal": ("dog", "cat")[i % 2], "year": 2020 + i // 2 % 2, "half": ("train", "test")[i // 4 % 2]}
        files[pattern.format(i=i, number=i % 12 + 1, part=i // 2 % 3, **values)] = picture(noise(i, 8))
    found = read("p.zip", zipped(files))
    assert list(found.classes) == classes and len(found.values) == 120
    assert not classes or set(found.classes.values()) == {120 // len(classes)}


def test_the_level_of_the_classes_can_be_changed() -> None:
    files = {f"{('cat', 'dog')[i % 2]}/{2020 + i // 2 % 2}/{i}.png": picture(noise(i, 8)) for i in range(60)}
    options = read("p.zip", zipped(files)).options
    assert (options.level, options.levels) == (1, 2)
    assert list(read("p.zip", zipped(files), replace(FOUND_OUT, level=2)).classes) == ["2020", "2021"]
    assert read("p.zip", zipped(files), replace(FOUND_OUT, level=0)).labels is None
    with pytest.raises(DataRefused, match="no level 3 of folders") as refusal:
        read("p.zip", zipped(files), replace(FOUND_OUT, level=3))
    assert refusal.value.options and refusal.value.options.levels == 2, "the page still knows which there are"


def test_pictures_that_are_cut_are_counted() -> None:
    files = {f"{i}.png": picture(noise(i, 12)) for i in range(58)}
    assert "square" not in said(read("p.zip", zipped(files)))
    wide = picture(noise(1, 24).resize((40, 20)))
    found = read("p.zip", zipped(files | {"a.png": wide, "b.png": wide}))
    assert "2 pictures that are not square: cut to the square in the middle." in found.assumed


def test_a_stray_picture_is_named_and_the_labels_of_the_rest_are_kept() -> None:
    files = {f"{('cat', 'dog')[i % 2]}/{i}.png": picture(noise(i, 8)) for i in range(60)}
    found = read("p.zip", zipped(files | {"stray.png": picture(noise(60, 8))}))
    assert found.classes == {"cat": 30, "dog": 30} and "1 picture" in said(found) and "stray.png" in said(found)
    without = read("p.zip", zipped(files | {"stray.png": picture(noise(60, 8))}), replace(FOUND_OUT, level=0))
    assert len(without.values) == 61 and without.labels is None
    many = read("p.zip", zipped(files | {f"{i}.png": picture(noise(i, 8)) for i in range(9)}))
    assert many.labels is None and "9 of 69 pictures" in said(many)


def test_a_few_broken_pictures_are_named_and_left_out_and_many_refused() -> None:
    files = {f"{i}.png": picture(noise(i, 8)) for i in range(60)}
    found = read("p.zip", zipped(files | {"oops.jpg": b"<html>not found</html>"}))
    assert len(found.values) == 60 and "1 picture that cannot be read left out: oops.jpg." in found.left_out
    with pytest.raises(DataRefused, match=r"\d+ of the first.*'broken0\.jpg' cannot be read"):
        read("p.zip", zipped(files | {f"broken{i}.jpg": b"x" for i in range(20)}))


MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "YCbCr")


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_any_mode_show_the_same(mode: str) -> None:
    bright = np.zeros((32, 32), "uint8")
    bright[8:24, 4:12] = 255
    image = Image.fromarray(bright)
    if mode == "I;16":
        image = Image.fromarray(bright.astype("uint16") * 257)
    elif mode != "L":
        image = image.convert("RGB").convert(mode)
    kind = "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"
    found = read("p.zip", zipped({f"{i}.{kind.lower()}": picture(image, kind) for i in range(60)}))
    small = np.asarray(Image.fromarray(bright).resize((28, 28), Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(found.values[0, ..., 0].astype(int) - small).max() <= 4


def test_a_picture_is_turned_as_its_orientation_says_and_its_first_frame_taken() -> None:
    upright = np.zeros((20, 20), "uint8")
    upright[:5] = 200
    upright[:, :3] = 90
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        turned = Image.fromarray(upright)
        files = {f"{i}.png": picture(turned, exif=exif) for i in range(60)}
        expected = ImageOps.exif_transpose(Image.open(io.BytesIO(files["0.png"]))).resize((28, 28), 1)
        assert np.abs(read("p.zip", zipped(files)).values[0, ..., 0].astype(int) - np.asarray(expected)).max() < 30
    frames = [Image.fromarray(np.full((20, 20), value, "uint8")) for value in (40, 220)]
    gif = picture(frames[0], "GIF", save_all=True, append_images=frames[1:])
    still = picture(frames[1])
    found = read(
        "p.zip", zipped({f"{i}.{kind}": {"gif": gif, "png": still}[kind] for i in range(30) for kind in ("gif", "png")})
    )
    assert set(np.unique(found.values)) == {40, 220}
    assert (found.values[::2] == 40).all(), "by name 0.gif, 0.png, 1.gif, ..."


# ---- what is refused ----

ROWS = [f"{a},{b}" for a, b in POINTS.tolist()]
ANY = [f"{i}.5,{i % 7}" for i in range(60)]
REFUSED = {
    "an Excel file": (zipped({"xl/workbook.xml": b"<x/>", "a.xml": b""}), "an Excel file.*CSV"),
    "an OpenDocument sheet": (zipped({"content.xml": b"<x/>"}), "a LibreOffice file.*CSV"),
    "an old Excel file": (b"\xd0\xcf\x11\xe0" + b"\0" * 900, "an old Excel"),
    "a PDF": (b"%PDF-1.7 ...", "a PDF.*CSV"),
    "Parquet": (b"PAR1" + b"\0" * 100, "Parquet.*CSV"),
    "HDF5": (b"\x89HDF\r\n" + b"\0" * 100, "HDF5"),
    "a single array": (b"\x93NUMPY\1\0" + b"\0" * 100, "single array.*savez"),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 100, "gzip.*Unpack"),
    "RAR": (b"Rar!\x1a\x07" + b"\0" * 100, "RAR.*zip"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + b"\0" * 100, "7z.*zip"),
    "a database": (b"SQLite format 3\0" + b"\0" * 100, "database.*CSV"),
    "photographs of an iPhone": (zipped({f"{i}.HEIC": b"x" for i in range(60)}), r"no pictures.*\.heic.*JPEG"),
    "a web page": (b"<!DOCTYPE html><html><body>404 not found</body></html>\n" * 3, "columns|rows|example"),
    "JSON": (json.dumps([{"a": i, "b": i + 1} for i in range(60)]).encode(), "columns|rows|example"),
    "prose": (("It was a dark and stormy night; the rain fell.\n" * 3 + "Until,\n") * 20, "columns|different|changes"),
    "a quotation mark that never closes": ("\n".join([*ROWS[:30], '"1,2', *ROWS[30:]]), "Line 31"),
    "binary": (bytes(range(256)) * 9, "not text|not in|encoding"),
    "control characters": (b"1,2\x01\n" * 60, "not text"),
    "bytes that are not of the encoding": ("\n".join(ROWS).encode() + b"\n\xff\xff,2", "."),
    "two rows": ("1,2\n3,4", "2 examples.*At least 50"),
    "one column": ("\n".join(str(a) for a in POINTS[:, 0]), "1 column"),
    "one word in all": ("\n".join(["a,b", *(f"{i},same" for i in ANY)]), "single class|All of"),
    "an infinite value": ("\n".join([*ROWS, "inf,2"]), "inf"),
    "a number out of bounds": ("\n".join([*ROWS, "1e300,2"]), "1e.300"),
    "a word among numbers": ("\n".join(["a,b", *ROWS, "tall,2"]), r"Line 62, column 1 \('a'\): 'tall' is not a number"),
    "a hole": ("\n".join(["a,b", *ROWS, ",2"]), r"Line 62, column 1 \('a'\): nothing is there.*left out"),
    "a date among numbers": ("\n".join(["a,b", *ROWS, "2020-01-01,2"]), "'2020-01-01' is not a number"),
    "rows of many lengths": ("\n".join(",".join("123456"[: i % 5 + 2]) for i in range(60)), r"Line \d+ has"),
    "names alone": ("\n".join(["who,what", *(f"n{i},w{i}" for i in range(60))]), "0 columns"),
    "nothing but missing values": ("\n".join(["a,b", *(["NA,NA"] * 60)]), "0 columns"),
    "one word as labels": ("\n".join(["a,b,label", *(f"{row},x" for row in ROWS)]), "single class"),
    "a column of one word": ("\n".join(["a,b,c", *(f"{row},x" for row in ROWS)]), r"All of column 3 \('c'\) is x"),
    "a total": ("\n".join(["a,b", *ROWS, "Total,2"]), r"Line 62, column 1 \('a'\): 'Total' is the name of a total"),
    "a date that is none": (
        "\n".join(["a,b", *(f"2024-01-{i % 28 + 1:02d},{i}" for i in range(60)), "2024-02-31,1"]),
        r"Line 62, column 1 \('a'\): '2024-02-31' is not a date",
    ),
    "too many words": (
        "\n".join(["a,b", *(f"w{i // 2},{i}.5" for i in range(400))]),
        "1 column of numbers. Column 'a' is left out: it has 200 different words",
    ),
    "photographs of an iPhone that say they are JPEG": (
        zipped({f"{i}.jpg": b"\0\0\0\x18ftypheic" + b"\0" * 99 for i in range(60)}),
        "'0.jpg' cannot be read: it is a HEIC, HEIF or AVIF.*export it as JPEG",
    ),
    "zeros among letters": (b"x,y\n" + b"1,2\n" * 60 + b"\0\0\0", "not text"),
    "a class of one": ("\n".join(["a,b,label", *(f"{row},x" for row in ROWS), "1,2,y"]), "Class 'y' has 1"),
    "a stack of huge pictures": (npz(examples=np.zeros((60, 100, 100), "uint8")), "100x100 pixels.*4 to 64"),
    "five colours": (npz(examples=RANDOM.integers(0, 9, (60, 8, 8, 5))), "5 channels"),
    "pictures of one value": (npz(examples=np.full((60, 8, 8), 3)), "the same"),
    "complex numbers": (npz(examples=np.zeros((60, 2), "complex64")), "neither points nor pictures"),
    "an empty zip": (zipped({}), "no pictures among its 0 files"),
    "a zip of two tables": (zipped({"a.csv": b"1,2", "b.csv": b"1,2"}), "no pictures among its 2 files"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_hopeless_is_refused_with_place_and_advice(case: str) -> None:
    content, words = REFUSED[case]
    with pytest.raises(DataRefused) as refusal:
        read("file", content if isinstance(content, bytes) else content.encode())
    message = str(refusal.value)
    assert re.search(words, message), message
    assert message.count(". ") >= 1 and message.endswith("."), "what it is, then what to do"
    assert len(message) < 500 and "Traceback" not in message


WRONG_OPTIONS = {
    "a column that is not there": ({"columns": (("z", "number"),)}, "no column 'z'. There are: a, b"),
    "two columns of labels": ({"columns": (("a", "labels"), ("b", "labels"))}, "both to be labels"),
    "a number that is to be a date": ({"columns": (("a", "date"),)}, "is not a date"),
    "a fraction that is to be whole": ({"columns": (("a", "whole number"),)}, "is not a whole number"),
    "an encoding that does not exist": ({"encoding": "utf-9"}, "no encoding called 'utf-9'"),
    "all columns left out": ({"columns": (("a", "left out"), ("b", "left out"))}, "0 columns"),
}


@pytest.mark.parametrize("case", WRONG_OPTIONS)
def test_options_that_do_not_fit_are_refused_in_words(case: str) -> None:
    options, words = WRONG_OPTIONS[case]
    with pytest.raises(DataRefused, match=words):
        read("t.csv", "\n".join(["a,b", *ROWS]).encode(), replace(FOUND_OUT, **options))  # type: ignore[arg-type]


def test_a_refusal_knows_how_the_table_was_read() -> None:
    with pytest.raises(DataRefused) as refusal:
        read("t.csv", table("a;b;c", lambda i, row: f"{';'.join(row)};{'' if i == 3 else i}", ","))
    options = refusal.value.options
    assert options is not None and (options.separator, options.decimal, options.header) == (";", ",", True)
    assert dict(options.columns) == {"a": "number", "b": "number", "c": "whole number"}


# ---- few distinct rows, and two classes of which one is rare ----


def test_there_are_at_most_as_many_modes_as_distinct_rows() -> None:
    content = text(["a,b", *(f"{i % 2},{i // 2 % 2}" for i in range(400))])
    dataset = load_dataset(save("few", read("t.csv", content)), {})
    assert len(dataset.modes.names) == 4 and dataset.modes.assign is not None
    assert (dataset.modes.assign(dataset.test) == dataset.test_labels).all()
    near = dataset.test + np.float32(0.01)
    assert (dataset.modes.assign(near) == dataset.test_labels).all(), "what is close to a row is on its mode"


# ---- the command line ----


def run(*words: str, expect: int = 0) -> str:
    result = CliRunner().invoke(app, ["import", *words], env={"COLUMNS": "160"}, catch_exceptions=False)
    assert result.exit_code == expect, result.output
    return result.stdout if expect == 0 else result.stderr


def test_import_says_all_of_it_as_json_and_stores_nothing_in_a_dry_run(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "Answers 2023.csv"
    path.write_bytes(survey())
    found = json.loads(run(str(path), "--json", "--dry-run"))
    assert {"name", "kind", "examples", "columns", "classes", "assumed", "left_out"} <= found.keys()
    assert (found["name"], found["kind"], found["examples"]) == ("answers-2023", "table", 120)
    assert found["columns"][0] == {"name": "Datum", "type": "date"} and found["classes"] == {}
    assert any("'Name'" in sentence for sentence in found["left_out"])
    assert not folder.exists()
    changed = json.loads(run(str(path), "--json", "--column", "Umzug=labels", "--column", "Datum=left-out"))
    assert list(changed["classes"]) == ["ja", "nein"] and len(changed["columns"]) == 3
    assert (folder / "answers-2023.npz").is_file()


def test_import_takes_what_was_assumed_as_options(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(table("a,b,c", lambda i, row: f"{','.join(row)},{'NA' if i == 1 else i}"))
    assert "--missing" in run("--help") and "left out" in run(str(path), expect=2)
    said = run(str(path), "--missing", "leave-out", "--separator", "comma", "--decimal", ".", "--dry-run")
    assert "59 points in 3 columns" in said and "line 3" in said and "Nothing was stored" in said
    assert "not understood" in run(str(path), "--column", "a", expect=2)
    assert "not understood" in run(str(path), "--scale", "0", expect=2)
    zip_path = tmp_path / "p.zip"
    zip_path.write_bytes(zipped({f"{i}.png": picture(drawing(i, (9, 9, 9))) for i in range(60)}))
    assert "laid over white" in run(str(zip_path), "--dry-run")
    assert "laid over black" in run(str(zip_path), "--background", "black", "--dry-run")


def test_memory_stays_bounded_for_a_large_table() -> None:
    """In a process of its own: as lists of Python's strings, these two million cells would take 200 MB."""
    program = (
        "import resource, io\nimport numpy as np, pandas\nfrom genlab.datasets.reading import read\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = [b','.join(b'%d.25' % (i + j) for i in range(50)) + b'\\n' for j in range(9)]\n"
        "found = read('t.csv', b''.join(rows) * 4_000)\n"
        "print(found.values.shape, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ})
    assert result.returncode == 0, result.stderr
    megabytes = int(result.stdout.split()[-1])
    assert "(36000, 50)" in result.stdout and megabytes < 150, megabytes


def test_a_column_of_another_type_than_its_cells_is_said_with_the_first_of_them() -> None:
    content = table("joined,x,y", lambda i, row: f"{i % 9 + 10}/04/2018,{row[0]},{row[1]}")
    options = replace(FOUND_OUT, columns=(("joined", "number"),), missing="leave out")
    with pytest.raises(DataRefused, match=r"column 'joined' has the fewest\. Line 2.*'10/04/2018' is not a number\."):
        read("people.csv", content, options)
