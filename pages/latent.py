"""The latent page: what the models of a run make of any place in their latent space, and where examples are in it."""

from genlab.ui.frame import page_frame
from genlab.ui.latent_page import latent_page

page_frame("Latent space")
latent_page()
