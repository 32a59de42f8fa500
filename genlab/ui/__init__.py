"""The only part of genlab that imports streamlit: the frame of the page, the live charts, the controls."""
