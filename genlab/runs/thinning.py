"""Which of many moments may go, so that those which stay are spread evenly."""

from __future__ import annotations

import numpy as np


def most_redundant(times: np.ndarray) -> int:
    """Which of at least three rising times (n,) is missed least: the index of the one whose neighbours are nearest to
    each other, of several the earliest. Never the first or the last.
    """
    return 1 + int(np.argmin(times[2:] - times[:-2]))
