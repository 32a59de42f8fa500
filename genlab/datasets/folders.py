"""Which level of the folders that pictures are in names their classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from genlab.datasets.columns import natural
from genlab.datasets.examples import MAXIMUM_CLASSES, NAMES_SAID, refuse

STRAY = 0.05  # share of pictures that may be outside of the folders of classes, and are then left out
HALVES = frozenset(("train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"))
NUMBERED = re.compile(r"(.*?)[0-9]+")


class Levels:
    """The folders of pictures below the one that all share, level by level; level 1 is the outermost.

    Attributes:
        parts: for each picture the names of its folders.
    """

    def __init__(self, paths: Sequence[PurePosixPath]) -> None:
        folders = [path.parent.parts for path in paths]
        shared = 0
        # A picture beside the folders of the others would make nothing shared; a few are left aside.
        deep = (
            [parts for parts in folders if parts]
            if _few(sum(not parts for parts in folders), len(folders))
            else folders
        )
        while all(len(parts) > shared for parts in deep) and len({parts[shared] for parts in deep}) == 1:
            shared += 1
        self.parts = [parts[shared:] for parts in folders]

    @property
    def depth(self) -> int:
        return max(map(len, self.parts), default=0)

    def names(self, level: int) -> list[str]:
        """The name of each picture's folder of a level, "" where it has none."""
        return [parts[level - 1] if len(parts) >= level else "" for parts in self.parts]

    def usable(self, level: int) -> bool:
        names = self.names(level)
        return 2 <= len({name for name in names if name}) <= MAXIMUM_CLASSES and _few(names.count(""), len(names))

    def found(self) -> int:
        """The level that names the classes; 0 for none. Names come before numbers (years, parts of an album), and
        halves for training and testing are none; else the outermost.
        """
        usable = [level for level in range(1, self.depth + 1) if self.usable(level)]
        whole = [level for level in usable if not {name.lower() for name in self.names(level) if name} <= HALVES]
        return next((level for level in whole if not _numbered(set(self.names(level)))), (whole or [0])[0])


def labels_from(
    paths: Sequence[PurePosixPath], level: int | None
) -> tuple[np.ndarray | None, np.ndarray, int | None, list[str], list[str]]:
    """The class of each picture by its folders, which pictures are kept, the level, sentences of what was assumed and
    of what is left out. The level is None where there are no folders to choose from.
    """
    everything = np.ones(len(paths), dtype=bool)
    levels = Levels(paths)
    if level is not None and not 0 <= level <= levels.depth:
        refuse(f"There is no level {level} of folders.", f"Expected 0, for no classes, to {levels.depth}.")
    chosen = levels.found() if level is None else level
    if not chosen:
        return None, everything, 0 if levels.depth else None, _none_found(levels, level), []
    names = levels.names(chosen)
    stray = [str(path) for path, name in zip(paths, names) if not name]
    if level is not None and not levels.usable(chosen):
        distinct = len(set(names) - {""})
        refuse(
            f"Level {level} of the folders names {distinct:,} classes, and {len(stray):,} of {len(paths):,} pictures "
            "are outside.",
            f"Expected 2 to {MAXIMUM_CLASSES} classes, and at most {STRAY:.0%} of the pictures outside: choose another "
            "level, or 0 for no classes.",
        )
    kept = np.array([bool(name) for name in names])
    assumed = [f"The classes are the folders of level {chosen} of {levels.depth}: {_said(_sorted(names))}."]
    for halves in range(1, levels.depth + 1):
        if halves != chosen and {name.lower() for name in levels.names(halves) if name} & HALVES:
            assumed.append(f"The pictures of {_said(_sorted(levels.names(halves)))} are put together.")
    left_out = []
    if stray:
        pictures = "1 picture that is" if len(stray) == 1 else f"{len(stray):,} pictures that are"
        left_out.append(f"{pictures} in no folder of a class left out: {_said(stray)}.")
    return np.array(names)[kept], kept, chosen, assumed, left_out


def _none_found(levels: Levels, asked: int | None) -> list[str]:
    if not levels.depth:
        return []
    if asked == 0:
        return ["The folders name no classes."]
    if count := levels.parts.count(()):
        return [f"The folders name no classes: {count:,} of {len(levels.parts):,} pictures are in none of them."]
    return ["The folders name no classes."]


def _few(count: int, of: int) -> bool:
    return count <= STRAY * of


def _numbered(names: set[str]) -> bool:
    """Whether names are numbers, or one word with a number behind it."""
    matches = [NUMBERED.fullmatch(name) for name in names if name]
    return all(matches) and len({match[1].strip(" _-").lower() for match in matches if match}) == 1


def _sorted(names: Sequence[str]) -> list[str]:
    return sorted(set(names) - {""}, key=natural)


def _said(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_SAID:,} more" if len(names) > NAMES_SAID else ""
    return ", ".join(names[:NAMES_SAID]) + more
