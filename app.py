"""genlab's front door: `streamlit run app.py`."""

from genlab.ui.frame import page_frame
from genlab.ui.front_page import front_page

page_frame("GAN and VAE, side by side")
front_page()
