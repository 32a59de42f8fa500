"""Runs: folders that hold everything a run was asked, did and showed. Pages, command line and tests only read these."""

from genlab.runs.folder import Run, RunUnreadable
from genlab.runs.store import QueueFull, Store

__all__ = ["QueueFull", "Run", "RunUnreadable", "Store"]
