"""What a model that says the density of an example says of real ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from genlab.metrics.base import ANY, Metric, Result, examples
from genlab.registry import METRICS


def log_likelihood(log_density: np.ndarray) -> dict[str, Any]:
    """Mean log-likelihood of held-out examples, from ln p(x) of each in nats: (n,).

    The mean for real data less that for the model is the Kullback-Leibler divergence of the two.

    Source: Theis, van den Oord and Bethge 2016, "A Note on the Evaluation of Generative Models".

    Failure modes: of continuous data it is a density: it may be positive, and grows without limit on data that lies on
    a curve or repeats itself. A high one does not say that samples look good, nor the other way round.

    Returns:
        mean: the mean over the examples.

    One collapsed point that says so gets minus infinity, and so, like NaN or no examples, is a ValueError.
    """
    return {"mean": float(examples(log_density, "judged").astype("float64").mean())}


METRICS.add(
    Metric(
        "log_likelihood",
        "Log-likelihood",
        log_likelihood,
        needs="log densities",
        results=(Result("mean", "Log-likelihood of held-out data, in nats", ANY, better="higher", role="first"),),
        example="log_likelihood(np.log([0.1, 0.4]))  # half of ln 0.1 + ln 0.4",
    )
)
