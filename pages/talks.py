"""The page of talks: moments of runs with one's own words, written here and given from here."""

from genlab.ui.frame import page_frame
from genlab.ui.talk_page import talk_page

page_frame("Talks")
talk_page()
