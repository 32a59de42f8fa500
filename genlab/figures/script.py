"""The script that draws charts and plays time lines in a browser, as one text: on a page, or in a file by itself."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import plotly

FOLDER = Path(__file__).with_name("browser")
STYLES = ("grid.css", "timeline.css", "talk.css", "swipe.css")
SCRIPTS = (
    "theme.js",
    "unpack.js",
    "layers.js",
    "chart.js",
    "controls.js",
    "timeline.js",
    "talk.js",
    "plane.js",
    "grid.js",
    "swipe.js",
)


@cache
def browser_script() -> str:
    """A classic script: it adds its styles to the page, and `window.genlabTimeline`, `window.genlabTalk`,
    `window.genlabGrid` and `window.genlabSwipe`."""
    styles = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in STYLES)
    scripts = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return (
        "(() => {\n"
        'const style = document.head.appendChild(document.createElement("style"))\n'
        f"style.textContent = {json.dumps(styles)}\n"
        f"{scripts}\n"
        "})()\n"
    )


def plotly_script() -> bytes:
    """The plotly.min.js of the installed wheel."""
    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
