"""The contract of every model: trained for a few real steps on points and on images, at widths that cost little."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from genlab.registry import MODELS
from genlab.runs import Store
from genlab.runs.history import History
from genlab.spec import live_names, make_spec

SHAPES = {"ring8": (2,), "digits": (8, 8, 1)}
BATCH = 16
MakeLane = Callable[..., Any]

Case = tuple[str, str, dict[str, Any]]
# Held to be the same whether its steps are compiled or run as they are written.
BOTH_WAYS: list[Case] = [
    ("vae", "ring8", {"beta_schedule": "warm-up", "schedule_steps": 5}),
    ("gan", "ring8", {"loss": "hinge", "r1_weight": 1.0, "ema_decay": 0.9, "conditional": True}),
    ("gan", "digits", {"loss": "hinge", "packing": 2, "r1_weight": 1.0, "conditional": True, "penalty_interval": 2}),
    ("wgan-gp", "digits", {"conditional": True, "ema_decay": 0.9}),
    (
        "gan",
        "digits",
        {"loss": "relativistic", "r2_weight": 0.1, "hidden_layers": 3, "generator_normalization": "batch"},
    ),
]
# Every model at its presets, and variants whose steps depend on the time, on further networks or on labels.
CASES: list[Case] = [
    *((model, dataset, {}) for model in MODELS for dataset in SHAPES),
    *BOTH_WAYS,
    ("vae", "digits", {"likelihood": "gaussian", "conditional": True, "free_bits": 0.1}),
    ("vae", "digits", {"ema_decay": 0.9, "normalization": "batch"}),
    ("gan", "ring8", {"instance_noise": 1.0, "instance_noise_steps": 5, "label_smoothing": 0.1, "generator_steps": 2}),
    ("gan", "ring8", {"loss": "minimax", "prior": "uniform", "spectral_normalization": True}),
    ("gan", "ring8", {"loss": "least-squares", "packing": 3, "discriminator_steps": 2}),
    ("aae", "ring8", {"posterior": "deterministic"}),
    ("bigan", "ring8", {"r1_weight": 1.0, "ema_decay": 0.9, "beta_1": 0.0}),
    ("bigan", "digits", {"r1_weight": 1.0, "penalty_interval": 2, "ema_decay": 0.9, "dense_units": 24}),
    ("flow", "ring8", {"conditional": True}),
    ("flow", "digits", {"conditional": True, "hidden_layers": 3}),
    ("vae", "digits", {"hidden_layers": 1, "activation": "silu", "normalization": "group", "dropout": 0.2}),
    ("gan", "ring8", {"activation": "tanh", "discriminator_normalization": "layer", "discriminator_dropout": 0.3}),
]


def case_name(case: Case) -> str:
    model, dataset, settings = case
    return "-".join([model, dataset, *map(str, settings), *(str(v) for v in settings.values() if isinstance(v, str))])


@pytest.fixture(scope="module")
def make_lane(backend) -> MakeLane:
    """A lane of a model on a data set, of width 8 and in small batches unless the settings say otherwise."""
    from genlab.datasets import load_dataset
    from genlab.training.lane import Lane

    def make(model: str, dataset: str, seed: int = 0, **settings: Any) -> Any:
        widths = {name: 8 for name in MODELS[model].settings.model_fields if name.endswith("width")}
        spec = make_spec(
            dataset=dataset, lanes=[{"model": model, "settings": {**widths, "batch_size": BATCH} | settings}]
        )
        return Lane(0, spec.lanes[0], load_dataset(dataset, spec.dataset_settings), seed, "cpu")

    return make


@contextlib.contextmanager
def run_eagerly() -> Iterator[None]:
    """Steps run as they are written."""
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


def runs_eagerly(case: Case) -> bool:
    """For a few steps, compiling takes the longest, above all of convolutions."""
    _, dataset, settings = case
    return bool(settings) or dataset == "digits"


@pytest.fixture
def uncompiled() -> Iterator[None]:
    with run_eagerly():
        yield


def weights_of(lane: Any) -> dict[str, list[np.ndarray]]:
    return {name: [v.numpy() for v in network.variables] for name, network in lane.model.networks.items()}


def asked(lane: Any, count: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Latents and labels to sample from."""
    return lane.model.draw_prior(np.random.default_rng(0), count), (np.arange(count) % 8).astype("int32")


@dataclasses.dataclass
class Trial:
    """Lanes of one case: `straight` trained 3 steps and then 3 more; `same` has its seed and has not trained; `other`,
    of another seed, trained 1.
    """

    dataset: str
    straight: Any
    same: Any
    other: Any
    start: dict[str, np.ndarray]
    middle: dict[str, np.ndarray]
    first: dict[str, float]
    second: dict[str, float]


@pytest.fixture(scope="module", params=CASES, ids=map(case_name, CASES))
def trial(request: pytest.FixtureRequest, make_lane: MakeLane) -> Trial:
    """Presets for points are compiled, as in use. Others run eagerly, which a test below holds to be the same."""
    model, dataset, settings = request.param
    with run_eagerly() if runs_eagerly(request.param) else contextlib.nullcontext():
        straight, same, other = (make_lane(model, dataset, seed, **settings) for seed in (0, 0, 1))
        start = straight.checkpoint()
        first = straight.advance(3)
        middle = straight.checkpoint()
        second = straight.advance(3)
        other.advance(1)
    return Trial(dataset, straight, same, other, start, middle, first, second)


@pytest.fixture(autouse=True)
def cases_run_eagerly(request: pytest.FixtureRequest) -> Iterator[None]:
    """In each test of such a case too; not in what comes after it."""
    parameters = getattr(request.node, "callspec", None)
    case = parameters.params.get("trial") if parameters else None
    with run_eagerly() if case and runs_eagerly(case) else contextlib.nullcontext():
        yield


def test_a_few_steps_give_finite_losses_under_the_names_that_are_promised(trial: Trial) -> None:
    lane, family = trial.straight, trial.straight.family
    assert np.isfinite(list(trial.first.values())).all() and np.isfinite(list(trial.second.values())).all()
    assert (lane.step, lane.examples) == (6, 6 * BATCH)
    assert set(family.curves.values()) <= set(trial.first), "a curve is drawn of a number that is recorded"
    docstring = inspect.getdoc(family.build)
    for name in trial.first:
        assert f"`{name}`" in docstring, "the docstring says what each recorded number means"


def test_samples_codes_and_scores_have_their_shapes_and_ranges(trial: Trial) -> None:
    lane, model = trial.straight, trial.straight.model
    latent, labels = asked(lane)
    assert latent.shape == (6, model.latent_dim) and latent.dtype == np.float32
    samples = lane.sample(latent, labels)
    made = [samples]
    assert samples.dtype == np.float32
    if lane.encode:
        codes = lane.encode(samples, labels)
        assert len(codes) in (1, 2) and all(code.shape == (6, model.latent_dim) for code in codes)
        assert np.isfinite(codes).all()
        made.append(lane.reconstruct(samples, labels))
    for examples in made:
        assert examples.shape == (6, *SHAPES[trial.dataset]) and np.isfinite(examples).all()
        assert trial.dataset == "ring8" or (examples.min() >= 0 and examples.max() <= 1)
    if lane.paths:
        paths = lane.paths(latent, labels)
        assert paths.shape[0] == 6 and paths.shape[2:] == SHAPES[trial.dataset] and np.isfinite(paths).all()
        np.testing.assert_array_equal(paths[:, -1], samples)
    if lane.score:
        score = lane.score(samples, labels)
        assert score.shape == (6,) and np.isfinite(score).all()
        logit = lane.logit(samples, labels)
        if model.score_is == "probability":
            assert score.min() >= 0 and score.max() <= 1
            np.testing.assert_array_equal(logit > 0, score > 0.5)
        else:
            np.testing.assert_array_equal(logit, score)


def test_the_model_can_do_what_its_family_lists(trial: Trial) -> None:
    lane = trial.straight
    able = {
        name for name in ("sample", "encode", "reconstruct", "score", "paths", "critic_weights") if getattr(lane, name)
    }
    listed = set(lane.family.abilities)
    if getattr(lane.settings, "packing", 1) > 1:
        listed -= {"score"}  # the discriminator judges no example alone
    assert able == listed


def test_each_phase_records_its_logs_and_moves_exactly_its_own_networks(
    trial: Trial, backend, uncompiled: None
) -> None:
    from keras import ops

    from genlab.datasets import load_dataset

    data, lane = load_dataset(trial.dataset, {}), trial.straight
    for phase in lane.model.phases:
        alone = [dataclasses.replace(phase, repeats=1)]
        train = backend.compile_steps(
            alone,
            lane.model.networks,
            lane._context,
            backend.TrainingData(data.train, data.train_labels, "cpu"),
            BATCH,
            "cpu",
        )
        before = weights_of(lane)
        assert len(train(1)) == len(phase.recorded)
        after = weights_of(lane)
        moved = {name for name in after if any((a != b).any() for a, b in zip(before[name], after[name], strict=True))}
        assert moved == set(phase.updates) | set(phase.follows)
        batch = data.train[:BATCH], data.train_labels[:BATCH].astype("int32")
        logs = phase.loss(*map(ops.convert_to_tensor, batch))
        assert tuple(logs) == phase.logs


def test_the_same_seed_gives_the_same_numbers_however_chunked_and_another_seed_others(trial: Trial) -> None:
    """Lanes of one seed start equal, and where a lane starts decides all that it does."""
    same = trial.same.checkpoint()
    for name in trial.start:
        np.testing.assert_array_equal(same[name], trial.start[name])
    trial.straight.restore(trial.start)
    one, two = trial.straight.advance(1), trial.straight.advance(2)
    for name, mean in trial.first.items():
        assert (one[name] + 2 * two[name]) / 3 == pytest.approx(mean, rel=1e-5, abs=1e-6)
    again = trial.straight.checkpoint()
    for name in set(trial.start) - {"clock"}:  # which holds the seconds
        np.testing.assert_array_equal(again[name], trial.middle[name])
    latent, labels = asked(trial.same)
    assert (trial.other.sample(latent, labels) != trial.same.sample(latent, labels)).any()


def test_a_checkpoint_gives_the_same_samples_and_going_on_equals_never_having_stopped(trial: Trial) -> None:
    """Restored into a lane of another seed, which has trained already: the checkpoint alone decides."""
    latent, labels = asked(trial.straight)
    trial.straight.restore(trial.middle)
    samples = trial.straight.sample(latent, labels)
    trial.other.restore(trial.middle)
    assert (trial.other.step, trial.other.examples) == (3, 3 * BATCH)
    np.testing.assert_array_equal(trial.other.sample(latent, labels), samples)
    assert trial.other.advance(3) == trial.second
    trial.straight.advance(3)
    np.testing.assert_array_equal(trial.other.sample(latent, labels), trial.straight.sample(latent, labels))
    assert (trial.other.sample(latent, labels) != samples).any()


@pytest.mark.parametrize("case", BOTH_WAYS, ids=case_name)
def test_compiled_steps_are_those_that_run_eagerly(case: Case, make_lane: MakeLane) -> None:
    """A VAE whose beta warms up, and GANs with R1, R2, packing, an average of the weights, batch normalisation,
    conditional, relativistic.
    """
    model, dataset, settings = case
    compiled, eager = (make_lane(model, dataset, **settings) for _ in range(2))
    losses = compiled.advance(3)
    with run_eagerly():
        assert eager.advance(3) == pytest.approx(losses, rel=1e-4, abs=1e-6)
    for name, weights in weights_of(compiled).items():
        for one, other in zip(weights, weights_of(eager)[name], strict=True):
            # A bias before batch normalisation has no gradient but rounding errors, and Adam enlarges these; a step of
            # other weights is a hundred times as long.
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=4e-5)


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_says_what_it_is(model: str) -> None:
    family = MODELS[model]
    assert family.title and family.curves
    docstring = inspect.getdoc(family.build)
    assert re.match(r".*\b(min|max)[ _:]", docstring.splitlines()[0]), "it starts with the objective as a formula"
    assert re.search(r"\b(19|20)\d\d\b", docstring), "it names the paper"
    for name in live_names(family.settings):
        assert isinstance(family.settings.model_fields[name].default, int | float)
    for kind in ("points", "images"):
        assert family.resolve({}, kind), "every preset is within the bounds of its settings"


@pytest.mark.parametrize("model", list(MODELS))
def test_live_settings_act_from_the_next_step_on(model: str, make_lane: MakeLane) -> None:
    settings = {"clip": 10.0} if model == "wgan" else {}  # above every weight, for clipping is no matter of the rate
    lane = make_lane(model, "ring8", **settings)
    rates = [name for name in live_names(type(lane.settings)) if name.endswith("learning_rate")]
    assert rates
    lane.change_settings(dict.fromkeys(rates, 0.0))
    before = [w for network in lane.model.networks.values() for w in network.get_weights()]
    lane.advance(2)
    after = [w for network in lane.model.networks.values() for w in network.get_weights()]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="cannot change while"):
        lane.change_settings({"latent_dim": 3})
    with pytest.raises(ValueError, match="less than or equal to 1"):
        lane.change_settings({rates[0]: 7.0})


def test_a_checkpoint_of_other_networks_is_refused(make_lane: MakeLane) -> None:
    small, large = make_lane("gan", "ring8", generator_width=8), make_lane("gan", "ring8", generator_width=16)
    with pytest.raises(ValueError, match="belongs to other networks"):
        large.restore(small.checkpoint())


@pytest.mark.parametrize("still, other", [("generator", "discriminator"), ("discriminator", "generator")])
def test_steps_of_a_phase_can_be_none_or_many(still: str, other: str, make_lane: MakeLane) -> None:
    lane = make_lane("gan", "ring8", **{f"{still}_steps": 0, f"{other}_steps": 2})
    before = weights_of(lane)
    losses = lane.advance(2)
    after = weights_of(lane)
    assert losses[f"{still}/loss"] == 0.0
    for a, b in zip(before[still], after[still], strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(before[other], after[other], strict=True))
    updates = {phase.name: int(phase.optimizer.iterations.numpy()) for phase in lane.model.phases}
    assert updates == {still: 0, other: 4}


def test_a_packed_discriminator_reads_neighbours_side_by_side(make_lane: MakeLane, backend) -> None:
    """Lin et al. 2018, PacGAN: the discriminator's input is as many times as wide; nothing judges one example."""
    from genlab.models.networks import packed

    points = np.arange(10, dtype="float32").reshape(5, 2)
    np.testing.assert_array_equal(packed(points, 2), [[0, 1, 2, 3], [4, 5, 6, 7]])
    images = np.random.default_rng(0).random((6, 4, 4, 3), dtype="float32")
    np.testing.assert_array_equal(np.asarray(packed(images, 2))[1], np.concatenate([images[2], images[3]], axis=-1))
    for dataset, single in (("ring8", (2,)), ("digits", (8, 8, 1))):
        lane = make_lane("gan", dataset, packing=2)
        assert lane.model.networks["discriminator"].input_shape[1:] == (*single[:-1], 2 * single[-1])
        assert lane.score is None


def test_instance_noise_falls_to_zero_along_a_line(make_lane: MakeLane) -> None:
    """Over 2 steps noise of 4 deviations is 4, then 2, then none for ever; 0 steps keep it."""
    lane = make_lane("gan", "ring8", instance_noise=4.0, instance_noise_steps=2)
    for constant in (4.0, 2.0, 0.0, 0.0):
        here = lane.checkpoint()
        falling = lane.advance(1)
        after = lane.checkpoint()
        lane.restore(here)
        lane.change_settings({"instance_noise": constant, "instance_noise_steps": 0})
        assert lane.advance(1) == falling
        lane.restore(after)


def test_instance_noise_is_in_standard_deviations_of_the_data(make_lane: MakeLane, monkeypatch) -> None:
    seen, data = _spied(make_lane("gan", "ring8", instance_noise=2.0, batch_size=4096), "discriminator", monkeypatch)
    real = seen["discriminator"][0]
    assert (real - data).std() == pytest.approx(2.0 * np.sqrt(0.5), rel=0.05)  # a circle of radius 1 has variance 1/2


def test_nothing_that_is_drawn_depends_on_whether_there_is_instance_noise(make_lane: MakeLane) -> None:
    """Noise of 1e-30 changes no coordinate; where there is none, none is drawn, and all that follows is the same."""
    trained = []
    for std in (0.0, 1e-30):
        lane = make_lane("gan", "ring8", instance_noise=std)
        lane.advance(3)
        trained.append(weights_of(lane))
    for weights, others in zip(trained[0]["generator"], trained[1]["generator"], strict=True):
        np.testing.assert_array_equal(weights, others)


@pytest.mark.parametrize(
    "prior, boundaries", [("normal", [-0.67448975, 0.0, 0.67448975]), ("uniform", [-0.5, 0.0, 0.5])]
)
def test_a_category_of_the_latent_is_a_quarter_of_its_first_dimension(
    prior: str, boundaries: list[float], make_lane: MakeLane
) -> None:
    """What enters the first layer: the latent, and twice the one-hot of its quarter."""
    lane = make_lane("gan", "ring8", prior=prior, latent_categories=4)
    generator = lane.model.networks["generator"]
    kernel, bias = (np.asarray(weight) for weight in generator.weights[:2])
    assert kernel.shape[0] == lane.model.latent_dim + 4
    first = np.array([-0.9, *np.repeat(boundaries, 2), 0.9]) + [0, *[-1e-4, 1e-4] * 3, 0]
    latents = np.stack([first, np.full(8, 0.3)], axis=1).astype("float32")
    quarter = np.eye(4)[[0, 0, 1, 1, 2, 2, 3, 3]]
    hidden = np.maximum(np.hstack([latents, 2 * quarter]) @ kernel + bias, 0)
    for i in range(2, len(generator.weights) - 2, 2):
        hidden = np.maximum(hidden @ np.asarray(generator.weights[i]) + np.asarray(generator.weights[i + 1]), 0)
    expected = hidden @ np.asarray(generator.weights[-2]) + np.asarray(generator.weights[-1])
    np.testing.assert_allclose(lane.sample(latents, np.zeros(8, "int32")), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("prior, variance", [("uniform", 1 / 3), ("normal", 1.0)])
def test_the_prior_is_what_training_and_sampling_draw_from(prior: str, variance: float, make_lane, monkeypatch) -> None:
    lane = make_lane("gan", "ring8", prior=prior, batch_size=4096)
    seen, _ = _spied(lane, "generator", monkeypatch)
    for latent in (seen["generator"][0], lane.model.draw_prior(np.random.default_rng(0), 4096)):
        assert latent.shape == (4096, 2)
        assert latent.mean() == pytest.approx(0.0, abs=0.05) and latent.var() == pytest.approx(variance, rel=0.06)
        assert (np.abs(latent).max() <= 1) == (prior == "uniform")


def _spied(lane: Any, phase_name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, list[np.ndarray]], Any]:
    """What each network is given during one evaluation of a phase's loss, by name, and the real examples."""
    from genlab.datasets import load_dataset
    from genlab.models import networks

    seen: dict[str, list[np.ndarray]] = {}
    call = networks.call

    def spy(network: Any, x: Any, labels: Any, **options: Any) -> Any:
        seen.setdefault(network.name, []).append(np.asarray(x))
        return call(network, x, labels, **options)

    monkeypatch.setattr(networks, "call", spy)
    data = load_dataset("ring8", {})
    x, labels = data.train[: lane.settings.batch_size], data.train_labels[: lane.settings.batch_size]
    (phase,) = [phase for phase in lane.model.phases if phase.name == phase_name]
    phase.loss(x, labels.astype("int32"))
    return seen, x


@pytest.mark.parametrize("penalty", ["r1", "r2"])
def test_a_penalty_is_recorded_with_its_weight(penalty: str, make_lane: MakeLane) -> None:
    """The first step of equal networks on equal batches, at two weights."""
    one, five = (
        make_lane("gan", "ring8", **{f"{penalty}_weight": weight}).advance(1)[f"discriminator/{penalty}"]
        for weight in (1.0, 5.0)
    )
    assert one > 0 and five == pytest.approx(5 * one, rel=1e-5)


def test_penalties_with_an_interval_have_their_mean_weight(make_lane: MakeLane) -> None:
    """Discriminators that stay as they are: taken in the steps 0, 4, 8, ... with four times the weight."""
    lane = make_lane("gan", "ring8", r1_weight=1.0, r2_weight=1.0, penalty_interval=4, discriminator_learning_rate=0.0)
    often = make_lane("gan", "ring8", r1_weight=1.0, r2_weight=1.0, discriminator_learning_rate=0.0)
    for step in range(9):
        one, other = lane.advance(1), often.advance(1)
        for penalty in ("discriminator/r1", "discriminator/r2"):
            assert one[penalty] == pytest.approx(0.0 if step % 4 else 4 * other[penalty], rel=1e-5)


@pytest.mark.parametrize("model", list(MODELS))
def test_learning_rates_fall_to_zero_over_the_expected_steps(model: str, make_lane: MakeLane) -> None:
    """However the steps are split; at the expected end nothing moves any more."""
    settings = {"clip": 10.0} if model == "wgan" else {}  # above every weight, for clipping is no matter of the rate
    one, other, constant = (
        make_lane(model, "ring8", learning_rate_decay=decay, **settings) for decay in ("linear", "linear", "none")
    )
    for lane, chunks in ((one, (4,)), (other, (1, 2, 1)), (constant, (4,))):
        for steps in chunks:
            lane.advance(steps, expected_steps=4)
    weights = [[w for network in lane.model.networks.values() for w in network.get_weights()] for lane in (one, other)]
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
    kept = [w for network in constant.model.networks.values() for w in network.get_weights()]
    assert any((a != b).any() for a, b in zip(weights[0], kept, strict=True)), "it was not constant"
    one.advance(2, expected_steps=4)
    for network, before in zip(one.model.networks.values(), other.model.networks.values(), strict=True):
        for a, b in zip(network.get_weights(), before.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_r1_is_taken_at_real_examples_and_r2_at_generated_ones(make_lane: MakeLane) -> None:
    """Equal where generated examples are the real ones, and each 0 where its examples leave the logit flat."""
    from keras import ops

    from genlab.datasets import load_dataset
    from genlab.models.adversarial import Discriminator
    from genlab.models.base import with_variables

    lane = make_lane("gan", "ring8", r1_weight=1.0, r2_weight=1.0)
    discriminator = Discriminator(with_variables(lane.settings)[0], load_dataset("ring8", {}), lane._context)
    discriminator.network = lambda x, training=False: ops.sum(ops.maximum(x, 0.0), axis=1, keepdims=True)
    discriminator.network.inputs = [None]  # one: it takes no labels
    above, below = np.full((4, 2), 1.0, "float32"), np.full((4, 2), -1.0, "float32")
    labels = ops.zeros((4, 1), "int32")
    both = discriminator.penalties(ops.convert_to_tensor(above), ops.convert_to_tensor(below), labels)
    assert (float(both["r1"]), float(both["r2"])) == (1.0, 0.0), "half of the squared norm of (1, 1)"


def test_a_relativistic_generator_is_judged_against_real_examples(make_lane: MakeLane) -> None:
    """The discriminator's bias moves real and generated logits alike, so it moves neither loss."""
    plain, moved = make_lane("gan", "ring8", loss="relativistic"), make_lane("gan", "ring8", loss="relativistic")
    moved.model.networks["discriminator"].weights[-1].assign([5.0])
    expected = plain.advance(1)
    assert moved.advance(1) == pytest.approx(expected, rel=1e-4)
    assert plain.score is not None and plain.model.score_is == "value"


def test_the_average_of_the_generator_is_the_closed_form(make_lane: MakeLane) -> None:
    """After updates 1 ... n of weights w: d^n w0 + (1 - d) sum of d^(n - k) wk. It is what samples are drawn from."""
    decay = 0.8
    lane = make_lane("gan", "ring8", ema_decay=decay)
    passed = [weights_of(lane)["generator"]]
    for start, copy in zip(passed[0], weights_of(lane)["ema_generator"], strict=True):
        np.testing.assert_array_equal(copy, start)
    for _ in range(3):
        lane.advance(1)
        passed.append(weights_of(lane)["generator"])
    shares = [decay**3, (1 - decay) * decay**2, (1 - decay) * decay, 1 - decay]
    for i, mean in enumerate(weights_of(lane)["ema_generator"]):
        expected = sum(share * weights[i] for share, weights in zip(shares, passed, strict=True))
        np.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-7)
    latent, labels = asked(lane)
    averaged = np.asarray(lane.model.networks["ema_generator"](latent))
    np.testing.assert_allclose(lane.sample(latent, labels), averaged, rtol=1e-5, atol=1e-6)


def test_the_half_life_of_the_average_is_a_share_of_the_updates_until_its_decay(make_lane: MakeLane) -> None:
    """Update n keeps d = 2 ^ (-1 / (share n)) of it: with a share of 0.5 a quarter, a half, and so on up to 0.7."""
    lane = make_lane("gan", "ring8", ema_decay=0.7, ema_ramp_up=0.5)
    average = weights_of(lane)["ema_generator"]
    for kept in (0.25, 0.5, 0.5 ** (2 / 3), 0.7, 0.7):
        lane.advance(1)
        moved = zip(average, weights_of(lane)["generator"], strict=True)
        average = [kept * mean + (1 - kept) * weight for mean, weight in moved]
    for mean, expected in zip(weights_of(lane)["ema_generator"], average, strict=True):
        np.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-7)


def test_the_offset_moves_all_that_the_generator_makes(make_lane: MakeLane) -> None:
    usual, moved = make_lane("gan", "ring8"), make_lane("gan", "ring8", generator_offset=3.0)
    latent, labels = asked(usual)
    np.testing.assert_allclose(moved.sample(latent, labels), usual.sample(latent, labels) + 3.0, rtol=1e-6)
    usual, moved = make_lane("gan", "digits"), make_lane("gan", "digits", generator_offset=3.0)
    latent, labels = asked(usual)
    logits = [np.log(pixels / (1 - pixels)) for pixels in (usual.sample(latent, labels), moved.sample(latent, labels))]
    np.testing.assert_allclose(logits[1], logits[0] + 3.0, atol=1e-3)


def test_spectral_normalisation_keeps_the_largest_singular_value_at_one(make_lane: MakeLane) -> None:
    """Miyato et al. 2018: of every layer but the last, which sets the scale of the logits."""
    settings = {"discriminator_learning_rate": 1e-2, "discriminator_steps": 5}
    largest = {}
    for bounded in (False, True):
        lane = make_lane("gan", "ring8", spectral_normalization=bounded, **settings)
        lane.advance(60)
        kernels = [w for w in weights_of(lane)["discriminator"] if w.ndim == 2 and w.shape[0] > 1]  # not the vector u
        largest[bounded] = [np.linalg.svd(kernel)[1].max() for kernel in kernels[:-1]]
        assert len(largest[bounded]) == 2
    assert max(largest[True]) < 1.1 and min(largest[True]) > 0.9
    assert max(largest[False]) > 1.3


def test_a_clipped_critic_has_no_weight_beyond_the_clip(make_lane: MakeLane) -> None:
    lane = make_lane("wgan", "ring8", clip=0.05)
    lane.advance(20)
    weights = np.concatenate([w.ravel() for w in weights_of(lane)["discriminator"]])
    assert np.abs(weights).max() == np.float32(0.05), "some weights want to be larger"
    assert sorted(lane.critic_weights()) == sorted(weights)
    lane.change_settings({"clip": 0.02})
    lane.advance(1)
    assert max(np.abs(w).max() for w in weights_of(lane)["discriminator"]) == np.float32(0.02)


@pytest.mark.parametrize("model, dataset", [("gan", "digits"), ("wgan-gp", "ring8"), ("vae", "digits")])
def test_a_conditional_model_looks_at_the_label(model: str, dataset: str, make_lane: MakeLane) -> None:
    """Before any step already: an embedding of the label joins each network. Without the setting nothing changes."""
    lane, blind = make_lane(model, dataset, conditional=True), make_lane(model, dataset)
    assert lane.model.conditional and not blind.model.conditional
    latent, labels = asked(lane)
    samples = lane.sample(latent, labels)
    assert (lane.sample(latent, labels[::-1].copy()) != samples).any()
    np.testing.assert_array_equal(blind.sample(latent, labels), blind.sample(latent, labels[::-1].copy()))
    for ask in filter(None, (lane.score, lane.encode)):
        assert (np.asarray(ask(samples, labels)) != np.asarray(ask(samples, labels[::-1].copy()))).any()


@pytest.mark.parametrize(
    "model, steps, settings",
    [
        ("vae", 600, {"width": 32, "learning_rate": 5e-3}),
        ("gan", 1000, {"generator_width": 32, "discriminator_width": 32}),
        ("wgan-gp", 800, {"generator_width": 32, "discriminator_width": 32}),
    ],
)
def test_a_class_that_is_asked_for_is_what_comes(model: str, steps: int, settings: dict, make_lane: MakeLane) -> None:
    from genlab.datasets import load_dataset

    lane = make_lane(model, "ring8", conditional=True, batch_size=128, **settings)
    lane.advance(steps)
    centres = load_dataset("ring8", {}).modes.centres
    latent = lane.model.draw_prior(np.random.default_rng(0), 400)
    labels = np.arange(400, dtype="int32") % 8
    samples = lane.sample(latent, labels)
    nearest = np.linalg.norm(samples[:, None] - centres, axis=-1).argmin(axis=1)
    assert (nearest == labels).mean() > 0.95
    means = np.stack([samples[labels == k].mean(axis=0) for k in range(8)])
    assert np.linalg.norm(means - centres, axis=1).max() < 0.2, "neighbouring centres are 0.77 apart"


def test_a_fixed_decoder_variance_stays(make_lane: MakeLane) -> None:
    fixed = make_lane("vae", "ring8", decoder_variance="fixed", decoder_std=0.3)
    losses = fixed.advance(5)
    assert losses["vae/decoder_std"] == pytest.approx(0.3, rel=1e-6)
    assert fixed.advance(5)["vae/decoder_std"] == pytest.approx(0.3, rel=1e-6)


def test_a_vae_learns_how_noisy_its_data_is(make_lane: MakeLane) -> None:
    """Points of one Gaussian of standard deviation 0.05 a mode cannot be told apart better than to that noise."""
    lane = make_lane("vae", "ring8", width=64, batch_size=128)
    start = lane.advance(1)["vae/decoder_std"]
    lane.advance(2500)
    end = lane.advance(100)["vae/decoder_std"]
    assert start == pytest.approx(0.5 * np.sqrt(0.5), rel=0.02)  # half the data's: a ring of radius 1 has variance 1/2
    assert end < 0.6 * start


def test_a_bernoulli_likelihood_of_points_is_refused_in_words(make_lane: MakeLane) -> None:
    with pytest.raises(ValueError, match=r"Bernoulli likelihood is for pixels between 0 and 1\. Choose gaussian"):
        make_lane("vae", "ring8", likelihood="bernoulli")


def test_free_bits_charge_a_dimension_at_least_that(make_lane: MakeLane) -> None:
    """Kingma et al. 2016: at 100 nats each of the 2 dimensions is charged 100, whatever its KL."""
    losses = make_lane("vae", "ring8", free_bits=100.0, beta=0.5).advance(2)
    assert losses["vae/loss"] == pytest.approx(losses["vae/reconstruction"] + 0.5 * 2 * 100, rel=1e-5)
    assert 0 <= losses["vae/kl"] < 100


@pytest.mark.parametrize(
    "schedule, shares",
    [
        ("constant", [1, 1, 1, 1, 1, 1, 1, 1, 1]),
        ("warm-up", [0, 1 / 4, 2 / 4, 3 / 4, 1, 1, 1, 1, 1]),  # Bowman et al. 2016: a line, then constant
        ("cyclical", [0, 1 / 2, 1, 1, 0, 1 / 2, 1, 1, 0]),  # Fu et al. 2019: half of each cycle rises
    ],
)
def test_beta_follows_its_schedule(schedule: str, shares: list[float], make_lane: MakeLane) -> None:
    lane = make_lane("vae", "ring8", beta=3.0, beta_schedule=schedule, schedule_steps=4)
    for share in shares:
        losses = lane.advance(1)
        assert losses["vae/beta"] == pytest.approx(3.0 * share, abs=1e-6)
        charged = losses["vae/beta"] * losses["vae/kl"]
        assert losses["vae/loss"] == pytest.approx(losses["vae/reconstruction"] + charged, rel=1e-4, abs=1e-5)


def test_sampled_decoding_adds_the_noise_that_the_decoder_states(make_lane: MakeLane) -> None:
    settings = {"decoder_variance": "fixed", "decoder_std": 0.3}
    mean, sampled = (make_lane("vae", "ring8", decoding=decoding, **settings) for decoding in ("mean", "sampled"))
    latent, labels = asked(mean, 4000)
    noise = sampled.sample(latent, labels) - mean.sample(latent, labels)
    assert noise.std() == pytest.approx(0.3, rel=0.05) and noise.mean() == pytest.approx(0.0, abs=0.02)
    np.testing.assert_array_equal(sampled.sample(latent, labels), sampled.sample(latent, labels))
    others = mean.model.draw_prior(np.random.default_rng(1), 4000)
    other_noise = sampled.sample(others, labels) - mean.sample(others, labels)
    assert abs(np.corrcoef(noise.ravel(), other_noise.ravel())[0, 1]) < 0.05, "another draw has other noise"
    points = mean.sample(latent, labels)
    for a, b in zip(mean.encode(points, labels), sampled.encode(points, labels), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(
        sampled.reconstruct(points, labels), mean.reconstruct(points, labels), rtol=1e-5, atol=1e-6
    )

    mean, sampled = (make_lane("vae", "digits", decoding=decoding) for decoding in ("mean", "sampled"))
    latent, labels = asked(mean, 500)
    chance, pixels = mean.sample(latent, labels), sampled.sample(latent, labels)
    assert set(np.unique(pixels)) == {0.0, 1.0}
    assert pixels.mean() == pytest.approx(chance.mean(), abs=0.02)


@pytest.mark.parametrize("hidden_layers, smallest", [(1, 4), (2, 2), (3, 2), (6, 2)])
@pytest.mark.parametrize("model, network", [("gan", "generator"), ("vae", "encoder"), ("vae", "decoder")])
def test_hidden_layers_are_as_many_as_asked_for(
    model: str, network: str, hidden_layers: int, smallest: int, make_lane: MakeLane
) -> None:
    """On points dense layers; on images convolutions, which halve them down to 2 pixels, or double them from there."""
    points, images = (make_lane(model, name, hidden_layers=hidden_layers) for name in ("ring8", "digits"))
    kinds = [type(layer).__name__ for layer in points.model.networks[network].layers]
    assert kinds.count("Dense") == hidden_layers + 1
    layers = images.model.networks[network].layers
    convolutions = [layer for layer in layers if "Conv2D" in type(layer).__name__]
    assert len(convolutions) == hidden_layers
    sides = [side for layer in convolutions for side in (layer.input.shape[1], layer.output.shape[1])]
    assert (min(sides), max(sides)) == (smallest, 8)


def test_silu_is_that_of_keras_and_has_no_weights(backend: Any) -> None:
    import keras

    from genlab.models.networks import ACTIVATIONS

    x = keras.layers.Input((101,))
    network = keras.Model(x, ACTIVATIONS["silu"]()(x))
    values = np.linspace(-20, 20, 101, dtype="float32")[None]
    np.testing.assert_allclose(network(values), keras.activations.silu(values), rtol=1e-6)
    assert network.count_params() == 0


@pytest.mark.parametrize("normalization", ["batch", "layer", "group"])
def test_normalization_is_before_each_activation(normalization: str, make_lane: MakeLane) -> None:
    lane = make_lane("gan", "digits", generator_normalization=normalization)
    names = [type(layer).__name__ for layer in lane.model.networks["generator"].layers]
    kind = {"batch": "Batch", "layer": "Layer", "group": "Group"}[normalization] + "Normalization"
    assert names.count(kind) == 3, "two dense layers and a convolution"
    assert all(names[i + 1] == "LeakyReLU" for i, name in enumerate(names) if name == kind)
    assert kind not in [type(layer).__name__ for layer in lane.model.networks["discriminator"].layers]


@pytest.mark.slow
@pytest.mark.parametrize("dataset, steps", [("ring8", 3000), ("digits", None)])
def test_the_presets_cover_the_modes(dataset: str, steps: int | None, session_store: Store, backend) -> None:
    from helpers import train_fully

    run = session_store.create(make_spec(dataset=dataset, budget=steps))
    train_fully(session_store, run)
    gan, vae = (run.newest_frame(lane).metrics for lane in (0, 1))
    if dataset == "ring8":
        assert gan["solid"] == vae["solid"] == 8
        assert gan["on_mode_share"] >= 0.7 and vae["on_mode_share"] >= 0.5
    else:
        assert gan["solid"] >= 9 and vae["solid"] >= 9
    assert len(History(run).update().series(0, "generator/loss")[0]) >= 100


@pytest.mark.slow
@pytest.mark.parametrize("model, solid", [("wgan-gp", 8), ("aae", 8), ("vae-gan", 8), ("ae", 0)])
def test_the_family_on_ring8(model: str, solid: int, session_store: Store, backend) -> None:
    """What can sample covers every mode; a plain autoencoder has nothing to say between its codes."""
    from helpers import train_fully

    run = session_store.create(make_spec(dataset="ring8", lanes=[{"model": model}]))
    train_fully(session_store, run)
    metrics = run.newest_frame(0).metrics
    if solid:
        assert metrics["solid"] == solid
    else:
        assert metrics["on_mode_share"] < 0.2


@pytest.mark.slow
def test_packing_and_instance_noise_recover_dropped_modes(session_store: Store, backend) -> None:
    """On a ring of radius 2 and std 0.1, from a bad start and against a discriminator of three updates a step."""
    from helpers import train_fully

    bad = {"generator_offset": 3, "discriminator_steps": 3}
    cures: list[dict] = [{}, {"packing": 2}, {"instance_noise": 0.5, "instance_noise_steps": 3000}]
    lanes = [{"model": "gan", "settings": bad | cure} for cure in cures]
    run = session_store.create(make_spec(dataset="ring", lanes=lanes))
    train_fully(session_store, run)
    plain, packed, noisy = (run.newest_frame(lane).metrics["solid"] for lane in range(3))
    assert plain <= 4
    assert packed >= 6 and noisy >= 6
