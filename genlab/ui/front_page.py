"""The front door: a recorded run plays at once, a button trains the same live, and below are more recorded runs."""

from __future__ import annotations

from html import escape

import streamlit as st

from genlab.recordings import Recording, recordings
from genlab.ui.address import recording_from_address, step_from_address
from genlab.ui.cards import cards
from genlab.ui.escape import literal
from genlab.ui.recorded_run import play
from genlab.ui.served import served_picture

TRAIN = "pages/train.py"


def front_page() -> None:
    st.title("A GAN and a VAE learn the same data. Watch them.")
    offered = recordings()
    shown = offered[recording_from_address(offered) or next(iter(offered))]
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.markdown(f"**{literal(shown.title)}.** {literal(shown.look)}")
    if right.button("Train the same live", type="primary", icon=":material/play_arrow:", key="live", width="stretch"):
        _train_live(shown)
    with st.container(key="ahead"):  # until the time line is drawn, for which the browser loads more
        st.html(_moving_picture(shown))
    play(shown, step_from_address())
    st.markdown(
        "One model learns by fooling a critic, the other by describing what it saw. On the same data, with the same "
        "seed and the same number of steps, they fail in different ways: see which modes each of them covers, how many "
        "of its samples are any good, and what its latent space looks like, while it learns."
    )
    st.subheader("More recorded runs")
    others = [recording for recording in offered.values() if recording.name != shown.name]
    cards(others, _card, key="cards")
    st.page_link("pages/runs.py", label="See what was trained here before", icon=":material/history:")


def _train_live(recording: Recording) -> None:
    # Imported only now: the page plays before all data sets and models are known.
    from genlab.spec import SpecError, make_spec
    from genlab.ui.controls import start

    try:
        start(make_spec(**recording.spec_of_today), None, page=TRAIN)
    except SpecError as error:
        st.error(literal(str(error)))


def _card(recording: Recording) -> None:
    """A link to it: its small moving picture and its title."""
    st.html(f'<a href="?recording={recording.name}">{_moving_picture(recording)}{escape(recording.title)}</a>')
    st.caption(literal(recording.look))


def _moving_picture(recording: Recording) -> str:
    """HTML of the small picture, which stands still for who wants no motion."""
    still, moving = served_picture(recording.picture(still=True)), served_picture(recording.picture())
    return (
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
        f'<img src="{moving}" alt="" width="352" height="168"></picture>'
    )
