"""What a discriminator knows: right answers on training, held-out and fake examples, each apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import ANY, NON_NEGATIVE, SHARE, Metric, Result, examples
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
    is a tie, or a discriminator that has learnt nothing. The zero of a Wasserstein critic means nothing; see
    `score_gap`.

    Returns:
        accuracy_train: share of the training examples that it calls real.
        accuracy_held_out: share of the held-out real examples that it calls real.
        accuracy_fake: share of the fake examples that it calls fake.

    One collapsed point is 0, 0.5 or 1. Sizes may differ. ValueError without examples or with NaN.
    """
    train, held_out, fake = _columns(train_logits, held_out_logits, fake_logits)

    def above(logits: np.ndarray) -> float:
        return float((logits > 0).mean() + (logits == 0).mean() / 2)

    return {"accuracy_train": above(train), "accuracy_held_out": above(held_out), "accuracy_fake": 1 - above(fake)}


def score_gap(train_scores: np.ndarray, held_out_scores: np.ndarray, fake_scores: np.ndarray) -> dict[str, Any]:
    """How far apart a discriminator or a critic scores, (n,), (h,) and (m,), training, held-out real and fake examples.

    The score is a discriminator's logit, or what a critic gives; a constant added to all changes nothing.

    Source: Arjovsky, Chintala and Bottou 2017, "Wasserstein GAN", whose estimate of the distance is the gap of training
    and fake examples; Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", for the other.

    Failure modes: the scale is that of the network's output, so it compares within one model only.

    Returns:
        fake_gap: mean score of the training examples minus that of the fake ones.
        held_out_gap: mean score of the training examples minus that of the held-out ones; 0 unless it has overfitted.

    One collapsed point has the gap of its score. Sizes may differ. ValueError without examples or with NaN.
    """
    train, held_out, fake = _columns(train_scores, held_out_scores, fake_scores)
    return {"fake_gap": float(train.mean() - fake.mean()), "held_out_gap": float(train.mean() - held_out.mean())}


def _columns(*outputs: np.ndarray) -> list[np.ndarray]:
    """What a discriminator gave training, held-out and fake examples: each as (n,) of floats."""
    names = ("training", "held-out", "fake")
    return [examples(output, name).astype("float64").ravel() for output, name in zip(outputs, names, strict=True)]


def generator_gradient(norms: np.ndarray) -> dict[str, Any]:
    """How strong a gradient reaches the generator: Euclidean norms, (n,), of its loss's gradients in n batches.

    Source: Arjovsky and Bottou 2017, "Towards Principled Methods for Training Generative Adversarial Networks": with
    the minimax loss it vanishes as the discriminator gets better.

    Failure modes: the scale depends on the network and the loss, so it compares within one model only; Adam divides by
    it, and learns from a small gradient as from a large one until it drowns in rounding.

    Returns:
        norm: mean over the batches.
        least: the smallest of them.

    One collapsed point has the norm of its batches. ValueError without examples or with NaN.
    """
    rows = examples(norms, "gradient").astype("float64").ravel()
    return {"norm": float(rows.mean()), "least": float(rows.min())}


METRICS.add(
    Metric(
        "generator_gradient",
        "Gradient that reaches the generator",
        generator_gradient,
        needs="gradients",
        results=(
            Result("norm", "Gradient that reaches the generator: mean norm", NON_NEGATIVE, role="first"),
            Result("least", "Gradient that reaches the generator: smallest norm", NON_NEGATIVE, interval=False),
        ),
        example="generator_gradient(norms=np.array([0.3, 0.1, 0.2]))",
    )
)
METRICS.add(
    Metric(
        "discriminator_accuracy",
        "Accuracy of the discriminator",
        discriminator_accuracy,
        needs="logits",
        results=(
            Result("accuracy_train", "Discriminator right on training data", SHARE, reference=False),
            Result("accuracy_held_out", "Discriminator right on held-out data", SHARE, role="first", reference=False),
            Result("accuracy_fake", "Discriminator right on samples", SHARE, role="first"),
        ),
        example=(
            "train, held_out, fake = np.array([3, 1, 2, -1]), np.array([1, -1]), np.array([-2, -4])\n"
            "discriminator_accuracy(train, held_out, fake)"
        ),
    )
)
METRICS.add(
    Metric(
        "score_gap",
        "Gap of the discriminator's scores",
        score_gap,
        needs="scores",
        results=(
            Result("fake_gap", "Gap of the discriminator's scores, training data over samples", ANY),
            Result(
                "held_out_gap",
                "Gap of the discriminator's scores, training over held-out data",
                ANY,
                reference=False,
            ),
        ),
        example=(
            "train, held_out, fake = np.array([3, 1, 2, -1]), np.array([1, -1]), np.array([-2, -4])\n"
            "score_gap(train, held_out, fake)"
        ),
    )
)
