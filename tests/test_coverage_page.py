"""The mode coverage page, as Streamlit runs it: empty, before a run is measured, while it is, and after."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import PATIENCE
from streamlit.testing.v1 import AppTest

from genlab.figures.gallery import galleries
from genlab.runs import Run, Store
from genlab.runs.evaluation import Evaluation, LaneEvaluation, Measure
from genlab.runs.tables import REAL_DATA, as_markdown, format_measure, measure_rows
from genlab.ui.escape import JOINER

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("worker_supervisor", "coverage_page"):
        monkeypatch.setattr(f"genlab.ui.{place}.ensure_worker", lambda: None)


def shown(store: Store, monkeypatch: pytest.MonkeyPatch, **address: str) -> AppTest:
    monkeypatch.setenv("GENLAB_RUNS_DIR", str(store.root))
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    test.switch_page("pages/coverage.py")
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    text = " ".join(str(element.value) for kind in ("markdown", "error", "subheader") for element in test.get(kind))
    return text.replace("\\", "").replace(JOINER, "")


def precision(value: float, real_reference: float | None = 0.68) -> Measure:
    return Measure(
        metric="precision_recall_density_coverage",
        result="precision",
        label="Precision",
        space="coordinates",
        count=2500,
        value=value,
        low=value - 0.05,
        high=value + 0.05,
        real_reference=real_reference,
        better="higher",
    )


def evaluation() -> Evaluation:
    lanes = [LaneEvaluation(lane=lane, model=model, step=60) for lane, model in enumerate(("gan", "vae"))]
    for lane, value in zip(lanes, (0.25, 0.5), strict=True):
        on_mode = Measure(
            metric="mode_coverage", result="on_mode_share", label="Share on a mode", count=2500, value=1.0
        )
        lane.measures = [precision(value), on_mode]
        lane.mode_share = [0.9, *[0.014] * 7]
    return Evaluation(samples=2500, seed=0, lanes=lanes)


def pictures() -> dict[str, np.ndarray]:
    points = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
    arrays = {"samples": points, "copied": points, "on_no_mode": points, "lost_modes": np.array([2, 5])}
    arrays |= {"lost_real": np.stack([points, points]), "lost_fake": np.stack([points, points])}
    return {f"{lane}-{name}": array for lane in (0, 1) for name, array in arrays.items()}


def test_without_a_finished_run_the_page_says_so_and_leads_to_one(
    store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No finished run yet" in words(shown(store, monkeypatch))
    store.create(ring_run.spec())  # queued
    assert "No finished run yet" in words(shown(store, monkeypatch))


def test_the_newest_finished_run_is_shown_and_another_can_be_chosen(
    session_store: Store, ring_run: Run, digits_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(session_store, monkeypatch)
    runs = test.selectbox(key="coverage.run").options
    assert len(runs) >= 2 and any(run.startswith("GAN, VAE · seed 0 ·") for run in runs)
    test = shown(session_store, monkeypatch, run=ring_run.id)
    assert test.selectbox(key="coverage.run").value == ring_run.id
    test.selectbox(key="coverage.run").set_value(digits_run.id).run()
    assert not test.exception and test.query_params["run"] in (digits_run.id, [digits_run.id])
    assert test.selectbox(key="coverage.run").value == digits_run.id


def test_nonsense_in_the_address_gets_a_message_and_a_run(
    session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(session_store, monkeypatch, run="../../etc/passwd")
    assert "is not the name of a run" in words(test)
    assert test.selectbox(key="coverage.run").value


def test_a_run_is_measured_when_asked_and_not_when_cancelled(
    session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(session_store, monkeypatch)
    run = session_store.open(test.selectbox(key="coverage.run").value)
    test.button(key="measure").click().run()
    assert test.query_params["run"] in (run.id, [run.id]), "one that is done meanwhile does not take its place"
    assert not test.exception and session_store.evaluation_stage(run) == "waiting"
    assert session_store.take_evaluation().id == run.id and session_store.take_evaluation() is None
    run.write_evaluation_progress(name="GAN: Memorisation", done=3, total=40)
    test.run()
    assert not test.exception and session_store.evaluation_stage(run) == "claimed"
    test.button(key="cancel-measure").click().run()
    assert not test.exception and session_store.evaluation_stage(run) is None
    run.write_evaluation_progress(message="It could not be measured: no room")
    assert "no room" in words(test.run())
    run.forget_evaluation_progress()


def test_a_worker_forgets_what_ended_the_one_before_and_puts_back_what_must_wait(store: Store, ring_run: Run) -> None:
    run = store.create(ring_run.spec())
    store.request_evaluation(run)
    store.request_evaluation(run)
    assert store.take_evaluation().id == run.id and store.take_evaluation() is None, (
        "one wish, however often it is asked"
    )
    store.return_evaluation(run)
    assert store.evaluation_stage(run) == "waiting"
    store.take_evaluation()
    store.recover()
    assert store.evaluation_stage(run) is None
    assert "ended before it was done" in run.evaluation_progress()["message"]


def test_measures_are_shown_with_their_floor_and_their_diagnosis(
    session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring_run.write_evaluation(evaluation(), pictures())
    try:
        test = shown(session_store, monkeypatch, run=ring_run.id)
    finally:
        for name in ("evaluation.json", "evaluation.npz"):
            (ring_run.path / name).unlink()
    said = words(test)
    assert "Precision, coordinates, N = 2,500" in said and "0.25 (0.2 to 0.3)" in said
    assert REAL_DATA in said and "0.68" in said
    assert "It drops 7 of 8 modes" in said
    assert test.button(key="measure").label == "Measure again"


def test_a_damaged_evaluation_gets_a_message(
    session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ring_run.path / "evaluation.json"
    path.write_text('{"samples": "many"}')
    try:
        test = shown(session_store, monkeypatch, run=ring_run.id)
        assert "does not hold measures" in words(test) and test.button(key="measure"), "it can be measured again"
    finally:
        path.unlink()


def test_a_table_has_a_column_a_lane_and_one_for_real_data() -> None:
    found = evaluation()
    found.lanes[1].measures = [
        precision(0.5),
        precision(1234.6, real_reference=None).model_copy(update={"space": "pixels"}),
    ]
    groups = measure_rows(found, ["GAN", "VAE"], first=True)
    rows = groups["Samples against real data"]
    assert rows[0] == {
        "measure": "Precision, coordinates, N = 2,500 ↑",
        "GAN": "0.25 (0.2 to 0.3)",
        "VAE": "0.5 (0.45 to 0.55)",
        REAL_DATA: "0.68",
    }
    assert rows[-1]["GAN"] == rows[-1][REAL_DATA] == "-" and rows[-1]["VAE"].startswith("1,235")
    lines = as_markdown(groups).splitlines()
    assert lines[1:3] == ["| :-- | --: | --: | --: |", "| **Modes** |  |  |  |"]
    assert "| **Samples against real data** |  |  |  |" in lines and list(groups) == ["Modes", *list(groups)[1:]]
    assert format_measure(None) == "-"


def test_floors_that_are_a_matter_of_the_lane_are_shown_for_each() -> None:
    found = evaluation()
    found.lanes[1].measures[0] = precision(0.5, real_reference=0.4)
    assert measure_rows(found, ["GAN", "VAE"], first=True)["Samples against real data"][0][REAL_DATA] == "0.68 / 0.4"


def test_galleries_show_what_there_is(digits_run: Run, ring_run: Run) -> None:
    images = np.zeros((8, 8, 8, 1), "uint8")
    arrays = {"samples": images, "copied": images, "on_no_mode": images[:0], "lost_modes": np.empty(0, int)}
    reference = digits_run.reference()
    assert len(galleries(arrays, reference, "GAN", "#000000")) == 1, "no mode is lost and every sample is on one"
    arrays |= {"lost_modes": np.array([3, 8]), "lost_real": np.stack([images] * 2), "lost_fake": np.stack([images] * 2)}
    arrays |= {"on_no_mode": images, "over_filled": images[:2], "under_filled": images[:0]}
    figures = galleries(arrays, reference, "GAN", "#000000")
    assert len(figures) == 4 and "3, 8" in figures[0][0].layout.title.text
    of_points = {name.removeprefix("0-"): array for name, array in pictures().items() if name.startswith("0-")}
    ((figure, alt),) = galleries(of_points, ring_run.reference(), "GAN", "#000000")
    assert len(figure.data) == 4 and alt
    assert galleries({}, reference, "GAN", "#000000") == []


OLD = {  # as genlab wrote it before: with a version, "floor" and "words", and metrics that are no longer there
    "version": 1,
    "samples": 2500,
    "seed": 0,
    "spaces": {"coordinates": "1"},
    "lanes": [
        {
            "lane": 0,
            "model": "gan",
            "step": 60,
            "message": "",
            "mode_share": [0.9, *[0.014] * 7],
            "kl": [],
            "measures": [
                {"metric": metric, "result": result, "words": words, "count": 2500, "value": 0.5, "floor": 0.68}
                | {"space": "", "low": 0.4, "high": 0.6, "interval": "95 %, from 5 draws", "better": "higher"}
                for metric, result, words in (
                    ("class_coverage", "on_mode_share", "Share on a mode"),
                    ("discriminator_accuracy", "logit_gap", "Logit gap"),
                    ("withdrawn", "score", "Withdrawn score"),
                )
            ],
        }
    ],
}


def test_an_old_evaluation_is_still_read_and_shown(
    session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ring_run.path / "evaluation.json"
    path.write_text(json.dumps(OLD))
    try:
        read = ring_run.evaluation()
        page = words(shown(session_store, monkeypatch, run=ring_run.id))
    finally:
        path.unlink()
    share = read.lanes[0].find("mode_coverage", "on_mode_share")
    assert (share.label, share.real_reference, share.count) == ("Share on a mode", 0.68, 2500)
    assert not hasattr(read, "version")
    assert "| Share on a mode, N = 2,500 ↑ | 0.5 (0.4 to 0.6) | 0.68 |" in page
    assert "**Discriminator**" in page and "Logit gap, N = 2,500" in page
    assert "**Other measures**" in page and "Withdrawn score, N = 2,500" in page
    assert "It drops 7 of 8 modes" in page
