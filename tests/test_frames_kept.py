"""However long a run, at most 300 frames of a lane are kept, evenly in time, the first and the newest among them;
however short, about 20 are made.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers import train_fully

from genlab.runs import Store
from genlab.runs.thinning import most_redundant
from genlab.spec import make_spec

SMALL = [{"model": "ae", "settings": {"width": 4}}]


def test_what_is_kept_is_spread_evenly_over_the_time() -> None:
    from genlab.training.recorder import MAXIMUM_FRAMES

    assert MAXIMUM_FRAMES == 300
    kept: list[float] = []
    for seconds in np.cumsum(np.random.default_rng(0).uniform(0.3, 0.6, 8_000)):  # an hour
        kept.append(float(seconds))
        while len(kept) > MAXIMUM_FRAMES:
            del kept[most_redundant(np.array(kept))]
    gaps = np.diff(kept)
    assert len(kept) == 300 and kept[-1] == seconds
    assert kept[0] < 1 and gaps.max() < 5 * np.median(gaps), "the first stays, and no stretch is left out"


def test_a_lane_keeps_no_more_than_the_maximum_also_across_a_resume(
    store: Store, backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlab.training import loop, recorder

    monkeypatch.setattr(recorder, "MAXIMUM_FRAMES", 5)
    monkeypatch.setattr(loop, "FRAME_SECONDS", 0.0)
    monkeypatch.setattr(loop, "FRAME_SHARE", 1.0)
    run = store.create(make_spec(lanes=SMALL, budget=2_000))
    train_fully(store, run)
    first = run.frame_steps(0)
    assert len(first) == 5 and first[0] == 0 and first[-1] == 2_000
    run.write_spec(make_spec(lanes=SMALL, budget=4_000))
    train_fully(store, run)
    second = run.frame_steps(0)
    assert len(second) == 5 and second[0] == 0 and second[-1] == 4_000
    assert all(run.frame(0, step) for step in second)


@pytest.mark.parametrize("steps", [2_000, 60])
def test_a_run_that_takes_no_time_has_frames_over_its_whole_budget(
    store: Store, backend, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    from genlab.training import loop

    monkeypatch.setattr(loop, "FRAME_SECONDS", 1e9)
    run = store.create(make_spec(lanes=SMALL, budget=steps))
    train_fully(store, run)
    assert run.frame_steps(0) == [part * steps // 20 for part in range(21)]
