"""On pictures: whose samples are sharp, and what a combination of the two gives."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.experiments.base import Experiment, Measured, Unclear, Verdict, judged, one_run
from genlab.metrics.pictures import sharpness
from genlab.registry import EXPERIMENTS


def relative_sharpness(run: Measured, lane: int) -> float:
    """The variance of the Laplacian of the samples, of that of real pictures."""
    if run.view.reference is None:
        raise Unclear("The run has not recorded its data.")
    samples, real = run.array(lane, "samples"), run.view.reference["samples"]
    return float(sharpness(real / 255, samples / 255)["laplacian_ratio"])


def judge_sharpness(runs: Sequence[Measured]) -> Verdict:
    """The VAE's samples are softer than the GAN's, and than real pictures."""
    (run,) = runs
    gan, vae = (relative_sharpness(run, lane) for lane in (0, 1))
    return judged(vae < 0.9 and vae < gan - 0.1, GAN_sharpness=gan, VAE_sharpness=vae, real_pictures=1.0)


EXPERIMENTS.add(
    Experiment(
        name="soft-digits",
        title="Soft and crisp digits",
        group="quality",
        kind="pictures",
        claim="On pictures a VAE's samples are softer than a GAN's and than real ones.",
        heard="Said everywhere; mostly of faces.",
        question="Digits of 8x8 pixels. Whose samples have less edge than real ones?",
        answers={"The VAE's": "seen", "The GAN's, or neither's": "not seen"},
        runs=one_run(dataset="digits", lanes=[{"model": "gan"}, {"model": "vae"}]),
        judge=judge_sharpness,
        explanation="The decoder shows its mean, which averages strokes that the latent does not tell apart.",
        leaves_out="Noise counts as sharp too, so look at the pictures. Crisp is not the same as right.",
        try_next="Give the VAE's latent sixteen dimensions.",
    )
)


def judge_vae_gan(runs: Sequence[Measured]) -> Verdict:
    """The combination is sharper than the VAE; its coverage is said beside that of its parents."""
    (run,) = runs
    names = ("GAN", "VAE", "VAE_GAN")
    sharp = [relative_sharpness(run, lane) for lane in range(3)]
    solid = [run.last(lane, "solid") for lane in range(3)]
    evidence = {f"{name}_sharpness": value for name, value in zip(names, sharp)}
    evidence |= {f"{name}_solid_modes": value for name, value in zip(names, solid)}
    return judged(sharp[2] > sharp[1] + 0.05, **evidence)


EXPERIMENTS.add(
    Experiment(
        name="vae-gan",
        title="A child of both",
        group="quality",
        kind="pictures",
        claim="A VAE-GAN is sharper than a VAE; what it pays for that is a trade-off, not a gain on all sides.",
        heard="Larsen et al. 2016; Rosca et al. 2018 found that hybrids do not beat GANs.",
        question="Digits of 8x8 pixels. Is the VAE-GAN sharper than the VAE?",
        answers={"Yes": "seen", "No": "not seen"},
        runs=one_run(dataset="digits", lanes=[{"model": "gan"}, {"model": "vae"}, {"model": "vae-gan"}]),
        judge=judge_vae_gan,
        explanation="Its error is taken in the features of a discriminator, which edges count in more than greys.",
        leaves_out="Stability over longer training, and colour pictures.",
        try_next="Watch its reconstructions beside the VAE's.",
    )
)
