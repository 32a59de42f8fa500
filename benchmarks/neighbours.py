"""Precision, recall, density and coverage of 10,000 against 10,000 in 64 dimensions: genlab beside prdc.

Each measurement is a process of its own, so that its peak memory is its own: python benchmarks/neighbours.py
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time

COUNT, DIMENSIONS, NEIGHBOURS, PAIRS = 10_000, 64, 5, 3


def measure(library: str) -> dict[str, float]:
    """Seconds and peak megabytes of one call, and what it returned. The import is not timed, but its memory counts."""
    import numpy as np

    random = np.random.default_rng(0)
    real, fake = (random.normal(size=(COUNT, DIMENSIONS)).astype("float32") for _ in range(2))
    if library == "prdc":
        from prdc import compute_prdc as function
    else:
        from genlab.metrics.neighbours import precision_recall_density_coverage as function
    start = time.perf_counter()
    result = function(real, fake, NEIGHBOURS)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes on Linux, bytes on macOS
    names = ("precision", "recall", "density", "coverage")
    return {
        "seconds": seconds,
        "megabytes": peak / (2**20 if sys.platform == "darwin" else 2**10),
        **{name: float(result[name]) for name in names},
    }


def measured(library: str) -> dict[str, float]:
    """The same in a fresh process."""
    done = subprocess.run([sys.executable, __file__, library], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    rows: dict[str, list[dict[str, float]]] = {"genlab": [], "prdc": []}
    for _ in range(PAIRS):
        for library in rows:  # in turn, so that a busy minute slows both
            rows[library].append(measured(library))
    print(f"{COUNT:,} x {COUNT:,} in {DIMENSIONS} dimensions, k = {NEIGHBOURS}, median of {PAIRS}")
    middle = {}
    for library, runs in rows.items():
        middle[library] = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        numbers = middle[library]
        print(
            f"{library:7} {numbers['seconds']:6.2f} s {numbers['megabytes']:6.0f} MB   precision "
            f"{numbers['precision']:.4f} recall {numbers['recall']:.4f} density {numbers['density']:.4f} coverage "
            f"{numbers['coverage']:.4f}"
        )
    print(f"prdc takes {middle['prdc']['seconds'] / middle['genlab']['seconds']:.1f} times as long")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
