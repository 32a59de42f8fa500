"""The data page: from a file, a painting or typed numbers to a data set that can be trained on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from genlab.datasets.columns import written_rows
from genlab.datasets.examples import MINIMUM_EXAMPLES, DataRefused, Examples
from genlab.datasets.options import ReadingOptions
from genlab.datasets.own import data_folder, free_name, save
from genlab.datasets.pictures import KINDS
from genlab.datasets.reading import MAXIMUM_UPLOAD, read, read_painted, read_typed
from genlab.figures.preview import preview
from genlab.ui.chart_grid import Cell, chart_grid
from genlab.ui.escape import literal, literal_table
from genlab.ui.painter import painter
from genlab.ui.reading_controls import chosen_options, reading_controls

WAYS = {"upload": "Upload a file", "paint": "Paint points", "type": "Type points"}
SUFFIXES = ["csv", "tsv", "txt", "npz", "zip"]
PICTURE = 400  # pixels, the height of the preview
ROWS = 6  # of a table with words, in its place
FORMATS = f"""
- a **table** as CSV: numbers, words and dates, whatever separates them
- a **zip of pictures** ({KINDS}) of any size; where they have classes, one folder for each
- an **.npz** with `examples`, if need be `labels`; or with `x_train` and `x_test`, if need be `y_train` and `y_test`
"""


def own_data() -> None:
    """One of three ways to bring data on the left; what was found, and the button that uses it, on the right."""
    st.subheader("Train on your own data")
    way = st.segmented_control(
        "How to bring it",
        list(WAYS),
        format_func=lambda way: WAYS[way],
        default="upload",
        required=True,
        key="way",
        label_visibility="collapsed",
        persist_state="session",
    )
    left, right = st.columns(2, gap="large")
    found, name = None, ""
    with left:
        try:
            found, name = {"upload": _uploaded, "paint": _painted, "type": _typed}[way or "upload"]()
        except DataRefused as refusal:
            st.error(literal(str(refusal)), icon=":material/block:")
    with right:
        if found:
            _use(found, name)
        else:
            st.caption("What was found is shown here, before anything is stored.")


def _uploaded() -> tuple[Examples | None, str]:
    file = st.file_uploader(
        "A file", SUFFIXES, key="file", label_visibility="collapsed", max_upload_size=MAXIMUM_UPLOAD // 10**6
    )
    if file is None:
        st.markdown(FORMATS)
        return None, ""
    # Read once for each way of reading it, and not again whenever something on the page is touched.
    options = chosen_options(file.file_id)
    if st.session_state.get("read_file") != (file.file_id, options):
        with st.spinner("Reading it"):
            st.session_state.found = _read(file.name, file.getvalue(), options)
        st.session_state.read_file = (file.file_id, options)
    found = st.session_state.found
    known = found.options
    if known is not None:
        reading_controls(file.file_id, known, pictures=file.name.lower().endswith(".zip"))
    if isinstance(found, DataRefused):
        raise found
    return found, Path(file.name).stem


def _read(name: str, content: bytes, options: ReadingOptions) -> Examples | DataRefused:
    try:
        return read(name, content, options)
    except DataRefused as refusal:
        return refusal


def _painted() -> tuple[Examples | None, str]:
    points = painter("painter")
    if len(points) < MINIMUM_EXAMPLES:
        st.caption(f"Hold the mouse or a finger and draw. At least {MINIMUM_EXAMPLES} points are needed.")
        return None, ""
    return read_painted(points), free_name("painting")


def _typed() -> tuple[Examples | None, str]:
    text = st.text_area(
        "Points, one a line",
        height=380,
        placeholder="0.5 1.25\n-1, 0.75\n…",
        key="typed",
        help="Two numbers or more a line, with a blank or a comma between them. Lines pasted from a sheet work too.",
        persist_state="session",
    )
    if not (text or "").strip():
        st.caption(f"At least {MINIMUM_EXAMPLES} points are needed.")
        return None, ""
    return read_typed(text or ""), free_name("points")


def _use(found: Examples, suggestion: str) -> None:
    """What was found, a name for it, and the button that stores it and goes on to train."""
    words = found.summary()
    if found.kind == "table":
        st.markdown(literal_table({"": written_rows(found.columns, found.values[:ROWS])}))
    else:
        chart_grid([Cell("preview", 1, PICTURE, preview(found), alt=words)], key="preview", columns=1)
    st.markdown(literal(words))
    for title, sentences in (("Assumed", found.assumed), ("Left out", found.left_out)):
        if sentences:
            st.caption(f"**{title}**  \n" + "  \n".join(map(literal, sentences)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", suggestion, max_chars=60, key=f"name.{suggestion}")
        pressed = st.button("Use this data", type="primary", icon=":material/check:", key="use")
    if pressed:
        try:
            stored = save(name or "", found)
        except (DataRefused, OSError) as error:
            st.error(literal(str(error)), icon=":material/block:")
        else:
            st.switch_page("pages/train.py", query_params={"dataset": stored})
    st.caption(
        f"It is stored in the folder {literal(str(data_folder()))} of the computer that runs genlab. "
        "**Everyone who uses this genlab can see it and train on it**, so bring nothing private. To remove it, delete "
        "its file there."
    )
