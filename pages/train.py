"""The train page: two models learn the same data, side by side."""

import streamlit as st

from genlab.ui.frame import page_frame


def introduction() -> None:
    st.subheader("Two models, the same data, side by side")
    st.markdown(
        "Press **Train** and watch both learn: their samples over the real data, their latent spaces, their losses, "
        "and how many of the data's modes each of them covers. Everything is set on the left; the defaults work."
    )


page_frame("Train")
asked = st.query_params.get("run")
if "talk" in st.query_params:
    from genlab.ui.talk_mode import talk_about_run

    talk_about_run()
if not asked:
    introduction()

# Imported only now: the first visitor of a server reads the lines above meanwhile.
from genlab.ui.address import hidden_parts  # noqa: E402
from genlab.ui.chart_grid import chart_grid  # noqa: E402
from genlab.ui.controls import controls, run_from_address, train_button  # noqa: E402
from genlab.ui.estimate import estimate  # noqa: E402
from genlab.ui.live import live_run  # noqa: E402

run = run_from_address()
if asked and not run:
    introduction()
if run:
    live_run(run)  # first: what it draws takes the browser longest
    if "settings" in hidden_parts():
        st.stop()
with st.sidebar:
    spec, reason = controls(run)
    if run and spec:
        estimate(spec)
    train_button(spec, reason, run, shortcut="t")
if not run:
    train_button(spec, reason, run, key="train-first")
    if spec:
        estimate(spec)
    chart_grid([], key="ahead")  # the browser loads what draws charts while the visitor reads
