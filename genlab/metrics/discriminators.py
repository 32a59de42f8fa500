"""What a discriminator knows: right answers on training, held-out and fake examples, each apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import ANY, SHARE, Metric, examples
from genlab.registry import METRICS


def discriminator_accuracy(
    train_logits: np.ndarray, held_out_logits: np.ndarray, fake_logits: np.ndarray
) -> dict[str, Any]:
    """Accuracy of a discriminator from its logits, (n,), (h,) and (m,), of training, held-out real and fake examples.

    A logit above 0 says real, below 0 fake, and 0 itself counts half. All examples must have been given to it in the
    same way: noise or packing that it was trained with changes the answers.

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
