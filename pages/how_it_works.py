"""How it works: the models of a run, drawn from their own phases, and what the words mean."""

from genlab.ui.frame import page_frame
from genlab.ui.how_it_works import how_it_works

page_frame("How it works")
how_it_works()
