"""What people say of a run: a name, a note, a star. Kept in its folder, in a file of its own; the id stays."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from genlab.runs.atomic import as_json
from genlab.runs.folder import Run

FILE = "notes.json"
NAME_LENGTH, NOTE_LENGTH = 80, 2000  # characters


@dataclass(frozen=True, slots=True)
class Notes:
    name: str = ""
    note: str = ""
    star: bool = False


NONE = Notes()


def read_notes(run: Run) -> Notes:
    """As they were last written; none where there are none, or they cannot be read."""
    try:
        values = json.loads((run.path / FILE).read_bytes())
        name, note = (str(values.get(part, "")) for part in ("name", "note"))
        return Notes(name[:NAME_LENGTH], note[:NOTE_LENGTH], values.get("star") is True)
    except (OSError, ValueError, AttributeError):
        return NONE


def write_notes(run: Run, notes: Notes) -> None:
    """Keep the name in one line, and both without space around them. Raises RunUnreadable for one that is gone,
    OSError.
    """
    name, note = " ".join(notes.name.split())[:NAME_LENGTH], notes.note.strip()[:NOTE_LENGTH]
    run.write(FILE, as_json(asdict(Notes(name, note, notes.star))))
