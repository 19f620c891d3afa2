"""A question as authors write it: a level-2 heading with its attributes, a stem, an answer block, hints, feedback."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from anyascii import anyascii

from deust.content import answers
from deust.content.answer_blocks import Parts, block_kinds, cut, has_gaps, last_list_start, move_last_quote, nearly_read
from deust.content.attributes import Attributes, is_id, refuse_unknown, split_attributes
from deust.content.fields import number_of
from deust.content.limits import excess
from deust.content.lines import Line, text_of
from deust.content.problems import Report
from deust.content.variables import check_expressions, read_variables
from deust.domain.calculated import texts_of
from deust.domain.questions import AnswerBlock, Info, Question, block_type

_COMMON = ("points", "tags", "outcome", "type")
_OWN = {
    "essay": ("words", "grid"),
    "voice": ("max", "grid"),
    "file": ("accept", "max", "grid"),
    "ordering": ("all-or-nothing",),
}
_WITHOUT_BLOCK = ("cloze", "essay", "voice", "file", "info")
_VALUE_TYPES = ("true-false", "numeric", "short")
_TYPES = ("single", "multiple", *_VALUE_TYPES, "matching", "ordering", *_WITHOUT_BLOCK, "calculated")
_FENCED_VARIABLES = "vars"


def slug_of(title: str) -> str:
    """An id made from a title, to suggest to the author."""
    words = re.findall(r"[a-z0-9]+", anyascii(title).lower())
    return "-".join(words[:6])[:60].strip("-") or "question"


def read_question(heading: Line, lines: Sequence[Line], report: Report, *, section: str | None) -> Question | None:
    """The question, or None with the reasons reported."""
    title, attributes = split_attributes(heading.text.lstrip("#").strip(), heading.number, report)
    _check_heading(title, attributes, heading.number, report)
    kind = _kind(attributes, lines, heading.number, report)
    if kind is None:
        return None
    refuse_unknown(attributes, (*_COMMON, *_OWN.get(kind, ())), heading.number, report)
    parts = cut(lines, None if kind in _WITHOUT_BLOCK else kind, report)
    answer = _answer(kind, parts, heading.number, report, attributes)
    if answer is None or not attributes.id:
        return None
    question = _assembled(title, attributes, parts, answer, heading.number, report, section=section)
    _check(question, attributes, parts, heading.number, report)
    return question if is_id(attributes.id) else None


def _check_heading(title: str, attributes: Attributes, line: int, report: Report) -> None:
    if not title:
        report.error(line, "question sans intitulé", "écrivez son intitulé après ##")
    if not attributes.id:
        report.error(line, "question sans identifiant", f"ajoutez {{#{slug_of(title)}}} à la fin du titre")
    elif not is_id(attributes.id):
        report.error(
            line,
            f"identifiant « {attributes.id} » refusé",
            f"minuscules sans accent, chiffres et tirets, par exemple {{#{slug_of(attributes.id)}}}",
        )


def _kind(attributes: Attributes, lines: Sequence[Line], line: int, report: Report) -> str | None:
    """The block to look for: as stated, or as written."""
    stated = attributes.values.get("type", "")
    if stated and stated not in _TYPES:
        report.error(line, f"type « {stated} » inconnu", f"un de : {', '.join(_TYPES)}")
        return None
    if stated in ("essay", "voice", "file", "info"):
        return stated
    found = block_kinds(lines)
    if len(found) > 1:
        report.error(line, "plusieurs sortes de réponses dans une question", "gardez-en une seule")
        return None
    if has_gaps(lines):
        found.append("cloze")
    if len(found) > 1:
        report.error(line, "des trous et d'autres réponses dans une question", "gardez une seule sorte de réponse")
        return None
    if not found and last_list_start(_before_variables(lines)) is not None:
        found.append("ordering")
    nearly = None if found else nearly_read(lines)
    if nearly:
        place, sign, right = nearly
        report.error(place, f"« {sign} » ne commence pas une réponse", f"écrivez {right}")
        return None
    if not found:
        report.error(
            line, "question sans réponse", "ajoutez un bloc de réponses, ou {type=info} pour une simple lecture"
        )
        return None
    return found[0]


def _before_variables(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.fence != _FENCED_VARIABLES and not line.text.startswith(">?")]


def _answer(kind: str, parts: Parts, line: int, report: Report, attributes: Attributes) -> AnswerBlock | None:
    if kind in answers.ATTRIBUTED:
        return answers.ATTRIBUTED[kind](parts, line, report, attributes)
    if kind == "value":
        stated = attributes.values.get("type", "")
        return answers.values(parts, report, stated if stated in _VALUE_TYPES else "")
    if kind == "cloze" and not parts.feedback and not parts.hints:
        move_last_quote(parts)
    return answers.SIMPLE[kind](parts, line, report)


def _assembled(
    title: str,
    attributes: Attributes,
    parts: Parts,
    answer: AnswerBlock,
    line: int,
    report: Report,
    *,
    section: str | None,
) -> Question:
    return Question(
        id=attributes.id,
        title=title,
        answer=answer,
        stem=text_of(parts.stem),
        points=_points(attributes, answer, line, report),
        tags=_tags(attributes),
        outcome=attributes.values.get("outcome"),
        section=section,
        hints=tuple(hint for hint in parts.hints if hint),
        feedback="\n".join(parts.feedback).strip(),
        variables=read_variables(parts.variables, report),
        line=line,
    )


def _points(attributes: Attributes, answer: AnswerBlock, line: int, report: Report) -> Fraction:
    written = attributes.values.get("points")
    if isinstance(answer, Info):
        if written is not None:
            report.error(line, "une information ne vaut pas de points", "retirez points=")
        return Fraction(0)
    if written is None:
        return Fraction(1)
    points = number_of(written)
    if points is None or not 0 < points <= 1000:
        report.error(line, f"points : « {written} » n'est pas admis", "un nombre positif, par exemple points=2")
        return Fraction(1)
    return points


def _tags(attributes: Attributes) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in attributes.values.get("tags", "").split(",") if tag.strip())


def _check(question: Question, attributes: Attributes, parts: Parts, line: int, report: Report) -> None:
    stated = attributes.values.get("type")
    actual = block_type(question.answer)
    if stated and stated not in (actual, "calculated" if question.variables else actual):
        report.error(line, f"le type écrit est {stated}, les réponses sont de type {actual}", "accordez les deux")
    if parts.expected and actual not in ("essay", "voice", "file"):
        report.error(parts.expected[0].number, "« Attendus » n'a de sens que pour une réponse lue par un correcteur")
    for text in texts_of(question):
        found = excess(text)
        if found:
            report.error(line, f"texte trop lourd à mettre en page : {found[1]}", "découpez ou simplifiez")
    check_expressions(question, line, report)
