"""genlab's front door: `streamlit run app.py`."""

from genlab.ui.frame import FRONT, page_frame
from genlab.ui.front_page import front_page

page_frame(FRONT)
front_page()
