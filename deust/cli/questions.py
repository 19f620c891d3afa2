"""A question in words, for an author who reads it again in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from deust.domain.french_numbers import format_number
from deust.domain.questions import (
    AnswerBlock,
    Choice,
    Cloze,
    Essay,
    File,
    Matching,
    Numeric,
    NumericKey,
    Ordering,
    Question,
    Short,
    ShortKey,
    TrueFalse,
    Variable,
    Voice,
    type_of,
)


def question_lines(question: Question) -> Iterator[str]:
    """All that its source says: stem, drawn numbers, answers with their comments, hints, general comment."""
    yield f"{question.id} [{type_of(question)}, {format_number(question.points)} pt] {question.title}"
    yield from _indented(question.stem)
    for variable in question.variables:
        yield f"  tirage : {variable.name}, {drawn_from(variable)}"
    for line in _answer_lines(question.answer):
        yield f"  {line}"
    for hint in question.hints:
        yield from _commented("indice", hint)
    yield from _commented("commentaire", question.feedback)


def drawn_from(variable: Variable) -> str:
    low, high, step = (format_number(number) for number in (variable.low, variable.high, variable.step))
    return f"de {low} à {high}, de {step} en {step}"


def _answer_lines(answer: AnswerBlock) -> Iterator[str]:
    match answer:
        case Choice():
            yield from _option_lines(answer)
        case TrueFalse(value=value):
            yield "= vrai" if value else "= faux"
        case Numeric() | Short():
            yield from _key_lines(answer)
        case Matching() | Ordering():
            yield from _listed(answer)
        case Cloze(gaps=gaps):
            yield from (f"[[{number}]] {line}" for number, gap in enumerate(gaps, 1) for line in _answer_lines(gap))
        case Essay() | Voice() | File():
            yield from (line.strip() for line in _commented("attendus", answer.expected))


def _option_lines(answer: Choice) -> Iterator[str]:
    for option in answer.options:
        weight = "" if option.weight is None else f" ({format_number(option.weight * 100)} %)"
        yield from _told(f"[{'x' if option.is_right else ' '}] {option.text}{weight}", option.feedback)


def _key_lines(answer: Numeric | Short) -> Iterator[str]:
    for key in answer.keys:
        yield from _told(_numeric(key) if isinstance(key, NumericKey) else _short(key), key.feedback)


def _listed(answer: Matching | Ordering) -> Iterator[str]:
    if isinstance(answer, Ordering):
        yield from (f"{place}. {item}" for place, item in enumerate(answer.items, 1))
        return
    yield from (f"{left} => {right}" for left, right in answer.pairs)
    yield from (f"=> {right}" for right in answer.distractors)


def _short(key: ShortKey) -> str:
    return f"{'~' if key.is_pattern else '='} {' | '.join(key.variants)}{_share(key.share)}"


def _numeric(key: NumericKey) -> str:
    tolerance = f" ± {_number(key.tolerance)}" if key.tolerance else ""
    unit = f" {key.unit}" if key.unit else ""
    return f"= {_number(key.value)}{tolerance}{unit}{_share(key.share)}"


def _number(number: Fraction | str) -> str:
    return number if isinstance(number, str) else format_number(number)


def _share(share: Fraction) -> str:
    return "" if share == 1 else f" ({format_number(share * 100)} %)"


def _told(line: str, feedback: str) -> Iterator[str]:
    yield from line.split("\n")
    yield from (f"  > {text}" for text in feedback.split("\n") if text)


def _commented(name: str, text: str) -> Iterator[str]:
    lines = [line for line in text.split("\n") if line]
    yield from (f"  {name} : {line}" for line in lines)


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {line}".rstrip() for line in text.split("\n") if text)
