"""Data sets. Importing this package registers them; each line below is one file of them, in the order of the lists."""

# isort: off
from genlab.datasets import mixtures  # noqa: F401
from genlab.datasets import curves  # noqa: F401
from genlab.datasets import checkerboard  # noqa: F401
from genlab.datasets import pinwheel  # noqa: F401
from genlab.datasets import digits  # noqa: F401
from genlab.datasets import shapes  # noqa: F401
from genlab.datasets import image_sets  # noqa: F401
from genlab.datasets import stacked  # noqa: F401
from genlab.datasets import wine  # noqa: F401
from genlab.datasets import survey  # noqa: F401
from genlab.datasets import own  # noqa: F401

# isort: on
from genlab.datasets.base import Dataset, DatasetEntry, DataUnavailable, Modes, load_dataset

__all__ = ["DataUnavailable", "Dataset", "DatasetEntry", "Modes", "load_dataset"]
