"""The samples page: what the models of a run make, fresh and through training, beside each other and beside data."""

from genlab.ui.frame import page_frame
from genlab.ui.samples_page import samples_page

page_frame("Samples")
samples_page()
