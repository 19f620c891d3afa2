"""Numbers as French people type and read them, exact on the way in and on the way out."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from math import floor

from deust.domain.errors import InvalidAnswer

MAX_LENGTH = 100
MAX_EXPONENT = 30
MAX_DIGITS = 60
MAX_PLACES = 12
"""Decimals that a rounding may ask for."""

_THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_DASHES = str.maketrans({_MINUS: "-", "\N{EN DASH}": "-", "\N{NON-BREAKING HYPHEN}": "-", "\N{HYPHEN}": "-"})
_SLASHES = str.maketrans({"\N{FRACTION SLASH}": "/", "\N{DIVISION SLASH}": "/"})

_DECIMAL = r"(?:[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)(?:[.,][0-9]*)?|[.,][0-9]+"
_UNIT = r"(?:/ ?)?(?P<unit>[^\W\d_]|[%‰°€$£])[^\d\n]{0,39}"
_NUMBER = re.compile(
    rf"(?P<sign>[+-] ?)?(?:"
    rf"(?P<top>{_DECIMAL}) ?/ ?(?P<bottom>{_DECIMAL})"
    rf"|(?P<whole>[0-9]+)? ?<(?P<vulgar>[0-9]+/[0-9]+)>"
    rf"|(?P<decimal>{_DECIMAL})(?:[eE](?P<exponent>[+-]?[0-9]{{1,3}}))?"
    rf") ?(?:{_UNIT})?"
)


def read_number(text: str) -> Fraction:
    """The number that a French reader sees in the text; a text that is no number, or two, is refused.

    - Comma and point are both the decimal mark: « 1,234 » and « 1.234 » are a little more than one.
      With both in one number (« 1,234.5 », « 1.234,5 ») there is no telling, and it is refused.
    - Spaces of any width separate thousands, in full groups of three only.
    - « 1e3 », « 1/3 », « ½ », « 1 ½ », a sign (with any minus) are read.
    - A unit or a per cent sign after the number is let pass and converts nothing: « 90 % » is 90, « 50 k€ » is 50.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidAnswer("too-long")
    match = _NUMBER.fullmatch(_plain(text))
    if match is None or (match["unit"] or "").isnumeric():
        raise InvalidAnswer("not-a-number")
    value = _magnitude(match)
    return -value if (match["sign"] or "").startswith("-") else value


def half_up(value: Fraction, digits: int = 0) -> Fraction:
    """Rounded to `digits` decimals, halves away from zero, as calculators and French schools do."""
    scale = Fraction(10) ** digits
    rounded = floor(abs(value) * scale + Fraction(1, 2)) / scale
    return -rounded if value < 0 else rounded


def format_number(value: Fraction, digits: int = 2, *, keep_zeros: bool = False) -> str:
    """The number rounded half-up, in French: « 1 234,5 », with trailing zeros only when they are asked for."""
    rounded = half_up(value, digits)
    scaled = str(int(abs(rounded) * 10**digits)).rjust(digits + 1, "0")
    whole, decimals = scaled[: len(scaled) - digits], scaled[len(scaled) - digits :]
    if not keep_zeros:
        decimals = decimals.rstrip("0")
    grouped = f"{int(whole):,}".replace(",", _THIN_SPACE)
    sign = _MINUS if rounded < 0 else ""
    return f"{sign}{grouped},{decimals}" if decimals else f"{sign}{grouped}"


def _plain(text: str) -> str:
    """The text with one kind of figure, space, minus and fraction; ½ becomes <1/2>."""
    characters = "".join(_plain_character(character) for character in text)
    return " ".join(characters.translate(_DASHES).translate(_SLASHES).split())


def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Cf":
        return ""
    if unicodedata.decomposition(character).startswith("<fraction>") and character.isnumeric():
        return f"<{unicodedata.normalize('NFKC', character)}>"
    return character


def _magnitude(match: re.Match[str]) -> Fraction:
    if match["top"] is not None:
        return _ratio(_decimal(match["top"]), _decimal(match["bottom"]))
    if match["vulgar"] is not None:
        top, bottom = match["vulgar"].split("/")
        return Fraction(match["whole"] or 0) + _ratio(Fraction(top), Fraction(bottom))
    exponent = int(match["exponent"] or 0)
    if abs(exponent) > MAX_EXPONENT:
        raise InvalidAnswer("too-long")
    return _decimal(match["decimal"]) * Fraction(10) ** exponent


def _ratio(top: Fraction, bottom: Fraction) -> Fraction:
    if not bottom:
        raise InvalidAnswer("not-a-number")
    return top / bottom


def _decimal(digits: str) -> Fraction:
    whole, _, decimals = digits.replace(" ", "").replace(",", ".").partition(".")
    if len(whole) + len(decimals) > MAX_DIGITS:
        raise InvalidAnswer("too-long")
    return Fraction(int(f"{whole}{decimals}" or "0"), 10 ** len(decimals))
