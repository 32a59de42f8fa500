"""A link to what is on the page now, without the parts that an audience does not need."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from genlab.ui.address import HIDEABLE, address_query

LOOK_SECONDS = 1.0


def link_builder() -> None:
    """A small button that opens the link and what it may leave out."""
    popover = st.popover("Link", icon=":material/link:", type="tertiary", key="link", on_change="rerun")
    if popover.open:
        with popover:
            st.fragment(_builder, run_every=LOOK_SECONDS)()  # the time line may move meanwhile


def _builder() -> None:
    parts = list(HIDEABLE)
    hidden = st.pills("Leave out", parts, format_func=HIDEABLE.__getitem__, selection_mode="multi", key="link.hide")
    st.code(page_link(st.context.url or "", address_query(), hidden), language=None, wrap_lines=True)
    st.caption("Opens this run at this moment of its time line. The copy button is at the right of the link.")


def page_link(address: str, query: dict[str, str], hidden: list[str]) -> str:
    """The address of a page with its query, leaving out parts of the page."""
    kept = {name: value for name, value in query.items() if name != "hide"}
    if hidden:
        kept["hide"] = ",".join(hidden)
    scheme, host, path, *_ = urlsplit(address)
    return urlunsplit((scheme, host, path, urlencode(kept, safe=","), ""))
