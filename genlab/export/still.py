"""Any figure at the size of a publication, PNG or SVG, drawn by an installed Chrome with the font in the file.

Plotly draws in a browser, so one is needed. It is asked for a page that holds everything, and reaches no network.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import ImageFont

from genlab.export.base import THEMES, Asked, ExportFormat, ExportRefused, Files
from genlab.export.html import inline_script
from genlab.figures.base import draw
from genlab.figures.layers import escape
from genlab.figures.script import plotly_script
from genlab.registry import EXPORTS, FIGURES

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
INSTALLED = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)  # where no path leads
OPTIONS = ("--headless", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--disable-background-networking")
SECONDS = 120  # to wait for the browser, which takes two
SQUARE, WIDE = (520, 550), (860, 420)  # pixels
SCALE = 4  # of a PNG: 520 pixels are 2,080, 17 cm at 300 to the inch
FONT = "Aileron"  # that Pillow comes with; Sora Sagano, CC0
PAGE = Path(__file__).with_name("still.html")


def make_svg(asked: Asked) -> Files:
    return {f"{asked.name}.svg": svg(asked).encode()}


def make_png(asked: Asked) -> Files:
    """The SVG as the browser shows it, several times as large."""
    width, height = _size(_figure(asked))
    page = f"<!doctype html><style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg(asked)}"
    with TemporaryDirectory() as folder:
        path = Path(folder, "still.png")
        size = [f"--window-size={width},{height}", f"--force-device-scale-factor={SCALE}", f"--screenshot={path}"]
        _browse(page, Path(folder), *size)
        if not path.is_file():
            raise ExportRefused("The browser took no picture. The format html needs no browser to be made.")
        return {f"{asked.name}.png": path.read_bytes()}


def svg(asked: Asked) -> str:
    """The figure that is wanted, as Plotly draws it, with its font."""
    figure = _figure(asked)
    width, height = _size(figure)
    face = f"@font-face {{ font-family: {FONT}; src: url(data:font/ttf;base64,{_font()}) }}"
    text = json.dumps({"figure": figure, "width": width, "height": height})
    values = {"$face": face, "$plotly": inline_script(plotly_script().decode())}
    values["$asked"] = text.replace("<", "\\u003c")
    page = re.sub(r"\$(face|plotly|asked)\b", lambda found: values[found[0]], PAGE.read_text(encoding="utf-8"))
    with TemporaryDirectory() as folder:
        shown = _browse(page, Path(folder), "--virtual-time-budget=60000", "--dump-dom")
    found = re.search(r'<pre id="svg">([A-Za-z0-9+/=]+)</pre>', shown)
    if not found:
        raise ExportRefused("The browser drew no figure. The format html needs no browser to be made.")
    drawn = base64.b64decode(found[1]).decode()
    return drawn.replace(">", f"><style>{face}</style>", 1)


def _figure(asked: Asked) -> dict[str, Any]:
    """The figure in the colours of a theme, every mark of it a vector."""
    entry = FIGURES[asked.figure]
    lanes = asked.lanes if entry.belongs == "run" else asked.lanes[:1]
    if not asked.view.reference:
        raise ExportRefused(f"Run {asked.run.id} has nothing to draw yet. Export it once it trains.")
    colours = THEMES[asked.dark]
    text = draw(entry, lanes).to_json().replace('"scattergl"', '"scatter"')
    for name in ("ink", "paper"):
        text = text.replace(f"var(--{name})", colours[name])
    figure: dict[str, Any] = json.loads(text)
    layout = figure["layout"]
    steps = {lane.frame.step for lane in lanes if lane.frame}
    at = f" · step {max(steps):,}" if steps and not entry.recorded else ""
    whose = f"{escape(lanes[0].title)} · " if entry.belongs != "run" else ""
    layout["title"]["text"] = f"{whose}{layout['title']['text']}{at}"
    if layout.get("meta") == "clock":
        layout["xaxis"] = {
            **layout.get("xaxis", {}),
            "title": {"text": lanes[0].clock, "standoff": 8, "font": {"size": 14}},
        }
        layout["margin"]["b"] += 24
    axis = {
        "ticklabelstandoff": 4,
        "gridcolor": colours["faint"],
        "linecolor": colours["line"],
        "zerolinecolor": colours["line"],
    }
    layout["template"] = {
        "layout": {
            "font": {"family": FONT, "color": colours["ink"], "size": 14},
            "paper_bgcolor": colours["paper"],
            "plot_bgcolor": colours["paper"],
            "xaxis": axis,
            "yaxis": axis,
        }
    }
    return figure


def _size(figure: dict[str, Any]) -> tuple[int, int]:
    axis = figure["layout"].get("yaxis", {})
    return SQUARE if "scaleanchor" in axis or axis.get("visible") is False else WIDE


@cache
def _font() -> str:
    font = ImageFont.load_default(16)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return base64.b64encode(font.font_bytes).decode()


def browser() -> str | None:
    """The program that draws; None if there is none."""
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    return next(iter([*found, *(path for path in INSTALLED if Path(path).is_file())]), None)


def without_browser() -> str:
    if browser():
        return ""
    return (
        "This format is drawn by Chrome or Chromium, and neither is on the path. Install one; the format html needs no "
        "browser to be made, and its charts have a button that saves them."
    )


def _browse(page: str, folder: Path, *options: str) -> str:
    """What a browser without a window prints when it opens this page. Raises ExportRefused."""
    program = browser()
    if program is None:
        raise ExportRefused(without_browser())
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    own = [f"--user-data-dir={folder / 'profile'}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        own.append("--no-sandbox")  # which Chrome asks of root; the page is our own
    try:
        command = [program, *OPTIONS, *own, *options, path.as_uri()]
        return subprocess.run(command, capture_output=True, timeout=SECONDS).stdout.decode(errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExportRefused(f"{program} did not draw the figure: {str(error)[:200]}.") from None


for name, title, make in (("png", "Figure, PNG", make_png), ("svg", "Figure, SVG", make_svg)):
    EXPORTS.add(
        ExportFormat(
            name=name,
            title=title,
            description="One figure for a paper or a poster, light or dark, with its font.",
            suffix=f".{name}",
            make=make,
            options=("step", "lane", "figure", "dark"),
            one_lane=True,
            unavailable=without_browser,
        )
    )
