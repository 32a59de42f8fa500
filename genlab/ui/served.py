"""Scripts and pictures that the browser loads once, served from the folder that Streamlit serves beside app.py.

What a component brings along itself travels with each of its messages, so that is only `LOADER`.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

import plotly

from genlab.figures.script import browser_script, plotly_script
from genlab.runs.atomic import write_bytes

FOLDER = Path(__file__).parents[2] / "static"

# NAME has `show`, called with each message, and `close`. Streamlit also cleans up after a run that the next message
# overtook; only an element that is not in the page any more has left it.
LOADER = """
const load = () => (window.genlabScript ??= new Promise((resolve, reject) => {
  const script = document.createElement("script")
  script.src = new URL("ADDRESS", document.baseURI)
  script.onload = resolve
  script.onerror = reject
  // Plotly travels at the same time, and not only once the script asks for it.
  const ahead = Object.assign(document.createElement("link"), { rel: "preload", as: "script" })
  ahead.href = new URL("PLOTLY", document.baseURI)
  document.head.append(script, ahead)
}))
export default function (component) {
  const { parentElement } = component
  load().then(() => parentElement.isConnected && window.NAME.show(component)).catch((error) => {
    console.error(error)
    if (parentElement.childElementCount) return
    parentElement.append(
      "The charts could not be drawn: a script of genlab did not load. Reload the page; if that does not help, set " +
      "server.enableStaticServing to true in .streamlit/config.toml and restart the server.")
  })
  return () => parentElement.isConnected || window.NAME?.close(parentElement)
}
"""


def loader(name: str) -> str:
    """The script of a component that is drawn by `window.NAME` of the browser script."""
    return LOADER.replace("NAME", name).replace("ADDRESS", served_script()).replace("PLOTLY", served_plotly())


@cache
def served_script() -> str:
    """Write the browser script to where Streamlit serves it; return its address in the app."""
    text = browser_script().encode()
    return _serve("genlab.js", text, hashlib.blake2b(text, digest_size=8).hexdigest())


@cache
def served_plotly() -> str:
    """The same for the plotly.min.js of the installed wheel."""
    return _serve("plotly.min.js", plotly_script(), plotly.__version__)


@cache
def served_picture(path: Path) -> str:
    """The same for a picture."""
    content = path.read_bytes()
    return _serve(path.name, content, hashlib.blake2b(content, digest_size=8).hexdigest())


def _serve(name: str, content: bytes, version: str) -> str:
    target = FOLDER / name
    if not target.exists() or target.read_bytes() != content:
        write_bytes(target, content)  # whole or not at all: two visitors may come at once
        # Streamlit sends no Cache-Control: browsers then keep a file for a tenth of its age. The version is in the
        # address, so an old date is safe and saves 5 MB at every reload.
        os.utime(target, (0, 0))
    return f"app/static/{name}?v={version}"
