"""Which models can say where an example is in their latent."""

from __future__ import annotations

from collections.abc import Sequence

from genlab.experiments.base import Experiment, Measured, Unclear, Verdict, judged, one_run
from genlab.registry import EXPERIMENTS


def judge_no_encoder(runs: Sequence[Measured]) -> Verdict:
    """The GAN gives nothing back by itself, and a search of its latent finds what is near; the VAE and the BiGAN give
    back more than the mean of the data, the VAE nearer.
    """
    (run,) = runs
    if run.view.reference is None:
        raise Unclear("The run has not recorded its data.")
    variance = float(run.view.reference["samples"].astype(float).var(axis=0).mean())
    searched = run.last(0, "projection_error")
    vae, bigan = run.last(1, "reconstruction_error"), run.last(2, "reconstruction_error")
    frame = run.view.frames[0]
    alone = frame is not None and "reconstruction_error" not in frame.metrics
    return judged(
        alone and max(searched, bigan) < 0.5 * variance and vae < bigan,
        VAE_error=vae,
        BiGAN_error=bigan,
        GAN_error_when_searched=searched,
        error_of_the_mean=variance,
    )


EXPERIMENTS.add(
    Experiment(
        name="no-encoder",
        title="A GAN has no encoder",
        group="latent space",
        kind="toy",
        claim="A GAN cannot say which latent an example has, it can only be searched; a VAE encodes, and a BiGAN can "
        "learn to.",
        heard="Donahue et al. 2017; Dumoulin et al. 2017.",
        question="Without a search, which of the three gives examples back, and whose are nearest?",
        answers={"VAE and BiGAN, the VAE's nearest": "seen", "VAE and BiGAN, the BiGAN's nearest": "not seen"},
        runs=one_run(dataset="ring8", lanes=[{"model": "gan"}, {"model": "vae"}, {"model": "bigan"}], budget=2500),
        judge=judge_no_encoder,
        explanation="The BiGAN's encoder is trained by a judge of pairs, not by the error: in two of five seeds it "
        "came to less than half of the error of the mean, and in two it was worse than the mean. A search of the GAN's "
        "latent came nearer than any encoder.",
        leaves_out="The search takes hundreds of steps for each example, and on pictures may end far off.",
        try_next="Watch the reconstructions of the BiGAN with four times the steps.",
        picture="reconstructions",
        asks="projection",
    )
)
