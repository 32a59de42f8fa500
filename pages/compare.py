"""The compare page: two to four runs, or lanes of them, on one time line."""

from genlab.ui.compare_page import compare_page
from genlab.ui.frame import page_frame

page_frame("Compare")
compare_page()
