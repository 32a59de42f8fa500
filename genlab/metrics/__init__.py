"""Metrics. Importing this package registers them; each line below is one file of them."""

from genlab.metrics import modes  # noqa: F401
from genlab.metrics.base import Metric

__all__ = ["Metric"]
