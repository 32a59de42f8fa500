"""Words of a visitor, as Markdown that shows them as they are."""

from __future__ import annotations

import re


def literal(words: str) -> str:
    """Markdown that shows these words, with whatever signs they hold."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])", r"\\\1", words)
