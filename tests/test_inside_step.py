"""Inside a step: phases that rest, the next step in numbers and sentences, gradients at samples, and the manifold."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import train_fully

from genlab.datasets.base import load_dataset
from genlab.figures.base import lane_views
from genlab.figures.gradients import arrows
from genlab.figures.manifold import grid_lines
from genlab.figures.next_step import BRIGHTER, DARKER, _pictures, asked_for, next_step_figure
from genlab.figures.timeline import pack_frame
from genlab.observing.frames import MANIFOLD, FrameBuilder, latent_grid
from genlab.registry import FIGURES
from genlab.runs import Run, Store
from genlab.runs.history import History
from genlab.runs.next_step import PICTURES, PhaseUpdate, read_next_step, sub_steps
from genlab.runs.phases import phase_names, trained_phases, words_for
from genlab.runs.view import RunReader
from genlab.spec import make_spec
from genlab.ui.live import cells
from genlab.ui.live_controls import pictures
from genlab.ui.marks import marks

SMALL = {
    "gan": {"generator_width": 8, "discriminator_width": 8},
    "wgan-gp": {"generator_width": 8, "discriminator_width": 8},
    "vae": {"width": 8},
    "vae-gan": {"width": 8, "discriminator_width": 8},
    "flow": {"width": 8},
}


@pytest.fixture
def lane_of(backend: Any) -> Callable[..., Any]:
    def make(model: str = "gan", dataset: str = "ring8", **settings: Any) -> Any:
        from genlab.training.lane import Lane

        spec = make_spec(dataset=dataset, lanes=[{"model": model, "settings": SMALL[model] | settings}])
        return Lane(0, spec.lanes[0], load_dataset(dataset, spec.dataset_settings), 0, "cpu")

    return make


def weights(lane: Any, network: str) -> np.ndarray:
    return np.concatenate([variable.numpy().ravel() for variable in lane.model.networks[network].variables])


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name in set(one) - {"clock"}:  # which holds seconds
        np.testing.assert_array_equal(one[name], other[name])


# Phases that rest


def test_a_phase_that_rests_moves_no_weight_and_records_nothing(lane_of: Callable[..., Any]) -> None:
    lane = lane_of()
    assert set(lane.advance(3)) > {"generator/loss", "discriminator/loss"}
    lane.train_only(["generator"])
    judge, maker = weights(lane, "discriminator"), weights(lane, "generator")
    assert set(lane.advance(3)) == {"generator/loss", "generator/gradient_norm"}
    np.testing.assert_array_equal(weights(lane, "discriminator"), judge)
    assert (weights(lane, "generator") != maker).any() and lane.step == 6
    lane.train_only(["generator", "discriminator"])
    assert "discriminator/loss" in lane.advance(1)
    assert (weights(lane, "discriminator") != judge).any()


def test_who_never_used_the_switch_and_who_only_looked_have_the_same_numbers(lane_of: Callable[..., Any]) -> None:
    plain, looked = lane_of(), lane_of()
    plain.advance(4)
    looked.advance(2)
    looked.train_only(["discriminator"])
    looked.train_only(["discriminator", "generator"])
    looked.sample_gradients()
    looked.advance(2)
    same(plain.checkpoint(), looked.checkpoint())
    assert "resting" not in plain.checkpoint()


def test_a_lane_goes_on_from_a_checkpoint_with_the_phases_that_rested(lane_of: Callable[..., Any]) -> None:
    straight, resumed = lane_of(), lane_of()
    straight.advance(2)
    straight.train_only(["generator"])
    resumed.restore(straight.checkpoint())
    assert resumed.resting == {"discriminator"}
    straight.advance(3)
    resumed.advance(3)
    same(straight.checkpoint(), resumed.checkpoint())


@pytest.mark.parametrize("names", [[], ["critic"], ["generator", "critic"]])
def test_phases_that_there_are_not_are_refused(names: list[str], lane_of: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="has the phases discriminator, generator"):
        lane_of().train_only(names)


def test_the_switch_is_recorded_and_leaves_a_mark(store: Store, backend: Any) -> None:
    from genlab.training.loop import RoundCompleted
    from genlab.training.recorder import record

    run = store.create(make_spec(lanes=[{"model": model, "settings": SMALL[model]} for model in ("gan", "vae")]))
    run.request("pause")
    asked = [("phases", {"lane": 0, "names": ["generator"]}), ("step", {}), ("step", {})]
    asked += [("phases", {"lane": 0, "names": ["critic"]})]
    asked += [("phases", {"lane": 0, "names": ["discriminator", "generator"]}), ("step", {}), ("stop", {})]
    for event in record(run, store):
        if isinstance(event, RoundCompleted) and run.state().state == "paused" and asked:
            verb, details = asked.pop(0)
            run.request(verb, **details)
            if asked and asked[0][0] == "phases" and "critic" in asked[0][1]["names"]:
                assert trained_phases(RunReader(run).read(), 0) == ["generator"]
    view = RunReader(run).read()
    assert view.history.trains == [(0, 0, ["generator"]), (0, 2, ["discriminator", "generator"])]
    assert trained_phases(view, 0) == phase_names(view, 0) == ["discriminator", "generator"]
    assert phase_names(view, 1) == ["vae"]
    assert marks(view, "steps") == [
        {"at": 0, "words": "GAN: trains only the generator", "lanes": [0]},
        {"at": 2, "words": "GAN: trains both", "lanes": [0]},
    ]
    assert list(view.history.series(0, "generator/loss")[0]) == [1, 2, 3]
    assert list(view.history.series(0, "discriminator/loss")[0]) == [3], "while it rested, nothing was recorded of it"
    fork = History(run)
    fork.begin_with(view.history, 1)
    assert fork.trains == [(0, 0, ["generator"])], "a fork goes on with what rested then"


def test_phases_are_named_in_words() -> None:
    three = ["encoder", "decoder", "discriminator"]
    assert words_for(["b", "a"], ["a", "b"]) == "both" and words_for(three, three) == "all"
    assert words_for(["encoder", "discriminator"], three) == "only the encoder and the discriminator"


# The next step


@pytest.mark.parametrize("model", list(SMALL))
def test_what_is_explained_is_the_step_that_is_made(model: str, lane_of: Callable[..., Any]) -> None:
    from genlab.training.next_step import explain_step

    lane = lane_of(model)
    lane.advance(2)
    before = lane.checkpoint()
    found, arrays = explain_step(lane, lambda lane: None)
    same(before, lane.checkpoint())
    networks = {name: weights(lane, name) for name in lane.model.networks}
    losses = lane.advance(1)
    assert [update.phase for update in found.updates] == [phase.name for phase in lane.model.phases]
    for i, update in enumerate(found.updates):
        if update.repeats == 1:
            for name, value in update.losses.items():
                assert losses[f"{update.phase}/{name}"] == pytest.approx(value, rel=1e-4, abs=1e-5)
            for name, (change, length) in update.moves.items():
                assert change == pytest.approx(np.linalg.norm(weights(lane, name) - networks[name]), rel=1e-3)
                assert length == pytest.approx(np.linalg.norm(networks[name]), rel=1e-5)
        if f"{i}-gradients" in arrays:
            assert arrays[f"{i}-gradients"].shape == arrays[f"{i}-samples"].shape == (100, 2)
    if model == "gan":
        judge, maker = found.updates
        assert maker.gradient_norm == pytest.approx(losses["generator/gradient_norm"], rel=1e-4)
        assert judge.uses_data and not maker.uses_data and judge.arrow is None and maker.arrow > 0
    if model == "vae":
        (update,) = found.updates
        assert update.from_codes and update.maker == "decoder" and not update.latents
        # The arrow of the reconstruction is what comes back less its example, over the decoder's variance.
        pulled = arrays["0-samples"] - arrays["0-examples"]
        expected = pulled / update.losses["decoder_std"] ** 2
        np.testing.assert_allclose(arrays["0-gradients"], expected, rtol=1e-3, atol=1e-4)


def test_a_phase_that_rests_is_said_to_rest(lane_of: Callable[..., Any]) -> None:
    from genlab.training.next_step import explain_step

    lane = lane_of("gan", discriminator_steps=3)
    lane.train_only(["discriminator"])
    found, _ = explain_step(lane, lambda lane: None)
    way = sub_steps(found.updates)
    assert [step.kind for step in way] == ["draw", "generate", "judge", "gradients", "update", "again", "rest"]
    assert "The same 2 times more" in way[5].words and way[6].words.startswith("The generator rests")


def test_sub_steps_are_sentences_with_their_numbers() -> None:
    update = PhaseUpdate(
        phase="discriminator",
        repeats=1,
        batch=128,
        latents=128,
        latent_length=1.2533,
        maker="generator",
        spreads=(0.5, 0.7071),
        scores=(0.75, 0.25),
        losses={"loss": 1.3863, "accuracy_real": 0.9},
        gradient_norm=0.25,
        optimizer="Adam",
        learning_rate=0.001,
        moves={"discriminator": (0.03, 12.0)},
    )
    assert [(step.kind, step.words) for step in sub_steps([update])] == [
        ("draw", "It draws 128 real examples at random and 128 latents from the prior, of mean length 1.25."),
        (
            "generate",
            "The generator makes a sample of each latent. What is made has the standard deviation 0.5, the batch "
            "0.707.",
        ),
        (
            "judge",
            "The discriminator's probability of being real is on average 0.75 for the real examples and 0.25 for the "
            "samples. The loss, which this phase lowers, is 1.39; beside it accuracy real 0.9.",
        ),
        (
            "gradients",
            "The gradient of the loss over all weights of the discriminator has the norm 0.25. Samples stay where "
            "they are.",
        ),
        (
            "update",
            "Adam moves the weights at a learning rate of 0.001: by 0.03 in the discriminator (0.25 % of their "
            "length).",
        ),
    ]


def test_of_pictures_the_maps_are_explained() -> None:
    update = PhaseUpdate(
        phase="generator", repeats=1, losses={"loss": 0.7}, moves={"generator": (0.1, 1.0)}, arrow=0.25, pictures=True
    )
    words = {step.kind: step.words for step in sub_steps([update])}["gradients"]
    assert "orange pixels brighter, blue ones darker" in words and "0.25 long on average" in words


def test_samples_are_said_to_stay_only_where_their_maker_does() -> None:
    common = {"phase": "generator", "repeats": 1, "maker": "generator", "losses": {"loss": 0.7}}
    for moves, stay in (("discriminator", True), ("generator", False)):  # of rows of a table, there are no arrows
        words = {step.kind: step.words for step in sub_steps([PhaseUpdate(**common, moves={moves: (0.1, 1.0)})])}
        assert ("Samples stay" in words["gradients"]) == stay


def test_a_paused_run_explains_its_next_step_and_then_makes_it(store: Store, backend: Any) -> None:
    from genlab.training.loop import RoundCompleted
    from genlab.training.recorder import record

    lanes = [{"model": model, "settings": SMALL[model]} for model in ("gan", "vae")]
    straight, looked = (store.create(make_spec(lanes=lanes, budget=3)) for _ in range(2))
    train_fully(store, straight)
    looked.request("pause")
    looked.request("explain", asked=7)
    paused = 0
    for event in record(looked, store):
        if isinstance(event, RoundCompleted) and looked.state().state == "paused":
            paused += 1
            looked.request(("step", "resume")[min(paused - 1, 1)])
    found, arrays = read_next_step(looked, 7)
    assert [lane.step for lane in found.lanes] == [0, 0] and read_next_step(looked, 8) is None
    assert {"0-0-surface", "0-0-examples", "0-1-gradients", "1-0-gradients"} <= set(arrays)
    recorded = History(looked).update().series(1, "vae/loss")
    assert found.lanes[1].updates[0].losses["loss"] == pytest.approx(recorded[1][0], rel=1e-4)
    for lane in (0, 1):
        same(straight.checkpoint(lane), looked.checkpoint(lane))


@pytest.mark.parametrize("dataset", ["digits", "shapes"])
@pytest.mark.parametrize("model", ["gan", "wgan-gp", "vae", "vae-gan"])
def test_of_pictures_there_is_what_is_made_and_what_is_asked_of_it(
    model: str, dataset: str, lane_of: Callable[..., Any]
) -> None:
    from genlab.training.next_step import explain_step

    lane = lane_of(model, dataset)
    lane.advance(1)
    before = lane.checkpoint()
    found, arrays = explain_step(lane, lambda lane: None)
    same(before, lane.checkpoint())
    shape = (PICTURES, *lane.dataset.train.shape[1:])
    for i, update in enumerate(found.updates):
        assert arrays[f"{i}-examples"].shape == arrays[f"{i}-samples"].shape == shape
        assert arrays[f"{i}-samples"].dtype == np.uint8 and update.pictures
        assert (f"{i}-gradients" in arrays) == (update.arrow is not None) == (update.maker in update.moves)
    moved = [i for i, update in enumerate(found.updates) if update.arrow is not None]
    assert moved and lane.maker in ("generator", "decoder")
    for i in moved:
        assert arrays[f"{i}-gradients"].shape == shape and found.updates[i].arrow > 0
    gradients = arrays[f"{moved[0]}-gradients"]
    if model == "vae":
        # Of a Bernoulli likelihood it is what comes back less its example, which both are kept as bytes of.
        expected = arrays["0-samples"].astype(float) - arrays["0-examples"]
        np.testing.assert_allclose(255 * gradients, expected, atol=1.01)
        lengths = np.linalg.norm(expected.reshape(PICTURES, -1), axis=1) / 255
        assert found.updates[0].distance == pytest.approx(lengths.mean(), rel=0.15)  # of the whole batch


def test_pictures_changed_as_is_asked_for_look_more_real(lane_of: Callable[..., Any]) -> None:
    from genlab.training.next_step import explain_step

    lane = lane_of("gan", "digits")
    lane.advance(20)
    lane.train_only(["generator"])  # so that the discriminator is the one that judges
    _, arrays = explain_step(lane, lambda lane: None)
    pictures, labels = arrays["1-samples"].astype("float32") / 255, np.zeros(PICTURES, "int32")
    step = 0.01 * arrays["1-gradients"] / np.abs(arrays["1-gradients"]).max()
    more, less = (lane.score(pictures + sign * step, labels).mean() for sign in (-1, 1))
    assert more > lane.score(pictures, labels).mean() > less


def test_pictures_are_shown_beside_what_is_asked_of_them() -> None:
    real, made = (np.full((PICTURES, 2, 2, 1), value, "uint8") for value in (10, 200))
    gradients = np.zeros((PICTURES, 2, 2, 1), "float32")
    gradients[:, 0, 0], gradients[:, 1, 1] = -2.0, 1.0
    lane: Any = SimpleNamespace(pictures=True, reference={"samples": real}, title="GAN", colour="#123456")
    arrays = {"examples": real, "samples": made, "gradients": gradients}
    generator = PhaseUpdate(phase="generator", repeats=1, uses_data=False, maker="generator", latent_length=1.0)
    decoder = PhaseUpdate(phase="vae", repeats=1, maker="decoder", from_codes=True)
    both = PhaseUpdate(phase="decoder", repeats=1, maker="decoder", from_codes=True, latent_length=1.0)
    judge = generator.model_copy(update={"uses_data": True})
    shown = [
        (judge, "draw", "r" * 24),
        (judge, "judge", "r" * 12 + "m" * 12),
        (generator, "generate", "m" * 24),
        (generator, "gradients", "ma" * 12),
        (decoder, "generate", "rm" * 12),
        (decoder, "gradients", "rma" * 8),
        (both, "generate", "rm" * 6 + "m" * 12),
        (both, "gradients", "rma" * 4 + "ma" * 6),
    ]
    for update, kind, expected in shown:
        there = arrays if update is not judge else {"examples": real, "samples": made}
        _, pictures = _pictures(lane, kind, update, there)
        told = {(10,): "r", (200,): "m", (10, 10, 10): "r", (200, 200, 200): "m", (0, 0, 0): "a"}
        assert "".join(told[tuple(picture[0, 1])] for picture in pictures) == expected, (update.phase, kind)
        assert len(next_step_figure(lane, kind, update, there).data) == 1
    rests = PhaseUpdate(phase="generator", repeats=0)
    title, pictures = _pictures(lane, "rest", rests, {})
    assert title == "Nothing moves" and (pictures == 10).all()


def test_a_map_is_orange_where_a_pixel_would_be_brighter() -> None:
    gradients = np.array([-4.0, 2.0, 0.0, 0.0, -4.0]).reshape(1, 1, 5, 1)
    (((first, second, *_, last),),) = asked_for(gradients)
    assert tuple(first) == tuple(last) == BRIGHTER
    assert tuple(second) == tuple(np.round(0.5 * np.array(DARKER)).astype(int))
    assert not asked_for(np.zeros((2, 3, 3, 3))).any()
    mixed = np.array([[-3.0, 0.0, 0.0], [1.0, -1.0, 0.0]]).reshape(1, 1, 2, 3)  # colours count alike
    assert tuple(asked_for(mixed)[0, 0, 0]) == BRIGHTER and not asked_for(mixed)[0, 0, 1].any()


# Gradients at samples, and the manifold


def test_the_gradient_at_samples_of_a_linear_discriminator_is_in_closed_form(lane_of: Callable[..., Any]) -> None:
    """D(x) = w·x + b: the gradient of -log sigmoid(D) at x is -(1 - sigmoid(D)) w."""
    lane, slope, bias = lane_of("gan", generator_offset=0.5), np.array([0.6, -0.8], "float32"), 0.3
    first, second, last = (layer for layer in lane.model.networks["discriminator"].layers if layer.weights)
    width = first.weights[0].shape[1]
    large = 100.0  # a bias that keeps every unit of the rectifier open
    pick = np.zeros((width, width), "float32")
    pick[0, 0] = 1
    first.set_weights([np.outer(slope, np.eye(width)[0]).astype("float32"), np.full(width, large, "float32")])
    second.set_weights([pick, np.zeros(width, "float32")])
    last.set_weights([np.eye(width)[:, :1].astype("float32"), np.array([bias - large], "float32")])
    points, gradients = lane.sample_gradients()
    probability = 1 / (1 + np.exp(-(points @ slope + bias)))
    np.testing.assert_allclose(gradients, -(1 - probability)[:, None] * slope, rtol=1e-3, atol=1e-5)
    again, _ = lane.sample_gradients()
    np.testing.assert_array_equal(points, again)


def test_a_model_that_makes_samples_step_by_step_has_no_gradient_at_samples(lane_of: Callable[..., Any]) -> None:
    assert lane_of("flow").sample_gradients() is None and lane_of("flow").maker == ""
    for model, maker in (("gan", "generator"), ("vae", "decoder")):
        assert lane_of(model, ema_decay=0.9).maker == maker, "the average follows it"


def test_arrows_have_their_lengths_to_scale() -> None:
    places, directions = np.zeros((3, 2)), np.array([[4.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    starts, ends = arrows(places, directions, 0.5)
    shafts = (ends - starts)[:3]
    longest = float(np.quantile([4.0, 2.0, 0.0], 0.95))
    np.testing.assert_allclose(shafts, [[0.5, 0.0], [0.0, 0.5 * 2 / longest], [0.0, 0.0]])
    heads = (ends - starts)[3:].reshape(2, 3, 2)
    np.testing.assert_allclose(np.linalg.norm(heads[:, 0], axis=1), [0.35 * 0.5] * 2)
    np.testing.assert_allclose(heads[0, 0] * [1, -1], heads[1, 0], atol=1e-12)  # one on each side of the shaft
    assert (heads[:, 0, 0] < 0).all(), "they point back"
    still, where = arrows(np.ones((2, 2)), np.zeros((2, 2)), 0.5)
    np.testing.assert_array_equal(still, where)


def test_the_manifold_of_a_linear_decoder_is_a_straight_grid(ring_run: Run) -> None:
    matrix, middle = np.array([[0.2, 0.1], [-0.1, 0.3], [5.0, 5.0]], "float32"), np.array([0.1, -0.2], "float32")
    dataset = load_dataset("ring8", {})
    builder = FrameBuilder(dataset, SimpleNamespace(assign=lambda samples: np.zeros(len(samples), int)), 0)
    model = SimpleNamespace(
        latent_dim=3,
        prior="normal",
        latent_categories=0,
        conditional=False,
        draw_prior=lambda random, n: random.normal(size=(n, 3)),
    )
    lane = SimpleNamespace(
        index=0,
        step=0,
        model=model,
        encode=None,
        reconstruct=None,
        score=None,
        paths=None,
        critic_weights=None,
        sample=lambda latents, labels: latents @ matrix + middle,
        decode=lambda latents, labels: latents @ matrix + middle,
        sample_gradients=lambda: None,
    )
    manifold = builder.build(lane).arrays["manifold"]
    assert manifold.shape == (MANIFOLD, MANIFOLD, 2)
    np.testing.assert_allclose(np.diff(manifold, axis=1), np.broadcast_to(5 / 14 * matrix[0], (15, 14, 2)), atol=1e-6)
    np.testing.assert_allclose(np.diff(manifold, axis=0), np.broadcast_to(5 / 14 * matrix[1], (14, 15, 2)), atol=1e-6)
    np.testing.assert_allclose(manifold[7, 7], middle, atol=1e-6)
    starts, ends = grid_lines(manifold)
    assert len(starts) == 2 * 15 * 14
    np.testing.assert_allclose(np.linalg.norm(ends - starts, axis=1)[0], np.linalg.norm(5 / 14 * matrix[0]), rtol=1e-5)


def test_weights_that_pile_up_at_the_clip_are_in_the_outermost_bars() -> None:
    builder = FrameBuilder(
        load_dataset("ring8", {}), SimpleNamespace(assign=lambda samples: np.zeros(len(samples), int)), 0
    )
    model = SimpleNamespace(
        latent_dim=2,
        prior="normal",
        latent_categories=0,
        conditional=True,
        draw_prior=lambda random, n: random.normal(size=(n, 2)),
    )
    nothing: dict[str, Any] = dict.fromkeys(("encode", "reconstruct", "score", "paths", "decode", "critic_weights"))
    lane = SimpleNamespace(
        index=0, step=0, model=model, sample=lambda z, labels: z, sample_gradients=lambda: None, **nothing
    )

    def drawn(weights: list[float]) -> tuple[np.ndarray, dict[str, Any]]:
        lane.critic_weights = lambda: np.array(weights, "float32")
        view = SimpleNamespace(arrays=builder.build(lane).arrays, title="WGAN", colour="#123456")
        entry = FIGURES["critic_weights"]
        assert entry.describe([view]).layers[0].names() == ["place", "share"]
        shown = entry.frame([view])
        return shown.arrays["share"], shown.layout

    shares, words = drawn([-0.01] * 3 + [0.01] * 3 + [0.0001] * 2)
    np.testing.assert_allclose(shares[[0, 20, 39]], [3 / 8, 2 / 8, 3 / 8])
    assert shares.sum() == pytest.approx(1) and words["title.text"] == "Weights up to 0.01 · 75% in the outermost bars"
    shares, words = drawn([0.0, 0.0])
    assert shares[20] == 1 and words["title.text"].startswith("Weights up to 0 ")
    lane.critic_weights = None
    without = SimpleNamespace(arrays=builder.build(lane).arrays, title="GAN", colour="#123456")
    assert "of GAN here" in str(FIGURES["critic_weights"].describe([without]).arrays["reason"])
    assert FIGURES["critic_weights"].frame([without]).arrays == {}


def test_the_grid_of_latents_lies_in_the_prior() -> None:
    assert np.abs(latent_grid(5, "uniform")).max() == 1 and not latent_grid(5, "normal")[..., 2:].any()
    line = latent_grid(1, "normal")
    assert line.shape[0] == 1 and line.shape[2] == 1 and (line[0, 0], line[0, -1]) == (-2.5, 2.5)


def test_frames_of_points_hold_both_and_stay_small(ring_run: Run, digits_run: Run) -> None:
    view = RunReader(ring_run).read()
    lanes = lane_views(view)
    assert {"manifold", "gradients"} <= set(pictures(view))
    sizes = {}
    for picture in ("samples", "manifold", "gradients"):
        sizes[picture] = len(pack_frame(cells(lanes, picture), lanes, 0, {}))
        for lane in lanes:
            entry = FIGURES[picture]
            assert entry.describe([lane]) and entry.frame([lane]).arrays
    assert max(sizes.values()) < 1.3 * sizes["samples"], sizes
    for frame in view.frames:
        added = sum(frame.arrays[name].nbytes for name in ("manifold", "gradients", "gradient_points"))
        assert added < 4000 < 0.2 * sum(array.nbytes for array in frame.arrays.values())
    assert not {"manifold", "gradients"} & set(pictures(RunReader(digits_run).read())), "not of pictures"


def test_mean_arrows_are_what_the_title_says(ring_run: Run) -> None:
    lane = lane_views(RunReader(ring_run).read())[0]
    mean = float(np.mean([math.hypot(*gradient) for gradient in lane.arrays["gradients"]]))
    assert FIGURES["gradients"].frame([lane]).layout["title.text"] == f"Gradients · mean length {mean:.3g}"
