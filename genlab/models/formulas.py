"""What the docstring of a model's builder says, taken apart: its formula, typeset, and what its numbers mean."""

from __future__ import annotations

import inspect
import re
from functools import partial

from genlab.models.base import ModelFamily

SYMBOLS = {"beta": r"\beta", "log": r"\log", "grad": r"\nabla", "KL": r"\mathrm{KL}", "MMD": r"\mathrm{MMD}"}
TOKEN = re.compile(r"(?:min|max)(?:_(?:\{[^}]*\}|\w))?|E_\w\([^)]*\)(?=\[)|[A-Za-z]+|\|\||\s+|.")
WORD = re.compile(r"[A-Za-z]{2,}|a")
NAME = re.compile(r"`(\w+/\w+)`")


def documentation(family: ModelFamily) -> str:
    """The docstring of the builder."""
    build = family.build
    return inspect.getdoc(build.func if isinstance(build, partial) else build) or ""


def formula(family: ModelFamily) -> str:
    """What is optimised, as the docstring has it in its first line."""
    return documentation(family).partition("\n")[0]


def meanings(family: ModelFamily) -> dict[str, str]:
    """What every recorded number "phase/log" means, as far as the docstring says it."""
    found: dict[str, str] = {}
    recorded = documentation(family).partition("Recorded")[2]
    for item in re.split(r"^- ", recorded, flags=re.MULTILINE)[1:]:
        text = " ".join(item.split())
        # An item may speak of several names, and of several groups of them.
        starts = list(re.finditer(r"(?:`\w+/\w+`(?:,? and |, )?)+:", text))
        for start, after in zip(starts, [*starts[1:], None]):
            words = text[start.end() : after.start() if after else None].strip(" ;")
            found |= dict.fromkeys(NAME.findall(start.group()), words)
    return found


def typeset(plain: str) -> str:
    """A formula as the docstrings write it, as LaTeX: a line for each objective, and one for what comes after it.

    A word of more than one letter is text, except for the names of functions; an E before a bracket is an expectation.
    """
    lines = [_line(part) for part in _parts(plain)]
    return lines[0] if len(lines) == 1 else r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"


def _parts(plain: str) -> list[str]:
    """Cut behind every comma and semicolon that is in no bracket."""
    parts, depth = [""], 0
    for sign in plain:
        depth += (sign in "([{") - (sign in ")]}")
        parts[-1] += sign
        if sign in ",;" and depth == 0:
            parts.append("")
    return [part.strip() for part in parts if part.strip()]


def _line(part: str) -> str:
    result = ""
    tokens = TOKEN.findall(part)
    for i, token in enumerate(tokens):
        after = next((other for other in tokens[i + 1 :] if other.strip()), "")
        if token in SYMBOLS:
            result += SYMBOLS[token] + " "
        elif re.match(r"(min|max)(_|$)", token):
            name, _, below = token.partition("_")
            result += rf"\{name}" + (f"_{{{below.strip('{}')}}}" if below else "") + r"\;"
        elif token.startswith("E_"):
            result += rf"\mathbb{{E}}_{{{token[2:]}}}"
        elif token == "E" and after == "[":
            result += r"\mathbb{E}"
        elif token == "N" and after == "(":
            result += r"\mathcal{N}"
        elif token == "||":
            result += r"\|"
        elif WORD.fullmatch(token):
            result += rf"\text{{ {token} }}"
        elif token.isspace():
            result += " "
        else:
            result += {"%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "\\": r"\backslash "}.get(token, token)
    return re.sub(r" +", " ", re.sub(r" \}( ?)\\text\{ ", " ", result)).strip()
