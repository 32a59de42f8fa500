"""What the latent space of an autoencoder holds: when it collapses, what the KL is for, and what a judge adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genlab.experiments.base import Experiment, Measured, Verdict, judged, one_run
from genlab.registry import EXPERIMENTS

STDS = (0.5, 0.65, 0.78, 1.0)
BETAS = (0.01, 1.0, 4.0, 60.0)


def _vae(**settings: Any) -> dict[str, Any]:
    return {"model": "vae", "settings": {"decoder_variance": "fixed", **settings}}


def judge_posterior_collapse(runs: Sequence[Measured]) -> Verdict:
    """The KL is above 0.1 nats below the threshold, and below 0.02 above it."""
    (run,) = runs
    kl = [run.last(lane, "kl_held_out") for lane in range(len(STDS))]
    samples = run.view.reference["samples"] if run.view.reference else np.zeros((2, 2))
    threshold = float(np.sqrt(np.linalg.eigvalsh(np.cov(samples.T))[-1]))
    alive = [value for std, value in zip(STDS, kl) if std < threshold]
    dead = [value for std, value in zip(STDS, kl) if std > threshold]
    holds = len(alive) == len(dead) == 2 and min(alive) > 0.1 and max(dead) < 0.02
    return judged(holds, threshold=threshold, **{f"KL_at_{std}": value for std, value in zip(STDS, kl)})


EXPERIMENTS.add(
    Experiment(
        name="posterior-collapse",
        title="Freeze the latent",
        group="latent space",
        kind="toy",
        claim="A VAE's latent dies where the noise that its decoder assumes has more variance than the data has in "
        "any direction.",
        heard="Known for linear VAEs (Lucas et al. 2019); usually told as bad luck in training.",
        question="The data spread 0.71 in each direction. At which assumed noise does the latent die?",
        answers={"At 0.65, or earlier": "not seen", "Between 0.65 and 0.78": "seen", "Not even at 1": "not seen"},
        runs=one_run(dataset="ring8", lanes=[_vae(decoder_std=std) for std in STDS], budget=2000),
        judge=judge_posterior_collapse,
        explanation="The threshold is where theory puts it, and past it every example is reconstructed as the mean.",
        leaves_out="What a warm-up of beta or free bits would do. A half-summed squared error assumes a noise of 1.",
        try_next="Set the assumed noise to 0.7.",
        picture="reconstructions",
    )
)


def judge_beta(runs: Sequence[Measured]) -> Verdict:
    """Reconstructions get worse with beta, and samples are best in between."""
    (run,) = runs
    error = [run.last(lane, "reconstruction_error") for lane in range(len(BETAS))]
    share = [run.last(lane, "on_mode_share") for lane in range(len(BETAS))]
    holds = error[0] < error[1] < error[3] and max(share[1:3]) > max(share[0], share[3]) + 0.1
    evidence = {f"on_a_mode_at_beta_{beta:g}": value for beta, value in zip(BETAS, share)}
    return judged(holds, **evidence, error_at_beta_001=error[0], error_at_beta_60=error[3])


EXPERIMENTS.add(
    Experiment(
        name="beta",
        title="Too little and too much beta",
        group="latent space",
        kind="toy",
        claim="Beta trades reconstruction against samples: too little leaves holes under the prior, too much kills "
        "the latent.",
        heard="Higgins et al. 2017; on stage as: the KL makes a VAE blurry.",
        question="Which beta gives the most samples on a mode?",
        answers={
            "0.01: the best reconstructions": "not seen",
            "1 or 4": "seen",
            "60: codes nearest the prior": "not seen",
        },
        runs=one_run(dataset="ring8", lanes=[_vae(beta=beta, decoder_std=0.1) for beta in BETAS], budget=2000),
        judge=judge_beta,
        explanation="Reconstructions only get worse with beta. Samples are best in the middle: less KL is not less "
        "blur.",
        leaves_out="Only beta times the squared noise matters here; the scale of the data decides what is much.",
        try_next="Set beta to 0.1, then to 45.",
        picture="reconstructions",
    )
)


def judge_autoencoder(runs: Sequence[Measured]) -> Verdict:
    """The autoencoder reconstructs at least as well as the VAE, and its samples are far worse."""
    (run,) = runs
    plain, variational = (run.last(lane, "reconstruction_error") for lane in (0, 1))
    off, on = (run.last(lane, "on_mode_share") for lane in (0, 1))
    return judged(
        plain < variational and off < 0.5 * on,
        AE_error=plain,
        VAE_error=variational,
        AE_on_a_mode=off,
        VAE_on_a_mode=on,
    )


EXPERIMENTS.add(
    Experiment(
        name="autoencoder",
        title="An autoencoder is not generative",
        group="latent space",
        kind="toy",
        claim="An autoencoder gives examples back perfectly and makes garbage from the prior; noise and a KL make it "
        "generative.",
        heard="The usual step from autoencoders to VAEs.",
        question="Both decode draws of a normal prior. Are the autoencoder's samples on the modes?",
        answers={"Yes, it reconstructs better": "not seen", "No, mostly not": "seen"},
        runs=one_run(dataset="ring8", lanes=[{"model": "ae"}, {"model": "vae"}], budget=2000),
        judge=judge_autoencoder,
        explanation="The codes lie where the encoder likes, and most draws of the prior fall between them.",
        leaves_out="In the plane a latent of two is close to the identity, which flatters the reconstructions. A "
        "density fitted to the codes would give samples too.",
        try_next="Standardise the codes of the autoencoder.",
        picture="reconstructions",
    )
)

FAMILY = ("ae", "vae", "wae", "aae")


def judge_family(runs: Sequence[Measured]) -> Verdict:
    """VAE and AAE sample far better than the plain autoencoder; the WAE, at its preset on points, does not."""
    (run,) = runs
    share = [run.last(lane, "on_mode_share") for lane in range(len(FAMILY))]
    spread = [float(run.array(lane, "latent").std()) for lane in range(len(FAMILY))]
    evidence = {f"{name.upper()}_on_a_mode": value for name, value in zip(FAMILY, share)}
    evidence |= {f"{name.upper()}_spread_of_codes": value for name, value in zip(FAMILY, spread)}
    tied = min(share[1], share[3])
    return judged(tied > 3 * share[0] and share[2] < 0.5 * tied, **evidence)


EXPERIMENTS.add(
    Experiment(
        name="formula-or-judge",
        title="A formula or a judge",
        group="latent space",
        kind="toy",
        claim="The latent can be tied to the prior by a formula, as in a VAE, or by a judge, as in an adversarial "
        "autoencoder, and either makes an autoencoder generative.",
        heard="Makhzani et al. 2016; Tolstikhin et al. 2018.",
        question="Same encoder and decoder. Which of VAE, WAE and AAE sample far better than a plain autoencoder?",
        answers={"All three": "not seen", "VAE and AAE": "seen", "The VAE alone": "not seen"},
        runs=one_run(dataset="ring8", lanes=[{"model": name} for name in FAMILY], budget=2000),
        judge=judge_family,
        explanation="The judge does about as well as the VAE. The WAE compares whole batches by a kernel, and at its "
        "preset its codes stay islands: near the prior as a cloud, with holes in it.",
        leaves_out="The weight of each penalty is its preset's; which is best depends on it.",
        try_next="Set the weight of the WAE's MMD to 0.",
    )
)
