"""What a training has left behind, given back."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def release_memory() -> None:
    """Free what nobody uses any more: networks and compiled functions hold each other until they are looked for. What
    is free goes back to the system at once, where the C library is glibc; it would keep it for later, in pieces.
    """
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
