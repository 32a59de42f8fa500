"""The one mechanism by which models, data sets, metrics and figures are added, listed and found by name."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class UnknownName(ValueError):
    """A name that no registry entry has; the message lists the names there are."""


class Registry:
    """Entries by name, in the order they were added.

    `home` is the package whose import adds the entries; it is imported at the first look-up, so that this file depends
    on nothing and every room may depend on it. `also` gives further entries, which come and go, at each use; one with a
    name that was added does not count.
    """

    also: Callable[[], Iterable[Any]] | None = None

    def __init__(self, kind: str, home: str) -> None:
        self.kind = kind
        self.home = home
        self._entries: dict[str, Any] = {}

    def add(self, entry: Any) -> Any:
        """Add an entry under its `name`; returns it, so that the call can stand where the entry is defined."""
        if entry.name in self._entries:
            raise ValueError(f"There are two {self.kind}s called '{entry.name}'. Rename one of them.")
        self._entries[entry.name] = entry
        return entry

    def __getitem__(self, name: str) -> Any:
        entries = self._now()
        if name not in entries:
            near = difflib.get_close_matches(str(name), entries, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise UnknownName(f"There is no {self.kind} called '{name}'.{hint} There are: {', '.join(entries)}.")
        return entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __contains__(self, name: object) -> bool:
        return name in self._now()

    def values(self) -> list[Any]:
        return list(self._now().values())

    def added(self) -> list[str]:
        """The names that were added, without those that come and go."""
        importlib.import_module(self.home)
        return list(self._entries)

    def _now(self) -> dict[str, Any]:
        added = self.added()
        further = {entry.name: entry for entry in self.also() if entry.name not in added} if self.also else {}
        return self._entries | further


MODELS = Registry("model", home="genlab.models")
DATASETS = Registry("data set", home="genlab.datasets")
METRICS = Registry("metric", home="genlab.metrics")
FIGURES = Registry("figure", home="genlab.figures")
