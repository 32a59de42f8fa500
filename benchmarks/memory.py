"""The memory that training takes, beside what is estimated of it: python benchmarks/memory.py [NAME ...]

Each case trains a few steps in a process of its own, whose peak is read. Linux only.
"""

from __future__ import annotations

import json
import subprocess
import sys

from genlab.runs.memory import estimate_memory
from genlab.spec import make_spec

PAIR = [{"model": "gan"}, {"model": "vae"}]
CASES = {
    "ring8": {"dataset": "ring8"},
    "ring8, batch 4096": {
        "dataset": "ring8",
        "lanes": [{"model": model, "settings": {"batch_size": 4096}} for model in ("gan", "vae")],
    },
    "ring8, width 512": {
        "dataset": "ring8",
        "lanes": [
            {"model": "gan", "settings": {"generator_width": 512, "discriminator_width": 512, "batch_size": 1024}}
        ],
    },
    "wae, batch 4096, 256 dimensions": {
        "dataset": "ring8",
        "lanes": [{"model": "wae", "settings": {"batch_size": 4096, "latent_dim": 256}}],
    },
    "mnist, 2 lanes": {"dataset": "mnist"},
    "mnist, 4 lanes": {"dataset": "mnist", "lanes": PAIR * 2},
    "mnist, batch 512": {
        "dataset": "mnist",
        "lanes": [{"model": "gan", "settings": {"batch_size": 512}}, {"model": "vae", "settings": {"batch_size": 512}}],
    },
    "mnist, batch 1024, width 128": {
        "dataset": "mnist",
        "lanes": [{"model": "vae", "settings": {"batch_size": 1024, "width": 128}}],
    },
    "digits": {"dataset": "digits"},
}
PROGRAM = """
import json, sys
from pathlib import Path
from tempfile import mkdtemp
from genlab.spec import make_spec
from genlab.training.loop import ChunkTrained, train
chunks = 0
for event in train(make_spec(**json.loads(sys.argv[1])), Path(sys.argv[2])):
    chunks += isinstance(event, ChunkTrained)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(status["VmHWM"].split()[0])
"""


def peak(case: dict, cache: str) -> float:
    words = [sys.executable, "-c", PROGRAM, json.dumps({**case, "budget": 12}), cache]
    return 1024 * float(subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def main() -> None:
    cache = "runs/.cache"
    for name, case in CASES.items():
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            estimated, measured = estimate_memory(make_spec(**case)), peak(case, cache)
            print(f"{name:34} measured {measured / 1e6:6.0f} MB, estimated {estimated / 1e6:6.0f} MB", flush=True)


if __name__ == "__main__":
    main()
