"""The `{#id key=value "…" flag}` that ends a heading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from deust.content.fields import ID_PATTERN
from deust.content.problems import Report

_BRACES = re.compile(r"\s*\{([^{}]*)\}\s*$")
_TOKEN = re.compile(
    r"""\s*(?:\#(?P<id>[^\s}]+)|(?P<key>[\w-]+)\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))|(?P<flag>[\w+-][\w+.-]*))"""
)
_ID = re.compile(ID_PATTERN)


@dataclass(frozen=True)
class Attributes:
    id: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()


def split_attributes(text: str, line: int, report: Report) -> tuple[str, Attributes]:
    """The text without its final braces, and what they say."""
    found = _BRACES.search(text)
    if not found:
        return text.strip(), Attributes()
    return text[: found.start()].strip(), parse_attributes(found.group(1), line, report)


def parse_attributes(inside: str, line: int, report: Report) -> Attributes:
    identifier, values, flags = "", {}, set()
    position = 0
    inside = inside.rstrip()
    while position < len(inside):
        token = _TOKEN.match(inside, position)
        if not token:
            report.error(line, f"attributs illisibles : « {inside[position:].strip()} »", 'écrivez {#id clé="valeur"}')
            break
        position = token.end()
        if token["id"]:
            identifier = token["id"]
        elif token["key"]:
            values[token["key"]] = token["quoted"] if token["quoted"] is not None else token["bare"]
        else:
            flags.add(token["flag"])
    return Attributes(identifier, values, frozenset(flags))


def is_id(text: str) -> bool:
    return bool(_ID.fullmatch(text)) and len(text) <= 60


def refuse_unknown(attributes: Attributes, known: tuple[str, ...], line: int, report: Report) -> None:
    """Reports each attribute that the block does not know, with the nearest that it does."""
    for name in (*attributes.values, *sorted(attributes.flags)):
        if name not in known:
            near = get_close_matches(name, known, 1, cutoff=0.6)
            fix = f"vouliez-vous écrire « {near[0]} » ?" if near else f"attributs connus : {', '.join(known)}"
            report.error(line, f"attribut « {name} » inconnu", fix)
