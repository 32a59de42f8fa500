"""The time line of a run as one HTML file, which plays offline: it holds plotly.js, the script and the frames."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path
from string import Template

from genlab.export.base import Asked, ExportFormat, Files, with_frames
from genlab.figures.packing import pack_message, unpack_message
from genlab.figures.recording import make_recording, recording_cells, recording_columns
from genlab.figures.script import browser_script, plotly_script
from genlab.registry import EXPORTS

MAXIMUM_FRAMES, MAXIMUM_BYTES = 300, 30_000_000  # of the recording
PAGE = Path(__file__).with_name("timeline.html")


def make(asked: Asked) -> Files:
    """One page: a heading, the time line, and a button for the other theme. A browser that opens it asks no server for
    anything; its policy forbids it.
    """
    frames = with_frames(asked)
    lanes = asked.lanes
    about = {"title": asked.title, "run": asked.run.id}
    recording = make_recording(
        recording_cells(lanes, losses=True),
        lanes,
        frames,
        about,
        columns=recording_columns(lanes),
        maximum_frames=MAXIMUM_FRAMES,
        maximum_bytes=MAXIMUM_BYTES,
        whole=True,
    )
    header, parts = unpack_message(recording)
    header |= {"plays": asked.step is None, "loops": True, "step": asked.step}
    page = play_offline(asked.title, asked.made_by, pack_message(header, parts), asked.dark)
    return {f"{asked.name}.html": page}


def play_offline(title: str, made_by: str, message: bytes, dark: bool = False, player: str = "genlabTimeline") -> bytes:
    """The page that plays a message by itself. `player`: what of the browser script shows it."""
    page = Template(PAGE.read_text(encoding="utf-8")).substitute(
        title=escape(title),
        made_by=escape(made_by),
        dark=json.dumps(dark),
        player=player,
        recording=base64.b64encode(message).decode(),
        plotly=inline_script(plotly_script().decode("utf-8")),
        script=inline_script(browser_script()),
    )
    return page.encode()


def inline_script(script: str) -> str:
    """A script that can stand between tags: nothing in it ends them."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


EXPORTS.add(
    ExportFormat(
        name="html",
        title="Time line",
        description="One HTML file that plays the run in any browser, without a network.",
        suffix=".html",
        make=make,
        options=("step", "lane", "dark"),
    )
)
