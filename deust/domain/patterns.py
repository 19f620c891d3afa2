"""Regular expressions that authors may write: a subset whose matching time is bounded whatever is typed.

Allowed: letters and signs, `.`, `[…]`, `\\d \\w \\s \\b` and their capitals, `(…)`, `(?:…)`, `|`, `? * + {m,n}`.
Refused: back-references, look-around, a repeated group holding alternatives or repetitions, and patterns that leave
too many ways of matching.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from deust.domain.texts import unaccented, without_accents

MAX_PATTERN = 200
MAX_TEXT = 500
MAX_DEPTH = 10
MAX_WAYS = 2_000_000

_CLASS = re.compile(r"\[\^?(?:\\.|[^\[\]\\])+\]")
_CLASS_TRAPS = ("--", "&&", "~~", "||")
_COUNT = re.compile(r"\{([0-9]{1,3})(?:(,)([0-9]{0,3}))?\}")
_COUNTS: dict[str, tuple[int, int]] = {"*": (0, MAX_TEXT), "+": (1, MAX_TEXT), "?": (0, 1)}
_CLASS_ESCAPES = "dDwWsS"
_ZERO_WIDTH = ("^", "$", r"\b", r"\B")
_SAMPLES = "aeirst0123456789 -'.,/xyz"


class PatternError(ValueError):
    """A pattern refused; `position` counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True)
class _Part:
    """A piece of a pattern: in how many ways it may match, and the shortest text that it matches."""

    ways: int
    example: str


def ensure_safe_pattern(pattern: str) -> None:
    """Refuses what is not in the subset, with a message and a position for the author."""
    _compiled(pattern)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits; case, accents, the kind of apostrophe and repeated spaces do not count."""
    expression, _ = _compiled(pattern)
    bare = unaccented(text)
    return len(bare) <= MAX_TEXT and expression.fullmatch(bare) is not None


def example_of(pattern: str) -> str | None:
    """A text that the pattern accepts, to show as a right answer; None when none is found simply."""
    expression, example = _compiled(pattern)
    return example if expression.fullmatch(unaccented(example)) else None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> tuple[re.Pattern[str], str]:
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"expression de plus de {MAX_PATTERN} caractères", MAX_PATTERN)
    bare = without_accents(pattern)
    part = _Scanner(bare).scan()
    try:
        return re.compile(bare, re.IGNORECASE), part.example
    except (re.error, OverflowError) as error:
        raise PatternError("expression rationnelle incorrecte", getattr(error, "pos", None) or 0) from error


class _Scanner:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0

    def scan(self) -> _Part:
        part = self._alternatives(0)
        if self.place < len(self.pattern):
            raise self._error("parenthèse fermante en trop")
        return part

    def _error(self, message: str) -> PatternError:
        return PatternError(message, self.place)

    def _bounded(self, ways: int, example: str) -> _Part:
        if ways > MAX_WAYS or len(example) > MAX_TEXT:
            raise self._error("trop de façons de correspondre : moins de « * », « + », « ? » ou d'alternatives")
        return _Part(ways, example)

    def _alternatives(self, depth: int) -> _Part:
        if depth > MAX_DEPTH:
            raise self._error("trop de parenthèses imbriquées")
        first = self._sequence(depth)
        ways = first.ways
        while self._skip("|"):
            ways += self._sequence(depth).ways
        return self._bounded(ways, first.example)

    def _sequence(self, depth: int) -> _Part:
        whole = _Part(1, "")
        while self.place < len(self.pattern) and self.pattern[self.place] not in "|)":
            part = self._repeated(self._atom(depth))
            whole = self._bounded(whole.ways * part.ways, whole.example + part.example)
        return whole

    def _repeated(self, part: _Part) -> _Part:
        count = self._count()
        if count is None:
            return part
        low, high = count
        if part.ways > 1 and high > 1:
            raise self._error("un groupe répété ne peut contenir ni alternative ni répétition")
        if low * len(part.example) > MAX_TEXT:
            raise self._error("répétition trop longue")
        self._skip("?")
        if self._count() is not None:
            raise self._error("deux répétitions à la suite")
        return self._bounded(_ways(part.ways, low, high), part.example * low)

    def _count(self) -> tuple[int, int] | None:
        simple = _COUNTS.get(self.pattern[self.place : self.place + 1])
        if simple is not None:
            self.place += 1
            return simple
        if not self.pattern.startswith("{", self.place):
            return None
        found = _COUNT.match(self.pattern, self.place)
        if found is None:
            raise self._error("écrivez « \\{ » pour une accolade")
        low = int(found[1])
        high = low if not found[2] else int(found[3] or MAX_TEXT)
        if high < low:
            raise self._error("répétition à l'envers")
        self.place = found.end()
        return low, high

    def _atom(self, depth: int) -> _Part:
        character = self.pattern[self.place]
        if character == "(":
            return self._group(depth)
        if character in "*+?{":
            raise self._error("rien à répéter")
        atom = self._single(character)
        self.place += len(atom)
        return _Part(1, "" if atom in _ZERO_WIDTH else _sample(atom))

    def _single(self, character: str) -> str:
        """One character, escape or class of the pattern, as written."""
        if character == "[":
            return self._class()
        if character != "\\":
            return character
        following = self.pattern[self.place + 1 : self.place + 2]
        if not following or (following.isalnum() and following not in f"{_CLASS_ESCAPES}bB"):
            raise self._error(f"« \\{following} » n'est pas permis")
        return character + following

    def _class(self) -> str:
        found = _CLASS.match(self.pattern, self.place)
        if found is None or any(trap in found[0] for trap in _CLASS_TRAPS):
            raise self._error("crochets mal formés")
        return found[0]

    def _group(self, depth: int) -> _Part:
        self.place += 1
        if self._skip("?") and not self._skip(":"):
            raise self._error("seul « (?: » est permis après une parenthèse")
        part = self._alternatives(depth + 1)
        if not self._skip(")"):
            raise self._error("parenthèse non fermée")
        return part

    def _skip(self, character: str) -> bool:
        if not self.pattern.startswith(character, self.place):
            return False
        self.place += 1
        return True


def _ways(ways: int, low: int, high: int) -> int:
    """Repeating a piece of one way, or making optional a piece of several."""
    return high - low + 1 if ways == 1 else high * ways + (low == 0)


def _sample(atom: str) -> str:
    """A character that a single atom accepts."""
    if len(atom) == 1 and atom != ".":
        return atom
    try:
        expression = re.compile(atom, re.IGNORECASE)
    except re.error:
        return ""
    return next((sample for sample in f"{_SAMPLES}{atom}" if expression.fullmatch(sample)), "")
