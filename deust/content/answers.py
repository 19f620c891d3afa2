"""Answer blocks as values: one builder a kind of block."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from deust.content.answer_blocks import CHECKBOX, GAP, NUMBERED, PAIR, RADIO, Entry, Parts, entries, value_lines
from deust.content.answer_values import ValueLine, is_number, numeric_key, seems_number, short_key
from deust.content.attributes import Attributes
from deust.content.fields import bytes_of, file_excess, recording_excess, seconds_of
from deust.content.lines import Line, text_of
from deust.content.problems import Report
from deust.domain.files import is_known_kind
from deust.domain.patterns import PatternError, ensure_safe_pattern
from deust.domain.questions import (
    AnswerBlock,
    Choice,
    Cloze,
    Essay,
    File,
    Info,
    Matching,
    Numeric,
    NumericKey,
    Option,
    Ordering,
    Short,
    ShortKey,
    TrueFalse,
    Voice,
)

_TRUE_FALSE = {"vrai": True, "faux": False}
_WEIGHT = re.compile(r"\s*([xX]?)\s*(?:([-+]?\d{1,3}(?:[.,]\d+)?)\s*%)?\s*")
_WORDS = re.compile(r"(\d{1,5})?\s*-\s*(\d{1,5})?|(\d{1,5})")
_INLINE_OPTION = re.compile(r"\(([ xX]?)\)\s*(.+)")
_PIPE = re.compile(r"\\?\|")


def single(parts: Parts, line: int, report: Report) -> AnswerBlock | None:
    found = entries(parts.block, RADIO, report)
    options = tuple(_option(entry, bool(mark.group(1).strip())) for mark, entry in found)
    right = [option for option in options if option.is_right]
    if len(right) > 1:
        report.error(
            line, "plusieurs bonnes réponses pour un choix unique", "écrivez [x] et [ ] pour un choix multiple"
        )
    elif not right:
        report.error(line, "aucune bonne réponse", "marquez-la avec (x)")
    _check_options([entry for _, entry in found], report)
    return Choice(options=options, several=False)


def multiple(parts: Parts, line: int, report: Report) -> AnswerBlock | None:
    found = entries(parts.block, CHECKBOX, report)
    options = tuple(_weighted(mark.group(1), entry, report) for mark, entry in found)
    if not any(option.is_right for option in options):
        report.error(line, "aucune bonne réponse", "marquez-les avec [x]")
    weighted = [option for option in options if option.weight is not None]
    if weighted:
        _check_weights(options, line, report)
    _check_options([entry for _, entry in found], report)
    return Choice(options=options, several=True)


def _option(entry: Entry, is_right: bool, weight: Fraction | None = None) -> Option:
    return Option(text=entry.text, is_right=is_right, weight=weight, feedback=entry.feedback)


def _weighted(mark: str, entry: Entry, report: Report) -> Option:
    found = _WEIGHT.fullmatch(mark)
    if not found:
        report.error(entry.line, f"case illisible : [{mark}]", "écrivez [x], [ ], [x 50%] ou [ -25%]")
        return _option(entry, is_right=False)
    ticked, percent = found.groups()
    weight = Fraction(percent.replace(",", ".")) / 100 if percent else None
    return _option(entry, bool(ticked), weight)


def _check_weights(options: Sequence[Option], line: int, report: Report) -> None:
    if any(option.is_right and option.weight is None for option in options):
        report.error(line, "un poids manque", "donnez un poids à chaque bonne réponse, ou à aucune")
        return
    total = sum((option.weight or Fraction(0) for option in options if option.is_right), Fraction(0))
    if abs(total - 1) > Fraction(1, 100):
        report.error(line, f"les poids des bonnes réponses font {float(total):.0%}", "leur somme doit être de 100 %")
    if any(option.weight and (option.weight > 0) != option.is_right for option in options):
        report.error(line, "poids de signe contraire", "positif pour une bonne réponse, négatif pour une mauvaise")


def _check_options(found: Sequence[Entry], report: Report) -> None:
    if len(found) < 2:
        report.error(found[0].line, "une seule proposition", "ajoutez-en au moins une autre")
    seen: set[str] = set()
    for entry in found:
        if not entry.text:
            report.error(entry.line, "proposition vide", "écrivez son texte, ou retirez-la")
        elif entry.text in seen:
            report.error(entry.line, f"proposition écrite deux fois : « {entry.text[:60]} »", "gardez-en une")
        seen.add(entry.text)


def values(parts: Parts, report: Report, stated: str) -> AnswerBlock | None:
    """True or false, numeric or short: what the lines say, unless the author states it."""
    found = value_lines(parts.block, report)
    word = found[0].text.strip().casefold()
    if stated == "true-false" or (not stated and word in _TRUE_FALSE and len(found) == 1):
        return _true_false(found, parts, report)
    if stated == "numeric" or (stated != "short" and all(is_number(value.text) for value in found)):
        return _numeric(found, report)
    if not stated and any(seems_number(value.text) for value in found):
        return _numeric(found, report)
    if any(value.text.startswith("{{") or re.search(r"\d\s*±", value.text) for value in found):
        return _numeric(found, report)
    return _short(found, report)


def _true_false(found: Sequence[ValueLine], parts: Parts, report: Report) -> AnswerBlock | None:
    word = found[0].text.strip().casefold()
    if len(found) != 1 or word not in _TRUE_FALSE:
        report.error(found[0].line, "vrai ou faux était attendu", "écrivez = vrai ou = faux, sur une seule ligne")
        return None
    if found[0].feedback:
        parts.feedback.insert(0, found[0].feedback)
    return TrueFalse(value=_TRUE_FALSE[word])


def _numeric(found: Sequence[ValueLine], report: Report) -> AnswerBlock | None:
    keys = [numeric_key(value, report) for value in found]
    whole = tuple(key for key in keys if key is not None)
    _check_full_share(whole, found[0].line, report)
    return Numeric(keys=whole) if len(whole) == len(keys) else None


def _short(found: Sequence[ValueLine], report: Report) -> AnswerBlock | None:
    keys = [short_key(value, report) for value in found]
    whole = tuple(key for key in keys if key is not None)
    for value, key in zip(found, keys, strict=True):
        if key is not None and key.is_pattern:
            _check_pattern(key.variants[0], value.line, report)
    _check_full_share(whole, found[0].line, report)
    return Short(keys=whole) if len(whole) == len(keys) else None


def _check_pattern(pattern: str, line: int, report: Report) -> None:
    try:
        ensure_safe_pattern(pattern)
    except PatternError as failure:
        report.error(line, f"expression refusée : {failure.message} (caractère {failure.position + 1})")


def _check_full_share(keys: Sequence[NumericKey | ShortKey], line: int, report: Report) -> None:
    if keys and not any(key.share == 1 for key in keys):
        report.error(line, "aucune réponse ne vaut tous les points", "ajoutez une ligne = sans pourcentage")


def matching(parts: Parts, line: int, report: Report) -> AnswerBlock | None:
    pairs: list[tuple[str, str]] = []
    distractors: list[str] = []
    for found, entry in entries(parts.block, PAIR, report):
        left, right = found.group(1).strip(), entry.text
        if not right:
            report.error(entry.line, "rien à droite de la flèche =>", "écrivez ce qui correspond")
        elif left:
            pairs.append((left, right))
        else:
            distractors.append(right)
    if len(pairs) < 2:
        report.error(line, "moins de deux paires à relier", "ajoutez des lignes « - gauche => droite »")
    lefts = [left for left, _ in pairs]
    for left in dict.fromkeys(left for left in lefts if lefts.count(left) > 1):
        report.error(line, f"« {left} » est écrit deux fois à gauche", "gardez une seule ligne")
    rights = {right for _, right in pairs}
    for leftover in dict.fromkeys(right for right in distractors if right in rights or distractors.count(right) > 1):
        report.error(line, f"le leurre « {leftover} » est aussi écrit ailleurs", "changez-le")
    return Matching(pairs=tuple(pairs), distractors=tuple(distractors))


def ordering(parts: Parts, line: int, report: Report, attributes: Attributes) -> AnswerBlock | None:
    found = [entry for _, entry in entries(parts.block, NUMBERED, report)]
    numbers = [int(mark.group(1)) for line_ in parts.block if (mark := NUMBERED.match(line_.text))]
    if numbers != list(range(1, len(numbers) + 1)):
        report.error(line, "numéros de la liste dans le désordre", "écrivez 1. 2. 3. dans le bon ordre")
    _check_options(found, report)
    return Ordering(items=tuple(entry.text for entry in found), all_or_nothing="all-or-nothing" in attributes.flags)


def cloze(parts: Parts, line: int, report: Report) -> AnswerBlock | None:
    """Takes the gaps out of the stem, which then holds `[[1]]`, `[[2]]`…"""
    gaps: list[Choice | Numeric | Short] = []

    def without_gaps(line_: Line) -> Line:
        text = GAP.sub(lambda found: _replaced(found, line_.number, gaps, report), line_.text)
        return Line(line_.number, text, line_.fence)

    parts.stem = [line_ if line_.fence is not None else without_gaps(line_) for line_ in parts.stem]
    return Cloze(gaps=tuple(gaps))


def _replaced(found: re.Match[str], line: int, gaps: list[Choice | Numeric | Short], report: Report) -> str:
    if found["code"]:
        return found.group()
    gap = _gap(found["gap"].strip(), line, report)
    if gap is None:
        return found.group()
    gaps.append(gap)
    return f"[[{len(gaps)}]]"


def _gap(text: str, line: int, report: Report) -> Choice | Numeric | Short | None:
    """`a | b` accepts either, `( ) a | (x) b` is a list, `= 6 ± 0` a number; in a table, `\\|` for `|`."""
    pieces = [piece.strip() for piece in _PIPE.split(text)]
    chosen = [found for piece in pieces if (found := _INLINE_OPTION.fullmatch(piece))]
    if len(chosen) == len(pieces):
        return _gap_choice(chosen, line, report)
    if text.startswith("="):
        key = numeric_key(ValueLine(line, text[1:].strip()), report)
        return Numeric(keys=(key,)) if key else None
    short = short_key(ValueLine(line, "|".join(pieces)), report)
    if short is None:
        return None
    if short.is_pattern:
        _check_pattern(short.variants[0], line, report)
    return Short(keys=(short,))


def _gap_choice(found: Sequence[re.Match[str]], line: int, report: Report) -> Choice:
    options = tuple(Option(text=one.group(2).strip(), is_right=bool(one.group(1).strip())) for one in found)
    if sum(option.is_right for option in options) != 1:
        report.error(line, "un trou à choix a une seule bonne réponse", "marquez-la avec (x)")
    if len(options) < 2:
        report.error(line, "un seul choix dans ce trou", "séparez les choix par |")
    return Choice(options=options, several=False)


def essay(parts: Parts, line: int, report: Report, attributes: Attributes) -> AnswerBlock | None:
    low = high = None
    written = attributes.values.get("words")
    if written is not None:
        found = _WORDS.fullmatch(written)
        if not found or written.strip() == "-":
            report.error(line, f"words : « {written} » n'est pas lisible", "écrivez par exemple words=120-300")
            return None
        low = int(found.group(1)) if found.group(1) else None
        high = int(found.group(2) or found.group(3) or 0) or None
        if low and high and low > high:
            report.error(line, "words : bornes à l'envers", "écrivez la plus petite d'abord")
    return Essay(min_words=low, max_words=high, expected=text_of(parts.expected), grid=attributes.values.get("grid"))


def voice(parts: Parts, line: int, report: Report, attributes: Attributes) -> AnswerBlock | None:
    seconds = seconds_of(attributes.values.get("max", ""))
    if seconds is None:
        report.error(line, "durée maximale manquante ou illisible", "écrivez par exemple max=90s")
        return None
    if long := recording_excess(seconds):
        report.error(line, long, "réduisez max")
    return Voice(max_seconds=seconds, expected=text_of(parts.expected), grid=attributes.values.get("grid"))


def file(parts: Parts, line: int, report: Report, attributes: Attributes) -> AnswerBlock | None:
    accept = tuple(part.strip().lstrip(".").lower() for part in attributes.values.get("accept", "").split(","))
    size = bytes_of(attributes.values.get("max", ""))
    if not all(re.fullmatch(r"[a-z0-9]{1,8}", suffix) for suffix in accept):
        report.error(line, "types de fichier manquants ou illisibles", 'écrivez par exemple accept="pdf,odt"')
        return None
    for suffix in accept:
        if not is_known_kind(suffix):
            report.error(line, f"format de fichier « {suffix} » inconnu")
    if size is None:
        report.error(line, "taille maximale manquante ou illisible", "écrivez par exemple max=10MB")
        return None
    if large := file_excess(size):
        report.error(line, large, "réduisez max")
    return File(accept=accept, max_bytes=size, expected=text_of(parts.expected), grid=attributes.values.get("grid"))


def info(parts: Parts, line: int, report: Report) -> AnswerBlock | None:
    return Info()


Builder = Callable[[Parts, int, Report], AnswerBlock | None]
AttributedBuilder = Callable[[Parts, int, Report, Attributes], AnswerBlock | None]

SIMPLE: Mapping[str, Builder] = {
    "single": single,
    "multiple": multiple,
    "matching": matching,
    "cloze": cloze,
    "info": info,
}
ATTRIBUTED: Mapping[str, AttributedBuilder] = {"ordering": ordering, "essay": essay, "voice": voice, "file": file}
