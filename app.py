"""genlab's front door: `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from genlab.ui.frame import page_frame

PICTURE = Path(__file__).parent / "docs" / "train.png"

page_frame("GAN and VAE, side by side")
st.title("A GAN and a VAE learn the same data. Watch them.")
st.markdown(
    "One model learns by fooling a critic, the other by describing what it saw. On the same data, with the same seed "
    "and the same number of steps, they fail in different ways: see which modes each of them covers, how many of its "
    "samples are any good, and what its latent space looks like, while it learns."
)
if st.button("Train a GAN and a VAE", type="primary", icon=":material/play_arrow:"):
    st.switch_page("pages/train.py")
if PICTURE.is_file():
    st.caption("A picture of a recorded run: 3,000 steps of each model on a ring of eight Gaussians.")
    st.image(PICTURE, width=900)
st.page_link("pages/runs.py", label="See what was trained here before", icon=":material/history:")
