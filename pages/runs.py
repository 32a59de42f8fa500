"""The runs page: everything that was trained here, newest first."""

import streamlit as st

from genlab.runs.summary import run_row
from genlab.ui.frame import page_frame
from genlab.ui.run_list import run_list
from genlab.ui.worker_supervisor import get_store

page_frame("Runs")
st.subheader("Runs")
runs = get_store().runs()
if runs:
    run_list([run_row(run) for run in runs])
else:
    st.markdown("Nothing has been trained here yet.")
    st.page_link("pages/train.py", label="Train a GAN and a VAE", icon=":material/play_arrow:")
