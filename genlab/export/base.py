"""What an export format is: a function from a run, and what of it is wanted, to files.

`ask` reads the run and checks what is wanted of it; `export` makes the files. A format makes one file, and perhaps
others that lie beside it, or a folder of files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import genlab
from genlab.figures.base import LaneView, lane_views
from genlab.registry import EXPORTS, FIGURES
from genlab.runs.atomic import write_bytes
from genlab.runs.folder import Frame, Run, RunUnreadable
from genlab.runs.view import RunReader, RunView

Option = Literal["step", "lane", "figure", "dark"]
# The colours of the light and of the dark theme: see .streamlit/config.toml.
THEMES = {
    False: {"ink": "#1b2530", "paper": "#ffffff", "line": "#c9d1d9", "faint": "#e3e8ec"},
    True: {"ink": "#eef2f6", "paper": "#12171d", "line": "#3d4854", "faint": "#2a333c"},
}
Files = dict[str, bytes]  # by name; of a format that makes one file, that file first


class ExportRefused(ValueError):
    """An export that cannot be made; the message says why, what was expected and what to do."""


@dataclass(frozen=True)
class ExportFormat:
    """A format as the registry knows it.

    Attributes:
        title, description: for people; the description says in a sentence what can be done with it.
        suffix: of the file, ".html"; "" for a folder of files.
        make: what is wanted -> the files. Raises ExportRefused, and what reading a run raises.
        options: those that it takes; another one is refused.
        unavailable: why it cannot be made here, "" if it can (cheap: no import, no large read).
        trained: whether it needs the trained networks, and so TensorFlow, which pages never load.
        one_lane: whether it is of one lane, the first unless another is wanted, and not of all.
    """

    name: str
    title: str
    description: str
    suffix: str
    make: Callable[[Asked], Files]
    options: tuple[Option, ...] = ()
    unavailable: Callable[[], str] = lambda: ""
    trained: bool = False
    one_lane: bool = False


@dataclass(frozen=True)
class Asked:
    """What is wanted of a run.

    Attributes:
        reader, view: the run as it is now, with what its parent did if it is a fork.
        name: of the file, without its suffix.
        lane: None for all, or for the first where a format takes one.
        step: None for the newest; else the last frame up to it is shown.
        figure: the name of one, where a format draws a single figure.
        dark: in the colours of the dark theme.
    """

    run: Run
    reader: RunReader
    view: RunView
    name: str
    lane: int | None = None
    step: int | None = None
    figure: str = "samples"
    dark: bool = False

    @property
    def lanes(self) -> list[LaneView]:
        """The lanes that are wanted, each at the step that is."""
        views = [view for view in lane_views(self.view) if self.lane in (None, view.lane)]
        return [replace(view, frame=self.frame(view.lane)) for view in views]

    @property
    def one_lane(self) -> int:
        """The lane of a format that is of one."""
        return self.lane or 0

    @property
    def title(self) -> str:
        """The models, the data, the budget and the seed, in words."""
        return self.view.described([lane.lane for lane in self.lanes])

    @property
    def made_by(self) -> str:
        return f"Exported from run {self.run.id} by genlab {genlab.__version__}."

    def frame(self, lane: int) -> Frame | None:
        """The frame of a lane at the wanted step, None if it has none yet. Raises RunUnreadable."""
        if self.step is None:
            return self.view.frames[lane]
        steps = [step for step in self.view.frame_steps[lane] if step <= self.step]
        return self.reader.frame(lane, steps[-1]) if steps else None

    def frames(self, lane: int) -> list[Frame]:
        """The frames of a lane that can be read, in the order of their steps."""
        found = []
        for step in self.view.frame_steps[lane]:
            try:
                found.append(self.reader.frame(lane, step))
            except RunUnreadable:  # removed just now, or damaged
                continue
        return found


def ask(run: Run, name: str, **wanted: Any) -> Asked:
    """Read a run to export something of it. Raises RunUnreadable, ExportRefused for a lane that there
    is not, and UnknownName for a figure.
    """
    reader = RunReader(run, with_past=True)
    view, asked = reader.read(), {key: value for key, value in wanted.items() if value is not None}
    count = len(view.spec.lanes)
    if not 0 <= asked.get("lane", 0) < count:
        has = "lane 0 alone" if count == 1 else f"lanes 0 to {count - 1}"
        raise ExportRefused(f"Run {run.id} has {has}; there is no lane {asked['lane']}.")
    if "figure" in asked:
        asked["figure"] = FIGURES[asked["figure"]].name
    return Asked(run, reader, view, name, **asked)


def export(run: Run, format_name: str, name: str, **wanted: Any) -> Files:
    """The files of an export. Raises ExportRefused, UnknownName, and RunUnreadable."""
    entry = EXPORTS[format_name]
    given = [option for option, value in wanted.items() if value is not None and value is not False]
    if unknown := [option for option in given if option not in entry.options]:
        takes = ", ".join(f"--{option}" for option in entry.options) or "no option"
        named = ", ".join(f"--{option}" for option in unknown)
        raise ExportRefused(f"{named} says nothing to the format {entry.name}, which takes {takes}. Leave it out.")
    if reason := entry.unavailable():
        raise ExportRefused(reason)
    return entry.make(ask(run, name, **wanted))


def with_frames(asked: Asked) -> list[list[Frame]]:
    """The frames of each lane that is wanted. Raises ExportRefused if one of them has none."""
    frames = [asked.frames(lane.lane) for lane in asked.lanes]
    if not asked.view.reference or not all(frames):
        raise ExportRefused(
            f"Run {asked.run.id} has no frame of every lane yet, so there is nothing to show. Export it once it trains."
        )
    return frames


def write(files: Files, out: Path, entry: ExportFormat) -> list[Path]:
    """Write the files of an export: its file as `out` and others beside it, or all of them into the folder `out`.
    Raises OSError.
    """
    if not entry.suffix:
        paths = [out / name for name in files]
    else:
        paths = [out, *(out.with_name(name) for name in list(files)[1:])]
    for path, content in zip(paths, files.values(), strict=True):
        write_bytes(path, content)
    return paths
