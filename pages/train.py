"""The train page: two models learn the same data, side by side."""

import streamlit as st

from genlab.ui.controls import controls, run_from_address, train_button
from genlab.ui.frame import page_frame
from genlab.ui.live import live_run

page_frame("Train")
run = run_from_address()
if not run:
    st.subheader("Two models, the same data, side by side")
    st.markdown(
        "Press **Train** and watch both learn: their samples over the real data, their latent spaces, their losses, "
        "and how many of the data's modes each of them covers. Everything is set on the left; the defaults work."
    )
with st.sidebar:
    spec, reason = controls(run)
    train_button(spec, reason, run, shortcut="t")
if run:
    live_run(run)
else:
    train_button(spec, reason, run, key="train-first")
