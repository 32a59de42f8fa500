"""Figures. Importing this package registers them; each line below is one file, one figure."""

from genlab.figures import coverage, latent, losses, reconstructions, samples  # noqa: F401
from genlab.figures.base import LANE_COLOURS, FigureEntry

__all__ = ["LANE_COLOURS", "FigureEntry"]
