"""Texts that people type: kept as typed, counted, and compared the way a kind marker would."""

from __future__ import annotations

import unicodedata

from deust.domain.errors import InvalidAnswer

_ARTICLES = frozenset({"le", "la", "les", "l", "un", "une", "des"})
_APOSTROPHES = "'’‘‛ʼʹ′`´＇ꞌ"
_ONE_APOSTROPHE = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
_MINUS = "\N{MINUS SIGN}"
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "OE", "Æ": "AE"})


def cleaned(text: str) -> str:
    """The text exactly as typed, but with newlines written one way.

    Refused, because no storage keeps them whole: the NUL character and half of a surrogate pair.
    """
    if "\0" in text:
        raise InvalidAnswer("nul")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidAnswer("surrogate")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_accents(text: str) -> str:
    """The text without accents, ligatures in two letters, one kind of apostrophe; capitals stay."""
    apostrophes = text.translate(_ONE_APOSTROPHE)
    if apostrophes.isascii():
        return apostrophes
    decomposed = unicodedata.normalize("NFKD", apostrophes)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).translate(_LIGATURES)


def unaccented(text: str) -> str:
    """The text without accents nor capitals, its words between single spaces."""
    return " ".join(without_accents(without_accents(text).casefold()).casefold().split())


def folded(text: str) -> str:
    """What two short answers are compared by.

    Case, accents, punctuation and articles do not count; œ is oe; hyphens and apostrophes are spaces, and so is
    a mark between two figures, so that « 1,5 » is not « 15 ». When nothing would be left, the words or signs stay.
    """
    bare = unaccented(text)
    words = _without_punctuation(bare).split()
    kept = [word for word in words if word not in _ARTICLES]
    return " ".join(kept or words) or bare


def _without_punctuation(text: str) -> str:
    if text.replace(" ", "").isalnum():
        return text
    padded = f" {text} "
    return "".join(_read(character, padded[place], padded[place + 2]) for place, character in enumerate(text))


def _read(character: str, before: str, after: str) -> str:
    category = unicodedata.category(character)
    if category == "Pd" or character == _MINUS or character in _APOSTROPHES:
        return " "
    if category.startswith("P"):
        return " " if before.isdigit() and after.isdigit() else ""
    return "" if category in ("Cc", "Cf") and not character.isspace() else character
