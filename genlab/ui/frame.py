"""What every page has: its title, the links to the other pages, and the device that trains."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from genlab.ui.address import hidden_parts
from genlab.ui.clicks import count_clicks_once
from genlab.ui.escape import literal
from genlab.ui.exporting import export_button
from genlab.ui.link import link_builder
from genlab.ui.shown_run import last_run
from genlab.ui.talk_button import Shows, talk_button
from genlab.ui.worker_supervisor import worker_status

PAGES = {
    "app.py": "genlab",
    "pages/train.py": "Train",
    "pages/experiments.py": "Experiments",
    "pages/compare.py": "Compare",
    "pages/coverage.py": "Mode coverage",
    "pages/samples.py": "Samples",
    "pages/latent.py": "Latent space",
    "pages/how_it_works.py": "How it works",
    "pages/talks.py": "Talks",
    "pages/data.py": "Your data",
    "pages/runs.py": "Runs",
}
SHOW_A_RUN = ("Train", "Mode coverage", "Samples", "Latent space", "How it works")
FRONT = "GAN and VAE, side by side"
# What the address of a page names, by its title, from which a moment can be kept.
SHOWS: dict[str, Shows] = {"Train": "run", "Compare": "runs", FRONT: "recording", "Experiments": "recording"}
count_clicks_once()


def page_frame(title: str) -> None:
    """Call first on every page."""
    st.set_page_config(page_title=f"{title} · genlab", page_icon="🎲", layout="wide")
    st.html(Path(__file__).with_name("page.css"))
    run = last_run()
    if "links" in hidden_parts(said=False):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="frame"):
        for path, label in PAGES.items():
            begins = label == title == "Train"  # from a run that is shown, the link leads to a page without one
            query = {"run": run} if run and label in SHOW_A_RUN and not begins else None
            st.page_link(path, label=f"**{label}**" if label == "genlab" else label, query_params=query)
        ready = worker_status()["state"] == "ready"
        with st.container(key="device", width="stretch"):
            st.fragment(_device, run_every=None if ready else 1.0)(ready)
        if title in SHOWS:
            talk_button(SHOWS[title], title)
        export_button()
        link_builder()


def _device(known: bool) -> None:
    status = worker_status()
    if "gpu" in status["devices"] and not known:
        st.rerun()  # for the choice of a device
    if status["state"] == "ready":
        st.caption(literal("device: " + ", ".join(status["devices"].values())), width="content")
    else:
        st.caption(literal(status["state"] + " …"), width="content")
