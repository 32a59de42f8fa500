"""Metrics. Importing this package registers them; each name below is one file of them."""

from genlab.metrics import (  # noqa: F401
    codes,
    copies,
    discriminators,
    distances,
    distributions,
    encoders,
    likelihoods,
    modes,
    neighbours,
    pictures,
    tables,
)
from genlab.metrics.base import Metric

__all__ = ["Metric"]
