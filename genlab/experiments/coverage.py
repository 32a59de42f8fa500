"""Which modes a model covers: the fair fight, what makes a GAN drop modes, and what is said to cure that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlab.experiments.base import Experiment, Measured, Verdict, judged, one_run
from genlab.registry import EXPERIMENTS
from genlab.spec import RunSpec, make_spec

# A bad start, and a discriminator that is quick: both are needed to drop modes on this ring.
FAR_START = {"generator_offset": 3.0, "discriminator_steps": 5}


def _gan(**changed: Any) -> dict[str, Any]:
    return {"model": "gan", "settings": {**FAR_START, **changed}}


def judge_fair_fight(runs: Sequence[Measured]) -> Verdict:
    """The GAN's samples are on a mode more often, and the VAE covers all modes with samples between them."""
    (run,) = runs
    tight, loose = (run.last(lane, "on_mode_share") for lane in (0, 1))
    covered = run.last(1, "solid")
    return judged(
        tight > loose + 0.05 and covered == run.last(1, "modes"),
        GAN_on_a_mode=tight,
        VAE_on_a_mode=loose,
        GAN_solid_modes=run.last(0, "solid"),
        VAE_solid_modes=covered,
    )


EXPERIMENTS.add(
    Experiment(
        name="fair-fight",
        title="Fair fight",
        group="coverage",
        kind="toy",
        claim="On the same data and the same steps a GAN's samples are tighter, and a VAE covers every mode with "
        "bridges between them.",
        heard="Said in most lectures that put the two side by side.",
        question="Whose samples lie on a mode more often?",
        answers={"The GAN's": "seen", "The VAE's, or about the same": "not seen"},
        runs=one_run(dataset="ring8"),
        judge=judge_fair_fight,
        explanation="On this easy ring a healthy GAN drops nothing either: what differs is how many samples lie "
        "between the modes.",
        leaves_out="Eight equal clusters in the plane. Pictures may come out the other way.",
        try_next="Give the VAE a smaller assumed noise, or the GAN a tenth of the steps.",
    )
)


def judge_mode_drop(runs: Sequence[Measured]) -> Verdict:
    """The GAN leaves at least one mode of eight without its share, and the VAE none."""
    (run,) = runs
    gan, vae = run.last(0, "solid"), run.last(1, "solid")
    return judged(gan < run.last(0, "modes") and vae == run.last(1, "modes"), GAN_solid_modes=gan, VAE_solid_modes=vae)


EXPERIMENTS.add(
    Experiment(
        name="mode-drop",
        title="A GAN can drop modes",
        group="coverage",
        kind="toy",
        claim="A GAN can leave whole modes of the data empty for good, where a VAE on the same data does not.",
        heard="Said of GANs since Goodfellow et al. 2014; often as if they always did.",
        question="The GAN starts far off, against a quick discriminator. How many of eight modes does it reach?",
        answers={"All eight": "not seen", "Some, for good": "seen"},
        runs=one_run(dataset="ring8", lanes=[_gan(), {"model": "vae"}], budget=1600),
        judge=judge_mode_drop,
        explanation="It takes both: the start far away, and five updates of the discriminator in each step. Without "
        "either, the same GAN covers the ring.",
        leaves_out="How often it happens on pictures.",
        try_next="Set the generator's offset to 0, or the discriminator's steps to 1.",
    )
)


CURED_AFTER = 500  # steps

CURES = {
    "packing": {"model": "gan", "settings": {**FAR_START, "packing": 2}},
    "instance noise": _gan(instance_noise=0.5, instance_noise_steps=375),
    "R1": _gan(r1_weight=0.1),
    "relativistic, R1 and R2": _gan(loss="relativistic", r1_weight=0.1, r2_weight=0.1),
    "WGAN-GP": {"model": "wgan-gp", "settings": FAR_START},
}


def judge_cures(runs: Sequence[Measured]) -> Verdict:
    """At least three remedies cover more modes than the baseline, which is the first lane of the first run."""
    solid = [run.last(lane, "solid") for run in runs for lane in range(len(run.view.spec.lanes))]
    baseline, *cured = solid
    more = sum(count > baseline for count in cured)
    evidence = {name.replace(", ", "_").replace(" ", "_"): count for name, count in zip(CURES, cured, strict=True)}
    return judged(more >= 3, cures_that_cover_more=more, no_cure=baseline, **evidence)


def _cures(seed: int) -> list[RunSpec]:
    lanes = [_gan(), *CURES.values()]
    parts = (lanes[:4], lanes[4:])
    return [make_spec(dataset="ring8", lanes=part, budget=CURED_AFTER, seed=seed) for part in parts]


EXPERIMENTS.add(
    Experiment(
        name="cures",
        title="What cures it",
        group="coverage",
        kind="toy",
        claim="Packing, instance noise, R1, the relativistic loss with R1 and R2, and WGAN-GP cure a GAN that drops "
        "modes.",
        heard="Each said by its own paper, of other data than the next one's.",
        question="Of five remedies against the same baseline, how many cover more modes?",
        answers={"At most two": "not seen", "Three or more": "seen"},
        runs=_cures,
        judge=judge_cures,
        explanation="Most help, and to different degrees; covering more modes is not covering all of them.",
        leaves_out="The weight of each remedy was not searched for.",
        try_next="Raise the weight of R1 to 1, or pack four.",
    )
)
