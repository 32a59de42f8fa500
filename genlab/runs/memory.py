"""How much memory a run takes, estimated from its spec before it is queued, and how much is free.

The constants are fitted to the peaks that `benchmarks/memory.py` measures; a test holds the estimates to such a peak.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import psutil

from genlab.registry import DATASETS
from genlab.spec import RunSpec, SpecError

PROCESS = 700e6  # bytes of a worker that has loaded TensorFlow and trained nothing
A_LANE = 60e6  # of compiled functions and what goes with them
PER_WEIGHT = 24.0  # the weight, its gradient, Adam's two averages, a checkpoint's copy
PER_ACTIVATION = 14.0  # of each value that the networks compute for an example: kept for the gradient, and work space
PER_PAIR = 115.0  # of each pair of codes in a maximum mean discrepancy: kernels, and their gradients
SAMPLED = {"points": 600, "images": 250}  # a frame has some thousand samples, without gradients
RESERVE = 0.9  # of what is free may be taken


def estimate_memory(spec: RunSpec) -> float:
    """Bytes that a worker takes at most while it trains this run."""
    entry = DATASETS[spec.dataset]
    count = spec.dataset_settings.get("size", entry.count)
    values = math.prod(entry.shape)
    # Both halves as float32; while they are loaded, and as bytes on the device, about as much again.
    data = 2.0 * count * values * 4 * (1.5 if entry.kind == "images" else 2.0)
    return PROCESS + data + sum(_lane(lane.settings, entry.shape, entry.kind) for lane in spec.lanes)


def check_memory(spec: RunSpec, held: float = 0.0) -> None:
    """Raises SpecError, with what helps the most, if a run needs more memory than is free.

    held: bytes that the process which is to train it has already.
    """
    needed, free = estimate_memory(spec), RESERVE * free_memory() + held
    if needed <= free:
        return
    raise SpecError(
        f"This run needs about {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB is free: {_advice(spec)}."
    )


def free_memory() -> float:
    """Bytes that a new process could take now: what the system has left, or the control group it runs in."""
    free = float(psutil.virtual_memory().available)
    try:
        group = Path("/sys/fs/cgroup")
        limit, used = (group / "memory.max").read_text().strip(), float((group / "memory.current").read_text())
        if limit != "max":
            free = min(free, max(0.0, float(limit) - used))
    except (OSError, ValueError):
        pass  # no such limit here
    return free


def _lane(settings: dict[str, Any], shape: tuple[int, ...], kind: str) -> float:
    batch = settings["batch_size"]
    weights, activations = _networks(settings, shape)
    examples = max(batch, SAMPLED[kind])
    pairs = batch**2 * PER_PAIR if "mmd_weight" in settings else 0.0
    return A_LANE + PER_WEIGHT * weights + PER_ACTIVATION * activations * examples + pairs


def _networks(settings: dict[str, Any], shape: tuple[int, ...]) -> tuple[float, float]:
    """Weights of the networks, and values that they compute for one example, as `models.networks` builds them."""
    layers = [(value, 4 * value) for name, value in settings.items() if name.endswith("_width")]
    if "width" in settings:
        width = settings["width"]
        layers += 2 * [(width, settings.get("dense_units") or 4 * width)]  # an encoder and a decoder
    latent = settings.get("latent_dim", math.prod(shape))
    weights = activations = 0.0
    for width, units in layers:
        if len(shape) == 1:
            weights += width * (width + shape[0] + latent)
            activations += 2 * width + shape[0]
        else:
            height, columns, channels = shape
            quarter = math.ceil(height / 4) * math.ceil(columns / 4) * 2 * width
            weights += 16 * width * (channels + 2 * width) + quarter * units + units * latent
            activations += height * columns * channels + 2 * quarter + quarter + units
    return weights, activations


def _advice(spec: RunSpec) -> str:
    """What saves the most."""
    entry = DATASETS[spec.dataset]
    lane = max(spec.lanes, key=lambda lane: _lane(lane.settings, entry.shape, entry.kind))
    taken = _lane(lane.settings, entry.shape, entry.kind)
    smaller = {
        "halve the batch size": {"batch_size": lane.settings["batch_size"] // 2},
        "halve the widths": {name: value // 2 for name, value in lane.settings.items() if name.endswith("width")},
    }
    saved = {
        words: taken - _lane({**lane.settings, **values}, entry.shape, entry.kind) for words, values in smaller.items()
    }
    saved["train fewer models at once"] = taken if len(spec.lanes) > 1 else 0.0
    best = max(saved, key=lambda words: saved[words])
    if saved[best] > 0.2 * estimate_memory(spec):
        return best
    return (
        "close other programs, or choose a smaller data set" if len(spec.lanes) == 1 else "train fewer models at once"
    )
