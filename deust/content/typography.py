"""French typography: authors type plain keys, readers see the right signs and no orphan punctuation."""

from __future__ import annotations

import re

NO_BREAK = "\u00a0"

_TAG = re.compile(r"(<[^>]*>|\{\{[^{}]*\}\})")
_NAME = re.compile(r"</?([a-z0-9]+)", re.IGNORECASE)
_VERBATIM = {"code", "pre", "math", "kbd", "samp"}

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=\w)'(?=[\w«])"), "’"),
    (re.compile(r"\.\.\."), "…"),
    (re.compile(r"«[ \u00a0]?(?=\S)"), f"«{NO_BREAK}"),
    (re.compile(r"(?<=\S) (?=[;:!?»%€])"), NO_BREAK),
    (re.compile(r"(?<=\d) (?=\d{3}(?!\d)|(?:min|h|s|ECTS|euros?)\b)"), NO_BREAK),
)


def typeset(text: str) -> str:
    """Plain text with curly apostrophes, ellipses, and no-break spaces where French wants them."""
    for pattern, sign in _RULES:
        text = pattern.sub(sign, text)
    return text


def typeset_html(html: str) -> str:
    """The same for the text of a page; code, formulas and `{{ … }}` stay as they were written."""
    pieces = _TAG.split(html)
    depth = 0
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            pieces[index] = piece if depth else typeset(piece)
            continue
        name = _NAME.match(piece)
        if name and name[1].lower() in _VERBATIM and not piece.endswith("/>"):
            depth += -1 if piece.startswith("</") else 1
    return "".join(pieces)
