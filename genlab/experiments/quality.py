"""How good samples are: blur, where randomness comes from, whether a class is given, and what came after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlab.experiments.base import Experiment, Measured, Verdict, judged, one_run
from genlab.experiments.coverage import FAR_START
from genlab.registry import EXPERIMENTS

STDS = (0.05, 0.1, 0.3, 0.5)


def judge_blur(runs: Sequence[Measured]) -> Verdict:
    """Fewer samples lie on a mode the more noise is assumed."""
    (run,) = runs
    share = [run.last(lane, "on_mode_share") for lane in range(len(STDS))]
    holds = share[1] > share[2] + 0.05 and share[2] > share[3] + 0.05
    return judged(holds, **{f"on_a_mode_at_{std}": value for std, value in zip(STDS, share)})


EXPERIMENTS.add(
    Experiment(
        name="blur",
        title="Where blur comes from",
        group="quality",
        kind="toy",
        claim="A VAE blurs because it averages what it cannot tell apart under the noise that its decoder assumes.",
        heard="Often said of the KL instead, or of VAEs as such.",
        question="The modes have a spread of 0.05. What happens to the samples as the assumed noise grows to 0.5?",
        answers={"Ever fewer lie on a mode": "seen", "Nothing, the KL decides": "not seen"},
        runs=one_run(
            dataset="ring8",
            lanes=[{"model": "vae", "settings": {"decoder_variance": "fixed", "decoder_std": std}} for std in STDS],
            budget=2000,
        ),
        judge=judge_blur,
        explanation="The same KL weight and network: only the assumed noise differs, and with it the bridges.",
        leaves_out="Pictures, where a small latent blurs too.",
        try_next="Let the noise be learned: that is the preset.",
    )
)

SOURCES = (("normal", 2), ("uniform", 2), ("normal", 16), ("normal", 1))


def judge_randomness(runs: Sequence[Measured]) -> Verdict:
    """A uniform prior covers all modes as the normal one does, and sixteen dimensions cover fewer."""
    (run,) = runs
    solid = [run.last(lane, "solid") for lane in range(len(SOURCES))]
    share = [run.last(lane, "on_mode_share") for lane in range(len(SOURCES))]
    evidence = {f"on_a_mode_{prior}_{size}": value for (prior, size), value in zip(SOURCES, share)}
    evidence |= {f"solid_modes_{prior}_{size}": value for (prior, size), value in zip(SOURCES, solid)}
    return judged(solid[0] == solid[1] == run.last(0, "modes") > solid[2], **evidence)


EXPERIMENTS.add(
    Experiment(
        name="randomness",
        title="The source of randomness",
        group="quality",
        kind="toy",
        claim="Normal or uniform noise makes no difference to which modes a GAN covers; how many dimensions it has "
        "can.",
        heard="The choice is debated in many tutorials, which mostly advise a hundred dimensions.",
        question="The same GAN with normal noise in two dimensions covers the ring. Which change costs it modes?",
        answers={"Uniform noise": "not seen", "Sixteen dimensions": "seen", "Neither": "not seen"},
        runs=one_run(
            dataset="ring8",
            lanes=[{"model": "gan", "settings": {"prior": prior, "latent_dim": size}} for prior, size in SOURCES],
            budget=2500,
        ),
        judge=judge_randomness,
        explanation="More noise is not more variety: with sixteen dimensions this small generator covered fewer "
        "modes in three of five seeds. One dimension covers the ring too, with more bridges.",
        leaves_out="Pictures, which one dimension is far too few for.",
        try_next="Draw a uniform prior in one dimension.",
    )
)


def judge_conditioning(runs: Sequence[Measured]) -> Verdict:
    """Told the class, the GAN that drops modes covers more of them."""
    (run,) = runs
    blind, told, vae = (run.last(lane, "solid") for lane in range(3))
    return judged(told > blind, GAN_solid_modes=blind, told_GAN_solid_modes=told, told_VAE_solid_modes=vae)


EXPERIMENTS.add(
    Experiment(
        name="conditioning",
        title="Told the class",
        group="coverage",
        kind="toy",
        claim="Told the class of each example, a GAN drops fewer modes.",
        heard="Mirza and Osindero 2014, and every conditional GAN since.",
        question="The GAN that drops modes is told which of eight is asked for. Does it reach more of them?",
        answers={"Yes": "seen", "No, it drops as many": "not seen"},
        runs=one_run(
            dataset="ring8",
            lanes=[
                {"model": "gan", "settings": FAR_START},
                {"model": "gan", "settings": {**FAR_START, "conditional": True}},
                {"model": "vae", "settings": {"conditional": True}},
            ],
            budget=1600,
        ),
        judge=judge_conditioning,
        explanation="A mode that is asked for by name is judged by name.",
        leaves_out="Labels have to be there. Within a class a model may still drop what it likes.",
        try_next="Use digits, where modes are classes.",
    )
)


def judge_flow(runs: Sequence[Measured]) -> Verdict:
    """Flow matching covers all modes, with more samples on a mode than the VAE. How well it says the likelihood of an
    example stands beside that.
    """
    (run,) = runs
    share: dict[str, Any] = {name: run.last(lane, "on_mode_share") for lane, name in enumerate(("GAN", "VAE", "flow"))}
    solid = run.last(2, "solid")
    return judged(
        solid == run.last(2, "modes") and share["flow"] > share["VAE"] + 0.05,
        flow_solid_modes=solid,
        flow_nats_short_of_the_known_likelihood=run.last(2, "nats_short"),
        **{f"{name}_on_a_mode": value for name, value in share.items()},
    )


EXPERIMENTS.add(
    Experiment(
        name="flow",
        title="What came after",
        group="quality",
        kind="toy",
        claim="Flow matching covers every mode as a VAE does, with samples as tight as a GAN's.",
        heard="Lipman et al. 2023; Liu et al. 2023: what most picture models are made of today.",
        question="Same data, same steps. Is flow matching tighter than the VAE, without dropping a mode?",
        answers={"Yes": "seen", "No": "not seen"},
        runs=one_run(dataset="ring8", lanes=[{"model": "gan"}, {"model": "vae"}, {"model": "flow"}], budget=5000),
        judge=judge_flow,
        explanation="It trains without an opponent, and says the likelihood of an example: here 0.03 to 0.05 nats "
        "short of the known one.",
        leaves_out="A sample asks the network forty times, where the others ask once.",
        try_next="Integrate in 2 steps in place of 20.",
        picture="paths",
        asks="density",
        tuned_on=(0, 1, 2, 3, 4),
    )
)
