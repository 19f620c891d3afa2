"""What a module offers, counted: words, items, kinds of questions, time; and how easily its lessons read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from deust.content.index import plain_text
from deust.domain.learning import Kind, Lesson, Module, Quiz
from deust.domain.questions import Info, Question, type_of
from deust.domain.quizzes import Mode

_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?…;:]+(?=\s|»|$)")
_VOWELS = re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]+")
_MUTE_END = re.compile(r"[^aeiouyàâäéèêëîïôöùûü](?:e|es|ent)$")


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Counts of one module. `minutes` is the sum declared; `words` are those of the lessons, questions left out."""

    lessons: int
    words: int
    checks: int
    quizzes: int
    graded_quizzes: int
    items: int
    types: Mapping[str, int]
    calls: int
    assignments: int
    minutes: int
    sentence_words: Fraction
    readability: Fraction


def measure(module: Module) -> Measures:
    lessons = [item for item in module.items if isinstance(item, Lesson)]
    quizzes = [item for item in module.items if isinstance(item, Quiz) and item.kind is Kind.QUIZ]
    asked = [question for quiz in quizzes for question in asked_in(quiz)]
    sentences = [sentence for lesson in lessons for sentence in sentences_of(lesson.body)]
    return Measures(
        lessons=len(lessons),
        words=sum(word_count(lesson.body) for lesson in lessons),
        checks=sum(len(lesson.checks) for lesson in lessons),
        quizzes=len(quizzes),
        graded_quizzes=sum(quiz.settings.mode is not Mode.TRAINING for quiz in quizzes),
        items=len(asked),
        types=Counter(type_of(question) for question in asked),
        calls=sum(item.kind is Kind.CALL for item in module.items),
        assignments=sum(item.kind is Kind.ASSIGNMENT for item in module.items),
        minutes=sum(item.minutes for item in module.items),
        sentence_words=_mean(Fraction(sum(len(one) for one in sentences)), len(sentences)),
        readability=kandel_moles(sentences),
    )


def asked_in(quiz: Quiz) -> list[Question]:
    """The questions of a quiz that ask something."""
    return [question for question in quiz.questions if not isinstance(question.answer, Info)]


def word_count(markdown: str) -> int:
    return len(_WORD.findall(plain_text(markdown)))


def sentences_of(markdown: str) -> Iterator[list[str]]:
    """The words of each sentence of a text, spoken lines apart; a title, a cell or a list item ends a sentence."""
    for line in _FENCED.sub("", markdown).splitlines():
        for cell in line.split("|"):
            for sentence in _SENTENCE_END.split(plain_text(cell)):
                words = _WORD.findall(sentence)
                if len(words) > 1:
                    yield words


def kandel_moles(sentences: list[list[str]]) -> Fraction:
    """207 − 1.015 × words a sentence − 73.6 × syllables a word: 60 to 70 is plain, under 30 is for specialists.

    Kandel and Moles, 1958: Flesch's formula for French.
    """
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return Fraction(0)
    syllables = sum(syllable_count(word) for word in words)
    return (
        207
        - Fraction("1.015") * _mean(Fraction(len(words)), len(sentences))
        - Fraction("73.6") * Fraction(syllables, len(words))
    )


def syllable_count(word: str) -> int:
    """Groups of vowels, less a final mute e: near enough for a mean."""
    lower = word.lower()
    return max(1, len(_VOWELS.findall(lower)) - (1 if _MUTE_END.search(lower) else 0))


def _mean(total: Fraction, count: int) -> Fraction:
    return total / count if count else Fraction(0)
