"""What a Markdown text mentions, line by line, without rendering it: links, media, headings, formulas, raw HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from deust.content.lines import Line, fences, unfenced
from deust.content.problems import Report

_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_LINK = re.compile(
    r"(!?)\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)?)\]\(\s*(<[^<>]*>|[^\s()]*(?:\([^()]*\)[^\s()]*)*)(?:\s+[\"'][^)]*)?\s*\)"
)
_REFERENCE = re.compile(r"^ {0,3}\[([^\]^][^\]]*)\]:\s*<?(\S+?)>?(?:\s|$)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_ATTRIBUTES = re.compile(r"\s*\{[^{}]*\}\s*$")
_GIVEN_ID = re.compile(r"\{[^{}]*#([^\s{}]+)[^{}]*\}\s*$")
_TAG = re.compile(r'<(/?)([A-Za-z][A-Za-z0-9:-]*)((?:\s(?:"[^"]*"|[^<>])*+)?)/?>|<(!|\?)')
_AUTOLINK = re.compile(r"<(https?://|mailto:|tel:)[^\s<>]+>")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

INLINE_FORMULA = re.compile(r"(?<![\\$])\$(?![\s$])((?:\\.|[^$\\\n])+?)(?<!\s)\$(?![\d$])")
BLOCK_FORMULA = re.compile(r"(?<!\\)\$\$(.+?)\$\$", re.DOTALL)


@dataclass(frozen=True)
class Link:
    line: int
    target: str
    text: str
    is_image: bool = False


@dataclass(frozen=True)
class Title:
    """`id` is the one that its author gave it."""

    line: int
    level: int
    text: str
    id: str = ""


@dataclass(frozen=True)
class Formula:
    line: int
    tex: str


@dataclass(frozen=True)
class RawTag:
    line: int
    name: str
    attributes: str


@dataclass(frozen=True)
class Facts:
    """`questions` are the lines that open the block of a question."""

    links: tuple[Link, ...] = ()
    titles: tuple[Title, ...] = ()
    formulas: tuple[Formula, ...] = ()
    tags: tuple[RawTag, ...] = ()
    questions: tuple[int, ...] = ()
    words: int = 0


@dataclass
class _Gathering:
    links: list[Link] = field(default_factory=list)
    titles: list[Title] = field(default_factory=list)
    tags: list[RawTag] = field(default_factory=list)
    questions: list[int] = field(default_factory=list)
    words: int = 0


def facts_of(lines: Sequence[Line], report: Report) -> Facts:
    """Reads the lines once; unclosed fences are reported."""
    found = _Gathering()
    for fence in fences(lines):
        if not fence.is_closed:
            report.warn(fence.line, "bloc de code jamais refermé", "ajoutez la même ligne de ``` à sa fin")
        if fence.name == "question":
            found.questions.append(fence.line)
        if fence.name in ("question", "dialogue"):
            found.words += sum(len(_WORD.findall(line.text)) for line in fence.content)
    visible = unfenced(lines)
    for line in visible:
        _read_line(line, found)
    return Facts(
        links=tuple(found.links),
        titles=tuple(found.titles),
        formulas=_formulas(visible),
        tags=tuple(found.tags),
        questions=tuple(found.questions),
        words=found.words,
    )


def _read_line(line: Line, found: _Gathering) -> None:
    text = without_code(line.text)
    heading = _HEADING.match(text)
    if heading:
        written = heading.group(2)
        given = _GIVEN_ID.search(written)
        title = Title(line.number, len(heading.group(1)), _ATTRIBUTES.sub("", written), given.group(1) if given else "")
        found.titles.append(title)
    if "](" in text:
        for mark, label, target in _LINK.findall(text):
            found.links.append(Link(line.number, target.strip("<>"), label, bool(mark)))
    reference = _REFERENCE.match(text)
    if reference:
        found.links.append(Link(line.number, reference.group(2), reference.group(1)))
    if "<" in text:
        _read_tags(line.number, _AUTOLINK.sub("", INLINE_FORMULA.sub("", text)), found)
    found.words += len(_WORD.findall(_LINK.sub(r"\2", text) if "](" in text else text))


def _read_tags(number: int, text: str, found: _Gathering) -> None:
    for tag in _TAG.finditer(text):
        name = (tag.group(2) or tag.group(4)).lower()
        if not tag.group(1):
            found.tags.append(RawTag(number, name, tag.group(3) or ""))


def without_code(text: str) -> str:
    """The line with its inline code blanked."""
    if "`" not in text:
        return text
    return _CODE.sub(lambda code: " " * len(code.group()), text)


def _formulas(lines: Sequence[Line]) -> tuple[Formula, ...]:
    if not any("$" in line.text for line in lines):
        return ()
    text = "\n".join(without_code(line.text) for line in lines)
    numbers = [line.number for line in lines]
    found = [Formula(numbers[text.count("\n", 0, f.start())], f.group(1)) for f in BLOCK_FORMULA.finditer(text)]
    rest = BLOCK_FORMULA.sub(lambda block: "\n" * block.group().count("\n"), text)
    for number, line in zip(numbers, rest.split("\n"), strict=True):
        if "$" in line:
            found += [Formula(number, inline.group(1)) for inline in INLINE_FORMULA.finditer(line)]
    return tuple(found)
