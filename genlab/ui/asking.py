"""A page's question to the worker: asked once, waited for a moment, and looked for again until its answer is there."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import streamlit as st

from genlab.figures.base import LaneView
from genlab.runs.questions import Answer, Question
from genlab.ui.escape import literal
from genlab.ui.worker_supervisor import get_store, worker_status

AT_ONCE_SECONDS = 0.7  # an answer is waited for before anything is drawn ...
LOOK_SECONDS = 0.02
POLL_SECONDS = 0.3  # ... and looked for so often afterwards


def answer_of(page: str, question: Question) -> tuple[Question, Answer | None]:
    """The question as it was asked first, and its answer, which is waited for a moment. Raises OSError.

    page: what the keys of the page in the session begin with.
    """
    state, questions = st.session_state, get_store().questions
    visitor = state.setdefault(f"{page}.visitor", uuid4().hex)
    asked: Question = state.get(f"{page}.asked") or question
    answer: Answer | None = state.get(f"{page}.answer")
    if f"{page}.asked" not in state or not question.asks_the_same(asked):
        questions.ask(visitor, question)
        asked, answer = question, None
    end = time.monotonic() + AT_ONCE_SECONDS
    while answer is None and (answer := questions.answered(visitor, asked)) is None and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    state[f"{page}.asked"], state[f"{page}.answer"] = asked, answer
    return asked, answer


def newest(key: str, question: Question, answer: Answer | None) -> tuple[Question, Answer | None]:
    """What is drawn: while an answer is on its way the last one about the run, so that nothing flickers.

    key: where it is kept in the session, one for each kind of answer.
    """
    if answer and not answer.message:
        st.session_state[key] = question, answer
    kept: tuple[Question, Answer] | None = st.session_state.get(key)
    return kept if kept and kept[0].run == question.run else (question, answer)


def say(page: str, lanes: list[LaneView], answer: Answer) -> None:
    """Why there is no answer, or why a lane has no part in it."""
    if answer.message:
        st.error(literal(answer.message), icon=":material/error:")
        if st.button("Ask again", key=f"{page}.again"):
            del st.session_state[f"{page}.asked"]
            st.rerun(scope="fragment")
    for lane, message in answer.messages.items():
        st.warning(literal(f"{lanes[lane].title}: {message}"))


@st.fragment(run_every=POLL_SECONDS)
def wait(page: str, question: Question) -> None:
    """Look again, until the answer is there, and say what it waits for."""
    if get_store().questions.answered(st.session_state[f"{page}.visitor"], question):
        st.rerun()
    status: dict[str, Any] = worker_status()
    if status["state"] != "ready":
        words = f"{status['state']}; the models answer once it is there."
    elif status.get("run"):
        words = "A run trains just now: this waits for its turn, between two of its chunks."
    else:
        words = "The models are loaded; the first answer takes a few seconds."
    st.caption(literal(words))
