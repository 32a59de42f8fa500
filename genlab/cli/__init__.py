"""The command line."""

from genlab.cli.commands import app, main

__all__ = ["app", "main"]
