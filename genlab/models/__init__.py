"""Models. Importing this package registers them; each line below is one file, one family."""

from genlab.models import gan, vae  # noqa: F401
from genlab.models.base import Model, ModelFamily, Phase

__all__ = ["Model", "ModelFamily", "Phase"]
