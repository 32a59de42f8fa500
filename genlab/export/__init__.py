"""Export formats. Importing this package registers them: each line below is one file of them, in the order of lists.

What needs no TensorFlow never imports it, so that pages can offer it; a format that needs it says so.
"""

# isort: off
from genlab.export import html  # noqa: F401
from genlab.export import moving  # noqa: F401
from genlab.export import still  # noqa: F401
from genlab.export import tables  # noqa: F401
from genlab.export import archive  # noqa: F401
from genlab.export import script  # noqa: F401
from genlab.export import notebook  # noqa: F401
from genlab.export import keras  # noqa: F401
from genlab.export import tensorboard  # noqa: F401

# isort: on
from genlab.export.base import Asked, ExportFormat, ExportRefused, Files, ask, export, write

__all__ = ["Asked", "ExportFormat", "ExportRefused", "Files", "ask", "export", "write"]
