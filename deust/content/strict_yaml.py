"""A small, strict YAML 1.2: plain data with the line of each value.

Tags, anchors, aliases, merge keys, duplicate keys and templates are errors, and so are characters that only an escape
such as `"\\0"` can write; numbers are exact; `no`, `on`, `1:30` and dates stay words, which the schema then accepts or
refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from deust.content.source import FORBIDDEN_CHARACTERS

Scalar = None | bool | int | Fraction | str
Value = Scalar | list["Value"] | dict[str, "Value"]
Location = tuple[str | int, ...]

MAX_CHARACTERS = 300_000
MAX_DEPTH = 12
MAX_VALUES = 20_000

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")
_WORDS: Mapping[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "True": True,
    "false": False,
    "False": False,
}
_HINTS = {
    "mapping values are not allowed": ("deux-points inattendus dans une valeur", "mettez la valeur entre guillemets"),
    "cannot start any token": ("caractère inattendu", "mettez la valeur entre guillemets ; les gabarits sont refusés"),
    "found unexpected end of stream": ("guillemets non refermés", "refermez les guillemets"),
    "expected <block end>": ("retrait irrégulier", "alignez les clés d'un même niveau"),
    "could not find expected ':'": ("il manque un deux-points", "écrivez « clé: valeur »"),
    "expected ',' or": ("accolade ou crochet non refermé, ou virgule oubliée", "vérifiez la liste entre crochets"),
}


class BadYaml(Exception):
    """The text cannot be read; `line` and `column` count from 1."""

    def __init__(self, line: int, column: int, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message
        self.fix = fix


@dataclass(frozen=True)
class Document:
    """Plain data; `lines` gives the line of every value and key by its location."""

    data: dict[str, Value]
    lines: Mapping[Location, int]

    def line_of(self, location: Location) -> int:
        """The line of a location, or of the nearest thing that contains it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


@dataclass
class _Reader:
    events: Iterator[Event]
    offset: int
    lines: dict[Location, int] = field(default_factory=dict)

    def fail(self, event: Event, message: str, fix: str = "") -> BadYaml:
        return BadYaml(event.start_mark.line + 1 + self.offset, event.start_mark.column + 1, message, fix)

    def value(self, event: Event, location: Location) -> Value:
        self._guard(event, location)
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(location)
        if isinstance(event, MappingStartEvent):
            return self._mapping(location)
        raise self.fail(event, "valeur inattendue")

    def _guard(self, event: Event, location: Location) -> None:
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise self.fail(event, "les ancres et les alias (& et *) sont refusés", "répétez la valeur, ou citez-la")
        if getattr(event, "tag", None) not in (None, "!"):
            raise self.fail(event, "les étiquettes YAML (!…) sont refusées", "retirez l'étiquette")
        if len(location) > MAX_DEPTH:
            raise self.fail(event, "valeurs trop imbriquées", f"{MAX_DEPTH} niveaux au plus")
        if isinstance(event, ScalarEvent) and FORBIDDEN_CHARACTERS.search(str(event.value)):
            raise self.fail(event, "caractère invisible refusé", "supprimez-le")
        if len(self.lines) > MAX_VALUES:
            raise self.fail(event, "trop de valeurs dans ce fichier", f"{MAX_VALUES} au plus")
        self.lines.setdefault(location, event.start_mark.line + 1 + self.offset)

    def _sequence(self, location: Location) -> list[Value]:
        values: list[Value] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            values.append(self.value(event, (*location, len(values))))
        return values

    def _mapping(self, location: Location) -> dict[str, Value]:
        values: dict[str, Value] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._key(event, values)
            self.lines[(*location, key)] = event.start_mark.line + 1 + self.offset
            values[key] = self.value(next(self.events), (*location, key))
        return values

    def _key(self, event: Event, values: dict[str, Value]) -> str:
        if not isinstance(event, ScalarEvent):
            raise self.fail(event, "une clé doit être un mot simple")
        self._guard(event, ())
        key = str(event.value)
        if key == "<<":
            raise self.fail(event, "les fusions de clés (<<) sont refusées", "recopiez les clés")
        if key in values:
            raise self.fail(event, f"clé « {key} » écrite deux fois", "gardez-en une")
        return key


def _scalar(event: ScalarEvent) -> Scalar:
    text = str(event.value)
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Fraction(text)
    return text


def load(text: str, *, first_line: int = 1) -> Document:
    """The mapping that the text holds; raises `BadYaml` at the first thing that cannot be read."""
    offset = first_line - 1
    if len(text) > MAX_CHARACTERS:
        raise BadYaml(first_line, 1, f"plus de {MAX_CHARACTERS} caractères", "découpez ce fichier")
    reader = _Reader(iter(()), offset)
    try:
        reader.events = YAML(typ="safe", pure=True, plug_ins=[]).parse(text)
        return _document(reader)
    except MarkedYAMLError as failure:
        raise _translated(failure, offset) from failure
    except (YAMLError, ValueError, OverflowError) as failure:
        raise BadYaml(first_line, 1, "écriture YAML incorrecte") from failure


def _document(reader: _Reader) -> Document:
    next(reader.events)
    start = next(reader.events)
    if not isinstance(start, DocumentStartEvent):
        return Document({}, {})
    if start.explicit and start.tags:
        raise reader.fail(start, "les directives YAML sont refusées")
    data = reader.value(next(reader.events), ())
    next(reader.events)
    following = next(reader.events)
    if isinstance(following, DocumentStartEvent):
        raise reader.fail(following, "un seul document YAML par fichier", "retirez la ligne ---")
    if data is None:
        return Document({}, reader.lines)
    if not isinstance(data, dict):
        raise BadYaml(reader.lines[()], 1, "des lignes « clé: valeur » étaient attendues")
    return Document(data, reader.lines)


def _translated(failure: MarkedYAMLError, offset: int) -> BadYaml:
    mark = failure.problem_mark or failure.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = f"{failure.problem or ''} {failure.context or ''}"
    message, fix = next(
        (known for words, known in _HINTS.items() if words in said),
        ("écriture YAML incorrecte", "vérifiez cette ligne"),
    )
    return BadYaml(line + offset, column, f"{message} (colonne {column})", fix)
