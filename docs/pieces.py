"""Makes photographs.npz: pieces of the two photographs that scikit-learn brings, as a data set of one's own.

    python docs/pieces.py [--folder data]

Pieces of 64x64 pixels at random places, halved to 32x32, in colour. Those held out are from the right fifth of each
photograph, all others from the rest: no pixel is in both.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_sample_image

from genlab.runs.atomic import write_arrays

PHOTOGRAPHS = ("china", "flower")
TRAIN, TEST = 5000, 500  # pieces of each photograph
SIDE = 64  # pixels of a piece before it is halved


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("data"))
    path = parser.parse_args().folder / "photographs.npz"
    random = np.random.default_rng(0)
    arrays: dict[str, list[np.ndarray]] = {name: [] for name in ("x_train", "y_train", "x_test", "y_test")}
    for label, name in enumerate(PHOTOGRAPHS):
        photograph = load_sample_image(f"{name}.jpg")
        border = 4 * photograph.shape[1] // 5
        for part, half, count in (("train", photograph[:, :border], TRAIN), ("test", photograph[:, border:], TEST)):
            arrays[f"x_{part}"].append(pieces(half, count, random))
            arrays[f"y_{part}"].append(np.full(count, label))
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {name: np.concatenate(parts) for name, parts in arrays.items()}
    mixed = random.permutation(len(found["x_test"]))  # a picture shows the first of them
    found |= {name: found[name][mixed] for name in ("x_test", "y_test")}
    write_arrays(path, found | {"names": np.array(PHOTOGRAPHS)})
    print(path)


def pieces(photograph: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """(count, SIDE / 2, SIDE / 2, 3) in bytes, of a photograph (height, width, 3) in bytes."""
    height, width = photograph.shape[:2]
    rows, columns = random.integers(height - SIDE + 1, size=count), random.integers(width - SIDE + 1, size=count)
    found = np.stack([photograph[y : y + SIDE, x : x + SIDE] for y, x in zip(rows, columns, strict=True)])
    halved = found.reshape(count, SIDE // 2, 2, SIDE // 2, 2, 3).mean(axis=(2, 4))
    return halved.round().astype("uint8")


if __name__ == "__main__":
    main()
