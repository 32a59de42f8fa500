"""One click counts once, beside fragments that rerun by themselves too.

In Streamlit 1.67 the browser keeps a click for its next task and sends it then. Where the timer of a fragment with
`run_every` comes in between, its message says of the click too, and the callback of the button runs twice: on a slow
machine for one press in ten and more. So what a timer's message says of clicks is dropped: the click's own follows.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from streamlit.runtime.app_session import AppSession

# The fields of a widget's state that hold a click, or what was entered with one.
CLICKS = ("trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value")


def count_clicks_once() -> None:
    """From now on, in this server."""
    request_rerun: Any = AppSession.request_rerun
    if hasattr(request_rerun, "__wrapped__"):
        return

    @wraps(request_rerun)
    def without_clicks_of_timers(session: AppSession, client_state: Any) -> None:
        if client_state and client_state.is_auto_rerun:
            widgets = client_state.widget_states.widgets
            others = [widget for widget in widgets if widget.WhichOneof("value") not in CLICKS]
            del widgets[:]
            widgets.extend(others)
        request_rerun(session, client_state)

    AppSession.request_rerun = without_clicks_of_timers  # type: ignore[assignment, method-assign]
