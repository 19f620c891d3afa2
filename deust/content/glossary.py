"""The glossary file: a definition list, one term a paragraph.

DMT — durée moyenne de traitement
: Temps moyen passé sur un appel…
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from deust.content.limits import excess
from deust.content.lines import Line
from deust.content.problems import Report
from deust.content.questions import slug_of
from deust.content.typography import typeset
from deust.domain.learning import Term

_LONG = re.compile(r"\s+[—–]\s+")
_DEFINITION = re.compile(r":\s+(.*)$")


def read_glossary(lines: Sequence[Line], report: Report) -> tuple[tuple[Term, int], ...]:
    """The terms, each with its line; two terms of one slug are an error."""
    found: dict[str, tuple[Term, int]] = {}
    for term_line, definition in _pairs(lines, report):
        name, *long = _LONG.split(term_line.text.strip(), maxsplit=1)
        shown, full = typeset(name), typeset(long[0]) if long else ""
        term = Term(slug=slug_of(name), name=shown, long=full, definition=definition)
        if term.slug in found:
            report.error(term_line.number, f"terme « {name} » déjà défini ligne {found[term.slug][1]}", "gardez-en un")
            continue
        heavy = excess(definition)
        if heavy:
            report.error(term_line.number, f"définition trop lourde : {heavy[1]}", "découpez ou simplifiez")
        found[term.slug] = (term, term_line.number)
    return tuple(found.values())


def _pairs(lines: Sequence[Line], report: Report) -> list[tuple[Line, str]]:
    pairs: list[tuple[Line, str]] = []
    waiting: Line | None = None
    for line in lines:
        text = line.text
        definition = _DEFINITION.match(text)
        if definition and waiting is not None:
            pairs.append((waiting, definition.group(1)))
            waiting = None
        elif text.startswith((" ", "\t")) and text.strip() and pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {text.strip()}")
        elif text.strip() and not text.startswith("#"):
            _report_lonely(waiting, report)
            waiting = line
    _report_lonely(waiting, report)
    return pairs


def _report_lonely(line: Line | None, report: Report) -> None:
    if line is not None:
        report.error(
            line.number, f"terme sans définition : « {line.text.strip()[:60]} »", "ajoutez une ligne « : … » dessous"
        )
