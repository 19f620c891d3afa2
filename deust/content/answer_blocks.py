"""Cuts a question's lines into stem, answer block, hints, feedback and expected answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from deust.content.answer_values import ValueLine
from deust.content.lines import Line, text_of
from deust.content.problems import Report

RADIO = re.compile(r"- \(([ xX]?)\)(?:\s+(.*))?$")
CHECKBOX = re.compile(r"- \[([^\]\[(]*)\](?!\()(?:\s+(.*))?$")
VALUE = re.compile(r"([=~]) (.*)$")
PAIR = re.compile(r"- (.*?)\s*=>\s*(.*)$")
NUMBERED = re.compile(r"(\d{1,3})[.)] (.*)$")
GAP = re.compile(r"(?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))|\[\[(?P<gap>.+?)\]\]")
_BOX = re.compile(r"\s*[xX]?\s*(?:[-+]?\d{1,3}(?:[.,]\d+)?\s*%)?\s*")
_HINT = re.compile(r">\? ?(.*)$")
_QUOTE = re.compile(r">(?!\?) ?(.*)$")
_OTHER_BULLET = re.compile(r"(?:[*+] ?|-|[–—•] ?)([(\[][ xX]?[)\]])(?: |$)")
_OTHER_ARROW = re.compile(r"[-*+] .*? (-+>|==+>|→|⇒) ")
_EXPECTED = re.compile(r"###\s+Attendus\s*$", re.IGNORECASE)

STARTS: dict[str, re.Pattern[str]] = {
    "single": RADIO,
    "multiple": CHECKBOX,
    "value": VALUE,
    "matching": PAIR,
    "ordering": NUMBERED,
}


@dataclass(frozen=True)
class Entry:
    """One option, pair or item: the line that starts it, its text, and the `>` lines under it."""

    line: int
    text: str
    feedback: str = ""


@dataclass
class Parts:
    stem: list[Line] = field(default_factory=list)
    block: list[Line] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    feedback: list[str] = field(default_factory=list)
    expected: list[Line] = field(default_factory=list)
    variables: list[Line] = field(default_factory=list)


def block_kinds(lines: Sequence[Line]) -> list[str]:
    """The kinds of answer block that the lines start, each once, in order."""
    found: list[str] = []
    for line in lines:
        if line.fence is not None:
            continue
        kind = _kind_of(line.text)
        if kind and kind not in found:
            found.append(kind)
    return found


def _kind_of(text: str) -> str | None:
    if RADIO.match(text):
        return "single"
    box = CHECKBOX.match(text)
    if box and _BOX.fullmatch(box.group(1)):
        return "multiple"
    if VALUE.match(text):
        return "value"
    if PAIR.match(text):
        return "matching"
    return None


def nearly_read(lines: Sequence[Line]) -> tuple[int, str, str] | None:
    """The first line written almost as an answer: its number, the sign that is not read, and the one to write."""
    for line in lines:
        if line.fence is not None:
            continue
        bullet, arrow = _OTHER_BULLET.match(line.text), _OTHER_ARROW.match(line.text)
        if bullet:
            return line.number, bullet.group().strip(), f"- {bullet.group(1)}"
        if arrow:
            return line.number, arrow.group(1), "=>"
    return None


def has_gaps(lines: Sequence[Line]) -> bool:
    visible = (line.text for line in lines if line.fence is None and "[[" in line.text)
    return any(found["gap"] for text in visible for found in GAP.finditer(text))


def last_list_start(lines: Sequence[Line]) -> int | None:
    """Where the numbered list that ends the stem starts; None when the stem ends otherwise."""
    start: int | None = None
    for place, line in enumerate(lines):
        if line.fence is None and NUMBERED.match(line.text):
            start = place if start is None else start
        elif line.text.startswith(">"):
            break
        elif line.text.strip() and not line.text[:1].isspace():
            start = None
    return start


def cut(lines: Sequence[Line], kind: str | None, report: Report) -> Parts:
    """`kind` is the answer block to look for; None when the stem goes to the end (gaps, essay, information…)."""
    parts = Parts()
    rest = _without_expected(lines, parts)
    rest = _without_variables(rest, parts)
    start = _block_start(rest, kind)
    end = len(rest) if start is None else _block_end(rest, start)
    tail = _tail_start(rest) if start is None else end
    parts.stem = rest[: tail if start is None else start]
    parts.block = [] if start is None else rest[start:end]
    _read_tail(rest[tail:], parts, report)
    return parts


def _without_expected(lines: Sequence[Line], parts: Parts) -> list[Line]:
    for place, line in enumerate(lines):
        if line.fence is None and _EXPECTED.match(line.text):
            parts.expected = list(lines[place + 1 :])
            return list(lines[:place])
    return list(lines)


def _without_variables(lines: Sequence[Line], parts: Parts) -> list[Line]:
    parts.variables = [line for line in lines if line.fence == "vars" and not line.is_mark]
    return [line for line in lines if line.fence != "vars"]


def _block_start(lines: Sequence[Line], kind: str | None) -> int | None:
    if kind is None:
        return None
    if kind == "ordering":
        return last_list_start(lines)
    pattern = STARTS[kind]
    return next((p for p, line in enumerate(lines) if line.fence is None and pattern.match(line.text)), None)


def _block_end(lines: Sequence[Line], start: int) -> int:
    """The block ends at the first hint, or at the first `>` after a blank line or at the margin of an option."""
    is_value = bool(VALUE.match(lines[start].text))
    for place in range(start + 1, len(lines)):
        text = lines[place].text
        if text.startswith(">?") or (text.startswith(">") and not (is_value and lines[place - 1].text.strip())):
            return place
    return len(lines)


def _tail_start(lines: Sequence[Line]) -> int:
    """Without a block, the tail starts at the first hint."""
    hint = next((p for p, line in enumerate(lines) if line.fence is None and _HINT.match(line.text)), None)
    return len(lines) if hint is None else hint


def move_last_quote(parts: Parts) -> None:
    """Takes the quotation that ends a stem as the general feedback (for a text with gaps)."""
    stem = list(parts.stem)
    while stem and not stem[-1].text.strip():
        stem.pop()
    end = len(stem)
    while stem and stem[-1].fence is None and _QUOTE.match(stem[-1].text):
        stem.pop()
    if len(stem) == end or not text_of(stem):
        return
    parts.feedback = [_quoted(line.text) for line in parts.stem[len(stem) : end]] + parts.feedback
    parts.stem = stem


def _quoted(text: str) -> str:
    found = _QUOTE.match(text.strip())
    return found.group(1) if found else text


def _read_tail(lines: Sequence[Line], parts: Parts, report: Report) -> None:
    for line in lines:
        hint, quote = _HINT.match(line.text), _QUOTE.match(line.text)
        if hint:
            parts.hints.append(hint.group(1).strip())
        elif quote:
            parts.feedback.append(quote.group(1))
        elif line.text.strip():
            report.error(
                line.number, "texte après les réponses", "mettez-le dans l'énoncé, ou en commentaire avec « > »"
            )
            return


def entries(block: Sequence[Line], pattern: re.Pattern[str], report: Report) -> list[tuple[re.Match[str], Entry]]:
    """The options or items of a block: each starts at the margin, goes on indented, and may hold `  > feedback`."""
    groups: list[tuple[re.Match[str], list[Line]]] = []
    for line in block:
        found = pattern.match(line.text)
        if found:
            groups.append((found, [line]))
        elif not line.text.strip() or line.text[:1].isspace() or line.fence is not None:
            groups[-1][1].append(line)
        else:
            report.error(
                line.number, "ligne étrangère au milieu des réponses", "décalez-la de deux espaces, ou retirez-la"
            )
    return [(found, _entry(found, lines)) for found, lines in groups]


def _entry(found: re.Match[str], lines: list[Line]) -> Entry:
    texts = [found.group(found.lastindex or 0) or ""]
    feedback: list[str] = []
    for line in lines[1:]:
        quote = _QUOTE.match(line.text.lstrip()) if line.fence is None else None
        if quote:
            feedback.append(quote.group(1))
        else:
            texts.append(line.text[2:] if line.text.startswith("  ") else line.text.lstrip())
    return Entry(lines[0].number, "\n".join(texts).strip(), "\n".join(feedback).strip())


def value_lines(block: Sequence[Line], report: Report) -> list[ValueLine]:
    return [
        ValueLine(entry.line, found.group(2).strip(), found.group(1) == "~", entry.feedback)
        for found, entry in entries(_indented_quotes(block), VALUE, report)
    ]


def _indented_quotes(block: Sequence[Line]) -> list[Line]:
    """A `>` right under a value is its feedback, indented or not."""
    return [Line(line.number, f"  {line.text}", line.fence) if line.text.startswith(">") else line for line in block]
