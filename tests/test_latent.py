"""Ways through a latent space, against closed forms; and projection, against least squares and known samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.stats

from genlab.datasets.base import Dataset, Modes, load_dataset
from genlab.latent.paths import manifold, spherical, straight, traversal
from genlab.models.base import Model, ModelFamily
from genlab.registry import MODELS
from genlab.runs import Run, RunUnreadable, Store
from genlab.spec import LaneSpec, Settings, make_spec, setting


def normal(*shape: int) -> np.ndarray:
    """The same draws in every test, whichever others run."""
    return np.random.default_rng(0).standard_normal(shape, dtype="float32")


# Between two latents


@pytest.mark.parametrize("way", [straight, spherical])
def test_a_way_has_its_ends_and_its_length(way: Any) -> None:
    a, b = normal(2, 5)
    latents = way(a, b, 7)
    assert latents.shape == (7, 5) and latents.dtype == np.float32
    np.testing.assert_allclose(latents[[0, -1]], [a, b], rtol=1e-6)
    np.testing.assert_allclose(way(b, a, 7)[::-1], latents, rtol=1e-5, atol=1e-6)


def test_a_straight_way_is_even() -> None:
    np.testing.assert_allclose(straight([0, 2], [1, 0], 5), [[0, 2], [0.25, 1.5], [0.5, 1], [0.75, 0.5], [1, 0]])


def angles(latents: np.ndarray) -> np.ndarray:
    """Between neighbours."""
    directions = latents.astype("float64") / np.linalg.norm(latents, axis=1, keepdims=True)
    return np.arccos(np.clip((directions[1:] * directions[:-1]).sum(axis=1), -1, 1))


def test_a_spherical_way_between_equally_long_latents_stays_on_their_sphere_at_constant_speed() -> None:
    quarter = 3.0 * np.stack([np.cos(t := np.linspace(0, np.pi / 2, 10)), np.sin(t)], axis=1)
    np.testing.assert_allclose(spherical([3, 0], [0, 3], 10), quarter, atol=1e-6)
    a, b = normal(2, 64).astype("float64")
    latents = spherical(a / np.linalg.norm(a), b / np.linalg.norm(b), 11)
    np.testing.assert_allclose(np.linalg.norm(latents, axis=1), 1, rtol=1e-6)
    whole = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    np.testing.assert_allclose(angles(latents), whole / 10, rtol=1e-4)


@pytest.mark.parametrize("a, b", [([1, 0], [-3.0, 0.001]), ([5, 0, 0], [0, 0.1, 0.1])])
def test_a_spherical_way_changes_length_evenly_and_turns_evenly(a: list[float], b: list[float]) -> None:
    latents = spherical(a, b, 9)
    lengths = np.linspace(np.linalg.norm(a), np.linalg.norm(b), 9)
    np.testing.assert_allclose(np.linalg.norm(latents, axis=1), lengths, rtol=1e-5)
    np.testing.assert_allclose(angles(latents), angles(latents).mean(), rtol=1e-4)


@pytest.mark.parametrize("b", [[2, 4], [-1, -2], [0, 0], [1, 2], [1, 2 + 1e-9]])
def test_without_a_plane_to_turn_in_a_spherical_way_is_straight(b: list[float]) -> None:
    np.testing.assert_array_equal(spherical([1, 2], b, 5), straight([1, 2], b, 5))
    np.testing.assert_array_equal(spherical(b, [1, 2], 5), straight(b, [1, 2], 5))


def test_nearly_the_same_direction_gives_no_leap() -> None:
    latents = spherical([1, 0], [1, 1e-5], 5)
    np.testing.assert_allclose(latents, straight([1, 0], [1, 1e-5], 5), atol=1e-9)


@pytest.mark.parametrize(
    "a, b, count, words",
    [
        ([1, 2], [1, 2, 3], 5, "not 2 and 3"),
        ([[1, 2]], [[1, 2]], 5, r"not of shape \(1, 2\)"),
        ([], [], 5, "not of shape"),
        ([1, 2], [np.nan, 2], 5, "last latent holds a number that is not finite"),
        ([1, 2], [2, 2], 1, "at least 2 latents, not 1"),
    ],
)
@pytest.mark.parametrize("way", [straight, spherical])
def test_a_way_refuses_in_words(way: Any, a: Any, b: Any, count: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        way(a, b, count)


# Along one dimension, and on a grid


def test_a_traversal_changes_one_dimension_alone() -> None:
    np.testing.assert_allclose(
        traversal([5, 6, 7], 1, -2, 2, 5), [[5, -2, 7], [5, -1, 7], [5, 0, 7], [5, 1, 7], [5, 2, 7]]
    )
    for given, words in [
        (([[1.0]], 0, 0, 1, 3), "of shape"),
        (([1, 2], 2, 0, 1, 3), "dimensions 0 to 1; there is no dimension 2"),
        (([1, 2], -1, 0, 1, 3), "no dimension -1"),
        (([1, 2], 0, 0, np.inf, 3), "finite"),
        (([1, 2], 0, 0, 1, 1), "at least 2"),
    ]:
        with pytest.raises(ValueError, match=words):
            traversal(*given)


def test_a_manifold_lies_at_the_quantiles_of_its_prior() -> None:
    grid = manifold(3)
    assert grid.shape == (9, 2) and grid.dtype == np.float32
    edge = scipy.stats.norm.ppf(1 / 6)
    rows = [[(x, y) for x in (edge, 0, -edge)] for y in (-edge, 0, edge)]
    np.testing.assert_allclose(grid, np.reshape(rows, (9, 2)), atol=1e-6)
    # Each cell stands for an equal share of the prior: its quantiles are the middles of as many equal parts.
    np.testing.assert_allclose(scipy.stats.norm.cdf(manifold(20)[:20, 0]), (np.arange(20) + 0.5) / 20, atol=1e-6)
    np.testing.assert_allclose(manifold(4, "uniform")[:4], [[x, 0.75] for x in (-0.75, -0.25, 0.25, 0.75)])
    np.testing.assert_array_equal(manifold(1), [[0, 0]])


def test_a_manifold_of_a_given_extent_is_even() -> None:
    np.testing.assert_allclose(manifold(3, extent=2)[3:], [[-2, 0], [0, 0], [2, 0], [-2, -2], [0, -2], [2, -2]])
    np.testing.assert_array_equal(manifold(1, extent=2), [[0, 0]])
    for given, words in [((0,), "at least one cell"), ((3, "cauchy"), "'cauchy'"), ((3, "normal", 0), "above 0")]:
        with pytest.raises(ValueError, match=words):
            manifold(*given)


# Projection on a generator that is a matrix: least squares gives the answer


class LinearSettings(Settings):
    latent_dim: int = setting(3, "Dimensions of the latent.")
    prior: str = setting("normal", "normal or uniform")
    batch_size: int = setting(8, "Examples in each update.")


@pytest.fixture
def linear(backend) -> Iterator[Any]:
    """Makes a model whose generator is one dense layer, with its matrix (latent_dim, 6) and its offset (6,)."""
    from genlab.latent.trained import Trained
    from genlab.training.lane import Lane

    def build(settings: SimpleNamespace, dataset: Dataset, context: Any) -> Model:
        import keras

        generator = keras.Sequential(
            [
                keras.layers.Input((settings.latent_dim,)),
                keras.layers.Dense(
                    6, kernel_initializer=keras.initializers.RandomNormal(seed=3), bias_initializer="ones"
                ),
            ]
        )
        generator.layers[0].kernel.assign(10 * generator.layers[0].kernel)
        return Model({"generator": generator}, [], settings.latent_dim, lambda z, _: generator(z), prior=settings.prior)

    def make(**settings: Any) -> tuple[Any, np.ndarray, np.ndarray]:
        zeros = np.zeros((4, 6), "float32")
        dataset = Dataset("six", zeros, zeros, np.zeros(4, int), np.zeros(4, int), Modes(("one",), np.ones(1)))
        lane = Lane(0, LaneSpec(model="linear", settings=settings), dataset, 0, "cpu")
        matrix, offset = (weight.numpy() for weight in lane.model.networks["generator"].weights)
        return Trained(lane, dataset), matrix.astype("float64"), offset.astype("float64")

    MODELS.add(ModelFamily("linear", "Linear", LinearSettings, build, {}))
    yield make
    del MODELS._entries["linear"]


def test_projection_on_a_linear_generator_is_least_squares(linear: Any) -> None:
    from genlab.latent.trained import project

    trained, matrix, offset = linear()
    examples = normal(5, 6)
    found = project(trained, examples)
    exact = np.linalg.lstsq(matrix.T, (examples - offset).T)[0].T
    np.testing.assert_allclose(found.latent, exact, atol=2e-3)
    error = np.square(exact @ matrix + offset - examples).mean(axis=1)
    np.testing.assert_allclose(found.error, error, rtol=1e-4)
    np.testing.assert_allclose(found.decoded, found.latent @ matrix + offset, rtol=1e-4, atol=1e-5)
    assert (found.steps, found.restarts) == (300, 8) and found.error.min() > 1e-3, "no latent makes these exactly"


def test_the_pull_to_the_prior_is_ridge_regression(linear: Any) -> None:
    from genlab.latent.trained import project

    trained, matrix, offset = linear()
    examples = normal(4, 6)
    found = project(trained, examples, prior_weight=0.1)
    exact = np.linalg.solve(matrix @ matrix.T + 0.1 * 3 * np.eye(3), matrix @ (examples - offset).T).T
    np.testing.assert_allclose(found.latent, exact, atol=2e-3)


def test_a_uniform_prior_keeps_the_latent_within_its_bounds(linear: Any) -> None:
    from genlab.latent.trained import project

    trained, matrix, offset = linear(latent_dim=1, prior="uniform")
    wanted = np.array([-5, -1, -0.3, 0.6, 5])[:, None]
    found = project(trained, wanted @ matrix + offset, restarts=2, prior_weight=9.0)
    np.testing.assert_allclose(found.latent, np.clip(wanted, -1, 1), atol=2e-3)


def test_what_is_projected_beside_an_example_does_not_matter(linear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from genlab.latent import trained as module

    trained, _, _ = linear()
    examples = normal(7, 6)
    whole = module.project(trained, examples, restarts=4, steps=40)
    monkeypatch.setattr(module, "ROWS", 12)  # three at a time, and one left over
    np.testing.assert_allclose(module.project(trained, examples, restarts=4, steps=40).latent, whole.latent, atol=1e-5)
    alone = module.project(trained, examples[2:3], restarts=4, steps=40)
    np.testing.assert_allclose(alone.latent, whole.latent[2:3], atol=1e-5)
    start = module.project(trained, examples, restarts=4, steps=0)
    assert (whole.error < start.error).all(), "the search improves on where it starts"


# Models of a stored run

LANES = [{"model": "gan"}, {"model": "vae"}, {"model": "gan", "settings": {"conditional": True}}]


@pytest.fixture(scope="module")
def stored(backend, session_store: Store) -> Any:
    """A run with checkpoints of three lanes, and the live lanes that wrote them."""
    from genlab.training.lane import Lane

    run = session_store.create(make_spec(dataset="ring8", lanes=LANES, budget=600))
    spec, dataset = run.spec(), load_dataset("ring8", {})
    lanes = [Lane(index, lane, dataset, spec.seed, spec.device) for index, lane in enumerate(spec.lanes)]
    for lane, steps in zip(lanes, (600, 20, 1), strict=True):
        lane.advance(steps)
        run.write_checkpoint(lane.index, lane.checkpoint())
    return SimpleNamespace(run=run, lanes=lanes, dataset=dataset)


@pytest.fixture(scope="module")
def gan(stored: Any) -> Any:
    from genlab.latent.trained import load

    return load(stored.run)


@pytest.fixture(scope="module")
def vae(stored: Any) -> Any:
    from genlab.latent.trained import load

    return load(stored.run, 1)


@pytest.fixture(scope="module")
def conditional(stored: Any) -> Any:
    from genlab.latent.trained import load

    return load(stored.run, 2)


def test_a_loaded_model_answers_as_the_live_one(stored: Any, gan: Any, vae: Any) -> None:
    none = np.zeros(5, "int32")
    for trained, live in ((gan, stored.lanes[0]), (vae, stored.lanes[1])):
        latent = trained.draw_prior(5, seed=1)
        np.testing.assert_array_equal(latent, live.model.draw_prior(np.random.default_rng(1), 5))
        np.testing.assert_array_equal(trained.sample(latent), live.sample(latent, none))
        assert trained.lane.step == live.step
    examples = stored.dataset.test[:5]
    np.testing.assert_array_equal(vae.encode(examples), stored.lanes[1].encode(examples, none)[0])
    np.testing.assert_allclose(vae.reconstruct(examples), vae.sample(vae.encode(examples)), rtol=1e-4, atol=1e-5)


def test_a_gan_finds_its_own_samples_again(gan: Any) -> None:
    from genlab.latent.trained import project

    samples = gan.sample(gan.draw_prior(16, seed=5))
    found = project(gan, samples)
    assert found.error.max() < 1e-3
    np.testing.assert_allclose(found.decoded, gan.sample(found.latent), rtol=1e-4, atol=1e-5)
    again = project(gan, samples)
    np.testing.assert_array_equal(found.latent, again.latent)
    assert (project(gan, samples, seed=1).latent != found.latent).any()


def test_real_points_are_nearer_to_their_projection_than_to_any_of_8_draws(stored: Any, gan: Any) -> None:
    from genlab.latent.trained import project

    real = stored.dataset.test[:16]
    draws = gan.sample(gan.draw_prior(8, seed=7))
    nearest = np.square(real[:, None] - draws).mean(axis=2).min(axis=1)
    assert (project(gan, real).error < nearest).all()


def test_a_conditional_model_is_asked_for_classes(conditional: Any) -> None:
    from genlab.latent.trained import project

    latent = conditional.draw_prior(4)
    labels = np.array([0, 1, 2, 7])
    samples = conditional.sample(latent, labels)
    np.testing.assert_allclose(conditional.sample(latent[3:], 7), samples[3:], rtol=1e-5, atol=1e-6)
    assert (conditional.sample(latent, 0)[1:] != samples[1:]).any()
    assert project(conditional, samples, labels).error.max() < 1e-3
    for given, words in [
        (None, "is conditional: say which class, from 0 to 7"),
        (8, "whole numbers from 0 to 7"),
        (0.5, "whole numbers"),
        ([1, 2], "one for each of 4"),
    ]:
        with pytest.raises(ValueError, match=words):
            conditional.sample(latent, given)


def test_what_cannot_be_asked_is_refused_in_words(stored: Any, gan: Any, store: Store) -> None:
    from genlab.latent.trained import load, project

    with pytest.raises(ValueError, match="has lanes 0 to 2; there is no lane 3"):
        load(stored.run, 3)
    with pytest.raises(RunUnreadable, match="no checkpoint of lane 0, so there is no trained model"):
        load(store.create(make_spec()))
    with pytest.raises(ValueError, match=r"has no encoder\. `project`"):
        gan.encode(np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"of shape \(n, 2\), one a row, not of shape \(2,\)"):
        gan.sample([0.0, 1.0])
    with pytest.raises(ValueError, match="at least 1 latent"):
        gan.draw_prior(0)
    for examples, settings, words in [
        (np.zeros((3, 5)), {}, r"Examples of ring8 are of shape \(n, 2\), not \(3, 5\)"),
        (np.zeros(2), {}, "of shape"),
        (np.zeros((0, 2)), {}, "of shape"),
        ([[np.inf, 0]], {}, "not finite"),
        ([[0, 0]], {"restarts": 0}, "at least 1 restart"),
        ([[0, 0]], {"learning_rate": 0}, "learning rate is above 0"),
        ([[0, 0]], {"prior_weight": -1}, "at least 0"),
    ]:
        with pytest.raises(ValueError, match=words):
            project(gan, examples, **settings)


def test_pictures_are_projected_and_bytes_are_refused(backend) -> None:
    from genlab.latent.trained import Trained, project
    from genlab.training.lane import Lane

    dataset = load_dataset("digits", {})
    spec = make_spec(dataset="digits", lanes=[{"model": "gan"}])
    trained = Trained(Lane(0, spec.lanes[0], dataset, 0, "cpu"), dataset)
    real = dataset.test[:2]
    found = project(trained, real, restarts=2, steps=20)
    start = project(trained, real, restarts=2, steps=0)
    assert found.decoded.shape == (2, 8, 8, 1) and (found.error < start.error).all()
    with pytest.raises(ValueError, match=r"Pixels are between 0 and 1; these go from 0\.0 to 255\.0\. Divide"):
        project(trained, np.round(255 * real / real.max()))


def test_the_command_line_shows_a_model_held_out_examples(stored: Any, session_store: Store) -> None:
    from typer.testing import CliRunner

    from genlab.cli import app
    from genlab.latent.trained import load, project

    def genlab(*words: str) -> Any:
        return CliRunner().invoke(app, ["project", *words, "--runs", str(session_store.root)])

    said = json.loads(genlab(stored.run.id, "--count", "3", "--steps", "50", "--json").output)
    expected = project(load(stored.run), stored.dataset.test[:3], steps=50)
    np.testing.assert_allclose(said["error"], expected.error, rtol=1e-6)
    np.testing.assert_allclose(said["latent"], expected.latent, rtol=1e-6)
    assert (said["model"], said["step"], said["count"]) == ("gan", 600, 3)
    squares = np.square(stored.dataset.test[:3] - stored.dataset.train.mean(axis=0))
    assert said["error_of_the_mean"] == pytest.approx(squares.mean(), rel=1e-5)
    plain = genlab(str(stored.run.path), "--lane", "2", "--count", "2", "--steps", "5")
    assert plain.exit_code == 0 and "GAN at step 1, shown 2 held-out examples" in plain.output
    refused = genlab(stored.run.id, "--lane", "7")
    assert refused.exit_code == 2 and "there is no lane 7" in refused.output
    assert genlab("nowhere").exit_code == 2


@pytest.mark.parametrize("dataset", ["ring8", "digits"])
@pytest.mark.parametrize("lane", [0, 1])
def test_an_answer_does_not_depend_on_what_else_is_asked(
    dataset: str, lane: int, ring_run: Run, digits_run: Run
) -> None:
    """To the last bit, of a GAN and a VAE, of points and pictures."""
    from genlab.latent.trained import load

    model = load(ring_run if dataset == "ring8" else digits_run, lane)
    latents = model.draw_prior(300)
    samples = model.sample(latents)
    for rows in (slice(0, 1), slice(7, 8), slice(0, 255), slice(256, 300)):
        np.testing.assert_array_equal(model.sample(latents[rows]), samples[rows])
    if lane == 1:
        examples = model.dataset.test[:300]
        codes, returned = model.encode(examples), model.reconstruct(examples)
        np.testing.assert_array_equal(model.encode(examples[:1]), codes[:1])
        np.testing.assert_array_equal(model.reconstruct(examples[280:]), returned[280:])
