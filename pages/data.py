"""The data page: a visitor's own points or pictures become a data set."""

from genlab.ui.frame import page_frame
from genlab.ui.own_data import own_data

page_frame("Your data")
own_data()
