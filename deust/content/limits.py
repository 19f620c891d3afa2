"""What no honest page holds: texts that would take the renderer too long are refused before it starts."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_PAGE = 200_000
MAX_LINES = 4_000
MAX_LINE = 20_000
MAX_QUOTES = 8
MAX_INDENT = 80
MAX_GAP = 200
MAX_DEFINITIONS = 500
MAX_BRACKET_WORK = 5_000_000
"""Brackets are looked at again from each bracket of their paragraph: their squares are added over the page."""

_BUDGETS = (
    ("[]", 600, "crochets"),
    ("*_", 600, "marques d'emphase"),
    ("`", 400, "apostrophes inversées"),
    ("<&", 600, "chevrons ou entités"),
    ("$", 400, "signes $"),
    ("()", 1200, "parenthèses"),
    ("\\", 1500, "barres obliques inverses"),
)
_QUOTES = re.compile(rf"(?:[ ]{{0,3}}>[ ]?){{{MAX_QUOTES + 1}}}")
_DEFINITION = re.compile(r"^ {0,3}(?:\[[^\]\n]{1,300}\]:|\*\[)", re.MULTILINE)
_BLANK = re.compile(r"\n[ \t]*\n")
_GAP = re.compile(rf"[^\S\n]{{{MAX_GAP + 1}}}")


def excess(text: str) -> tuple[int, str] | None:
    """The first thing beyond the limits, as (line in the text from 1, what); None for an honest text."""
    return next(_excesses(text), None)


def _excesses(text: str) -> Iterator[tuple[int, str]]:
    if len(text) > MAX_PAGE:
        yield 1, f"page de {len(text)} caractères ({MAX_PAGE} au plus)"
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        yield MAX_LINES, f"page de {len(lines)} lignes ({MAX_LINES} au plus)"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            yield number, f"ligne de {len(line)} caractères ({MAX_LINE} au plus)"
        if len(line) - len(line.lstrip()) > MAX_INDENT and line.strip():
            yield number, "retrait trop profond"
        if line.count(">") > MAX_QUOTES and _QUOTES.match(line):
            yield number, f"plus de {MAX_QUOTES} citations imbriquées"
    gap = _GAP.search(text)
    if gap:
        yield text.count("\n", 0, gap.start()) + 1, f"plus de {MAX_GAP} espaces de suite"
    if len(_DEFINITION.findall(text)) > MAX_DEFINITIONS:
        yield 1, f"plus de {MAX_DEFINITIONS} définitions de liens, notes ou abréviations"
    yield from _crowded_blocks(text)


def _crowded_blocks(text: str) -> Iterator[tuple[int, str]]:
    """Paragraphs that hold far more marks than words need; tables may hold ten times more."""
    line, work = 1, 0
    for block in _BLANK.split(text):
        work += block.count("[") ** 2
        if work > MAX_BRACKET_WORK:
            yield line, "trop de crochets dans la page"
        margin = 10 if block.count("|") > 20 and "\n" in block else 1
        if len(block) > 300:
            for characters, budget, name in _BUDGETS:
                count = sum(block.count(character) for character in characters)
                if count > budget * margin:
                    yield line, f"un seul paragraphe compte {count} {name}"
        line += block.count("\n") + 2
