"""How the lessons of the courses are written: parts in order, something shown, no abbreviation left unexplained."""

from __future__ import annotations

import re

from deust.content.index import plain_text
from deust.content.measures import word_count
from deust.domain.learning import Lesson, Term

COMMON = frozenset({
    "ALORS", "BTS", "CAP", "CDI", "CSV", "CV", "EN", "FAQ", "GPS", "IBAN", "NATO", "OK", "PDF", "PIN",
    "QR", "RE", "RIB", "SI", "SINON", "SMS", "SNCF", "SOS", "STOP", "SVG", "TTC", "TVA", "URL", "USB", "ZIP",
})  # fmt: skip
"""Abbreviations that an adult meets outside the trade, and short words that texts write in capitals."""

FUNCTIONS = frozenset({"FAUX", "MAX", "MIN", "NB", "NBCAR", "NBVAL", "VRAI"})
"""Names of a spreadsheet's functions and values, which are words of its language."""

LONGEST_ACRONYM = 5

_QUOTED = re.compile(r"`[^`\n]*`|«[^»\n]*»")
_ACRONYM = re.compile(r"(?<![\w/.-])[A-Z][A-Z0-9&]*[A-Z](?![\w-])")
_ROMAN = re.compile(r"[IVXLC]+")

_SHOWN = re.compile(r"^\||^!\[[^\]]*\]\(media/|^```dialogue|^\$\$", re.MULTILINE)
_WRONG = re.compile(r"^## Ce qu|^```dialogue bad", re.MULTILINE)
_EXERCISE = re.compile(r"^## À vous", re.MULTILINE)
_SUMMARY = re.compile(r"^(?:## À retenir|!!! note \"À retenir\")\n(?P<lines>(?:\s*(?:-|\d\.) .*\n?)*)", re.MULTILINE)
_FURTHER = re.compile(r'^\?\?\? note "Pour aller plus loin"', re.MULTILINE)
SUMMARY_LINES = 5
OPENING_WORDS = 25


def is_illustrated(lesson: Lesson) -> bool:
    """Whether something is shown besides prose: a table, a drawing, a spoken exchange, a formula on its own line."""
    return bool(_SHOWN.search(lesson.body))


def faults_of_shape(lesson: Lesson) -> list[str]:
    """What a lesson lacks: a situation, an example, what goes wrong, an exercise, five lines to keep, a way further."""
    body = lesson.body
    faults = []
    if word_count(body.partition("\n## ")[0]) < OPENING_WORDS:
        faults.append("situation")
    if not is_illustrated(lesson):
        faults.append("example")
    if not _WRONG.search(body):
        faults.append("what goes wrong")
    ends = [_EXERCISE.search(body), _SUMMARY.search(body), _FURTHER.search(body)]
    faults += [name for name, found in zip(("exercise", "summary", "further"), ends, strict=True) if not found]
    places = [found.start() for found in ends if found]
    if places != sorted(places):
        faults.append("order")
    if ends[1] and (count := _lines_of(ends[1]["lines"])) != SUMMARY_LINES:
        faults.append(f"{count} lines of summary")
    return faults


def _lines_of(summary: str) -> int:
    return sum(bool(line.strip()) for line in summary.splitlines())


def unexplained(lesson: Lesson, glossary: tuple[Term, ...]) -> set[str]:
    """Abbreviations that neither the glossary nor the lesson itself spells out beside a bracket.

    What is quoted or written as code is an example of what someone types or says.
    """
    text = plain_text(_QUOTED.sub(" ", lesson.body))
    known = COMMON | FUNCTIONS | {word for term in glossary for word in _ACRONYM.findall(f"{term.name} {term.long}")}
    found = {word for word in _ACRONYM.findall(text) if not _ROMAN.fullmatch(word)}
    return {
        word
        for word in found - known
        if len(word) <= LONGEST_ACRONYM and not re.search(rf"{re.escape(word)}\s*\(|\({re.escape(word)}\b", text)
    }
