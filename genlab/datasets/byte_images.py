"""Images kept as bytes, which take a quarter of the memory that float32 takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike


class ByteImages:
    """Images (n, height, width, channels) in [0, 1], kept as bytes. Indexed as an array is, it gives float32: the bytes
    divided by 255. `np.asarray` makes all of them, for which there has to be room.

    Attributes:
        stored: uint8.
    """

    def __init__(self, stored: np.ndarray) -> None:
        self.stored = stored

    @property
    def shape(self) -> tuple[int, ...]:
        return self.stored.shape

    @property
    def ndim(self) -> int:
        return self.stored.ndim

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, index: Any) -> np.ndarray:
        images = self.stored[index].astype("float32")
        images /= 255  # in place: a second array else
        return images

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("Images kept as bytes are float32 only as a copy.")
        return self[:].astype(dtype or "float32", copy=False)

    def ravel(self) -> ByteImages:
        """The same values, one after the other."""
        return ByteImages(self.stored.ravel())
