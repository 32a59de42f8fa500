"""Python reads this at its start where this folder is on PYTHONPATH: then the worker's lanes are those of `lane.py`
here, and its backend that of `backend.py`. The worker itself, its recorder and its loop are the real ones.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any


class PlayedModules:
    @staticmethod
    def find_spec(name: str, *_: Any) -> ModuleSpec | None:
        package, _, module = name.rpartition(".")
        if package == "genlab.training" and module in ("backend", "lane"):
            return importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{module}.py"))
        return None


sys.meta_path.insert(0, PlayedModules)  # type: ignore[arg-type]
