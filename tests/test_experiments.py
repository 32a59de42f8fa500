"""Experiments: each card is complete, each verdict can say yes and no, and says why where it cannot say."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from genlab.cli import app
from genlab.experiments import Experiment, Measured, Verdict, dirac, evaluation, judged, one_run, verdict
from genlab.experiments.base import GROUPS, Unclear
from genlab.experiments.outcomes import outcomes
from genlab.experiments.page import experiments_page
from genlab.registry import EXPERIMENTS, FIGURES
from genlab.runs import Store
from genlab.runs.folder import Frame, LaneState, RunState
from genlab.runs.history import append_record
from genlab.runs.metadata import Grouped
from genlab.runs.view import RunReader, RunView

every_experiment = pytest.mark.parametrize("name", list(EXPERIMENTS))
STEPS = 20  # at which curves are recorded

# What is recorded of a lane: last numbers, and curves as (first, last) values of a straight line.
Numbers = dict[str, Any]


PICTURES = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1))


def gan(solid: float, share: float = 0.9, **more: Any) -> Numbers:
    return {"solid": solid, "modes": 8, "on_mode_share": share, **more}


def accuracy(value: float, share: float) -> Numbers:
    return gan(8, share, curves={f"discriminator/accuracy_{of}": (value, value) for of in ("real", "fake")})


def norm(first: float, last: float) -> Numbers:
    return gan(0, 0.0, curves={"generator/gradient_norm": (first, last)})


def clipped(share: float, at_bound: float) -> Numbers:
    return gan(8, share, curves={"discriminator/clipped": (at_bound, at_bound)})


def learned(loss: tuple[float, float], share: tuple[float, float], name: str = "discriminator/loss") -> Numbers:
    return gan(8, share[1], curves={name: loss, "on_mode_share": share})


def sharp(contrast: float) -> Numbers:
    """Pictures whose edges are so many times as strong as the real ones."""
    return gan(10, samples=(128 + contrast * (PICTURES - 128.0)).astype("uint8"), modes=10)


def spread(width: float) -> Numbers:
    return gan(8, samples=width * np.random.default_rng(0).normal(size=(200, 2)))


def rows(distance: float, score: float, association: float | None = None) -> Numbers:
    """Of a table, beside real rows that score 0.6."""
    real = {"real_column_distance": 0.1, "real_association_error": 0.1, "real_trained_on": 0.6}
    association = distance if association is None else association
    return gan(3, column_distance=distance, association_error=association, trained_on=score, **real)


def encoded(error: float) -> Numbers:
    return gan(8, reconstruction_error=error)


# Of each experiment, the runs that show its claim, and then some that do not: for each part of the claim, those where
# this part alone does not hold.
CASES: dict[str, list[list[list[Numbers]]]] = {
    "fair-fight": [[[gan(8, 0.9), gan(8, 0.6)]], [[gan(8, 0.6), gan(8, 0.9)]], [[gan(8, 0.9), gan(6, 0.6)]]],
    "mode-drop": [[[gan(3), gan(8, 0.6)]], [[gan(8), gan(8, 0.6)]], [[gan(3), gan(7, 0.6)]]],
    "cures": [
        [[gan(2), gan(7), gan(2), gan(2)], [gan(8), gan(3)]],
        [[gan(8)] * 4, [gan(8)] * 2],
        [[gan(2), gan(7), gan(2), gan(2)], [gan(8), gan(2)]],
    ],
    "one-point": [[[spread(0.02), spread(0.7)]], [[spread(0.7), spread(0.7)]], [[spread(0.02), spread(0.02)]]],
    "rates": [
        [[gan(0, 0.1), gan(8, 0.9), gan(5, 0.5), gan(0, 0.0)]],
        [[gan(8, 0.95), gan(8, 0.9), gan(5, 0.5), gan(0, 0.0)]],
        [[gan(0, 0.1), gan(6, 0.9), gan(5, 0.5), gan(0, 0.0)]],
        [[gan(0, 0.1), gan(8, 0.9), gan(8, 0.5), gan(8, 0.5)]],
    ],
    "soft-digits": [[[sharp(1.0), sharp(0.6)]], [[sharp(0.6), sharp(0.6)]], [[sharp(1.5), sharp(1.0)]]],
    "vae-gan": [[[sharp(1.0), sharp(0.6), sharp(0.9)]], [[sharp(1.0), sharp(0.6), sharp(0.5)]]],
    "table": [
        [[rows(0.3, 0.2), rows(0.2, 0.5)]],
        [[rows(0.3, 0.2), rows(0.2, 0.7)]],
        [[rows(0.3, 0.5), rows(0.2, 0.2)]],
        [[rows(0.3, 0.2), rows(0.4, 0.5, association=0.2)]],
        [[rows(0.3, 0.2), rows(0.2, 0.5, association=0.4)]],
    ],
    "no-encoder": [
        [[gan(8, projection_error=0.001), encoded(0.01), encoded(0.1)]],
        [[gan(8, projection_error=0.9), encoded(0.01), encoded(0.1)]],
        [[gan(8, projection_error=0.001), encoded(0.01), encoded(0.9)]],
        [[gan(8, projection_error=0.001), encoded(0.2), encoded(0.1)]],
        [[gan(8, projection_error=0.001, reconstruction_error=0.1), encoded(0.01), encoded(0.1)]],
    ],
    "conditioning": [[[gan(3), gan(8), gan(8)]], [[gan(3), gan(3), gan(8)]]],
    "blur": [
        [[gan(8, share) for share in shares]] for shares in ((0.5, 0.6, 0.4, 0.05), (0.5, 0.6, 0.6, 0.05), (0.6,) * 4)
    ]
    + [[[gan(8, share) for share in (0.5, 0.6, 0.4, 0.4)]]],
    "randomness": [
        [[gan(count) for count in counts]] for counts in ((8, 8, 1, 8), (8, 8, 8, 8), (8, 6, 1, 8), (6, 8, 1, 8))
    ],
    "flow": [
        [[gan(8), gan(8, 0.6), gan(8, nats_short=0.04)]],
        [[gan(8), gan(8, 0.6), gan(6, nats_short=0.04)]],
        [[gan(8), gan(8, 0.9), gan(8, nats_short=0.04)]],
    ],
    "vanishing-gradient": [
        [[norm(2, 0.001), norm(2, 10)]],
        [[norm(2, 2), norm(2, 1000)]],
        [[norm(2, 0.001), norm(2, 0.01)]],
    ],
    "losses": [
        [[learned((1.38, 1.38), (0.2, 0.9)), learned((3, 1), (0.2, 0.6), "vae/loss")]],
        [[learned((1.3, 0.3), (0.2, 0.9)), learned((3, 1), (0.2, 0.6), "vae/loss")]],
        [[learned((1.38, 1.38), (0.5, 0.5)), learned((3, 1), (0.2, 0.6), "vae/loss")]],
        [[learned((1.38, 1.38), (0.2, 0.9)), learned((1, 1), (0.2, 0.6), "vae/loss")]],
    ],
    "accuracy": [
        [[accuracy(0.5, 0.9), accuracy(0.5, 0.0)]],
        [[accuracy(0.9, 0.9), accuracy(0.5, 0.0)]],
        [[accuracy(0.5, 0.9), accuracy(0.9, 0.0)]],
        [[accuracy(0.5, 0.4), accuracy(0.5, 0.0)]],
        [[accuracy(0.5, 0.9), accuracy(0.5, 0.9)]],
    ],
    "clipping": [
        [[clipped(0.0, 0.9), clipped(0.1, 0.7), clipped(0.5, 0.1), gan(8, 0.6)]],
        [[clipped(0.5, 0.9), clipped(0.1, 0.7), clipped(0.5, 0.1), gan(8, 0.6)]],
        [[clipped(0.0, 0.9), clipped(0.5, 0.7), clipped(0.5, 0.1), gan(8, 0.6)]],
        [[clipped(0.0, 0.9), clipped(0.1, 0.7), clipped(0.1, 0.1), gan(8, 0.6)]],
        [[clipped(0.0, 0.9), clipped(0.1, 0.7), clipped(0.5, 0.1), gan(8, 0.1)]],
        [[clipped(0.0, 0.1), clipped(0.1, 0.7), clipped(0.5, 0.1), gan(8, 0.6)]],
    ],
    "luck": [[[gan(count)] for count in counts] for counts in ((8, 6, 8, 7, 8), (8, 7, 8, 7, 8))],
    "turns": [[[gan(3), gan(2), gan(1)]], [[gan(3), gan(7), gan(3)]]],
    "posterior-collapse": [
        [[gan(0, 0, kl_held_out=kl) for kl in kls]]
        for kls in ((1.0, 0.2, 0.001, 0.0), (1.0, 0.9, 0.8, 0.7), (1.0, 0.01, 0.001, 0.0))
    ],
    "beta": [
        [[gan(8, s, reconstruction_error=e) for s, e in zip(shares, errors)]]
        for shares, errors in (
            ((0.1, 0.6, 0.5, 0.0), (0.001, 0.01, 0.02, 0.5)),
            ((0.9, 0.6, 0.5, 0.0), (0.001, 0.01, 0.02, 0.5)),
            ((0.1, 0.6, 0.5, 0.9), (0.001, 0.01, 0.02, 0.5)),
            ((0.1, 0.6, 0.5, 0.0), (0.02, 0.01, 0.02, 0.5)),
            ((0.1, 0.6, 0.5, 0.0), (0.001, 0.01, 0.02, 0.01)),
        )
    ],
    "autoencoder": [
        [[gan(2, 0.05, reconstruction_error=0.001), gan(8, 0.6, reconstruction_error=0.01)]],
        [[gan(8, 0.6, reconstruction_error=0.001), gan(8, 0.6, reconstruction_error=0.01)]],
        [[gan(2, 0.05, reconstruction_error=0.1), gan(8, 0.6, reconstruction_error=0.01)]],
    ],
    "formula-or-judge": [
        [[gan(8, share) for share in shares]]
        for shares in ((0.05, 0.6, 0.08, 0.5), (0.05, 0.6, 0.04, 0.1), (0.05, 0.1, 0.04, 0.5), (0.05, 0.6, 0.4, 0.5))
    ],
}


def stored(
    experiment: Experiment, runs: list[list[Numbers]], store: Store, state: str = "done", records: int = STEPS
) -> list[RunView]:
    """Runs in the store that have recorded these numbers, as a reader sees them."""
    views = []
    for spec, lanes in zip(experiment.runs(0), runs, strict=True):
        run = store.create(spec)
        assert len(spec.lanes) == len(lanes)
        done = state == "done"
        for lane, numbers in enumerate(lanes):
            curves = numbers.get("curves", {})
            for at in range(1, records + 1):
                values = {name: a + (b - a) * at / records for name, (a, b) in curves.items()}
                place = {"step": int(spec.budget * at / records), "seconds": float(at), "examples": at}
                append_record(run, {"lane": lane, **place, "losses": values})
            metrics = {name: value for name, value in numbers.items() if name not in ("curves", "samples")}
            arrays = {"latent": np.random.default_rng(0).normal(size=(50, 2))} if numbers else {}
            arrays |= {"samples": numbers["samples"]} if "samples" in numbers else {}
            run.write_frame(
                Frame(
                    lane=lane,
                    step=int(spec.budget),
                    metrics=metrics,
                    arrays=arrays,
                )
            )
        angles = 2 * np.pi * np.arange(8) / 8
        ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        run.write_reference({"samples": ring if spec.dataset == "ring8" else PICTURES.astype("uint8")})
        step = int(spec.budget) if done else int(spec.budget) // 4
        states = [LaneState(state="done" if done else "running", step=step) for _ in lanes]
        if state == "failed":
            states[0] = LaneState(state="failed", step=step, message="loss became nan.")
        run.write_state(RunState(state=state, lanes=states))
        views.append(RunReader(run).read())
    return views


@pytest.mark.parametrize("name", list(CASES))
def test_a_verdict_says_yes_where_the_claim_holds_and_no_where_it_does_not(name: str, store: Store) -> None:
    experiment = EXPERIMENTS[name]
    assert len(CASES[name]) > 1
    for place, runs in enumerate(CASES[name]):
        expected = "not seen" if place else "seen"
        said = verdict(experiment, stored(experiment, runs, store), len(runs))
        assert (said.outcome, said.reason) == (expected, ""), said
        assert said.evidence and all(isinstance(value, float) for value in said.evidence.values())
        assert all(np.isfinite(list(said.evidence.values())))


def test_every_experiment_with_runs_is_tested_both_ways() -> None:
    assert {name for name in EXPERIMENTS if EXPERIMENTS[name].runs(0)} == set(CASES)


@pytest.mark.parametrize("name", list(CASES))
@pytest.mark.parametrize(
    "state, words",
    [("stopped", "is stopped at 25% of its budget"), ("failed", "failed. "), ("running", "is running at 25%")],
)
def test_runs_that_did_not_end_are_unclear_with_the_reason(name: str, state: str, words: str, store: Store) -> None:
    experiment = EXPERIMENTS[name]
    views = stored(experiment, CASES[name][0], store, state)
    if state == "running":  # by a process that is there
        views = [dataclasses.replace(view, state=view.state.model_copy(update={"state": "running"})) for view in views]
    said = verdict(experiment, views, len(views))
    assert said.outcome == "unclear" and words in said.reason and not said.evidence


@pytest.mark.parametrize("name", list(CASES))
def test_missing_and_empty_runs_are_unclear_with_the_reason(name: str, store: Store) -> None:
    experiment = EXPERIMENTS[name]
    asked = len(experiment.runs(0))
    assert verdict(experiment, [], asked) == Verdict("unclear", reason=f"There are 0 of its {asked} runs.")
    empty = [RunReader(store.create(spec)).read() for spec in experiment.runs(0)]
    said = verdict(experiment, empty, asked)
    assert said.outcome == "unclear" and "has recorded nothing" in said.reason
    nothing = [[{} for _ in spec.lanes] for spec in experiment.runs(0)]
    said = verdict(experiment, stored(experiment, nothing, store), asked)
    assert said.outcome == "unclear" and "recorded" in said.reason


@pytest.mark.parametrize("name", [name for name in CASES if any("curves" in n for run in CASES[name][0] for n in run)])
def test_runs_too_short_for_their_curves_are_unclear_with_the_reason(name: str, store: Store) -> None:
    said = verdict(EXPERIMENTS[name], stored(EXPERIMENTS[name], CASES[name][0], store, records=3), len(CASES[name][0]))
    assert said.outcome == "unclear" and "at 3 steps, and 4 are needed" in said.reason and not said.evidence


class Decoder:
    """A model in the plane that makes its latents, times a number, into points, with or without an encoder."""

    conditional, prior, latent_dim, decode = False, "normal", 2, None

    def __init__(self, encode: Any = None) -> None:
        self.encode = encode
        self.log_density: Any = None
        self.model = self
        self.model_variables: list[Any] = []

    def draw_prior(self, random: np.random.Generator, count: int) -> np.ndarray:
        return random.normal(size=(count, 2)).astype("float32")

    def sample(self, latent: Any, labels: Any) -> Any:
        return 2 * latent


def test_what_a_model_cannot_encode_is_searched_for(backend: Any) -> None:
    """What makes all of the plane makes every example; what can encode is not searched."""
    from genlab.experiments.measuring import projection

    ring = evaluation.load_dataset("ring8", {})
    few = dataclasses.replace(ring, test=ring.test[:6], test_labels=ring.test_labels[:6])
    assert projection(Decoder(), few)["projection_error"] < 1e-4  # type: ignore[arg-type]
    assert projection(Decoder(lambda x, labels: x), few) == {}  # type: ignore[arg-type]


def test_rows_that_are_those_of_the_data_teach_as_much_and_rows_of_noise_nothing() -> None:
    from genlab.experiments.measuring import table

    wine = evaluation.load_dataset("wine", {})
    perfect, noise = Decoder(), Decoder()
    perfect.sample = lambda latent, labels: wine.train  # type: ignore[method-assign]
    noise.sample = lambda latent, labels: np.tile(latent[:, :1], 13)[:, ::-1] * 3  # type: ignore[method-assign]
    said = table(perfect, wine)  # type: ignore[arg-type]
    for name in ("column_distance", "association_error", "trained_on"):
        assert said[name] == pytest.approx(said[f"real_{name}"])
    assert 0.4 < said["real_trained_on"] <= 1
    wrong = table(noise, wine)  # type: ignore[arg-type]
    assert wrong["trained_on"] < said["trained_on"] and wrong["column_distance"] > 1
    assert wrong["association_error"] > 0.5  # all columns move together, which those of wines do not
    assert table(perfect, evaluation.load_dataset("ring8", {})) == {}  # type: ignore[arg-type]


def test_a_likelihood_is_compared_with_the_known_one() -> None:
    """A density twice as wide as a single mode: the divergence of two Gaussians in the plane is known."""
    from genlab.experiments.measuring import density

    ring = evaluation.load_dataset("ring8", {})
    std = ring.modes.std
    one = dataclasses.replace(ring.modes, centres=np.zeros((1, 2)), shares=np.ones(1), names=("0",))
    points = (std * np.random.default_rng(0).normal(size=(2000, 2))).astype("float32")
    single = dataclasses.replace(ring, test=points, modes=one)
    model = Decoder()
    assert density(model, single) == {}  # type: ignore[arg-type]
    wide = 2 * std
    model.log_density = lambda x, labels: -0.5 * (x**2).sum(axis=1) / wide**2 - np.log(2 * np.pi * wide**2)
    expected = 2 * (np.log(2) + 0.25 / 2 - 0.5)
    assert density(model, single)["nats_short"] == pytest.approx(expected, abs=0.03)  # type: ignore[arg-type]
    wine = evaluation.load_dataset("wine", {})
    assert density(model, wine) == {}  # type: ignore[arg-type]


def test_what_is_asked_at_the_end_is_kept_with_the_last_frame_alone(
    newcomer: Experiment, tmp_path: Path, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlab.experiments import measuring
    from genlab.training.recorder import record

    assert all(EXPERIMENTS[name].asks in ("", *measuring.MEASUREMENTS) for name in EXPERIMENTS)
    monkeypatch.setitem(measuring.MEASUREMENTS, "steps", lambda lane, dataset: {"steps": lane.step + len(dataset.name)})
    asking = dataclasses.replace(newcomer, asks="steps")
    monkeypatch.setitem(EXPERIMENTS._entries, "newcomer", asking)
    store = Store(tmp_path)
    (spec,) = asking.runs(0)
    run, other = store.create(spec, grouped=Grouped(experiment="newcomer", seed=0)), store.create(spec)
    for each in (run, other):
        for _ in record(each, store, measure=measuring.asked_of(each)):
            pass
    for lane in (0, 1):
        first, *_, last = run.frame_steps(lane)
        assert run.frame(lane, last).metrics["steps"] == last + len("ring8") == 9
        assert "steps" not in run.frame(lane, first).metrics
        assert "steps" not in other.frame(lane, last).metrics
    assert run.state().state == "done" and run.checkpoint(0) is not None
    assert Measured(RunReader(run).read()).last(1, "steps") == 9


@every_experiment
def test_a_card_is_complete_and_short(name: str) -> None:
    entry = EXPERIMENTS[name]
    assert entry.group in GROUPS and entry.kind in ("toy", "pictures", "table") and entry.picture in FIGURES
    assert entry.claim.endswith(".") and entry.question.endswith("?")
    assert entry.words <= 120
    said = (entry.claim, entry.heard, entry.explanation, entry.leaves_out, entry.try_next)
    assert all(text.endswith(".") for text in said)
    assert 2 <= len(entry.answers) <= 3 and "seen" in entry.answers.values() and "not seen" in entry.answers.values()
    runs = entry.runs(3)
    assert [run.seed for run in runs] != [run.seed for run in entry.runs(4)] or not runs
    assert bool(runs) != bool(entry.draw)


def test_the_dirac_gan_circles_and_r1_makes_it_arrive_as_fast_as_theory_says() -> None:
    """Mescheder et al. 2018: at the goal the field turns at rate 1/2, and with R1 of weight w < 1 it shrinks at w/2."""
    small = 1e-4 * np.array([1.0, 0.0])
    np.testing.assert_allclose(dirac.plain(small) / 1e-4, [0, 0.5], atol=1e-4)
    np.testing.assert_allclose(dirac.with_r1(small[::-1]) / 1e-4, [-0.5, -dirac.R1_WEIGHT], atol=1e-4)
    radius = np.linalg.norm(dirac.path(dirac.plain), axis=1)
    assert radius.max() / radius.min() < 1.3, "it stays on its circle"
    tail = np.log(np.linalg.norm(dirac.path(dirac.with_r1, 600), axis=1))
    slope = (tail[600] - tail[300]) / (300 * dirac.SIZE)
    assert slope == pytest.approx(-dirac.R1_WEIGHT / 2, rel=0.1)
    noise = np.random.default_rng(0).normal(size=400_000)
    theta, psi = 0.7, 0.4
    fake, real = 1 / (1 + np.exp(psi * (theta + noise))), 1 / (1 + np.exp(-psi * noise))
    by_chance = [-psi * fake.mean(), ((theta + noise) * fake).mean() - (noise * real).mean()]
    np.testing.assert_allclose(dirac.with_noise(np.array([theta, psi])), by_chance, atol=5e-3)
    assert dirac.judge([]).outcome == "seen"


def test_the_verdict_on_the_dirac_gan_is_no_where_nothing_cures_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dirac, "FIELDS", dict.fromkeys(dirac.FIELDS, dirac.plain))
    assert dirac.judge([]).outcome == "not seen"


def test_three_made_up_models_each_win_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    said = evaluation.judge([])
    assert said.outcome == "seen" and said.evidence["one perfect mode solid"] == 1
    real = evaluation.load_dataset("ring8", {}).test[:2000]
    monkeypatch.setattr(evaluation, "made_up", lambda: dict.fromkeys(("memoriser", "one perfect mode", "blur"), real))
    assert evaluation.judge([]).outcome == "not seen"


@pytest.mark.parametrize("seed", range(1, 5))
def test_each_wins_its_number_with_other_draws_too(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    again = evaluation.made_up(seed)
    assert not np.array_equal(again["blur"], evaluation.made_up()["blur"])
    monkeypatch.setattr(evaluation, "made_up", lambda: again)
    assert evaluation.judge([]).outcome == "seen"


@pytest.fixture
def newcomer() -> Any:
    def judge(runs: Any) -> Verdict:
        (run,) = runs
        if run.last(0, "samples") < 1:
            raise Unclear("Nothing was sampled.")
        return judged(run.last(0, "captured") >= 0, captured=run.last(0, "captured"))

    base = EXPERIMENTS["fair-fight"]
    entry = dataclasses.replace(
        base, name="newcomer", title="A newcomer", runs=one_run(dataset="ring8", budget=4), judge=judge
    )
    yield EXPERIMENTS.add(entry)
    del EXPERIMENTS._entries["newcomer"]


def genlab(*words: str) -> Any:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_a_newcomer_is_listed_runs_and_is_checked_without_a_further_change(
    newcomer: Experiment, tmp_path: Path, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = json.loads(genlab("experiment", "list", "--json").stdout.splitlines()[-1])["experiments"]
    assert {"name": "newcomer", "title": "A newcomer", "claim": newcomer.claim, "kind": "toy"} in listed
    words = ("experiment", "run", "newcomer", "--seeds", "2", "--first-seed", "3", "--runs", str(tmp_path), "--json")
    said = json.loads(genlab(*words).stdout.splitlines()[-1])
    assert said["name"] == "newcomer" and [row["seed"] for row in said["verdicts"]] == [3, 4]
    assert all(row["verdict"] == "seen" and "captured" in row["evidence"] for row in said["verdicts"])
    groups = [run.metadata().grouped for run in Store(tmp_path).runs()]
    assert sorted(group.seed for group in groups if group) == [3, 4]
    assert all(group == Grouped(experiment="newcomer", seed=group.seed) for group in groups if group)

    monkeypatch.setattr("genlab.experiments.outcomes.FILE", tmp_path / "outcomes.json")
    page = tmp_path / "experiments.md"
    genlab("experiment", "check", "newcomer", "--seeds", "1", "--runs", str(tmp_path), "--page", str(page))
    assert [(row.seed, row.verdict) for row in outcomes()["newcomer"]] == [(0, "seen")]
    text = page.read_text(encoding="utf-8")
    assert "| [A newcomer](#a-newcomer) | 1 of 1 seeds | not run |" in text and "## A newcomer" in text


def test_an_unknown_experiment_is_named_with_those_there_are() -> None:
    result = CliRunner().invoke(app, ["experiment", "run", "fair-figth"])
    assert result.exit_code == 2 and "Did you mean 'fair-fight'?" in result.output


def test_the_page_of_outcomes_is_up_to_date() -> None:
    path = Path(__file__).parents[1] / "docs" / "experiments.md"
    assert path.read_text(encoding="utf-8") == experiments_page(), "Run: genlab experiment check"


NUMBERS = ("none", "one", "two", "three", "four", "five")


@every_experiment
def test_a_claim_was_seen_in_four_of_five_seeds_or_its_card_says_in_how_many(name: str) -> None:
    entry, rows = EXPERIMENTS[name], outcomes()[name][:5]
    assert [row.seed for row in rows] == (list(range(5)) if entry.runs(0) else [0])
    seen = sum(row.verdict == "seen" for row in rows)
    assert seen >= 0.8 * len(rows) or f"{NUMBERS[seen]} of five seeds" in entry.explanation
