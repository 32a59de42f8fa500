"""Answers to what is asked of the trained models of a run: what each lane makes of a place, of an example, of a way.

A model is asked as its newest checkpoint has it, and the models of the last run stay loaded. What they can be asked
follows from what they can do: one with an encoder says where an example is, of any other it is projected.
"""

from __future__ import annotations

import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlab.latent.drawing import FreshSamples
from genlab.latent.embedding import Embedder
from genlab.latent.paths import spherical, straight, traversal
from genlab.latent.points import make_next, shown_latents
from genlab.latent.trained import Trained, load, project
from genlab.observing.frames import as_stored
from genlab.observing.planes import latent_plane
from genlab.runs.folder import Run, RunUnreadable
from genlab.runs.questions import Answer, Question
from genlab.runs.store import Store

A_WAY = 9  # places of a way through the latent, both ends among them
REACH = {"normal": 3.0, "uniform": 1.0}  # how far a traversal goes to both sides: the prior has little beyond


@dataclass(frozen=True)
class LatentPlane:
    """The plane in which the latents of a lane are drawn, and back from it: the place of a latent is
    (latent - middle) @ axes, and the latent at a place is the one in the plane, middle + place @ axes.T.

    Attributes:
        middle: (d,).
        axes: (d, 2) of length 1 and at right angles; of one dimension the second is zero.
        points: (n, 2) places of the codes of held-out data, or of draws from the prior.
    """

    middle: np.ndarray
    axes: np.ndarray
    points: np.ndarray

    def places(self, latents: np.ndarray) -> np.ndarray:
        return (latents - self.middle) @ self.axes

    def latent(self, place: Any) -> np.ndarray:
        """(d,) float32."""
        return (self.middle + self.axes @ np.asarray(place, "float64")).astype("float32")


class AskedLane:
    """A trained lane and its plane, the same as in the lane's frames."""

    def __init__(self, trained: Trained, seed: int) -> None:
        self.trained, self.model = trained, trained.lane.model
        self.plane = latent_plane_of(trained, seed)
        self.fresh = FreshSamples(trained)

    def places(self, latents: np.ndarray) -> np.ndarray:
        return self.plane.places(latents).astype("float32")

    def decode(self, latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Latents (n, d) -> examples (n, ...), without noise that a decoder may add, as they are stored."""
        examples = self.trained.decode_rows(latents, labels)
        if not np.isfinite(examples).all():
            raise ValueError("what it makes of this is not a finite number: the model has diverged.")
        return as_stored(examples)

    def answer(self, question: Question) -> dict[str, np.ndarray]:
        """What is asked. Raises ValueError with the reason why it cannot be answered.

        Arrays: points (m, 2) of the plane; latents (n, d), their places (n, 2) in it and the examples decoded (n, ...)
        there. Of examples: originals, labels, item_places and error, the mean squared difference per value, and where
        the encoder says a distribution its covariance (n, 2, 2) in the plane. Of a way: straight and spherical
        (9, ...), straight_places and spherical_places. Of samples: see `FreshSamples`.
        """
        if question.draw:
            return self.fresh.answer(question.draw)
        return {"points": self.plane.points} | self._made(question)

    def _made(self, question: Question) -> dict[str, np.ndarray]:
        if question.kind in ("item", "between"):
            return self._of_items(question)
        latent = self.plane.latent(question.place)
        latents = latent[None]
        if question.kind == "along":
            reach = REACH[self.model.prior]
            latents = traversal(latent, question.dimension, -reach, reach, A_WAY)
        labels = np.full(len(latents), question.label if self.model.conditional else 0, "int32")
        return {"decoded": self.decode(latents, labels), "places": self.places(latents), "latents": latents}

    def _of_items(self, question: Question) -> dict[str, np.ndarray]:
        data = self.trained.dataset
        items = np.array(question.items)
        if not len(items) or items.min() < 0 or items.max() >= len(data.test):
            raise ValueError(f"there are held-out examples 0 to {len(data.test) - 1:,}; choose among those.")
        examples, labels = data.test[items], data.test_labels[items].astype("int32")
        arrays = {"originals": as_stored(examples), "labels": labels}
        if self.trained.lane.encode:
            moments = self.trained.posterior(examples, labels)
            latents = moments[0]
            if len(moments) == 2:
                # Of a diagonal normal distribution, what it is in the plane.
                arrays["covariance"] = np.einsum("da,nd,db->nab", self.plane.axes, np.exp(moments[1]), self.plane.axes)
        else:
            latents = project(self.trained, examples, labels).latent
        arrays |= {"latents": latents, "item_places": self.places(latents)}
        reconstructed = self.trained.decode_rows(latents, labels)
        arrays["error"] = np.square(reconstructed - examples).reshape(len(items), -1).mean(axis=1)
        if question.kind == "item":
            return arrays | {"decoded": as_stored(reconstructed), "places": arrays["item_places"]}
        if len(items) != 2:
            raise ValueError("a way is from one example to another: name two.")
        of_way = np.full(A_WAY, labels[0], "int32")  # a conditional model stays with the class it begins with
        for name, way in (("straight", straight), ("spherical", spherical)):
            along = way(latents[0], latents[1], A_WAY)
            arrays |= {name: self.decode(along, of_way), f"{name}_places": self.places(along)}
        return arrays


def latent_plane_of(trained: Trained, seed: int) -> LatentPlane:
    """The plane of the frames of a lane (see `FrameBuilder`), from the same codes or the same draws."""
    codes, target, _ = shown_latents(trained, seed)
    dimensions, first = codes.shape[1], bool(trained.lane.model.latent_categories)
    points, _ = latent_plane(codes, target.reshape(len(target), -1), first)
    if first or dimensions <= 2:
        return LatentPlane(np.zeros(dimensions), np.eye(dimensions, 2), points)
    middle = codes.mean(axis=0)
    # The components themselves, back from the places: those are uncorrelated in the plane before it was turned, and a
    # least-squares fit does not mind the turn.
    axes = np.linalg.lstsq(points, codes - middle, rcond=None)[0].T
    return LatentPlane(middle, axes, points)


class Answerer:
    """Answers what is asked, and keeps the models of the last run that was asked about."""

    def __init__(self, store: Store) -> None:
        self.store, self.embedder = store, Embedder(store)
        self._loaded: tuple[Any, ...] = ()
        self._lanes: dict[int, AskedLane | str] = {}

    def answer_all(self) -> None:
        """Answer every question that waits, make the latent points of a lane that somebody waits for, and have planes
        of them found. Never raises: whatever happens is said in the answer.
        """
        with suppress(OSError):
            for visitor, question in self.store.questions.take():
                self.store.questions.answer(visitor, question, self.answer(question))
            make_next(self.store, self._lanes_of)
            self.embedder.tend()

    def answer(self, question: Question) -> Answer:
        arrays: dict[str, np.ndarray] = {}
        messages, steps = {}, {}
        try:
            for index, lane in self._lanes_of(self.store.open(question.run)).items():
                if isinstance(lane, str):
                    messages[index] = lane
                    continue
                steps[index] = lane.trained.lane.step
                try:
                    arrays |= {f"{index}-{name}": array for name, array in lane.answer(question).items()}
                except ValueError as error:
                    messages[index] = str(error)
        except Exception as error:
            self._loaded, self._lanes = (), {}
            if not isinstance(error, RunUnreadable):
                traceback.print_exc()
            return Answer(f"This could not be answered: {error}", {}, {}, {})
        return Answer("", messages, steps, arrays)

    def _lanes_of(self, run: Run) -> dict[int, AskedLane | str]:
        """Its lanes, or why one cannot be asked; loaded anew where a checkpoint is newer."""
        spec = run.spec()
        places = [run.path / "checkpoints" / f"{lane}.npz" for lane in range(len(spec.lanes))]
        state = (run.id, *(path.stat().st_mtime_ns if path.is_file() else 0 for path in places))
        if state != self._loaded:
            self._lanes = {}  # before others are loaded: there is room for the models of one run
            for lane in range(len(spec.lanes)):
                try:
                    self._lanes[lane] = AskedLane(load(run, lane), spec.seed)
                except Exception as error:
                    self._lanes[lane] = str(error)
            self._loaded = state
        return self._lanes
