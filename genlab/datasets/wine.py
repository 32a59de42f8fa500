"""Chemistry of wines: a real table, small enough to overfit."""

from __future__ import annotations

from dataclasses import replace

from genlab.datasets.base import Dataset, DatasetEntry, labelled
from genlab.datasets.coding import make_coding
from genlab.datasets.columns import Column
from genlab.registry import DATASETS
from genlab.spec import Settings

WHOLE = ("magnesium", "proline")


def load_wine(settings: Settings) -> Dataset:
    """178 wines of three cultivars, 13 measured quantities each, in stratified halves: (89, 13) float32.

    Each column is standardised with the mean and the standard deviation of the training half.
    Source: Aeberhard and Forina 1991, UCI's "Wine", shipped with scikit-learn.
    """
    from sklearn.datasets import load_wine as load
    from sklearn.model_selection import train_test_split

    wine = load()
    table, labels = wine.data, wine.target
    train, test, train_labels, test_labels = train_test_split(
        table, labels, test_size=0.5, stratify=labels, random_state=0
    )
    columns = tuple(
        Column(name, "whole number" if name in WHOLE else "number", decimals=2) for name in wine.feature_names
    )
    coding = make_coding(columns, train)
    names = tuple(f"cultivar {i + 1}" for i in range(3))
    dataset = labelled("wine", coding.encoded(train), train_labels, coding.encoded(test), test_labels, names)
    return replace(dataset, coding=coding)


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
