"""The one mechanism by which models, data sets, metrics, figures, experiments and exports are added, listed, found."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from genlab.datasets.base import DatasetEntry
    from genlab.experiments.base import Experiment
    from genlab.export.base import ExportFormat
    from genlab.figures.base import FigureEntry
    from genlab.metrics.base import Metric
    from genlab.models.base import ModelFamily


class Named(Protocol):
    @property
    def name(self) -> str: ...


Entry = TypeVar("Entry", bound=Named)


class UnknownName(ValueError):
    """A name that no registry entry has; the message lists the names there are."""


class Registry(Generic[Entry]):
    """Entries by name, in the order they were added.

    `home` is the package whose import adds the entries; it is imported at the first look-up, so that this file depends
    on nothing and every room may depend on it. `also` gives further entries, which come and go, at each use; one with a
    name that was added does not count.
    """

    also: Callable[[], Iterable[Entry]] | None = None

    def __init__(self, kind: str, home: str) -> None:
        self.kind = kind
        self.home = home
        self._entries: dict[str, Entry] = {}

    def add(self, entry: Entry) -> Entry:
        """Add an entry under its `name`; returns it, so that the call can stand where the entry is defined."""
        if entry.name in self._entries:
            raise ValueError(f"There are two {self.kind}s called '{entry.name}'. Rename one of them.")
        self._entries[entry.name] = entry
        return entry

    def __getitem__(self, name: str) -> Entry:
        entries = self._now()
        if name not in entries:
            near = difflib.get_close_matches(str(name), entries, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise UnknownName(f"There is no {self.kind} called '{name}'.{hint} There are: {', '.join(entries)}.")
        return entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._now()

    def values(self) -> list[Entry]:
        return list(self._now().values())

    def added(self) -> list[str]:
        """The names that were added, without those that come and go."""
        importlib.import_module(self.home)
        return list(self._entries)

    def _now(self) -> dict[str, Entry]:
        added = self.added()
        further = {entry.name: entry for entry in self.also() if entry.name not in added} if self.also else {}
        return self._entries | further


MODELS: Registry[ModelFamily] = Registry("model", home="genlab.models")
DATASETS: Registry[DatasetEntry] = Registry("data set", home="genlab.datasets")
METRICS: Registry[Metric] = Registry("metric", home="genlab.metrics")
FIGURES: Registry[FigureEntry] = Registry("figure", home="genlab.figures")
EXPORTS: Registry[ExportFormat] = Registry("export format", home="genlab.export")
EXPERIMENTS: Registry[Experiment] = Registry("experiment", home="genlab.experiments")
