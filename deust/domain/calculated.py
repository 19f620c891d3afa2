"""Calculated questions: the numbers drawn for a student, and what may go wrong for some draw."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import prod

from deust.domain.expressions import WORDS, ExpressionError, evaluate, inserts_in, names_in, parse
from deust.domain.formulas import FUNCTIONS
from deust.domain.questions import (
    HUMAN_MARKED,
    AnswerBlock,
    Choice,
    Cloze,
    Matching,
    Numeric,
    Ordering,
    Question,
    Short,
    Values,
    Variable,
)

MAX_VARIABLES = 20
MAX_TRIED = 200
MAX_REDRAWN = 100


def possible(variables: Sequence[Variable]) -> int:
    """How many different draws there are."""
    return prod(_steps(variable) + 1 for variable in variables)


def draw(variables: Sequence[Variable], rng: random.Random) -> dict[str, Fraction]:
    """A value for each variable, every step of its range equally likely."""
    return {variable.name: variable.low + rng.randrange(_steps(variable) + 1) * variable.step for variable in variables}


def is_drawn(variable: Variable, value: Fraction) -> bool:
    """Whether some student may meet this number."""
    return variable.low <= value <= variable.high and ((value - variable.low) / variable.step).denominator == 1


def draw_for(question: Question, rng: random.Random) -> dict[str, Fraction]:
    """The numbers of one paper: drawn again while something of the question cannot be computed with them.

    Where the draws are many, an author is told only what fails at the ends: no student must meet what lies between.
    """
    values = draw(question.variables, rng)
    for _ in range(MAX_REDRAWN if question.variables else 0):
        if _is_computable(question, values):
            break
        values = draw(question.variables, rng)
    return values


def _is_computable(question: Question, values: Values) -> bool:
    try:
        computed = {source: evaluate(parse(source), values) for source in _sources(question)}
        return all(computed[source] >= 0 for source in _tolerances(question.answer))
    except ExpressionError:
        return False


@lru_cache(maxsize=1_024)
def _sources(question: Question) -> tuple[str, ...]:
    """Every expression of a question with drawn numbers."""
    inserts = (source for text in texts_of(question) for source in inserts_in(text))
    return tuple(dict.fromkeys((*inserts, *_keys(question.answer), *_tolerances(question.answer))))


def problems_of(question: Question) -> list[str]:
    """What an author must mend in a question's numbers: tried over all that can be drawn, or at the corners of much.

    A division by zero may lie between the ends. A corner is every variable at its lowest or highest, and each in turn
    at its lowest, highest or zero while the others keep together at an end.
    """
    problems = list(_variable_problems(question.variables))
    if problems:
        return problems
    draws, tolerances = list(_tried(question.variables)), tuple(_tolerances(question.answer))
    for text in texts_of(question) if question.variables else ():
        if "{{" in text and text.count("{{") != len(inserts_in(text)):
            problems.append(f"« {{{{ » mal fermé dans « {text[text.index('{{') :][:60]} »")
    for source in _sources(question) if question.variables else dict.fromkeys((*_keys(question.answer), *tolerances)):
        problems += _source_problems(source, draws, is_tolerance=source in tolerances)
    return problems


def _steps(variable: Variable) -> int:
    if variable.step <= 0 or variable.high < variable.low:
        raise ExpressionError(f"plage impossible pour « {variable.name} »", 0)
    return int((variable.high - variable.low) // variable.step)


def _variable_problems(variables: Sequence[Variable]) -> Iterator[str]:
    if len(variables) > MAX_VARIABLES:
        yield f"plus de {MAX_VARIABLES} variables"
    names = [variable.name for variable in variables]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"variable « {name} » définie {names.count(name)} fois"
        if not name.isidentifier() or name in WORDS or name in FUNCTIONS:
            yield f"« {name} » ne peut pas nommer une variable"
    for variable in variables:
        if variable.step <= 0:
            yield f"le pas de « {variable.name} » doit être plus grand que 0"
        if variable.high < variable.low:
            yield f"la plage de « {variable.name} » finit avant de commencer"


def _tried(variables: Sequence[Variable]) -> Iterator[dict[str, Fraction]]:
    if possible(variables) > MAX_TRIED:
        yield from _corners(variables)
        return
    ranges = [[one.low + place * one.step for place in range(_steps(one) + 1)] for one in variables]
    names = [variable.name for variable in variables]
    for values in product(*ranges):
        yield dict(zip(names, values, strict=True))


def _corners(variables: Sequence[Variable]) -> Iterator[dict[str, Fraction]]:
    lows = {variable.name: variable.low for variable in variables}
    highs = {variable.name: variable.low + _steps(variable) * variable.step for variable in variables}
    yield lows
    yield highs
    for variable in variables:
        for value in _ends(variable, highs[variable.name]):
            yield lows | {variable.name: value}
            yield highs | {variable.name: value}


def _ends(variable: Variable, high: Fraction) -> Iterator[Fraction]:
    yield variable.low
    yield high
    if variable.low < 0 < high and (variable.low / variable.step).denominator == 1:
        yield Fraction(0)


def _source_problems(source: str, draws: Sequence[Values], *, is_tolerance: bool) -> list[str]:
    """At most one problem an expression: the first met."""
    try:
        expression = parse(source)
    except ExpressionError as error:
        return [f"« {source[:80]} » : {error.message} (caractère {error.position + 1})"]
    unknown = sorted(names_in(expression) - draws[0].keys())
    if unknown:
        return [f"« {source} » : variable inconnue « {name} »" for name in unknown]
    for values in draws:
        try:
            value = evaluate(expression, values)
        except ExpressionError as error:
            return [f"« {source} » : {error.message}{_when(values)}"]
        if is_tolerance and value < 0:
            return [f"« {source} » : tolérance négative{_when(values)}"]
    return []


def _when(values: Mapping[str, Fraction]) -> str:
    drawn = ", ".join(f"{name} = {value}" for name, value in values.items())
    return f" quand {drawn}" if drawn else ""


def texts_of(question: Question) -> Iterator[str]:
    """Every text of a question that is put in pages, its title left out."""
    yield question.stem
    yield question.feedback
    yield from question.hints
    yield from _block_texts(question.answer)
    if isinstance(question.answer, HUMAN_MARKED):
        yield question.answer.expected


def _block_texts(answer: AnswerBlock) -> Iterator[str]:
    match answer:
        case Choice(options=options):
            for option in options:
                yield from (option.text, option.feedback)
        case Numeric(keys=keys):
            yield from (key.feedback for key in keys)
        case Short(keys=short_keys):
            for key in short_keys:
                yield from (*(() if key.is_pattern else key.variants), key.feedback)
        case Matching(pairs=pairs, distractors=distractors):
            yield from (side for pair in pairs for side in pair)
            yield from distractors
        case Ordering(items=items):
            yield from items
        case Cloze(gaps=gaps):
            for gap in gaps:
                yield from _block_texts(gap)


def _numerics(answer: AnswerBlock) -> Iterator[Numeric]:
    if isinstance(answer, Numeric):
        yield answer
    if isinstance(answer, Cloze):
        yield from (gap for gap in answer.gaps if isinstance(gap, Numeric))


def _keys(answer: AnswerBlock) -> Iterator[str]:
    yield from (key.value for block in _numerics(answer) for key in block.keys if isinstance(key.value, str))


def _tolerances(answer: AnswerBlock) -> Iterator[str]:
    yield from (key.tolerance for block in _numerics(answer) for key in block.keys if isinstance(key.tolerance, str))
