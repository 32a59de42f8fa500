"""Figures. Importing this package registers them, in the order in which pages show them; each name is one file."""

from genlab.figures import samples, reconstructions, paths, manifold, gradients, critic_weights  # noqa: F401, I001
from genlab.figures import latent, losses, coverage, trade_off, tables  # noqa: F401
from genlab.figures.base import LANE_COLOURS, Description, FigureEntry, FigureFrame, LaneView

__all__ = ["LANE_COLOURS", "Description", "FigureEntry", "FigureFrame", "LaneView"]
