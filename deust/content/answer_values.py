"""The `= …` and `~ …` lines: numbers with tolerance, ranges, words, expressions, and their share of the points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from deust.content.problems import Report
from deust.domain.errors import InvalidAnswer
from deust.domain.french_numbers import read_number
from deust.domain.questions import NumericKey, ShortKey

_SHARE = re.compile(r"\s*\(\s*(-?\d{1,3}(?:[.,]\d{1,4})?)\s*%\s*\)\s*$")
_NUMBER = r"[-+\u2212]?\s?(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?(?:/\d+)?"
_EXPRESSION = r"\{\{[^{}]+\}\}"
_QUANTITY = rf"(?:{_EXPRESSION}|{_NUMBER})"
_UNIT = r"(?:(?:/ ?)?[^\W\d_%‰°€$£]|[%‰°€$£])[^\d\n|]{0,39}"
_RANGE = re.compile(rf"({_QUANTITY})\s*\.\.\s*({_QUANTITY})\s*({_UNIT})?")
_EXACT = re.compile(rf"({_QUANTITY})(?:\s*(?:±|\+/-|\+-)\s*({_QUANTITY}))?\s*({_UNIT})?")
_PIPE = re.compile(r"(?<!\\)\|")

Quantity = Fraction | str


@dataclass(frozen=True)
class ValueLine:
    """One accepted value as written; `feedback` is the `>` lines right under it."""

    line: int
    text: str
    is_partial: bool = False
    feedback: str = ""


def is_number(text: str) -> bool:
    body = _SHARE.sub("", text.strip())
    return bool(_RANGE.fullmatch(body) or _EXACT.fullmatch(body))


def seems_number(text: str) -> bool:
    """Whether a reader sees a number that a key cannot hold: « ½ », « 1e3 », « ,5 »; it would be compared as words."""
    body = _SHARE.sub("", text.strip())
    try:
        read_number(body)
    except InvalidAnswer:
        return False
    return "|" not in body and not is_number(text)


def numeric_key(value: ValueLine, report: Report) -> NumericKey | None:
    body, share = _split_share(value, report)
    if share is None:
        return None
    bounds = _RANGE.fullmatch(body)
    exact = None if bounds else _EXACT.fullmatch(body)
    try:
        if bounds:
            return _range_key(bounds, share, value, report)
        if exact:
            return _exact_key(exact, share, value, report)
    except InvalidAnswer:
        pass
    report.error(value.line, f"nombre illisible : « {body} »", "écrivez par exemple = 26,67 ± 0,05 erlangs")
    return None


def _exact_key(found: re.Match[str], share: Fraction, value: ValueLine, report: Report) -> NumericKey | None:
    number, margin, unit = found.groups()
    tolerance = _quantity(margin) if margin else Fraction(0)
    if isinstance(tolerance, Fraction) and tolerance < 0:
        report.error(value.line, "une tolérance ne peut pas être négative")
        return None
    return NumericKey(
        value=_quantity(number), tolerance=tolerance, unit=(unit or "").strip(), share=share, feedback=value.feedback
    )


def _range_key(found: re.Match[str], share: Fraction, value: ValueLine, report: Report) -> NumericKey | None:
    low, high = _quantity(found.group(1)), _quantity(found.group(2))
    unit = (found.group(3) or "").strip()
    if isinstance(low, str) or isinstance(high, str):
        left, right = _as_expression(low), _as_expression(high)
        middle, half = f"(({left}) + ({right})) / 2", f"(({right}) - ({left})) / 2"
        return NumericKey(value=middle, tolerance=half, unit=unit, share=share, feedback=value.feedback)
    if low > high:
        report.error(value.line, "intervalle à l'envers", "écrivez la plus petite borne d'abord")
        return None
    return NumericKey(
        value=(low + high) / 2, tolerance=(high - low) / 2, unit=unit, share=share, feedback=value.feedback
    )


def _quantity(text: str) -> Quantity:
    text = text.strip()
    if text.startswith("{{"):
        return text[2:-2].strip()
    return read_number(text)


def _as_expression(quantity: Quantity) -> str:
    if isinstance(quantity, str):
        return quantity
    return f"{quantity.numerator} / {quantity.denominator}"


def short_key(value: ValueLine, report: Report) -> ShortKey | None:
    body, share = _split_share(value, report)
    if share is None:
        return None
    if len(body) > 2 and body.startswith("/") and body.endswith("/"):
        return ShortKey(variants=(body[1:-1],), is_pattern=True, share=share, feedback=value.feedback)
    variants = tuple(part.replace("\\|", "|").strip() for part in _PIPE.split(body))
    if not all(variants):
        report.error(value.line, "réponse vide entre deux barres |", "retirez la barre en trop")
        return None
    return ShortKey(variants=variants, share=share, feedback=value.feedback)


def _split_share(value: ValueLine, report: Report) -> tuple[str, Fraction | None]:
    """The line without its final `(50%)`, and that share; 1 for `=`, and `~` must say its own."""
    text = value.text.strip()
    found = _SHARE.search(text)
    if not found:
        if value.is_partial:
            report.error(value.line, "une réponse partielle dit sa part", "ajoutez par exemple (50%)")
            return text, None
        return text, Fraction(1)
    share = Fraction(found.group(1).replace(",", ".")) / 100
    if not 0 <= share <= 1:
        report.error(value.line, "une part va de 0 à 100 %")
        return text, None
    return text[: found.start()].strip(), share
