"""What learning rates alone do to a GAN: collapse to one point, and a row of rates on the same ring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genlab.experiments.base import Experiment, Measured, Verdict, judged, one_run
from genlab.registry import EXPERIMENTS

HASTY = {"generator_learning_rate": 1e-2, "generator_beta_1": 0.9, "discriminator_beta_1": 0.9}


def spread(run: Measured, lane: int) -> float:
    """Root of the variance of the samples, summed over their coordinates; real data has 1."""
    return float(np.sqrt(run.array(lane, "samples").astype(float).var(axis=0).sum()))


def judge_one_point(runs: Sequence[Measured]) -> Verdict:
    """The GAN's samples are all nearly the same, and the VAE's are not."""
    (run,) = runs
    gan, vae = spread(run, 0), spread(run, 1)
    return judged(gan < 0.2 < vae, GAN_spread=gan, VAE_spread=vae, GAN_solid_modes=run.last(0, "solid"))


EXPERIMENTS.add(
    Experiment(
        name="one-point",
        title="A GAN can collapse to one point",
        group="coverage",
        kind="toy",
        claim="A GAN whose generator learns in too large steps can collapse to one point that wanders over the plane.",
        heard="Mode collapse in the strict sense; often taken for the dropping of modes.",
        question="The generator's learning rate is ten times the discriminator's. What do the samples become?",
        answers={"A ring, sooner": "not seen", "One point": "seen"},
        runs=one_run(dataset="ring8", lanes=[{"model": "gan", "settings": HASTY}, {"model": "vae"}], budget=2000),
        judge=judge_one_point,
        explanation="The discriminator only learns where the samples are by the time they have moved on. Its loss "
        "looks healthy all the while.",
        leaves_out="A moment later the point is elsewhere, and some seeds recover.",
        try_next="Set the generator's learning rate to 0.001.",
    )
)

RATES = (1e-4, 1e-3, 1e-2, 5e-2)


def judge_rates(runs: Sequence[Measured]) -> Verdict:
    """One rate in the row covers the ring, and both the smallest and the largest do worse in the same steps."""
    (run,) = runs
    share = [run.last(lane, "on_mode_share") for lane in range(len(RATES))]
    solid = [run.last(lane, "solid") for lane in range(len(RATES))]
    evidence = {f"solid_modes_at_{rate:g}": value for rate, value in zip(RATES, solid)}
    evidence |= {f"on_a_mode_at_{rate:g}": value for rate, value in zip(RATES, share)}
    return judged(solid[1] == run.last(1, "modes") > solid[3] and share[1] > share[0], **evidence)


EXPERIMENTS.add(
    Experiment(
        name="rates",
        title="A row of learning rates",
        group="stability",
        kind="toy",
        claim="The same GAN on the same data covers the ring, crawls or falls apart by its learning rate alone.",
        heard="The usual explanation of why a published GAN does not work at home.",
        question="0.0001, 0.001, 0.01 and 0.05 for both networks: is the ring covered at each after 2,500 steps?",
        answers={"Not at all of them": "seen", "At all four": "not seen"},
        runs=one_run(
            dataset="ring8",
            lanes=[
                {
                    "model": "gan",
                    "settings": {"generator_learning_rate": rate, "discriminator_learning_rate": rate},
                }
                for rate in RATES
            ],
            budget=2500,
        ),
        judge=judge_rates,
        explanation="A small rate needs more steps; a large one never settles.",
        leaves_out="Other optimizers, and rates that fall.",
        try_next="Let the rate of 0.01 fall along a cosine.",
    )
)
