"""The mode coverage page: which modes of the data each lane of a run covers, and everything measured of it."""

from genlab.ui.coverage_page import coverage_page
from genlab.ui.frame import page_frame

page_frame("Mode coverage")
coverage_page()
