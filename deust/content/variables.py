"""The `vars` block of a calculated question, and the expressions that use it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from deust.content.lines import Line
from deust.content.problems import Report
from deust.domain.calculated import problems_of
from deust.domain.expressions import inserts_in
from deust.domain.questions import Cloze, Numeric, NumericKey, Question, Variable

MAX_VALUES = 100_000

_NUMBER = r"-?\d{1,12}(?:[.,]\d{1,12})?"
_VARIABLE = re.compile(rf"([a-z][a-z0-9_]*)\s*=\s*({_NUMBER})(?:\s*\.\.\s*({_NUMBER})(?:\s+step\s+({_NUMBER}))?)?")


def read_variables(lines: Sequence[Line], report: Report) -> tuple[Variable, ...]:
    found: dict[str, Variable] = {}
    for line in lines:
        text = line.text.split("#")[0].strip()
        if not text:
            continue
        variable = _variable(text, line.number, report)
        if variable is None:
            continue
        if variable.name in found:
            report.error(line.number, f"variable « {variable.name} » écrite deux fois", "gardez-en une")
        found[variable.name] = variable
    return tuple(found.values())


def _variable(text: str, line: int, report: Report) -> Variable | None:
    found = _VARIABLE.fullmatch(text)
    if not found:
        report.error(line, f"variable illisible : « {text} »", "écrivez par exemple calls = 120..360 step 20")
        return None
    name, first, last, jump = found.groups()
    low, high, step = (Fraction(number.replace(",", ".")) for number in (first, last or first, jump or "1"))
    if high < low or step <= 0:
        report.error(line, f"bornes ou pas impossibles pour « {name} »", "borne basse, borne haute, pas positif")
        return None
    if (high - low) / step > MAX_VALUES:
        report.error(line, f"« {name} » peut prendre trop de valeurs", "agrandissez le pas")
        return None
    return Variable(name=name, low=low, high=high, step=step)


def check_expressions(question: Question, line: int, report: Report) -> None:
    """Every `{{ … }}` and computed answer can be read, names only drawn variables, and computes at the extremes."""
    if question.variables or any(isinstance(key.value, str) for key in _numeric_keys(question)):
        for problem in problems_of(question):
            report.error(line, problem)
    if question.variables and inserts_in(question.title):
        report.error(line, "{{ … }} dans l'intitulé d'une question", "mettez le nombre tiré dans l'énoncé")
    texts = (question.title, question.stem, question.feedback, *question.hints)
    if not question.variables and any(inserts_in(text) for text in texts):
        report.error(line, "{{ … }} dans une question sans nombres tirés", "ajoutez un bloc ```vars")


def _numeric_keys(question: Question) -> Iterator[NumericKey]:
    gaps = question.answer.gaps if isinstance(question.answer, Cloze) else (question.answer,)
    for gap in gaps:
        if isinstance(gap, Numeric):
            yield from gap.keys
