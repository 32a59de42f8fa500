"""Inside a step in a browser: one network trains alone, and the next step is gone through one thing after another."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import wait_until
from patience import expect
from serving import ENDLESS

from genlab.runs.history import History
from genlab.spec import make_spec

pytestmark = pytest.mark.browser
MOVED = 6  # weights and biases of a network of three layers: the generator's come first, then the discriminator's


def test_only_the_generator_trains_and_a_step_is_made_slowly(real_server, visit):
    tab = visit(real_server)
    run = real_server.store.submit(make_spec(budget=ENDLESS))
    tab.open(f"?run={run.id}")
    tab.is_now("running")
    tab.reaches(25)
    tab.press("inside")
    tab.page.get_by_role("radio", name="only the generator").click()
    expect(tab.cell("0-losses").locator(".annotation")).to_contain_text("GAN: trains only the generator")
    ((_, switched, _),) = History(run).update().trains
    before = run.checkpoint(0)
    wait_until(lambda: last_of(run, "generator/loss") >= switched + 50, "fifty steps of the generator alone")
    assert last_of(run, "discriminator/loss") == switched, "its curve stands still"

    tab.press("slowly")
    tab.is_now("paused")
    dialog = tab.page.get_by_role("dialog", name="The next step")
    expect(dialog).to_contain_text("The discriminator rests")
    expect(dialog).to_contain_text("It draws 128 real examples at random.")
    after, (gan, vae) = run.checkpoint(0), run.state().lanes
    names = [f"variable{i:04d}" for i in range(2 * MOVED)]
    moved = [bool((before[name] != after[name]).any()) for name in names]
    assert moved == [True] * MOVED + [False] * MOVED, "the generator's weights, and none of the discriminator's"

    tab.press("slow-next")
    expect(dialog).to_contain_text("latents from the prior")
    for words in ("The generator makes a sample of each latent", "probability of being real is on average"):
        tab.page.keyboard.press("ArrowRight")
        expect(dialog).to_contain_text(words)
    tab.page.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text("The generator makes a sample of each latent")
    for words in ("4 of 6 · Judge (generator)", "5 of 6 · Gradients (generator)", "6 of 6 · Update (generator)"):
        tab.page.keyboard.press("ArrowRight")
        expect(dialog).to_contain_text(words)  # no words that the other lane may have said before
    expect(dialog).to_contain_text("in the generator")
    expect(dialog).to_contain_text("Its step ends here.")
    tab.press("slow-make")
    expect(dialog).to_have_count(0)
    wait_until(lambda: [lane.step for lane in run.state().lanes] == [gan.step + 1, vae.step + 1], "the step")
    tab.is_now("paused")


def last_of(run, name: str) -> int:
    """The step of the newest number of that name."""
    return int(np.max(History(run).update().series(0, name)[0], initial=0))
