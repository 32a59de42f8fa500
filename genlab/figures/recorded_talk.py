"""A recorded run on the stage of a talk: its screens, made of what the recording holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from genlab.figures.packing import unpack, unpack_message
from genlab.figures.talk import COMPUTED, SCREENS, Spoken, slides
from genlab.models.flows import known_flow
from genlab.recordings import Recording, recording_at
from genlab.registry import DATASETS
from genlab.spec import LANE_COLOURS


def screens_of(recording: Recording) -> list[str]:
    """The screens that it fills, by their names."""
    described, _ = _opened(recording.place)
    cells = [cell["name"] for cell in described["cells"]]
    return [screen for screen in SCREENS if screen in COMPUTED or any(screen in name.split("-") for name in cells)]


def recorded_slides(
    recording: Recording, screens: Sequence[str] = tuple(SCREENS), step: int | None = None
) -> list[dict[str, Any]]:
    """What `slides` makes of it, with its label. step: at which the verdict is that of the last frames until then."""
    described, frames = _opened(recording.place)
    until = [frame for frame in frames if step is None or frame["step"] <= step]
    last = {frame["lane"]: frame for frame in sorted(until, key=lambda frame: frame["step"])}
    models = [lane["model"] for lane in recording.spec["lanes"]]
    dataset = recording.spec["dataset"]
    spoken = Spoken(
        dataset=DATASETS[dataset].title if dataset in DATASETS else dataset,
        data=[DATASETS[dataset].description] if dataset in DATASETS else [],
        titles=[lane["title"] for lane in described["lanes"]],
        colours=[lane["colour"] for lane in described["lanes"]] or list(LANE_COLOURS),
        models=models,
        flows=[known_flow(model) for model in models],
        parameters=[{} for _ in models],
        verdict=[f"Step {frame['step']:,}: {frame['heading']}." for _, frame in sorted(last.items())],
    )
    cells = {cell["name"]: cell["lanes"] for cell in described["cells"]}
    return slides(spoken, cells, label=recording.label, screens=screens)


@cache
def _opened(place: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What stays, and the header of each frame."""
    recording = recording_at(place)
    assert recording
    _, parts = unpack_message(recording.read())
    return unpack(parts[0])[0], [unpack(part)[0] for part in parts[2:]]
