"""What the next step of a paused run will do, worked out beforehand: its updates in numbers, and as sentences.

The worker writes it into the run's folder when it is asked to `explain`; the step that is then made is the same one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from genlab.runs.atomic import as_npz
from genlab.runs.folder import Run, RunUnreadable
from genlab.runs.tables import format_number

FILE = "next_step.npz"
PICTURES = 24  # of a batch that are shown
Kind = Literal["draw", "generate", "judge", "gradients", "update", "again", "rest"]


class PhaseUpdate(BaseModel):
    """What the first update of a phase will do. Lengths and norms are Euclidean.

    Attributes:
        repeats: the updates of the phase in this step; 0 for a phase that rests.
        batch: examples in it.
        uses_data: whether the loss looks at the examples of the batch.
        latents: draws from the prior, 0 for none; and the mean length of those that examples are made of.
        maker: the network that makes examples in it, "" for none.
        from_codes: whether it makes them of the codes of the batch, and then their mean distance from it.
        spreads: the standard deviation of the values of what is made, and of the batch.
        scores: the discriminator's mean output on the batch and on what is made, where it judges single examples.
        losses: what its loss returns, the loss itself first.
        gradient_norm: over all weights that it moves.
        pictures: whether examples are pictures.
        arrow: the mean length of the gradient at what is made; None where that does not move, or is a row of a table.
            Of a picture it is the gradient at the decoder's or generator's last layer, from which a sigmoid makes
            pixels between black and white: finite where pixels are nearly either, and of the sign of that at the
            pixels.
        moves: by network, the length of the change of its weights, and of all its weights before.
        last_loss: of the last update, where there are several.
    """

    phase: str
    repeats: int
    batch: int = 0
    uses_data: bool = True
    latents: int = 0
    latent_length: float = 0.0
    maker: str = ""
    from_codes: bool = False
    distance: float | None = None
    spreads: tuple[float, float] | None = None
    scores: tuple[float, float] | None = None
    score_is: Literal["probability", "value"] = "probability"
    losses: dict[str, float] = Field(default_factory=dict)
    gradient_norm: float = 0.0
    pictures: bool = False
    arrow: float | None = None
    optimizer: str = ""
    learning_rate: float = 0.0
    moves: dict[str, tuple[float, float]] = Field(default_factory=dict)
    last_loss: float = 0.0


class LaneStep(BaseModel):
    """Attributes:
    step: the lane's step before it.
    message: why there is nothing to show, "" if there is.
    """

    step: int
    message: str = ""
    updates: list[PhaseUpdate] = Field(default_factory=list)


class NextStep(BaseModel):
    """Attributes:
    asked: when, nanoseconds since 1970; it tells one request from the next.
    """

    asked: int
    lanes: list[LaneStep]


@dataclass(frozen=True)
class SubStep:
    """One of the things that happen in an update, in words.

    Attributes:
        update: its place among the updates of the step.
    """

    update: int
    kind: Kind
    title: str
    words: str


def write_next_step(run: Run, found: NextStep, arrays: dict[str, np.ndarray]) -> None:
    """Arrays are called LANE-UPDATE-NAME: "examples" of the batch and "samples", what is made, each (n, d), or (n,
    height, width, channels) bytes; "gradients" at these samples; and the "surface" of the discriminator. Where examples
    of codes and of latents are made, half of the samples are the former, and come first. Raises DiskFull.
    """
    run.write(FILE, as_npz({**arrays, "about": np.array(found.model_dump_json())}, compress=False))


def read_next_step(run: Run, asked: int) -> tuple[NextStep, dict[str, np.ndarray]] | None:
    """The answer to this very request; None if it is not there yet. Raises RunUnreadable for a damaged file."""
    path = run.path / FILE
    if not path.is_file():
        return None
    arrays = run.read_arrays(path)
    try:
        found = NextStep(**json.loads(str(arrays.pop("about"))))
    except (KeyError, ValueError, TypeError):
        raise RunUnreadable(f"Run {run.id}: {FILE} does not say what a step does. Ask again.") from None
    return (found, arrays) if found.asked == asked else None


def sub_steps(updates: Sequence[PhaseUpdate]) -> list[SubStep]:
    """What happens in a step, in its order."""
    found = []
    for i, update in enumerate(updates):
        if not update.repeats:
            words = f"The {_name(update.phase)} rests: its phase draws nothing and moves no weight."
            found.append(SubStep(i, "rest", "Rests", words))
            continue
        found += [SubStep(i, kind, title, words) for kind, title, words in _parts(update) if words]
    return found


def _parts(update: PhaseUpdate) -> list[tuple[Kind, str, str]]:
    return [
        ("draw", "Draw", _draw(update)),
        ("generate", "Generate", _generate(update)),
        ("judge", "Judge", _judge(update)),
        ("gradients", "Gradients", _gradients(update)),
        ("update", "Update", _update(update)),
        ("again", "Again", _again(update)),
    ]


def _draw(update: PhaseUpdate) -> str:
    drawn = [f"{update.batch:,} real examples at random"] if update.uses_data else []
    if update.latents:
        length = f", of mean length {format_number(update.latent_length)}" if update.latent_length else ""
        drawn.append(f"{update.latents:,} latents from the prior{length}")
    return f"It draws {' and '.join(drawn)}." if drawn else ""


def _generate(update: PhaseUpdate) -> str:
    if not update.maker:
        return ""
    made = []
    if update.from_codes:
        made.append("an example again of the code of each example")
    if update.latent_length:
        made.append("a sample of each latent")
    words = f"The {_name(update.maker)} makes {' and '.join(made)}."
    if update.distance is not None:
        words += f" What comes back is {format_number(update.distance)} away from its example on average."
    if update.spreads:
        own, real = map(format_number, update.spreads)
        beside = f", the batch {real}" if update.uses_data else ""
        words += f" What is made has the standard deviation {own}{beside}."
    return words


def _judge(update: PhaseUpdate) -> str:
    words = ""
    if update.scores:
        real, made = map(format_number, update.scores)
        what = "probability of being real" if update.score_is == "probability" else "value"
        whose = f"{real} for the real examples and {made}" if update.uses_data else made
        words = f"The discriminator's {what} is on average {whose} for the samples. "
    (loss, *others) = update.losses.items()
    words += f"The loss, which this phase lowers, is {format_number(loss[1])}"
    beside = [f"{_name(name)} {format_number(value)}" for name, value in others]
    return f"{words}{'; beside it ' if beside else ''}{', '.join(beside)}."


def _gradients(update: PhaseUpdate) -> str:
    *first, last = map(_name, update.moves)
    moved = f"{', '.join(first)} and {last}" if first else last
    norm = format_number(update.gradient_norm)
    words = f"The gradient of the loss over all weights of the {moved} has the norm {norm}."
    if update.arrow is None:
        stay = update.maker and update.maker not in update.moves
        return f"{words} Samples stay where they are." if stay else words
    length = format_number(update.arrow)
    if update.pictures:
        return (
            f"{words} Maps show what would lower the loss: orange pixels brighter, blue ones darker. There, before the "
            f"sigmoid that makes pixels, it is {length} long on average."
        )
    return f"{words} Arrows show where each sample would move to lower the loss; there it is {length} long on average."


def _update(update: PhaseUpdate) -> str:
    moves = [
        f"by {_small(change)} in the {_name(name)} ({_percent(change, before)} of their length)"
        for name, (change, before) in update.moves.items()
    ]
    rate = format_number(update.learning_rate)
    return f"{update.optimizer} moves the weights at a learning rate of {rate}: {', '.join(moves)}."


def _again(update: PhaseUpdate) -> str:
    if update.repeats < 2:
        return ""
    times = "once more" if update.repeats == 2 else f"{update.repeats - 1} times more"
    return f"The same {times}, each with a new batch. The loss is {format_number(update.last_loss)} at last."


def _percent(change: float, before: float) -> str:
    return f"{_small(100 * change / before)} %" if before else "all"  # weights that were all zero


def _small(value: float) -> str:
    return "less than 0.001" if 0 < value < 0.001 else format_number(value)


def _name(name: str) -> str:
    return name.replace("_", " ")
