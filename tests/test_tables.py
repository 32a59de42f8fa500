"""Tables of mixed types: what models make of them comes back in the units, types and words of the table."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas
import pytest
from helpers import train_fully
from PIL import Image
from typer.testing import CliRunner

from genlab.cli import app
from genlab.datasets.coding import make_coding
from genlab.datasets.columns import Column
from genlab.datasets.own import save
from genlab.datasets.reading import read
from genlab.runs import Run, Store
from genlab.spec import make_spec


def mixed_table(rows: int = 600) -> pandas.DataFrame:
    """A category with three words, one of yes and no that follows it, prices in the 40,000s, lengths and a date."""
    random = np.random.default_rng(0)
    colour = random.choice(["red", "blue", "green"], rows, p=[0.6, 0.3, 0.1])
    sold = np.where(random.random(rows) < np.where(colour == "red", 0.9, 0.1), "yes", "no")
    price = np.round(40_000 + 8_000 * random.normal(size=rows)).astype(int)
    days = pandas.Timestamp("2023-01-01") + pandas.to_timedelta(random.integers(0, 365, rows), unit="D")
    length = np.round(random.normal(size=rows) + 3 * (colour == "blue"), 2)
    return pandas.DataFrame(
        {"colour": colour, "length": length, "price": price, "sold": sold, "when": days.strftime("%d.%m.%Y")}
    )


MODELS = ("gan", "wgan-gp", "vae")


@pytest.fixture(scope="module")
def table_run(session_store: Store, backend, tmp_path_factory: pytest.TempPathFactory):
    """A GAN, a WGAN-GP and a VAE, 800 steps on the mixed table."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_DATA_DIR", str(tmp_path_factory.mktemp("tables")))
        name = save("mixed", read("mixed.csv", mixed_table().to_csv(index=False).encode()))
        run = session_store.create(make_spec(dataset=name, lanes=[{"model": model} for model in MODELS], budget=800))
        train_fully(session_store, run)
        assert run.state().state == "done", run.state()
        yield run


def drawn(run: Run, lane: int, path: Path, **options: int) -> Path:
    words = ["sample", str(run.path), "--lane", str(lane), "--out", str(path), "--json"]
    words += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["out"] == str(path)
    return path


@pytest.mark.parametrize("lane", range(len(MODELS)))
def test_samples_are_a_table_like_the_one_that_was_brought(table_run: Run, lane: int, tmp_path: Path) -> None:
    table = mixed_table()
    made = pandas.read_csv(drawn(table_run, lane, tmp_path / "made.csv", count=2000, seed=1))
    assert list(made.columns) == list(table.columns) and len(made) == 2000
    written = pandas.read_csv(io.StringIO(table.to_csv(index=False)))
    assert made.dtypes.to_dict() == written.dtypes.to_dict(), "prices are whole, lengths are not"
    for name in ("colour", "sold"):
        assert set(made[name]) <= set(table[name])
    assert made["price"].mean() == pytest.approx(table["price"].mean(), rel=0.1)
    dates = pandas.to_datetime(made["when"], format="%d.%m.%Y")
    assert abs(dates.mean() - pandas.Timestamp("2023-07-02")) < pandas.Timedelta(days=90)
    assert made["price"].nunique() > 500, "many different rows"
    share = (made["sold"] == "yes")[made["colour"] == "red"].mean()
    assert share > 0.6 > 0.5 > (made["sold"] == "yes")[made["colour"] == "blue"].mean(), "what follows what is learned"


def test_the_same_seed_gives_the_same_file_and_another_other_rows(table_run: Run, tmp_path: Path) -> None:
    files = [drawn(table_run, 2, tmp_path / f"{i}.csv", count=50, seed=seed) for i, seed in enumerate((3, 3, 4))]
    first, again, other = (file.read_bytes() for file in files)
    assert first == again != other
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.csv", "1.csv", "2.csv"]


def test_every_family_trains_on_a_table(table_run: Run, session_store: Store, tmp_path: Path) -> None:
    models = ["wgan", "ae", "wae", "aae"], ["bigan", "vae-gan"]
    for lanes in models:
        spec = make_spec(dataset="mixed", lanes=[{"model": model} for model in lanes], budget=20)
        run = session_store.create(spec)
        train_fully(session_store, run)
        assert [lane.state for lane in run.state().lanes] == ["done"] * len(lanes), run.state()
        for lane in range(len(lanes)):
            made = pandas.read_csv(drawn(run, lane, tmp_path / "made.csv", count=20))
            assert set(made["colour"]) <= {"red", "blue", "green"} and made["price"].dtype == "int64"


def test_points_and_pictures_are_written_too(ring_run: Run, digits_run: Run, tmp_path: Path) -> None:
    points = pandas.read_csv(drawn(ring_run, 1, tmp_path / "points.csv", count=300))
    assert list(points.columns) == ["x", "y"] and points.to_numpy().std() < 3
    with zipfile.ZipFile(drawn(digits_run, 0, tmp_path / "pictures.zip", count=12)) as archive:
        assert archive.namelist() == [f"{i:02d}.png" for i in range(1, 13)]
        with archive.open("01.png") as file:
            image = Image.open(file)
            assert image.size == (8, 8) and image.mode == "L"


@pytest.mark.parametrize(
    "options, words",
    [
        (("--out", "a.zip"), "a table: give the file a name that ends with .csv"),
        (("--out", "a.csv", "--lane", "7"), "there is no lane 7"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(ring_run: Run, options, words: str, tmp_path: Path) -> None:
    options = [str(tmp_path / word) if word.startswith("a.") else word for word in options]
    result = CliRunner().invoke(app, ["sample", str(ring_run.path), *options], catch_exceptions=False)
    assert result.exit_code == 2 and words in " ".join(result.stderr.split()) and not list(tmp_path.iterdir())


# ---- the last layer ----


def outputs():
    """Of a table: a number, a category of three words, a number, a category of two."""
    from types import SimpleNamespace

    from genlab.models.outputs import Outputs

    columns = (Column("a"), Column("b", "category", ("p", "q", "r")), Column("c"), Column("d", "category", ("s", "t")))
    train = np.zeros((4, 7), "float32")
    coding = make_coding(columns, np.arange(16.0).reshape(4, 4))
    return Outputs(SimpleNamespace(coding=coding, kind="points", train=train))  # type: ignore[arg-type]


def test_words_are_drawn_with_their_chances(backend) -> None:
    from keras import ops

    raw = np.tile(np.array([[2.0, 1.0, 0.0, -1.0, 5.0, 0.5, -0.5]], "float32"), (20_000, 1))
    noise = np.random.default_rng(0).random(raw.shape).astype("float32")
    made = ops.convert_to_numpy(outputs().drawn(ops.convert_to_tensor(raw), ops.convert_to_tensor(noise)))
    assert (made[:, [0, 4]] == raw[:, [0, 4]]).all(), "numbers stay"
    assert np.allclose(np.sort(made[:, 1:4], axis=1), [0, 0, 1], atol=1e-6)
    chances = np.exp([1.0, 0.0, -1.0]) / np.exp([1.0, 0.0, -1.0]).sum()
    assert made[:, 1:4].mean(axis=0) == pytest.approx(chances, abs=0.015)
    assert made[:, 5].mean() == pytest.approx(1 / (1 + np.exp(-1.0)), abs=0.015)
    mean = ops.convert_to_numpy(outputs().mean(ops.convert_to_tensor(raw[:1])))
    assert mean[0, 1:4] == pytest.approx(chances, rel=1e-5)


def test_the_likelihood_of_a_row_is_that_of_its_numbers_and_words(backend) -> None:
    from keras import ops
    from scipy.stats import norm

    x = np.array([[0.5, 0, 1, 0, -1.0, 1, 0], [0.0, 1, 0, 0, 2.0, 0, 1]], "float32")
    raw = np.random.default_rng(1).normal(size=x.shape).astype("float32")
    log_std = np.full(x.shape, -0.7, "float32")
    log_std[:, 4] = 0.3
    found = outputs().log_density(*map(ops.convert_to_tensor, (x, raw, log_std)))
    expected = norm.logpdf(x[:, 0], raw[:, 0], np.exp(-0.7)) + norm.logpdf(x[:, 4], raw[:, 4], np.exp(0.3))
    for block in (slice(1, 4), slice(5, 7)):
        chances = np.exp(raw[:, block]) / np.exp(raw[:, block]).sum(axis=1, keepdims=True)
        expected = expected + np.log((chances * x[:, block]).sum(axis=1))
    assert ops.convert_to_numpy(found) == pytest.approx(expected, rel=1e-5)
    assert float(outputs().mean_of_numbers(ops.convert_to_tensor(log_std))) == pytest.approx(-0.2)


# ---- scaling, and the table whose dependencies are known ----


def test_skewed_numbers_are_scaled_by_their_quantiles_and_come_back() -> None:
    random = np.random.default_rng(0)
    values = np.stack(
        [random.normal(5, 2, 999), np.exp(2 * random.normal(size=999)), random.integers(0, 2, 999)], axis=1
    )
    columns = (Column("a"), Column("b"), Column("c", "category", ("no", "yes")))
    coding = make_coding(columns, values)
    encoded = coding.encoded(values)
    assert encoded[:, :2].mean(axis=0) == pytest.approx(0, abs=0.01)
    assert encoded[:, :2].std(axis=0) == pytest.approx(1, abs=0.02)
    assert (
        abs((encoded[:, 1] ** 3).mean()) < 0.1 < 1 < abs((((values - values.mean(0)) / values.std(0)) ** 3).mean(0)[1])
    )
    assert coding.decoded(encoded) == pytest.approx(values, rel=1e-4, abs=1e-5)
    far = np.array([[0, 30.0, 0.4, 0.6]], "float32")
    assert coding.decoded(far)[0, 1] == values[:, 1].max(), "nothing beyond what was seen"
    assert not make_coding(columns[:2], values[:, :2]).knots, "points are scaled as ever"


def test_the_survey_has_the_associations_that_its_network_says() -> None:
    from genlab.datasets.survey import COLUMNS, draw_rows, survey_associations
    from genlab.metrics.tables import associations

    words = np.array([len(column.words) for column in COLUMNS])
    rows = draw_rows(np.random.default_rng(1), 400_000)
    assert associations(words, rows) == pytest.approx(survey_associations(), abs=0.006)
    known = dict(zip([column.name for column in COLUMNS], survey_associations()[5]))
    assert known["region"] == pytest.approx(0, abs=1e-9) and known["education"] > 0.3


# ---- what is shown of a table, and saved from the page ----


def test_figures_show_the_columns_and_associations_of_real_rows_and_samples(table_run: Run, ring_run: Run) -> None:
    from genlab.figures.base import draw, lane_views
    from genlab.figures.tables import some_rows
    from genlab.metrics.tables import associations
    from genlab.registry import FIGURES
    from genlab.runs.view import RunReader

    view = RunReader(table_run).read()
    lanes = lane_views(view)
    columns, maps = (draw(FIGURES[name], lanes) for name in ("columns", "associations"))
    assert [trace.name for trace in columns.data] == ["real data", "GAN", "WGAN-GP", "VAE"]
    real = view.reference["table"]
    assert np.nanmax(columns.data[0].y) == pytest.approx(1), "the largest bar of each column"
    words = [said for said in columns.data[0].customdata if said.startswith("colour")]
    share = (real[:, 0] == 2).mean()
    assert words[-1] == f"colour, red: {share:.1%}" and list(columns.layout.xaxis.ticktext)[:2] == ["colour", "length"]
    counts = np.array([3, 0, 0, 2, 0])
    expected = associations(counts, real.astype(float)) - associations(
        counts, view.frames[1].arrays["table"].astype(float)
    )
    assert np.array(maps.data[0].z)[:, 6:11] == pytest.approx(expected, abs=1e-6)
    rows = some_rows(lanes)
    assert list(rows) == ["real data", "GAN", "WGAN-GP", "VAE"] and len(rows["VAE"]) == 5
    assert rows["VAE"][0]["sold"] in ("yes", "no") and rows["real data"][0]["when"].endswith(".2023")
    for name in ("columns", "associations"):
        assert FIGURES[name].applies(lanes)
        assert not FIGURES[name].applies(lane_views(RunReader(ring_run).read())), "two columns of points are no table"


def test_the_worker_draws_what_was_asked_for_on_the_page(table_run: Run, session_store: Store) -> None:
    from genlab.runs.drawings import KEPT, Drawing, answer, asked, reason
    from genlab.training.worker import draw_samples

    drawing, wrong = Drawing(2, 30, 5), Drawing(9, 30, 5)
    for each in (drawing, wrong):
        session_store.request_samples(table_run, each)
    assert session_store.samples_stage(table_run) == "waiting" and len(list(asked(table_run))) == 2
    assert session_store.take_samples().id == table_run.id and session_store.samples_stage(table_run) == "claimed"
    draw_samples(table_run, session_store)
    assert session_store.samples_stage(table_run) is None and not list(asked(table_run))
    path = answer(table_run, drawing)
    assert path and len(pandas.read_csv(path)) == 30
    assert "there is no lane 9" in reason(table_run, wrong) and answer(table_run, wrong) is None
    for seed in range(KEPT):
        session_store.request_samples(table_run, Drawing(2, 5, 100 + seed))
    draw_samples(session_store.take_samples(), session_store)
    assert answer(table_run, drawing) is None, "the oldest made room"
    assert answer(table_run, Drawing(2, 5, 103))


def test_a_class_of_two_percent_and_few_distinct_rows_get_numbers_or_reasons(
    session_store: Store, backend, tmp_path
) -> None:
    """Columns of two values as numbers, which no sample hits exactly, though all of the real rows are on a mode."""
    from dataclasses import replace

    from genlab.datasets.options import FOUND_OUT
    from genlab.evaluation.evaluate import evaluate
    from genlab.runs.view import RunReader

    lines = ["a,b,label", *(f"{i % 2},{i // 2 % 2},{'rare' if i % 50 == 0 else 'usual'}" for i in range(200))]
    as_numbers = replace(FOUND_OUT, columns=(("a", "number"), ("b", "number")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_DATA_DIR", str(tmp_path))
        name = save("rare", read("rare.csv", "\n".join(lines).encode(), as_numbers))
        run = session_store.create(make_spec(dataset=name, budget=300))
        train_fully(session_store, run)
        assert run.state().state == "done", run.state()
        for _ in evaluate(run, session_store.cache, samples=100):
            pass
    view = RunReader(run).read()
    assert view.reference["on_mode_share"] == 1
    assert max(frame.metrics["on_mode_share"] for frame in view.frames) > 0.05
    for lane in run.evaluation().lanes:
        assert not lane.message and len(lane.measures) > 20
