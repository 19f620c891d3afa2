"""Lessons and quizzes ready for their page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import unescape
from typing import Any

from deust.content.figures import Shelf
from deust.content.render import RenderContext, render, render_inline, render_with_headings
from deust.content.snapshot import Snapshot
from deust.content.terms import definition, offer_terms
from deust.content.typography import typeset
from deust.domain.learning import Assignment, Heading, Lesson, Quiz, RenderedLesson, Term
from deust.domain.questions import (
    HUMAN_MARKED,
    AnswerBlock,
    Choice,
    Cloze,
    Matching,
    Numeric,
    NumericKey,
    Option,
    Ordering,
    Question,
    Short,
    ShortKey,
)

_CHECK = re.compile("<p>\\s*\ue000check:([a-z0-9-]+)\ue001\\s*</p>")
_STRAY = re.compile("\ue000check:[a-z0-9-]+\ue001")


def context_of(snapshot: Snapshot, module_id: str, path: str) -> RenderContext:
    """Where the texts of a file stand."""
    programme = snapshot.programme_of_module(module_id)
    shelf = Shelf(module_id, snapshot.media, snapshot.transcripts)
    return RenderContext(path, snapshot.pages, shelf, programme.glossary if programme else ())


def rendered_lesson(lesson: Lesson, context: RenderContext) -> RenderedLesson:
    """HTML pieces and checks in reading order; the definitions of the terms met end the last piece."""
    html, tokens = render_with_headings(lesson.body, context)
    pieces = _CHECK.split(html)
    texts, ids = [_STRAY.sub("", text) for text in pieces[::2]], pieces[1::2]
    texts, terms = offer_terms(texts, context.terms)
    texts[-1] += "".join(_definition(term, context) for term in terms)
    checks = {check.id: rendered_question(check, context) for check in lesson.checks}
    return RenderedLesson(parts=tuple(_parts(texts, ids, checks)), headings=tuple(_headings(tokens)), checks=checks)


def _definition(term: Term, context: RenderContext) -> str:
    return definition(term, render_inline(term.definition, replace(context, terms=(), prefix=f"d-{term.slug}-")))


def _parts(texts: Sequence[str], ids: Sequence[str], checks: dict[str, Question]) -> list[tuple[str, str]]:
    """Checks whose place was lost (inside raw HTML) come at the end."""
    parts: list[tuple[str, str]] = []
    placed = list(dict.fromkeys(one for one in ids if one in checks))
    for place, text in enumerate(texts):
        if text.strip():
            parts.append(("html", text.strip()))
        if place < len(ids) and ids[place] in checks and ids.index(ids[place]) == place:
            parts.append(("check", ids[place]))
    return parts + [("check", one) for one in checks if one not in placed]


def _headings(tokens: Sequence[Mapping[str, Any]]) -> list[Heading]:
    found: list[Heading] = []
    for token in tokens:
        found.append(Heading(level=token["level"], anchor=token["id"], title=typeset(unescape(token["name"]))))
        found += _headings(token["children"])
    return found


def rendered_quiz(quiz: Quiz, context: RenderContext) -> Quiz:
    plain = replace(context, terms=())
    questions = tuple(rendered_question(question, context) for question in quiz.questions)
    if isinstance(quiz, Assignment):
        expected = render(quiz.expected, replace(plain, prefix="attendus-"))
        return replace(quiz, intro=render(quiz.intro, plain), questions=questions, expected=expected)
    return replace(quiz, intro=render(quiz.intro, plain), questions=questions)


def rendered_question(question: Question, context: RenderContext) -> Question:
    """Every text as HTML: inline for the title, the options and what is chosen from lists; blocks elsewhere.

    `{{ … }}` and `[[n]]` stay as written.
    """
    own = replace(context, terms=(), prefix=f"q-{question.id}-")
    return replace(
        question,
        title=render_inline(question.title, own),
        stem=render(question.stem, own),
        hints=tuple(render_inline(hint, own) for hint in question.hints),
        feedback=render(question.feedback, own),
        answer=_rendered_answer(question.answer, own),
    )


def _rendered_answer(answer: AnswerBlock, context: RenderContext) -> AnswerBlock:
    if isinstance(answer, Choice | Numeric | Short):
        return _rendered_gap(answer, context)
    if isinstance(answer, Matching):
        pairs = tuple((render_inline(left, context), render_inline(right, context)) for left, right in answer.pairs)
        return Matching(pairs=pairs, distractors=tuple(render_inline(text, context) for text in answer.distractors))
    if isinstance(answer, Ordering):
        return replace(answer, items=tuple(render_inline(item, context) for item in answer.items))
    if isinstance(answer, Cloze):
        return Cloze(gaps=tuple(_rendered_gap(gap, context) for gap in answer.gaps))
    if isinstance(answer, HUMAN_MARKED):
        return replace(answer, expected=render(answer.expected, context))
    return answer


def _rendered_gap(gap: Choice | Numeric | Short, context: RenderContext) -> Choice | Numeric | Short:
    if isinstance(gap, Choice):
        return replace(gap, options=tuple(_rendered_option(option, context) for option in gap.options))
    if isinstance(gap, Numeric):
        return Numeric(keys=tuple(_rendered_number(key, context) for key in gap.keys))
    return Short(keys=tuple(_rendered_words(key, context) for key in gap.keys))


def _rendered_option(option: Option, context: RenderContext) -> Option:
    return replace(option, text=render_inline(option.text, context), feedback=render(option.feedback, context))


def _rendered_number(key: NumericKey, context: RenderContext) -> NumericKey:
    return replace(key, feedback=render(key.feedback, context))


def _rendered_words(key: ShortKey, context: RenderContext) -> ShortKey:
    return replace(key, feedback=render(key.feedback, context))
