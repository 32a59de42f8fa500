"""Experiments. Importing this package registers them; each line below is one file, in the order of the cards."""

# isort: off
from genlab.experiments import coverage  # noqa: F401
from genlab.experiments import rates  # noqa: F401
from genlab.experiments import quality  # noqa: F401
from genlab.experiments import pictures  # noqa: F401
from genlab.experiments import stability  # noqa: F401
from genlab.experiments import dirac  # noqa: F401
from genlab.experiments import latent  # noqa: F401
from genlab.experiments import encoders  # noqa: F401
from genlab.experiments import evaluation  # noqa: F401
from genlab.experiments import tables  # noqa: F401

# isort: on
from genlab.experiments.base import Experiment, Measured, Unclear, Verdict, judged, one_run, verdict

__all__ = ["Experiment", "Measured", "Unclear", "Verdict", "judged", "one_run", "verdict"]
