"""scikit-learn's handwritten digits: real, tiny, and always there."""

from __future__ import annotations

from genlab.datasets.base import Dataset, DatasetEntry, labelled
from genlab.registry import DATASETS
from genlab.spec import Settings


def load_digits(settings: Settings) -> Dataset:
    """1,797 grey digits of 8x8 pixels in [0, 1], split into stratified halves: (898 or 899, 8, 8, 1) float32.

    Source: the test part of UCI's "Optical Recognition of Handwritten Digits", shipped with scikit-learn.
    """
    from sklearn.datasets import load_digits as load
    from sklearn.model_selection import train_test_split

    images, labels = load(return_X_y=True)
    images = (images.reshape(-1, 8, 8, 1) / 16).astype("float32")
    train, test, train_labels, test_labels = train_test_split(
        images, labels, test_size=0.5, stratify=labels, random_state=0
    )
    return labelled("digits", train, train_labels, test, test_labels, tuple("0123456789"))


DATASETS.add(
    DatasetEntry(
        name="digits",
        title="Digits, 8x8",
        description="1,797 real handwritten digits of 8x8 pixels, shipped with scikit-learn: no download.",
        kind="images",
        steps=2500,
        shape=(8, 8, 1),
        count=898,
        load=load_digits,
    )
)
