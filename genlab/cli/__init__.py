"""The command line."""

from genlab.cli import commands, files  # noqa: F401
from genlab.cli.base import app, main

__all__ = ["app", "main"]
