"""genlab: a GAN and a VAE learn the same data, side by side, while you watch."""

__version__ = "0.1.0"
