"""The runs page: everything that was trained here."""

from genlab.ui.frame import page_frame
from genlab.ui.run_list import run_list

page_frame("Runs")
run_list()
