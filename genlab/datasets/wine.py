"""Chemistry of wines: a real table, small enough to overfit."""

from __future__ import annotations

from genlab.datasets.base import Dataset, DatasetEntry, labelled
from genlab.registry import DATASETS
from genlab.spec import Settings


def load_wine(settings: Settings) -> Dataset:
    """178 wines of three cultivars, 13 measured quantities each, in stratified halves: (89, 13) float32.

    Each column is standardised with the mean and the standard deviation of the training half.
    Source: Aeberhard and Forina 1991, UCI's "Wine", shipped with scikit-learn.
    """
    from sklearn.datasets import load_wine as load
    from sklearn.model_selection import train_test_split

    table, labels = load(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(
        table, labels, test_size=0.5, stratify=labels, random_state=0
    )
    middle, spread = train.mean(axis=0), train.std(axis=0)
    train, test = ((half - middle) / spread for half in (train, test))
    names = tuple(f"cultivar {i + 1}" for i in range(3))
    return labelled("wine", train.astype("float32"), train_labels, test.astype("float32"), test_labels, names)


DATASETS.add(
    DatasetEntry(
        name="wine",
        title="Wine, a table of 13 columns",
        description="178 wines of three cultivars, 13 standardised measurements each, shipped with scikit-learn.",
        kind="points",
        steps=3000,
        shape=(13,),
        count=89,
        load=load_wine,
    )
)
