"""Models. Importing this package registers them; each line below is one file, one family, in the order of the lists."""

# isort: off
from genlab.models import gan  # noqa: F401
from genlab.models import wgan  # noqa: F401
from genlab.models import autoencoder  # noqa: F401
from genlab.models import vae  # noqa: F401
from genlab.models import aae  # noqa: F401
from genlab.models import vae_gan  # noqa: F401
from genlab.models import bigan  # noqa: F401
from genlab.models import flow  # noqa: F401

# isort: on
from genlab.models.base import Context, Model, ModelFamily, Phase

__all__ = ["Context", "Model", "ModelFamily", "Phase"]
