"""Questions about the models of a run: how they wait, replace each other and end, and what the answers hold."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import pytest
from helpers import train_fully

from genlab.figures.base import lane_views
from genlab.figures.exploring import made_figure, plane_figure
from genlab.latent.paths import spherical, straight
from genlab.runs import Run, Store
from genlab.runs.questions import Answer, Question
from genlab.runs.view import RunReader
from genlab.spec import make_spec

VISITOR, OTHER = "a" * 32, "b" * 32
ANSWER = Answer("", {1: "no"}, {0: 7}, {"0-decoded": np.ones((1, 2)), "10-decoded": np.zeros((1, 2))})


# The files


def test_a_newer_question_takes_the_place_of_one_that_waits_and_of_its_answer(store: Store) -> None:
    questions = store.questions
    assert not questions.waiting() and not list(questions.take())
    first, second = Question(run="r", kind="place"), Question(run="r", kind="place", place=(1, 2))
    questions.ask(VISITOR, first)
    questions.ask(VISITOR, second)
    questions.ask(OTHER, first)
    assert questions.waiting()
    taken = dict(questions.take())
    assert taken == {VISITOR: second, OTHER: first} and not questions.waiting()
    questions.answer(VISITOR, second, ANSWER)
    found = questions.answered(VISITOR, second)
    assert found and (found.message, found.messages, found.steps) == ("", {1: "no"}, {0: 7})
    assert list(found.of_lane(0)) == ["decoded"] and found.of_lane(0)["decoded"].sum() == 2, "and not of lane 10"
    assert questions.answered(VISITOR, first) is None and questions.answered(OTHER, first) is None
    questions.ask(VISITOR, first)
    questions.cancel(VISITOR)
    assert not questions.waiting()


def test_what_a_lost_worker_had_taken_is_answered_with_a_message(store: Store) -> None:
    question = Question(run="r", kind="item", items=[3])
    store.questions.ask(VISITOR, question)
    assert len(list(store.questions.take())) == 1
    store.recover()
    found = store.questions.answered(VISITOR, question)
    assert found and "ended before it had" in found.message and not found.arrays


def test_nonsense_is_dropped_and_what_is_old_goes(store: Store) -> None:
    with pytest.raises(ValueError, match="0-9 and a-f"):
        store.questions.ask("../up", Question(run="r", kind="place"))
    store.questions.ask(VISITOR, Question(run="r", kind="place"))
    path = store.root / ".questions" / f"{VISITOR}.json"
    path.write_text('{"run": 3}')
    assert not list(store.questions.take()) and not list(path.parent.iterdir())
    path.write_text("{}")
    os.utime(path, (time.time() - 7200,) * 2)
    store.questions.ask(OTHER, Question(run="r", kind="place"))
    assert not path.exists()


# The answers

LANES = [
    {"model": "gan", "settings": {"latent_dim": 5}},
    {"model": "vae", "settings": {"latent_dim": 5}},
    {"model": "vae"},
    {"model": "gan", "settings": {"conditional": True}},
]


@pytest.fixture(scope="module")
def run(backend, session_store: Store) -> Run:
    made = session_store.create(make_spec(dataset="ring8", lanes=LANES, budget=40))
    train_fully(session_store, made)
    return made


@pytest.fixture(scope="module")
def answerer(session_store: Store) -> Any:
    from genlab.latent.answers import Answerer

    return Answerer(session_store)


def asked(answerer: Any, run: Run, **question: Any) -> Answer:
    answer = answerer.answer(Question(run=run.id, **question))
    assert not answer.message
    return answer


def test_the_plane_is_that_of_the_frames_and_leads_back(answerer: Any, run: Run) -> None:
    answer = asked(answerer, run, kind="place", place=(0.3, -0.7))
    assert not answer.messages and answer.steps == dict.fromkeys(range(4), 40)
    for lane in range(4):
        arrays = answer.of_lane(lane)
        frame = run.newest_frame(lane)
        np.testing.assert_allclose(arrays["points"], frame.arrays["latent"], atol=2e-4)
        np.testing.assert_allclose(arrays["places"], [[0.3, -0.7]], atol=1e-5)
        axes = answerer._lanes[lane].plane.axes
        np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-5)
    np.testing.assert_allclose(answer.of_lane(2)["latents"], [[0.3, -0.7]])


def test_a_place_becomes_what_the_lane_makes_of_it(answerer: Any, run: Run) -> None:
    answer = asked(answerer, run, kind="place", place=(1.0, 0.5), label=3)
    for lane in (0, 3):
        arrays, trained = answer.of_lane(lane), answerer._lanes[lane].trained
        np.testing.assert_array_equal(arrays["decoded"], trained.sample(arrays["latents"], 3))
    latents, vae = answer.of_lane(2)["latents"], answerer._lanes[2].trained
    mean = vae.lane.model.decode(latents, np.zeros(1, "int32"))
    np.testing.assert_allclose(answer.of_lane(2)["decoded"], mean, rtol=1e-5, atol=1e-6)


def test_an_example_comes_back_by_its_code_or_by_projection(answerer: Any, run: Run) -> None:
    answer = asked(answerer, run, kind="item", items=[11])
    data = answerer._lanes[0].trained.dataset
    for lane in range(4):
        arrays = answer.of_lane(lane)
        np.testing.assert_array_equal(arrays["originals"], data.test[[11]])
        error = np.square(arrays["decoded"] - data.test[[11]]).mean()
        assert arrays["error"] == pytest.approx([error], rel=1e-4)
    gan = answerer._lanes[0].trained
    draws = gan.sample(gan.draw_prior(8, seed=3))
    assert answer.of_lane(0)["error"][0] < np.square(draws - data.test[11]).mean(axis=1).min()
    assert "covariance" not in answer.of_lane(0)
    mean, log_variance = answerer._lanes[2].trained.posterior(data.test[[11]])
    np.testing.assert_allclose(answer.of_lane(2)["item_places"], mean, rtol=1e-5)
    np.testing.assert_allclose(answer.of_lane(2)["covariance"], [np.diag(np.exp(log_variance[0]))], rtol=1e-5)


def test_ways_between_two_examples_and_along_a_dimension(answerer: Any, run: Run) -> None:
    answer = asked(answerer, run, kind="between", items=[0, 5])
    arrays, gan = answer.of_lane(0), answerer._lanes[0].trained
    for name, way in (("straight", straight), ("spherical", spherical)):
        latents = way(*arrays["latents"], 9)
        np.testing.assert_array_equal(arrays[name], gan.sample(latents))
        np.testing.assert_allclose(arrays[f"{name}_places"], answerer._lanes[0].places(latents), atol=1e-6)
    answer = asked(answerer, run, kind="along", place=(0.5, 0.25), dimension=1)
    latents = answer.of_lane(2)["latents"]
    np.testing.assert_allclose(latents, np.stack([np.full(9, 0.5), np.linspace(-3, 3, 9)], axis=1))
    answer = asked(answerer, run, kind="along", dimension=4)
    assert set(answer.messages) == {2, 3} and "there is no dimension 4" in answer.messages[2]
    assert answer.of_lane(1)["decoded"].shape == (9, 2)


def test_what_cannot_be_answered_is_said(answerer: Any, run: Run, session_store: Store) -> None:
    answer = asked(answerer, run, kind="item", items=[10**6])
    assert set(answer.messages) == {0, 1, 2, 3} and "choose among those" in answer.messages[0]
    assert "name two" in asked(answerer, run, kind="between", items=[1]).messages[0]
    untrained = session_store.create(make_spec())
    assert "no checkpoint of lane 1" in asked(answerer, untrained, kind="place").messages[1]
    for gone in ("20200101-000000-000000", "../.."):
        assert "This could not be answered: " in answerer.answer(Question(run=gone, kind="place")).message


def test_questions_are_answered_while_another_run_trains(answerer: Any, run: Run, session_store: Store) -> None:
    import threading

    from genlab.training.preparation import Preparation
    from genlab.training.worker import train_run

    question = Question(run=run.id, kind="place")
    session_store.questions.ask(VISITOR, question)
    other = session_store.create(make_spec(dataset="ring8", lanes=[{"model": "vae"}], budget=20))
    train_run(other, session_store, threading.Event(), Preparation(session_store), answerer)
    assert other.state().state == "done"
    found = session_store.questions.answered(VISITOR, question)
    assert found and set(found.steps) == {0, 1, 2, 3}


# The pictures


def test_what_was_asked_is_drawn(answerer: Any, run: Run) -> None:
    lanes = lane_views(RunReader(run).read())
    answer = asked(answerer, run, kind="item", items=[2])
    figure = plane_figure(lanes[2], answer.of_lane(2))
    arrays = answer.of_lane(2)
    (ellipse,) = [trace for trace in figure.data if trace.name == "ellipse"]
    away = np.stack([ellipse.x, ellipse.y], axis=1)[:-1] - arrays["item_places"]
    inverse = np.linalg.inv(arrays["covariance"][0])
    np.testing.assert_allclose(np.einsum("na,ab,nb->n", away, inverse, away), 4.0, rtol=1e-3)
    assert figure.layout.dragmode is False
    (pointed,) = [trace for trace in figure.data if trace.meta == "items"]
    names, modes = lanes[2].names, lanes[2].arrays["latent_modes"]
    assert list(pointed.customdata[:2]) == [f"{names[modes[i]]} · example {i}" for i in range(2)]
    np.testing.assert_allclose(pointed.x, arrays["points"][:, 0])
    made = {trace.name: trace for trace in made_figure(lanes[2], arrays, "item", "").data}
    np.testing.assert_allclose([made["made"].x[0], made["made"].y[0]], arrays["decoded"][0])
    between = asked(answerer, run, kind="between", items=[0, 1]).of_lane(0)
    assert {"straight", "spherical"} <= {trace.name for trace in plane_figure(lanes[0], between).data}
    waiting = made_figure(lanes[0], {}, "item", "waiting for the answer")
    assert waiting.data[0].text[0] == "waiting for the answer"
    assert len(plane_figure(lanes[0], {}).data), "the points of the frame stand there at once"


def test_pictures_are_laid_out(backend, session_store: Store, digits_run: Run, answerer: Any) -> None:
    lanes = lane_views(RunReader(digits_run).read())
    for question in ({"kind": "place"}, {"kind": "item", "items": [4]}, {"kind": "between", "items": [4, 5]}):
        arrays = asked(answerer, digits_run, **question).of_lane(1)
        (sheet,) = made_figure(lanes[1], arrays, question["kind"], "").data
        assert sheet.type == "image" and sheet.source.startswith("data:image/png")
    assert arrays["straight"].dtype == np.uint8 and arrays["straight"].shape == (9, 8, 8, 1)
