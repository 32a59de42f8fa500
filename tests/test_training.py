"""The loop and the recorder: clocks, frames, endings, control."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import train_fully

from genlab.models.base import ModelFamily
from genlab.registry import MODELS
from genlab.runs import Run, RunUnreadable, Store
from genlab.runs.history import History, append_record
from genlab.runs.view import RunReader
from genlab.spec import make_spec
from genlab.ui.marks import marks

SMALL = [
    {"model": "gan", "settings": {"generator_width": 8, "discriminator_width": 8}},
    {"model": "vae", "settings": {"width": 8}},
]


@pytest.fixture
def diverging() -> Iterator[str]:
    """A model whose loss stops being a number after 10 steps."""

    def build(settings, dataset, context):
        from keras import ops

        model = MODELS["vae"].build(settings, dataset, context)

        def loss(x, labels):
            logs = model.phases[0].loss(x, labels)
            return logs | {"loss": logs["loss"] + ops.log(ops.sign(9.5 - ops.cast(context.step, "float32")))}

        return dataclasses.replace(model, phases=[dataclasses.replace(model.phases[0], loss=loss)])

    MODELS.add(ModelFamily("diverging", "Diverging", MODELS["vae"].settings, build, {"loss": "vae/loss"}))
    yield "diverging"
    del MODELS._entries["diverging"]


def test_a_run_ends_done_with_a_first_and_a_last_frame_of_each_lane(ring_run: Run) -> None:
    state = ring_run.state()
    assert state.state == "done" and state.device.startswith("CPU")
    for lane in (0, 1):
        steps = ring_run.frame_steps(lane)
        assert steps[0] == 0 and steps[-1] == 60
        frame = ring_run.newest_frame(lane)
        assert frame.arrays["samples"].shape == (1000, 2) and frame.metrics["samples"] == 2500
        assert frame.arrays["latent"].shape == (800, 2)
        assert frame.arrays["mode_share"].sum() == pytest.approx(frame.metrics["on_mode_share"])
        assert state.lanes[lane].step == 60 and state.lanes[lane].examples == 60 * 128
    assert ring_run.newest_frame(0).arrays["surface"].shape == (48, 48)
    kl = ring_run.newest_frame(1)
    assert kl.arrays["kl"].shape == (2,) and kl.arrays["kl"].sum() == pytest.approx(kl.metrics["kl_held_out"], rel=1e-5)


def test_images_have_frames_in_bytes_and_a_classifier_with_its_accuracy(digits_run: Run) -> None:
    reference = digits_run.reference()
    assert 0.9 < reference["accuracy"] <= 1
    assert 0.8 < reference["on_mode_share"] <= 1
    frame = digits_run.newest_frame(0)
    assert frame.arrays["samples"].shape == (64, 8, 8, 1) and frame.arrays["samples"].dtype == np.uint8
    assert 0 < frame.arrays["latent_share"] < 1


def test_the_same_spec_gives_the_same_numbers(session_store: Store, ring_run: Run) -> None:
    again = session_store.create(ring_run.spec())
    train_fully(session_store, again)
    for lane, name in ((0, "generator/loss"), (1, "vae/loss"), (0, "on_mode_share"), (1, "kl_held_out")):
        first, second = (History(run).update().series(lane, name) for run in (ring_run, again))
        shared, at_first, at_second = np.intersect1d(first[0], second[0], return_indices=True)
        assert 60 in shared
        np.testing.assert_array_equal(first[1][at_first], second[1][at_second])
    for lane in (0, 1):
        one, two = (run.newest_frame(lane).arrays for run in (ring_run, again))
        for name in one:
            np.testing.assert_array_equal(one[name], two[name])


@pytest.mark.parametrize("clock, budget", [("steps", 40), ("examples", 4000), ("seconds", 0.7)])
def test_the_lanes_share_the_clock(clock: str, budget: float, store: Store, backend) -> None:
    lanes = [SMALL[0], {"model": "vae", "settings": {"width": 8, "batch_size": 32}}]
    run = store.create(make_spec(lanes=lanes, clock=clock, budget=budget))
    train_fully(store, run)
    gan, vae = run.state().lanes
    if clock == "steps":
        assert gan.step == vae.step == 40
    elif clock == "examples":
        assert 4000 <= gan.examples < 4000 + 128 and 4000 <= vae.examples < 4000 + 32
    else:
        assert gan.seconds >= 0.7 and vae.seconds >= 0.7
        for lane in (0, 1):  # and neither began a chunk after that
            seconds = History(run).update().series(lane, ("generator/loss", "vae/loss")[lane], "seconds")[0]
            assert (seconds[:-1] < 0.7).all()


@pytest.mark.parametrize("clock, budget", [("steps", 40), ("examples", 4000), ("seconds", 0.7)])
def test_learning_rates_fall_over_the_budget_on_every_clock(clock: str, budget: float, store: Store, backend) -> None:
    """Before every chunk, the step as a share of the expected steps is the share of the budget that is used."""
    from genlab.training.loop import Training

    training = Training(make_spec(lanes=[SMALL[0]], clock=clock, budget=budget), store.cache)
    for _ in training.prepare():
        pass
    (lane,), shares = training.lanes, []
    advance = lane.advance

    def watched(steps: int, expected_steps: float) -> dict[str, float]:
        shares.append((lane.step / expected_steps, training.spec.used(lane) / budget))
        return advance(steps, expected_steps)

    lane.advance = watched
    for _ in training.events():
        pass
    assert shares[0] == (0.0, 0.0) and len(shares) > 1
    for share, used in shares:
        assert share == pytest.approx(used)


@pytest.mark.parametrize("clock, budget", [("steps", 40), ("examples", 40 * 128)])
def test_a_falling_rate_goes_on_as_if_it_had_not_stopped(clock: str, budget: float, store: Store, backend) -> None:
    from genlab.training.loop import Training

    lanes = [{"model": "vae", "settings": {"width": 8, "learning_rate_decay": "cosine"}}]
    spec = make_spec(lanes=lanes, clock=clock, budget=budget)
    straight, stopped = Training(spec, store.cache), Training(spec, store.cache)
    for _ in straight.events():
        pass
    for _ in stopped.events():
        if stopped.lanes and stopped.lanes[0].step == 15:
            break
    resumed = Training(spec, store.cache, [stopped.lanes[0].checkpoint()])
    for _ in resumed.events():
        pass
    one, other = (training.lanes[0].checkpoint() for training in (straight, resumed))
    assert one["clock"][0] == 40
    for name in set(one) - {"clock"}:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("clock", ["steps", "examples", "seconds"])
def test_every_round_ends_later_than_the_one_before(clock: str, store: Store, backend) -> None:
    from genlab.training.loop import Training

    training = Training(make_spec(clock=clock, budget=5000), store.cache)
    training.lanes = [SimpleNamespace(settings=SimpleNamespace(batch_size=128))]
    mark = 0.0
    for _ in range(20_000):  # 0.45 is where rounding once stopped the clock
        assert training._next_round_end(mark) > mark
        mark = training._next_round_end(mark)


def test_lanes_are_interleaved_not_one_after_the_other(store: Store, backend) -> None:
    from genlab.training.loop import ChunkTrained

    run = store.create(make_spec(lanes=SMALL, budget=20))
    order = [event.lane for event in train_fully(store, run) if isinstance(event, ChunkTrained)]
    assert order == [0, 1] * 20


def test_lanes_side_by_side_have_the_numbers_that_each_has_alone(store: Store, backend) -> None:
    runs = [store.create(make_spec(lanes=lanes, budget=60)) for lanes in (SMALL, SMALL[:1], SMALL[1:])]
    for run in runs:
        train_fully(store, run)
    together, *alone = runs
    for lane, run in enumerate(alone):
        expected = run.checkpoint(0)
        for name, values in together.checkpoint(lane).items():
            if name != "clock":  # which holds the seconds
                np.testing.assert_array_equal(values, expected[name])


def test_no_lane_trains_while_the_events_of_a_round_are_read(store: Store, backend) -> None:
    """A reader may leave at any event, and the checkpoint that is written then is between steps."""
    from genlab.training.loop import ChunkTrained, Training

    training = Training(make_spec(lanes=SMALL, budget=500), store.cache)
    for event in training.events():
        if isinstance(event, ChunkTrained):
            assert [lane.step for lane in training.lanes] == [event.step] * 2
        elif training.lanes[1:] and "advance" not in vars(training.lanes[1]):
            slow = training.lanes[1]
            slow.advance = lambda *steps, advance=slow.advance: (time.sleep(0.05), advance(*steps))[1]


def test_a_lane_that_diverges_ends_with_a_message_and_the_other_goes_on(diverging: str, store: Store, backend) -> None:
    run = store.create(make_spec(lanes=[{"model": diverging}, SMALL[1]], budget=40))
    train_fully(store, run)
    state = run.state()
    assert state.state == "done"
    assert state.lanes[0].state == "failed" and state.lanes[1].state == "done"
    assert "vae/loss became nan by step 11" in state.lanes[0].message
    assert "smaller learning rate" in state.lanes[0].message
    assert state.lanes[1].step == 40
    assert run.newest_frame(0) is not None, "the frames before it are kept"


def test_a_run_whose_lanes_all_diverge_has_failed(diverging: str, store: Store, backend) -> None:
    run = store.create(make_spec(lanes=[{"model": diverging}], budget=40))
    train_fully(store, run)
    assert run.state().state == "failed" and "became nan" in run.state().message


def test_stopping_keeps_a_checkpoint_from_which_the_curve_goes_on(store: Store, backend) -> None:
    from genlab.training.loop import ChunkTrained
    from genlab.training.recorder import record

    straight, stopped = (store.create(make_spec(lanes=SMALL, budget=40)) for _ in range(2))
    train_fully(store, straight)
    for event in record(stopped, store):
        if isinstance(event, ChunkTrained) and event.step == 15:
            stopped.request("stop")
    assert stopped.state().state == "stopped" and stopped.state().lanes[0].step < 40
    store.resume(stopped)
    assert store.take().id == stopped.id
    train_fully(store, stopped)
    assert stopped.state().state == "done"
    for lane, name in ((0, "generator/loss"), (1, "vae/loss")):
        expected, got = (History(run).update().series(lane, name) for run in (straight, stopped))
        np.testing.assert_array_equal(got[0], expected[0])
        np.testing.assert_array_equal(got[1], expected[1])


def test_pause_step_and_resume(store: Store, backend) -> None:
    from genlab.training.loop import RoundCompleted
    from genlab.training.recorder import record

    run = store.create(make_spec(lanes=SMALL, budget=10))
    run.request("pause")
    stepped = []
    for event in record(run, store):
        if isinstance(event, RoundCompleted) and run.state().state == "paused":
            stepped.append(run.state().lanes[0].step)
            run.request("step" if stepped[-1] < 3 else "resume")
    assert sorted(set(stepped)) == [0, 1, 2, 3]
    assert run.state().state == "done" and run.state().lanes[1].step == 10
    assert {1, 2, 3} <= set(run.frame_steps(0)), "a single step is shown"


def test_settings_change_while_it_trains_and_the_change_is_recorded(store: Store, backend) -> None:
    from genlab.training.recorder import record

    run = store.create(make_spec(lanes=SMALL, budget=10))
    run.request("settings", lane=1, values={"beta": 4.0})
    run.request("settings", lane=1, values={"width": 9})
    run.request("settings", lane=7, values={"beta": 1.0})
    for _ in record(run, store):
        pass
    view = RunReader(run).read()
    ((_, step, values),) = view.history.changed
    assert values == {"beta": 4.0}
    assert marks(view, "steps") == [{"at": step, "words": "VAE: beta 1 → 4", "lanes": [1]}]
    assert marks(view, "steps", {1: 3}) == [{"at": step, "words": "VAE: beta 1 → 4", "lanes": [3]}]
    assert marks(view, "steps", {0: 0}) == [], "of a lane that is not drawn"
    assert '"changed": {"beta": 4.0}' in (run.path / "metrics.jsonl").read_text()
    history = History(run).update()
    loss, reconstruction, kl = (history.series(1, f"vae/{name}")[1][-1] for name in ("loss", "reconstruction", "kl"))
    assert loss == pytest.approx(reconstruction + 4 * kl, rel=1e-4)
    assert run.state().state == "done"


def test_a_run_is_trained_by_one_process_at_a_time(store: Store, backend) -> None:
    from genlab.training.recorder import record

    run = store.create(make_spec(lanes=SMALL, budget=10))
    events = record(run, store)
    next(events)
    with pytest.raises(RunUnreadable, match="trained by another process just now"):
        next(record(run, store))
    events.close()
    assert run.state().state == "interrupted"


def test_a_long_run_keeps_at_most_300_frames_spread_evenly_over_it(store: Store, backend) -> None:
    """A thousand frames as the recorder sees them; and the same frames by two recorders, one after the other."""
    from genlab.runs.folder import Frame
    from genlab.training.recorder import _Recorder

    def kept_frames(resumed_at: int | None) -> list[int]:
        run = store.create(make_spec(lanes=SMALL[:1]))
        recorder = _Recorder(run, store, None, None)
        for step in range(1000):
            if step == resumed_at:
                recorder = _Recorder(run, store, None, None)
                recorder._rewind([{"clock": np.array([step, 18.0 * step, 0])}])
            recorder._make_room(0, step, 18.0 * step)
            run.write_frame(Frame(lane=0, step=step, metrics={}, arrays={"samples": np.zeros((1, 2), "float32")}))
            append_record(run, {"lane": 0, "step": step, "seconds": 18.0 * step, "examples": 0})
            if step % 100 == 99:
                assert len(run.frame_steps(0)) == min(step + 1, 300), "all frames of a short run, and never more"
        return run.frame_steps(0)

    kept = kept_frames(None)
    assert kept[0] == 0 and kept[-1] == 999, "the first and the newest are there"
    assert np.diff(kept)[:-2].min() >= 2 and np.diff(kept).max() <= 6
    assert kept_frames(500) == kept


def test_a_reader_that_leaves_interrupts_the_run_and_keeps_a_checkpoint(store: Store, backend) -> None:
    from genlab.training.loop import ChunkTrained
    from genlab.training.recorder import record

    run = store.create(make_spec(lanes=SMALL, budget=1000))
    events = record(run, store)
    for event in events:
        if isinstance(event, ChunkTrained) and event.step >= 20:
            break
    events.close()
    assert run.state().state == "interrupted" and run.checkpoint(0) is not None
    assert not run.is_held()
