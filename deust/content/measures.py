"""What a module offers, counted: words, items, kinds of questions, time; and how easily its lessons read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from deust.content.index import plain_text
from deust.domain.learning import Kind, Lesson, Module, Quiz, Term
from deust.domain.questions import Info, Question, type_of
from deust.domain.quizzes import Mode

COMMON = frozenset({
    "ALORS", "BTS", "CAP", "CDI", "CSV", "CV", "EN", "FAQ", "GPS", "IBAN", "NATO", "OK", "PDF", "PIN",
    "QR", "RE", "RIB", "SI", "SINON", "SMS", "SNCF", "SOS", "STOP", "SVG", "TTC", "TVA", "URL", "USB", "ZIP",
})  # fmt: skip
"""Abbreviations that an adult meets outside the trade, and short words that texts write in capitals."""

FUNCTIONS = frozenset({"FAUX", "MAX", "MIN", "NB", "NBCAR", "NBVAL", "VRAI"})
"""Names of a spreadsheet's functions and values, which are words of its language."""

LONGEST_ACRONYM = 5

_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"`[^`\n]*`|«[^»\n]*»")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?…;:]+(?=\s|»|$)")
_VOWELS = re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]+")
_MUTE_END = re.compile(r"[^aeiouyàâäéèêëîïôöùûü](?:e|es|ent)$")
_ACRONYM = re.compile(r"(?<![\w/.-])[A-Z][A-Z0-9&]*[A-Z](?![\w-])")
_ROMAN = re.compile(r"[IVXLC]+")

_SHOWN = re.compile(r"^\||^!\[[^\]]*\]\(media/|^```dialogue|^\$\$", re.MULTILINE)
_WRONG = re.compile(r"^## Ce qu|^```dialogue bad", re.MULTILINE)
_EXERCISE = re.compile(r"^## À vous", re.MULTILINE)
_SUMMARY = re.compile(r"^(?:## À retenir|!!! note \"À retenir\")\n(?P<lines>(?:\s*(?:-|\d\.) .*\n?)*)", re.MULTILINE)
_FURTHER = re.compile(r'^\?\?\? note "Pour aller plus loin"', re.MULTILINE)
SUMMARY_LINES = 5
OPENING_WORDS = 25


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
        words=sum(word_count(lesson) for lesson in lessons),
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


def word_count(lesson: Lesson) -> int:
    return len(_WORD.findall(plain_text(lesson.body)))


def is_illustrated(lesson: Lesson) -> bool:
    """Whether something is shown besides prose: a table, a drawing, a spoken exchange, a formula on its own line."""
    return bool(_SHOWN.search(lesson.body))


def faults_of_shape(lesson: Lesson) -> list[str]:
    """What a lesson lacks: a situation, an example, what goes wrong, an exercise, five lines to keep, a way further."""
    body = lesson.body
    faults = []
    if len(_WORD.findall(plain_text(body.partition("\n## ")[0]))) < OPENING_WORDS:
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


def _mean(total: Fraction, count: int) -> Fraction:
    return total / count if count else Fraction(0)
