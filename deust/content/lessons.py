"""A lesson file: its text, and its check-yourself questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil

from deust.content.facts import Facts
from deust.content.lines import Fence, Line, fences
from deust.content.problems import Report
from deust.content.questions import read_question
from deust.content.schema import LessonHeader
from deust.domain.questions import Question

WORDS_A_MINUTE = 180
READING_MARGIN = 3, 2

_QUOTED_QUESTION = re.compile(r"\s*>[\s>]*(?:```|~~~)\s*question\b")


def read_checks(lines: Sequence[Line], report: Report) -> tuple[Question, ...]:
    """The questions of the ```question blocks, in order."""
    found: dict[str, Question] = {}
    for line in lines:
        if line.fence is None and _QUOTED_QUESTION.match(line.text):
            report.error(line.number, "un bloc ```question dans une citation", "retirez les > devant")
    for fence in fences(lines):
        if fence.name != "question":
            continue
        question = _check_question(fence, report)
        if question is None:
            continue
        if question.id in found:
            report.error(
                question.line, f"identifiant « {question.id} » déjà pris ligne {found[question.id].line}", "changez-le"
            )
        found.setdefault(question.id, question)
    return tuple(found.values())


def _check_question(fence: Fence, report: Report) -> Question | None:
    if fence.is_indented:
        report.error(fence.line, "un bloc ```question commence à la marge", "retirez les espaces devant")
        return None
    filled = [place for place, line in enumerate(fence.content) if line.text.strip()]
    if not filled or not fence.content[filled[0]].text.startswith("## "):
        report.error(fence.line, "bloc question sans titre", "commencez par « ## … {#id} »")
        return None
    heading, rest = fence.content[filled[0]], fence.content[filled[0] + 1 :]
    extra = next((line for line in rest if line.text.startswith(("## ", "# "))), None)
    if extra is not None:
        report.error(extra.number, "deux questions dans un même bloc", "ouvrez un second bloc ```question")
        return None
    return read_question(heading, _unfenced_inside(rest), report, section=None)


def _unfenced_inside(lines: Sequence[Line]) -> list[Line]:
    """Inside the block, lines are plain again; a `vars` block is written with tildes."""
    found: list[Line] = []
    opened: str | None = None
    for line in lines:
        mark = line.text.startswith("~~~")
        if mark and opened is None:
            opened = line.text.strip("~ ").strip()
            found.append(Line(line.number, line.text, opened, is_mark=True))
            continue
        found.append(Line(line.number, line.text, opened, is_mark=mark))
        opened = None if mark else opened
    return found


def lesson_minutes(header: LessonHeader, facts: Facts, media_seconds: int) -> int:
    """As declared; else 180 words a minute and the media's length, both with half as much again."""
    if header.minutes is not None:
        return header.minutes
    top, bottom = READING_MARGIN
    seconds = facts.words * 60 // WORDS_A_MINUTE + media_seconds
    return max(1, ceil(seconds * top / (60 * bottom)))
