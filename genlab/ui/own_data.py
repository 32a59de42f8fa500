"""The data page: from a file, a painting or typed numbers to a data set that can be trained on."""

from __future__ import annotations

import streamlit as st


def own_data() -> None:
    st.subheader("Your data")
