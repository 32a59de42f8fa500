"""What a discriminator knows: right answers on training, held-out and fake examples, each apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import ANY, POSITIVE, SHARE, Metric, examples
from genlab.registry import METRICS


def discriminator_accuracy(
    train_logits: np.ndarray, held_out_logits: np.ndarray, fake_logits: np.ndarray
) -> dict[str, Any]:
    """Accuracy of a discriminator from its logits, (n,), (h,) and (m,), of training, held-out real and fake examples.

    A logit above 0 says real, below 0 fake, and 0 itself counts half. All examples must have been given to it in the
    same way: noise or packing that it was trained with changes the answers. Of a least-squares discriminator the logit
    is its output less 1/2.

    Source: the definition of the logit; held-out data beside training data shows a discriminator that has learnt its
    training set by heart, as in Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data".

    Failure modes: both accuracies near 1 is a discriminator too strong for its generator to learn from; both near 0.5
    is a tie, or a discriminator that has learnt nothing. The zero of a Wasserstein critic means nothing, so of a critic
    only the gaps can be read.

    Returns:
        accuracy_train: share of the training examples that it calls real.
        accuracy_held_out: share of the held-out real examples that it calls real.
        accuracy_fake: share of the fake examples that it calls fake.
        logit_gap: mean logit of the training examples minus that of the fake ones.
        held_out_gap: mean logit of the training examples minus that of the held-out ones; 0 unless it has overfitted.

    One collapsed point is 0, 0.5 or 1. Sizes may differ. None, or NaN, is a ValueError.
    """
    train, held_out, fake = (
        examples(logits, name).astype("float64").ravel()
        for logits, name in ((train_logits, "training"), (held_out_logits, "held-out"), (fake_logits, "fake"))
    )

    def above(logits: np.ndarray) -> float:
        return float((logits > 0).mean() + (logits == 0).mean() / 2)

    return {
        "accuracy_train": above(train),
        "accuracy_held_out": above(held_out),
        "accuracy_fake": 1 - above(fake),
        "logit_gap": float(train.mean() - fake.mean()),
        "held_out_gap": float(train.mean() - held_out.mean()),
    }


def generator_gradient(norms: np.ndarray) -> dict[str, Any]:
    """How strong a gradient reaches the generator: Euclidean norms, (n,), of its loss's gradients in n batches.

    Source: Arjovsky and Bottou 2017, "Towards Principled Methods for Training Generative Adversarial Networks": with
    the minimax loss it vanishes as the discriminator gets better.

    Failure modes: the scale depends on the network and the loss, so it compares within one model only; Adam divides by
    it, and learns from a small gradient as from a large one until it drowns in rounding.

    Returns:
        norm: mean over the batches.
        least: the smallest of them.

    One collapsed point has the norm of its batches. None, or NaN, is a ValueError.
    """
    rows = examples(norms, "gradient").astype("float64").ravel()
    return {"norm": float(rows.mean()), "least": float(rows.min())}


METRICS.add(
    Metric(
        "generator_gradient",
        "Gradient that reaches the generator",
        generator_gradient,
        needs="logits",
        better={"norm": None, "least": None},
        range={"norm": POSITIVE, "least": POSITIVE},
    )
)
METRICS.add(
    Metric(
        "discriminator_accuracy",
        "Accuracy of the discriminator",
        discriminator_accuracy,
        needs="logits",
        better=dict.fromkeys(
            ("accuracy_train", "accuracy_held_out", "accuracy_fake", "logit_gap", "held_out_gap"), None
        ),
        range={
            "accuracy_train": SHARE,
            "accuracy_held_out": SHARE,
            "accuracy_fake": SHARE,
            "logit_gap": ANY,
            "held_out_gap": ANY,
        },
    )
)
