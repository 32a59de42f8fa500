"""What makes training steady or not: gradients that vanish, turns, rates, clipping, luck, and what losses tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genlab.experiments.base import Experiment, Measured, Verdict, judged, one_run
from genlab.registry import EXPERIMENTS
from genlab.spec import RunSpec, make_spec

BLIND = 2 * np.log(2)  # the discriminator's loss where it cannot tell


def judge_vanishing(runs: Sequence[Measured]) -> Verdict:
    """The minimax gradient ends far below the other one, and below where it began."""
    (run,) = runs
    began, minimax = (run.mean(0, "generator/gradient_norm", *part) for part in ((0.0, 0.02), (0.95, 1.0)))
    other = run.mean(1, "generator/gradient_norm", 0.95, 1.0)
    return judged(
        minimax < 0.05 * began and minimax < 0.01 * other,
        minimax_at_first=began,
        minimax_at_last=minimax,
        non_saturating_at_last=other,
    )


FROZEN = {"generator_offset": 3.0, "generator_learning_rate": 0.0}
EXPERIMENTS.add(
    Experiment(
        name="vanishing-gradient",
        title="Kill the gradient",
        group="stability",
        kind="toy",
        claim="Against a good discriminator the minimax loss gives the generator no gradient, and the non-saturating "
        "one does.",
        heard="Goodfellow et al. 2014, section 3; Arjovsky and Bottou 2017.",
        question="The generator stands still while the discriminator learns. What becomes of the two gradients?",
        answers={"The minimax one dies": "seen", "Both die": "not seen", "Both grow": "not seen"},
        runs=one_run(
            dataset="ring8",
            lanes=[{"model": "gan", "settings": {"loss": loss, **FROZEN}} for loss in ("minimax", "non-saturating")],
            budget=1000,
        ),
        judge=judge_vanishing,
        explanation="Same discriminator, same samples: only the loss differs. Freezing the generator is what shows it.",
        leaves_out="In training a generator often moves on before the gradient is gone; minimax then fails otherwise.",
        try_next="Let the generator learn at 0.001.",
    )
)


def judge_losses(runs: Sequence[Measured]) -> Verdict:
    """The samples improve between the second and the last quarter, while the discriminator's loss stays where it is."""
    (run,) = runs
    before, after = (run.mean(0, "discriminator/loss", *part) for part in ((0.25, 0.5), (0.75, 1.0)))
    worse, better = (run.mean(0, "on_mode_share", *part) for part in ((0.25, 0.5), (0.75, 1.0)))
    elbo = [run.mean(1, "vae/loss", *part) for part in ((0.0, 0.1), (0.75, 1.0))]
    return judged(
        abs(after - before) < 0.1 and better > worse + 0.05 and elbo[1] < elbo[0] - 0.5,
        discriminator_loss_before=before,
        discriminator_loss_after=after,
        on_a_mode_before=worse,
        on_a_mode_after=better,
        VAE_loss_at_first=elbo[0],
        VAE_loss_at_last=elbo[1],
    )


EXPERIMENTS.add(
    Experiment(
        name="losses",
        title="A flat loss, better samples",
        group="stability",
        kind="toy",
        claim="A GAN's losses can stay flat near 2 ln 2 and ln 2 while its samples get better; a VAE's loss does tell.",
        heard="Asked by everybody who plots a GAN's loss for the first time.",
        question="Between the second quarter and the last, do the losses of the GAN show that its samples improve?",
        answers={"They fall": "not seen", "They stay flat": "seen"},
        runs=one_run(dataset="ring8"),
        judge=judge_losses,
        explanation="Each network's loss is measured against the other, which learns too.",
        leaves_out="A critic's gap does follow the samples. A loss near zero says that one of the two has won.",
        try_next="Train a WGAN and look at its gap.",
    )
)


def judge_accuracy(runs: Sequence[Measured]) -> Verdict:
    """The discriminator is right half of the time both with perfect samples and where neither network has learned."""
    (run,) = runs
    halves = []
    for lane in (0, 1):
        halves += [float(np.mean([run.mean(lane, f"discriminator/accuracy_{of}") for of in ("real", "fake")]))]
    good, useless = (run.last(lane, "on_mode_share") for lane in (0, 1))
    near = abs(halves[0] - 0.5) < 0.1 and abs(halves[1] - 0.5) < 0.2
    return judged(
        near and good > 0.7 and useless < 0.2,
        accuracy_trained=float(halves[0]),
        accuracy_untrained=float(halves[1]),
        on_a_mode_trained=good,
        on_a_mode_untrained=useless,
        trained_accuracy_on_real=run.mean(0, "discriminator/accuracy_real"),
        trained_accuracy_on_fake=run.mean(0, "discriminator/accuracy_fake"),
    )


EXPERIMENTS.add(
    Experiment(
        name="accuracy",
        title="Right half of the time",
        group="stability",
        kind="toy",
        claim="When the generator wins, the discriminator is right half of the time; but one half is no proof of "
        "success.",
        heard="Goodfellow et al. 2014: at the optimum D is 1/2. Retold as: at 50 % it has converged.",
        question="Two GANs whose discriminator is right half of the time. Are the samples of both good?",
        answers={"Of both": "not seen", "Of one": "seen"},
        runs=one_run(
            dataset="ring8",
            lanes=[
                {"model": "gan"},
                {
                    "model": "gan",
                    "settings": {"generator_learning_rate": 1e-6, "discriminator_learning_rate": 1e-6},
                },
            ],
            budget=3000,
        ),
        tuned_on=(0, 1, 2),
        judge=judge_accuracy,
        explanation="A discriminator that knows nothing is right as often as one that cannot tell. Look at real and "
        "fake apart.",
        leaves_out="On pictures 70 to 80 % with good samples is usual.",
        try_next="Give the discriminator five updates a step.",
    )
)

CLIPS = (0.001, 0.01, 0.1)


def judge_clipping(runs: Sequence[Measured]) -> Verdict:
    """The smallest clip has most weights at the bound and few samples on a mode; the largest and the penalty have more
    samples there.
    """
    (run,) = runs
    share = [run.last(lane, "on_mode_share") for lane in range(4)]
    at_bound = [run.mean(lane, "discriminator/clipped") for lane in range(3)]
    evidence = {f"on_a_mode_at_{clip}": value for clip, value in zip(CLIPS, share)}
    evidence |= {f"weights_at_the_clip_of_{clip}": value for clip, value in zip(CLIPS, at_bound)}
    holds = min(share[2:]) > max(share[0], share[1]) + 0.1 and at_bound[0] > 2 * at_bound[2]
    return judged(holds, **evidence, on_a_mode_with_penalty=share[3])


EXPERIMENTS.add(
    Experiment(
        name="clipping",
        title="How tight to clip",
        group="stability",
        kind="toy",
        claim="A WGAN's weights have to be kept in a range, and a range too small makes the critic too simple to "
        "teach.",
        heard="Arjovsky et al. 2017 say themselves that clipping is a terrible way; Gulrajani et al. 2017.",
        question="Clipped at 0.001, 0.01 and 0.1, or with a penalty on the slope: which learn the ring?",
        answers={"0.1 and the penalty": "seen", "The tighter the better": "not seen", "All": "not seen"},
        runs=one_run(
            dataset="ring8",
            lanes=[
                *({"model": "wgan", "settings": {"clip": clip}} for clip in CLIPS),
                {"model": "wgan-gp"},
            ],
            budget=1600,
        ),
        judge=judge_clipping,
        explanation="At a small clip most weights pile up at the bound, and the critic is nearly flat.",
        leaves_out="The paper's 0.01 trains for a hundred thousand steps.",
        try_next="Clip at 1.",
        picture="critic_weights",
    )
)


def judge_luck(runs: Sequence[Measured]) -> Verdict:
    """Seeds alone spread the outcome by two modes or more."""
    solid = [run.last(0, "solid") for run in runs]
    evidence = {f"solid_modes_of_run_{place + 1}": value for place, value in enumerate(solid)}
    return judged(max(solid) - min(solid) >= 2, spread=max(solid) - min(solid), **evidence)


WEAK = {"discriminator_width": 8, "discriminator_steps": 5, "generator_offset": 3.0}


def _seeds(seed: int) -> list[RunSpec]:
    lane: dict[str, Any] = {"model": "gan", "settings": WEAK}
    return [make_spec(dataset="ring8", lanes=[lane], budget=1200, seed=5 * seed + place) for place in range(5)]


EXPERIMENTS.add(
    Experiment(
        name="luck",
        title="Luck or law",
        group="stability",
        kind="toy",
        claim="One run of a GAN proves little: the same settings can end well or badly by the seed alone.",
        heard="Lucic et al. 2018, of whole tables of published results.",
        question="Five runs that differ in nothing but the seed. How far apart are they in modes covered?",
        answers={"At most one mode": "not seen", "Two or more": "seen"},
        runs=_seeds,
        judge=judge_luck,
        explanation="A small discriminator and a bad start make it plain; a healthy preset spreads less.",
        leaves_out="That is a reason for several seeds, not against GANs.",
        try_next="Use the preset as it is: all seeds cover the ring.",
    )
)

TURNS: tuple[dict[str, int], ...] = ({"discriminator_steps": 5}, {}, {"generator_steps": 5})


def judge_turns(runs: Sequence[Measured]) -> Verdict:
    """After the same steps from a bad start, long turns of the generator cover fewer modes than long turns of the
    discriminator.
    """
    (run,) = runs
    solid = [run.last(lane, "solid") for lane in range(3)]
    share = [run.last(lane, "on_mode_share") for lane in range(3)]
    return judged(
        solid[2] < solid[0],
        solid_modes_5_to_1=solid[0],
        solid_modes_1_to_1=solid[1],
        solid_modes_1_to_5=solid[2],
        on_a_mode_5_to_1=share[0],
        on_a_mode_1_to_5=share[2],
    )


EXPERIMENTS.add(
    Experiment(
        name="turns",
        title="Whose turn is long",
        group="stability",
        kind="toy",
        claim="Long turns of the generator can drive all samples to one mode; long turns of the discriminator hold "
        "more.",
        heard="Goodfellow et al. 2014: the generator must not be trained too much between updates of the "
        "discriminator.",
        question="From a bad start: do 5 updates of the discriminator to 1 of the generator cover more modes, or 1 to "
        "5?",
        answers={"5 to 1": "seen", "1 to 5, or as many": "not seen"},
        runs=one_run(
            dataset="ring8",
            lanes=[{"model": "gan", "settings": {"generator_offset": 3.0, **turn}} for turn in TURNS],
            budget=1600,
        ),
        judge=judge_turns,
        explanation="A generator with five turns runs to whatever the discriminator likes best at that moment. "
        "Neither covers the ring from here; equal turns did in two of five seeds.",
        leaves_out="Without the bad start, long turns of the generator covered the ring in two of three seeds.",
        try_next="Set the offset to 0, and run several seeds.",
    )
)
