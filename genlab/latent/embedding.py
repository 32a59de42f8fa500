"""Planes of latents of many dimensions that take a while to find: t-SNE and UMAP, each in a process of its own.

`python -m genlab.latent.embedding ROOT RUN LANE METHOD` answers one request and ends. It loads no framework, keeps to
one thread, and leaves when the request is cancelled or the worker that started it is gone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

import numpy as np

from genlab.runs.folder import Run
from genlab.runs.latent_points import LOST, Plane, Request, checkpoint_time, keep, kept
from genlab.runs.store import Store

LOOK_SECONDS = 0.3  # between two looks whether it was cancelled
LEAST = 5  # latents
NEIGHBOURS = 15  # of each latent in UMAP
PERPLEXITY = 30.0  # about how many neighbours of each latent count in t-SNE


def embed(latents: np.ndarray, method: Plane, seed: int) -> np.ndarray:
    """Latents (n, d) -> places (n, 2), float32, around the origin; the same seed gives the same on one machine.

    "tsne": van der Maaten and Hinton 2008, "Visualizing Data using t-SNE", started from the principal components.
    "umap": McInnes, Healy and Melville 2018, "UMAP"; needs the package umap-learn.

    Raises ValueError for fewer than five latents, ImportError without the package.
    """
    count = len(latents)
    if count < LEAST:
        raise ValueError(f"There are {count} latents, and such a plane needs at least {LEAST}.")
    if method == "tsne":
        from sklearn.manifold import TSNE

        perplexity = min(PERPLEXITY, (count - 1) / 3)
        model = TSNE(2, perplexity=perplexity, init="pca", random_state=seed % 2**32)
    else:
        from umap import UMAP

        model = UMAP(n_neighbors=min(NEIGHBOURS, count - 1), random_state=seed % 2**32, n_jobs=1)
    places = model.fit_transform(latents.astype("float64"))
    return (places - places.mean(axis=0)).astype("float32")


class Embedder:
    """Starts the process that answers the next request, one at a time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._process: subprocess.Popen[bytes] | None = None
        self._request: Request | None = None

    def tend(self) -> None:
        """Look after it; to be called again and again. Raises OSError."""
        requests = self.store.latent_points
        if self._process and self._process.poll() is None:
            return
        if self._process and self._request:
            if self._process.stdin:
                self._process.stdin.close()
            left = requests.find(Run(self.store.root / self._request.run), self._request.lane, self._request.part)
            if left and left.started and not left.message:  # neither answered, nor refused, nor asked anew
                requests.refuse(left, LOST)
            self._process = self._request = None
        for request in requests.waiting("tsne", "umap")[:1]:
            self._request = requests.start(request)
            words = (str(self.store.root), request.run, str(request.lane), request.part)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "genlab.latent.embedding", *words],
                stdin=subprocess.PIPE,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
            )


def main() -> None:
    root, run_id, number, method = sys.argv[1:]
    store, lane, plane = Store(Path(root)), int(number), cast(Plane, method)
    run = store.open(run_id)
    request = store.latent_points.find(run, lane, plane)
    if request is None:
        return
    # umap-learn imports TensorFlow where it can, for a part that is not used here: 680 MB.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    if hasattr(os, "nice"):
        os.nice(5)  # beside a run that trains
    for watch in (_leave_with_parent, lambda: _leave_when_cancelled(store, run, lane, plane)):
        threading.Thread(target=watch, daemon=True).start()
    try:
        checkpoint = checkpoint_time(run, lane)
        points = kept(run, lane, "points", "latents")
        if points is None:
            raise ValueError("the points themselves are not there; look at the page again.")
        keep(run, lane, plane, {"places": embed(points["latents"], plane, run.spec().seed)}, checkpoint)
        store.latent_points.end(run.id, lane, plane)
    except Exception as error:
        with suppress(OSError):
            store.latent_points.refuse(request, f"This plane could not be found: {error}")


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _leave_when_cancelled(store: Store, run: Run, lane: int, plane: Plane) -> None:
    while store.latent_points.find(run, lane, plane):
        time.sleep(LOOK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
