"""Tables of mixed columns: how far each column is, how columns depend on each other, and what a classifier learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import NON_NEGATIVE, SHARE, Metric, Result, pair
from genlab.registry import METRICS

ROUNDS = 50  # of gradient boosting


def column_distances(word_counts: np.ndarray, real: np.ndarray, fake: np.ndarray) -> dict[str, Any]:
    """How far each column of fake rows (m, c) is from that of real rows (n, c), by itself. A category holds the index
    of a word; `word_counts` (c,) says of how many, 0 for a number.

    Of a category the total variation distance of the shares of its words: half the sum of their differences, 0 to 1. Of
    a number the Wasserstein distance, in standard deviations of the real column.

    Source: the definitions; Zhao et al. 2021, "CTAB-GAN", take the Wasserstein distance of numbers too.

    Failure modes: every column may be right while no row is, for it does not see what goes together. It grows as rows
    get fewer, so read it beside the value of real data.

    Returns:
        total_variation: mean over the categories; None without any.
        wasserstein: mean over the numbers, in standard deviations; None without any.
        columns: (c,) of each column its own.

    One collapsed point gets 1 less the share of its word, and the mean distance from its number. ValueError for tables
    that do not match, without rows or with NaN.
    """
    from scipy.stats import wasserstein_distance

    word_counts, real, fake = _tables(word_counts, real, fake)
    distances = np.empty(len(word_counts))
    for column, count in enumerate(word_counts):
        if count:
            shares = [np.bincount(rows[:, column].astype(int), minlength=count) / len(rows) for rows in (real, fake)]
            distances[column] = 0.5 * np.abs(shares[0] - shares[1]).sum()
        else:
            spread = real[:, column].std() or 1.0
            distances[column] = wasserstein_distance(real[:, column], fake[:, column]) / spread
    categories = word_counts > 0
    return {
        "total_variation": float(distances[categories].mean()) if categories.any() else None,
        "wasserstein": float(distances[~categories].mean()) if (~categories).any() else None,
        "columns": distances,
    }


def associations(word_counts: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How much each column of rows (n, c) says about each other, (c, c); `word_counts` as in `column_distances`.

    Of two numbers their correlation, from -1 to 1. Of two categories Cramér's V, and of a category and a number the
    correlation ratio, both from 0 to 1. What never changes has none. The diagonal is 1.

    Cramér 1946, "Mathematical Methods of Statistics"; Fisher 1925, "Statistical Methods for Research Workers".
    """
    result = np.eye(len(word_counts))
    numbers, categories = np.flatnonzero(word_counts == 0), np.flatnonzero(word_counts)
    standard = rows - rows.mean(axis=0)
    spread = standard.std(axis=0)
    standard = np.divide(standard, spread, out=np.zeros_like(standard), where=spread > 1e-12 * np.abs(rows).max(axis=0))
    result[np.ix_(numbers, numbers)] = standard[:, numbers].T @ standard[:, numbers] / len(rows)
    indicators = {i: np.eye(word_counts[i])[rows[:, i].astype(int)] for i in categories}
    for i in categories:
        counts = indicators[i].sum(axis=0)
        means = indicators[i].T @ standard[:, numbers] / np.maximum(counts, 1)[:, None]
        result[i, numbers] = result[numbers, i] = np.sqrt((counts[:, None] * means**2).sum(axis=0) / len(rows))
        for j in categories[categories > i]:
            result[i, j] = result[j, i] = cramers_v(indicators[i].T @ indicators[j])
    np.fill_diagonal(result, 1.0)
    return np.clip(result, -1.0, 1.0)


def cramers_v(table: np.ndarray) -> float:
    """Of a table of counts (words of one column, words of the other); 0 where one of them has a single word."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    least, total = min(table.shape) - 1, table.sum()
    if least == 0:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / (total * least)))


def association_error(word_counts: np.ndarray, real: np.ndarray, fake: np.ndarray) -> dict[str, Any]:
    """How far the associations between columns of fake rows (m, c) are from those of real rows (n, c): the correlation
    of two numbers, Cramér's V of two categories, the correlation ratio of one of each. `word_counts` as in
    `column_distances`.

    Source: Zhao et al. 2021, "CTAB-GAN", who compare the same three; here absolute differences are averaged over pairs.

    Failure modes: it sees two columns at a time, and of numbers what is linear. Ratios and V of columns that have
    nothing to do with each other are above 0 by chance, more so the fewer rows there are: compare as many of both.

    Returns:
        mean: mean absolute difference over all pairs of columns.
        largest: the largest.
        difference: (c, c) real less fake.

    One collapsed point has no associations, so the mean is that of the real ones. ValueError for tables that do not
    match, with fewer than two rows or with NaN.
    """
    word_counts, real, fake = _tables(word_counts, real, fake, least=2)
    difference = associations(word_counts, real) - associations(word_counts, fake)
    pairs = np.abs(difference[np.triu_indices(len(word_counts), 1)])
    return {
        "mean": float(pairs.mean()) if len(pairs) else 0.0,
        "largest": float(pairs.max(initial=0.0)),
        "difference": difference,
    }


def train_on_synthetic(word_counts: np.ndarray, real: np.ndarray, fake: np.ndarray) -> dict[str, Any]:
    """What fake rows (m, c) teach about real ones (n, c): gradient boosting learns on the fake rows to tell one column
    from the others, and is asked about the real rows. The column is the last category, or, where there is none, the
    last number; `word_counts` as in `column_distances`. Real rows in place of the fake ones are what it could reach.

    Source: Esteban et al. 2017, "Real-valued (Medical) Time Series Generation with Recurrent Conditional GANs", train
    on synthetic, test on real; scikit-learn's histogram gradient boosting, 50 rounds, otherwise as it comes.

    Failure modes: a column that nothing else tells anything about gives a low score to real rows too, and then says
    nothing. Rows that show one way to tell the column, again and again, may score as high as all the data.

    Returns:
        score: share of the real rows that are told rightly, or, of a number, the coefficient of determination.
        most_frequent: share of the most frequent word; 0 of a number: what can be had without learning.

    One collapsed point teaches its own word or number alone. ValueError for tables that do not match, without rows or
    with NaN.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    word_counts, real, fake = _tables(word_counts, real, fake)
    categories = np.flatnonzero(word_counts)
    target = int(categories[-1]) if len(categories) else len(word_counts) - 1
    others = [i for i in range(len(word_counts)) if i != target]
    known, wanted = real[:, target], fake[:, target]
    if (wanted == wanted[0]).all() or not others:
        told = np.full(len(real), wanted[0] if word_counts[target] else wanted.mean())
    else:
        kind = HistGradientBoostingClassifier if word_counts[target] else HistGradientBoostingRegressor
        told = kind(max_iter=ROUNDS, early_stopping=False).fit(fake[:, others], wanted).predict(real[:, others])
    if word_counts[target]:
        frequent = np.bincount(known.astype(int)).max() / len(known)
        return {"score": float((told == known).mean()), "most_frequent": float(frequent)}
    spread = ((known - known.mean()) ** 2).sum()
    score = 1 - ((told - known) ** 2).sum() / spread if spread else 0.0
    return {"score": float(max(score, -1.0)), "most_frequent": 0.0}


def _tables(
    word_counts: np.ndarray, real: np.ndarray, fake: np.ndarray, least: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    real, fake = pair(real, fake, least=least, float64=True)
    word_counts = np.asarray(word_counts).astype(int)
    if len(word_counts) != real.shape[1]:
        raise ValueError(
            f"There are {real.shape[1]} columns and {len(word_counts)} numbers of words. Give one for each column."
        )
    return word_counts, real, fake


METRICS.add(
    Metric(
        "column_distances",
        "Columns",
        column_distances,
        needs="tables",
        results=(
            Result("total_variation", "Columns: distance of categories", SHARE, better="lower", role="first"),
            Result("wasserstein", "Columns: distance of numbers, in std", NON_NEGATIVE, better="lower", role="first"),
        ),
        example=(
            "word_counts = np.array([2, 0])\n"
            "real = np.array([[0, 1.0], [0, 3.0]])\n"
            "fake = np.array([[0, 2.0], [1, 4.0]])\n"
            "column_distances(word_counts, real, fake)"
        ),
    )
)
METRICS.add(
    Metric(
        "association_error",
        "Associations",
        association_error,
        needs="tables",
        results=(
            Result("mean", "Associations: mean error over pairs of columns", (0, 2), better="lower", role="first"),
            Result("largest", "Associations: largest error", (0, 2), better="lower", interval=False),
        ),
        example=(
            "word_counts = np.array([2, 0])\n"
            "real = np.array([[0, 1.0], [0, 1.0], [1, 3.0], [1, 3.0]])\n"
            "fake = np.array([[0, 1.0], [0, 3.0], [1, 1.0], [1, 3.0]])\n"
            "association_error(word_counts, real, fake)"
        ),
    )
)
METRICS.add(
    Metric(
        "train_on_synthetic",
        "Train on synthetic",
        train_on_synthetic,
        needs="tables",
        cost="slow",
        maximum=5_000,
        results=(
            Result("score", "Train on synthetic, test on real", (-1, 1), better="higher", role="first"),
            Result("most_frequent", "Train on synthetic: most frequent word", SHARE, role="yardstick"),
        ),
        example=(
            "word_counts = np.array([0, 2])\n"
            "real = np.array([[1.0, 0], [2.0, 0], [3.0, 1]])\n"
            "fake = np.array([[1.0, 0], [2.0, 0]])\n"
            "train_on_synthetic(word_counts, real, fake)"
        ),
    )
)
