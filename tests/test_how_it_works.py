"""How it works: what flows where is what the built phases do, and every number is one that the run recorded."""

from __future__ import annotations

import importlib
import re
import runpy
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers import train_fully
from pydantic import ValidationError
from test_pages import ROOT, no_worker, shown, words  # noqa: F401

from genlab.datasets import load_dataset
from genlab.figures.glossary import GLOSSARY, anchor
from genlab.figures.phases import describe_phase, draw_phase
from genlab.models.base import ModelFamily, Phase, with_variables
from genlab.models.flows import ENDS, KEPT, PhaseFlow, known_flow
from genlab.models.formulas import formula, meanings, typeset
from genlab.registry import MODELS
from genlab.runs import Run, Store
from genlab.runs.explained import differences, explain
from genlab.runs.view import RunReader
from genlab.spec import make_spec

DRAWN = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def newcomer() -> Iterator[ModelFamily]:
    yield importlib.import_module("newcomer_model").LINEAR
    del MODELS._entries["linear-ae"]
    del sys.modules["newcomer_model"]


# ---- what flows where ----


def test_what_is_kept_is_what_the_built_phases_do(backend: Any) -> None:
    """Every model is built and its losses are traced anew: a phase that changes has to be written down again."""
    flows = runpy.run_path(str(ROOT / "docs" / "make_models.py"))["flows"]
    assert KEPT.read_text(encoding="utf-8") == flows(list(MODELS)), "Run: python docs/make_models.py"


@pytest.mark.parametrize("name", list(MODELS))
def test_the_phases_that_are_kept_are_those_of_pictures_too(name: str, backend: Any) -> None:
    settings, _ = with_variables(MODELS[name].resolve({}, "images"))
    model = MODELS[name].build(settings, load_dataset("digits", {}), backend.make_context(0))
    kept = known_flow(name)
    assert kept and [phase.name for phase in kept.phases] == [phase.name for phase in model.phases]
    for phase, built in zip(kept.phases, model.phases, strict=True):
        # A Gaussian decoder of points has a network that one of pixels has not.
        assert set(phase.updates) - {"log_std"} == set(built.updates)
        assert {"loss"} <= set(phase.logs) and phase.edges[-1][1] == "loss"


def test_a_gan_and_a_vae_by_hand() -> None:
    gan, vae = known_flow("gan"), known_flow("vae")
    assert gan and vae
    discriminator, generator = gan.phases
    assert set(discriminator.edges) == {
        ("prior", "generator"),
        ("generator", "discriminator"),
        ("data", "discriminator"),
        ("discriminator", "loss"),
    }
    assert set(generator.edges) == {("prior", "generator"), ("generator", "discriminator"), ("discriminator", "loss")}
    (phase,) = vae.phases
    assert {("data", "encoder"), ("encoder", "decoder"), ("noise", "decoder"), ("data", "loss")} <= set(phase.edges)
    assert ("encoder", "loss") in phase.edges, "the KL"
    assert not any("prior" in edge for edge in phase.edges), "no sample is made while it learns"


def traced(backend: Any, loss: Any, **networks: Any) -> list[tuple[str, str]]:
    phase = Phase("only", ("net",), loss, ("loss",), None)
    model = SimpleNamespace(networks=networks, phases=[phase])
    (flow,) = backend.model_flow(model, (2,), 4).phases
    return sorted(flow.edges)


def test_a_loss_is_traced_by_what_it_computes_and_not_by_what_it_looks_like(backend: Any) -> None:
    import keras
    from keras import ops

    net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2)])
    other = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    seeds = keras.random.SeedGenerator(0)
    off = keras.Variable(0.0, trainable=False)
    networks = {"net": net, "other": other}

    def noise() -> Any:
        return keras.random.normal((4, 2), seed=seeds)

    cases = {
        "in a row": (lambda x, _: ops.mean(other(net(x))), [("data", "net"), ("net", "other"), ("other", "loss")]),
        "a draw": (lambda x, _: ops.mean(net(noise())), [("net", "loss"), ("prior", "net")]),
        "noise on data": (
            lambda x, _: ops.mean(net(x + noise())),
            [("data", "net"), ("net", "loss"), ("noise", "net")],
        ),
        "noise that is off": (lambda x, _: ops.mean(net(x + off * noise())), [("data", "net"), ("net", "loss")]),
        "the class": (
            lambda x, labels: ops.mean(net(ops.one_hot(labels, 2, dtype="float32"))),
            [("class", "net"), ("net", "loss")],
        ),
    }
    for name, (value, edges) in cases.items():
        assert traced(backend, lambda x, labels, value=value: {"loss": value(x, labels)}, **networks) == edges, name

    def watched(x: Any, labels: Any) -> dict[str, Any]:
        return {"loss": ops.mean(net(x)), "watched": ops.mean(other(x))}

    assert traced(backend, watched, **networks) == [("data", "net"), ("net", "loss")], (
        "what is only watched moves nothing"
    )


def test_a_newcomers_picture_is_in_its_run_and_on_the_page(
    newcomer: ModelFamily, store: Store, monkeypatch: pytest.MonkeyPatch, backend: Any
) -> None:
    run = store.create(make_spec(lanes=[{"model": "linear-ae"}, {"model": "vae"}], budget=20))
    train_fully(store, run)
    mine, known = run.metadata().lanes
    assert known.flow is None and mine.flow
    (phase,) = mine.flow.phases
    assert phase.updates == ["encoder", "decoder"]
    assert sorted(phase.edges) == [("data", "encoder"), ("data", "loss"), ("decoder", "loss"), ("encoder", "decoder")]
    assert mine.parameters == {"encoder": 6, "decoder": 6}  # 2 inputs times 2 outputs, and 2 biases
    test = shown(ROOT / "pages" / "how_it_works.py", store, monkeypatch, run=run.id)
    assert newcomer.description in words(test)
    assert typeset(formula(newcomer)) in [latex.value.strip("$\n") for latex in test.latex]
    loss = explain(RunReader(run).read(), 0, "#0072B2").phases[0].loss
    assert loss and any(rf"\text{{linear}}}} = {loss:.3g}" in latex.value for latex in test.latex)


# ---- pictures ----


@pytest.mark.parametrize("name", list(MODELS))
def test_every_phase_is_drawn_whole(name: str) -> None:
    flow = known_flow(name)
    assert flow
    for phase in flow.phases:
        root = ElementTree.fromstring(draw_phase(phase, {}, "#0072B2"))
        _, _, width, height = (float(side) for side in root.attrib["viewBox"].split())
        names = {end for edge in phase.edges for end in edge}
        boxes = root.findall(f"{DRAWN}rect")
        assert len(boxes) == len(names) == len(root.findall(f"{DRAWN}text"))
        places = [tuple(float(box.attrib[side]) for side in ("x", "y", "width", "height")) for box in boxes]
        for i, (x, y, wide, high) in enumerate(places):
            assert x >= 0 and y >= 0 and x + wide <= width and y + high <= height
            for other_x, other_y, *_ in places[:i]:
                assert abs(other_x - x) >= wide or abs(other_y - y) >= high, "boxes lie over each other"
        assert sum(box.attrib.get("stroke") == "#0072B2" for box in boxes) == len(names & set(phase.updates))
        assert len(root.findall(f"{DRAWN}path")) == len(phase.edges)


def test_a_picture_leaves_out_what_the_run_has_not_and_shows_words_as_they_are() -> None:
    edges = [("data", "<b>"), ("<b>", "log_std"), ("log_std", "loss"), ("<b>", "loss")]
    phase = PhaseFlow(name="x", updates=["<b>"], logs=["loss"], edges=edges)
    drawn = draw_phase(phase, {"<b>": 1234}, "#0072B2")
    assert "&lt;b&gt;" in drawn and "<b>" not in drawn and "log" not in drawn.partition(">")[2] and "1,234" in drawn
    assert describe_phase(phase).startswith("The phase x moves <b>: an example into the <b>")


def test_a_run_that_holds_nonsense_is_explained_as_far_as_it_can_be(ring_run: Run) -> None:
    """Settings and phases of a run that came from elsewhere are what its files say."""
    view = RunReader(ring_run).read()
    spec = view.spec.model_copy(deep=True)
    spec.lanes[0].settings |= {"discriminator_steps": "<b>", "r1_weight": "x", "latent_dim": [1]}
    explained = explain(replace(view, spec=spec), 0, "#0072B2")
    assert explained.phases[0].repeats == 1 and explained.phases[0].loss is not None
    assert draw_phase(PhaseFlow(name="x", updates=[], logs=[], edges=[]), {}, "#0072B2") == ""
    with pytest.raises(ValidationError):
        PhaseFlow(name="x", updates=[], logs=[], edges=[("a", "b")] * 1000)


def test_networks_in_a_circle_are_drawn_too() -> None:
    edges = [("data", "a"), ("a", "b"), ("b", "a"), ("b", "loss")]
    ElementTree.fromstring(draw_phase(PhaseFlow(name="x", updates=["a"], logs=["loss"], edges=edges), {}, "#0072B2"))


# ---- formulas ----


@pytest.mark.parametrize(
    "plain, latex",
    [
        ("min_G max_D E[log D(x)]", r"\min_{G}\; \max_{D}\; \mathbb{E}[\log D(x)]"),
        ("min_{E,D} E[||x - D(E(x))||^2]", r"\min_{E,D}\; \mathbb{E}[\|x - D(E(x))\|^2]"),
        (
            "min a + b, b from the prior",
            r"\begin{gathered}\min\; \text{ a } + b, \\ b \text{ from the prior }\end{gathered}",
        ),
        ("E_q(z|x)[x] + N(0, I)", r"\mathbb{E}_{q(z|x)}[x] + \mathcal{N}(0, I)"),
    ],
)
def test_a_formula_is_typeset(plain: str, latex: str) -> None:
    assert typeset(plain) == latex


@pytest.mark.parametrize("name", list(MODELS))
def test_every_formula_is_typeset_whole_and_every_number_has_a_meaning(name: str) -> None:
    family = MODELS[name]
    latex = typeset(formula(family))
    assert latex.count("{") == latex.count("}") and latex.count("[") == latex.count("]")
    assert not re.search(r"(?<![\\{a-zA-Z])(?:log|beta|grad|min|max)(?![a-z])", latex.replace(r"\text", ""))
    flow, means = known_flow(name), meanings(family)
    assert flow
    for phase in flow.phases:
        for log in phase.logs:
            assert len(means[f"{phase.name}/{log}"]) > 0
    assert means[f"{flow.phases[0].name}/loss"][0] != "`"


# ---- the numbers of a run ----


def test_every_number_is_the_one_that_the_run_recorded(ring_run: Run) -> None:
    view = RunReader(ring_run).read()
    gan, vae = (explain(view, lane, "#0072B2") for lane in (0, 1))
    assert [phase.flow.name for phase in gan.phases] == ["discriminator", "generator"]
    for lane, explained in enumerate((gan, vae)):
        for phase in explained.phases:
            for name, value, _ in phase.numbers:
                assert value == view.history.series(lane, name)[1][-1]
    assert gan.step == 60 and gan.parameters == {"generator": 4482, "discriminator": 4417}


def test_at_a_step_the_numbers_are_those_of_then(ring_run: Run) -> None:
    view = RunReader(ring_run).read()
    steps, values = view.history.series(0, "discriminator/loss")
    explained = explain(view, 0, "#0072B2", step=int(steps[0]))
    assert explained.step == steps[0] and explained.phases[0].loss == values[0]
    assert explain(view, 0, "#0072B2", step=0).phases[0].loss is None


def test_a_loss_that_is_the_sum_of_two_numbers_says_so(store: Store, backend: Any) -> None:
    lanes = [{"model": "vae", "settings": {"beta": 4.0}}, {"model": "wgan-gp"}, {"model": "gan"}]
    run = store.create(make_spec(lanes=lanes, budget=400))
    train_fully(store, run)
    view = RunReader(run).read()
    vae, wgan, gan = (explain(view, lane, "#0072B2").phases[0] for lane in range(3))
    assert [(weight, name) for weight, name, _ in vae.terms] == [(1.0, "vae/reconstruction"), (4.0, "vae/kl")]
    assert [(weight, name) for weight, name, _ in wgan.terms] == [
        (1.0, "discriminator/penalty"),
        (-1.0, "discriminator/gap"),
    ]
    assert gan.terms == []
    for phase in (vae, wgan):
        assert sum(weight * value for weight, _, value in phase.terms) == pytest.approx(phase.loss, rel=1e-3, abs=1e-3)


def test_where_models_differ_is_read_off_their_phases(ring_run: Run) -> None:
    view = RunReader(ring_run).read()
    rows = {row[""]: row for row in differences([explain(view, lane, "#0072B2") for lane in (0, 1)])}
    assert rows["Networks that move"] == {
        "": "Networks that move",
        "GAN": "discriminator, generator",
        "VAE": "encoder, decoder, log std",
    }
    assert rows["How the data comes in"]["GAN"] == "into the discriminator; no loss compares with it"
    assert rows["How the data comes in"]["VAE"] == "into the encoder; a loss compares with it"
    assert rows["Weights"]["GAN"] == f"{4482 + 4417:,}"
    assert "Dimensions of the latent" not in rows, "what is the same is left out"
    assert differences([explain(view, 0, "#0072B2")] * 2) == []


def test_the_page_has_the_numbers_of_the_run(
    session_store: Store, ring_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = shown(ROOT / "pages" / "how_it_works.py", session_store, monkeypatch, run=ring_run.id)
    formulas = " ".join(latex.value for latex in test.latex)
    for lane in (0, 1):
        for phase in explain(RunReader(ring_run).read(), lane, "").phases:
            assert phase.loss is not None and f"{phase.loss:.3g}" in formulas
    assert r"\text{at step 60}" in formulas


@pytest.mark.parametrize("run", ["../../x", "nope", "<b>"])
def test_nonsense_in_the_address_is_said(run: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    test = shown(ROOT / "pages" / "how_it_works.py", store, monkeypatch, run=run)
    assert len(test.error) == 1


def test_the_glossary_is_in_order_and_short() -> None:
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.lower)
    assert len({anchor(term) for term in GLOSSARY}) == len(GLOSSARY)
    assert all(len(words.split()) <= 40 and words.endswith(".") for words in GLOSSARY.values())
    assert not set(ENDS) - {"data", "prior", "noise", "class", "loss"}


def test_a_run_that_kept_nothing_of_its_phases_is_explained_by_the_registry() -> None:
    old = Run(Path(__file__).parent / "recorded" / "version-1")
    explained = explain(RunReader(old).read(), 0, "#0072B2")
    assert explained.phases and explained.parameters == {}
