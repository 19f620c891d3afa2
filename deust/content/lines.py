"""The lines of a Markdown text, numbered, each with the fenced block that holds it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deust.content.problems import Report

_FENCE = re.compile(r"( {0,3}|\s{4,})(`{3,}|~{3,})\s*([^`]*)$")
_FRONT_MATTER = re.compile(r"-{3,}\s*")


@dataclass(frozen=True)
class Line:
    """`fence` is the opening line's words when the line belongs to a fenced block, marks included; else None."""

    number: int
    text: str
    fence: str | None = None
    is_mark: bool = False


@dataclass(frozen=True)
class Page:
    """A Markdown file cut in two: its front matter, as text, and the lines of its body."""

    header: str
    header_line: int
    lines: tuple[Line, ...]

    @property
    def body(self) -> str:
        return "\n".join(line.text for line in self.lines).strip("\n")


def split_page(text: str, report: Report) -> Page | None:
    """The front matter and the body, or None with the reason reported."""
    raw = text.split("\n")
    if not text.strip():
        report.error(1, "fichier vide", "écrivez au moins un en-tête avec un titre")
        return None
    if not _FRONT_MATTER.fullmatch(raw[0]):
        report.error(1, "en-tête manquant", "commencez par une ligne ---, les clés, puis une ligne ---")
        return None
    end = next((place for place, line in enumerate(raw[1:], 1) if _FRONT_MATTER.fullmatch(line)), None)
    if end is None:
        report.error(1, "en-tête non refermé", "ajoutez une ligne --- après les clés")
        return None
    lines = number_lines(raw[end + 1 :], first=end + 2)
    return Page("\n".join(raw[1:end]), 2, lines)


def number_lines(raw: Sequence[str], *, first: int = 1) -> tuple[Line, ...]:
    """Numbers the lines and marks the fenced ones; a fence that is never closed runs to the end."""
    lines: list[Line] = []
    opened: str | None = None
    words = ""
    for number, text in enumerate(raw, first):
        found = _FENCE.match(text) if text.lstrip()[:3] in ("```", "~~~") else None
        if opened is None:
            if found:
                opened, words = found.group(2), found.group(3).strip()
            lines.append(Line(number, text, words if found else None, bool(found)))
            continue
        closes = found is not None and _closes(opened, found)
        lines.append(Line(number, text, words, closes))
        opened = None if closes else opened
    return tuple(lines)


def _closes(opened: str, found: re.Match[str]) -> bool:
    mark = found.group(2)
    return mark[0] == opened[0] and len(mark) >= len(opened) and not found.group(3).strip()


@dataclass(frozen=True)
class Fence:
    """A whole fenced block: the words of its first line, and what it holds."""

    words: str
    line: int
    content: tuple[Line, ...]
    is_closed: bool
    is_indented: bool

    @property
    def name(self) -> str:
        return self.words.split(" ", 1)[0] if self.words else ""


def fences(lines: Sequence[Line]) -> tuple[Fence, ...]:
    """Every fenced block of the lines, in order."""
    found: list[Fence] = []
    opening: Line | None = None
    content: list[Line] = []
    for line in lines:
        if opening is None and line.is_mark:
            opening, content = line, []
        elif opening is not None and line.is_mark:
            found.append(_fence(opening, content, is_closed=True))
            opening = None
        elif opening is not None:
            content.append(line)
    if opening is not None:
        found.append(_fence(opening, content, is_closed=False))
    return tuple(found)


def _fence(opening: Line, content: list[Line], *, is_closed: bool) -> Fence:
    is_indented = opening.text[:1].isspace()
    return Fence(opening.fence or "", opening.number, tuple(content), is_closed, is_indented)


def unfenced(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.fence is None)


def text_of(lines: Sequence[Line]) -> str:
    """The lines' text without blank lines around."""
    return "\n".join(line.text for line in lines).strip("\n").rstrip()
