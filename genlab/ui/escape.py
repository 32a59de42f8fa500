"""Words from outside (an address, a file, a run folder, an error) as Markdown that shows them as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from genlab.runs.tables import Row, as_markdown

JOINER = "\u2060"  # has no width


def literal(words: str) -> str:
    """Markdown of Streamlit that shows these words, with whatever signs they hold; a line break stays one.

    After the signs of Markdown are taken in, Streamlit still looks for addresses, ":emoji:" and arrows in the text that
    is left. An invisible sign in their middle keeps them text.
    """
    words = re.sub(r"([\\`*_{}\[\]()<>#+\-=.!|~$:&^\"'])", r"\\\1", words)
    words = re.sub(r":(?=[\w/+\\])|@|(?i:www)|[-<>~=](?=\\[-<>=])", rf"\g<0>{JOINER}", words)
    return re.sub(r"\s*\n\s*", "  \n", words.strip())


def literal_table(groups: Mapping[str, Sequence[Row]]) -> str:
    """A table as Markdown, a heading for each group of rows, its words as they are."""
    return as_markdown(
        {
            group: [{literal(column): literal(value) for column, value in row.items()} for row in rows]
            for group, rows in groups.items()
        }
    )
