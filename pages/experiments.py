"""The experiments page: claims about GANs and VAEs, run and judged."""

from genlab.ui.experiments_page import experiments_page
from genlab.ui.frame import page_frame

page_frame("Experiments")
experiments_page()
