"""One course file read on its own: typed value, what it mentions, its problems; no other file is looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deust.content.attributes import is_id
from deust.content.facts import Facts, facts_of
from deust.content.glossary import read_glossary
from deust.content.grids import check_grid
from deust.content.items import ItemFile, read_item
from deust.content.limits import excess
from deust.content.lines import Page, number_lines, split_page
from deust.content.media import TYPES, Media, suffix_of
from deust.content.media_files import read_media
from deust.content.problems import Problem, Report
from deust.content.programme_schema import M3cFile, ProgrammeFile
from deust.content.schema import Grid, ModuleHeader
from deust.content.source import TextFile
from deust.content.strict_yaml import Document, Location
from deust.content.validation import load_document, validate
from deust.domain.learning import Term

_IGNORED = re.compile(r"(README|LICEN[CS]ES?|SOURCES)(\.[a-z]+)?", re.IGNORECASE)
_DURATION_OF_WORDS = 150
TRANSCRIPT = ".transcript.md"


@dataclass(frozen=True)
class ProgrammeSource:
    data: ProgrammeFile
    document: Document


@dataclass(frozen=True)
class M3cSource:
    data: M3cFile
    document: Document


@dataclass(frozen=True)
class GlossarySource:
    terms: tuple[tuple[Term, int], ...]


@dataclass(frozen=True)
class GridSource:
    data: Grid


@dataclass(frozen=True)
class ModuleSource:
    id: str
    header: ModuleHeader
    intro: str
    lines: Mapping[Location, int]


@dataclass(frozen=True)
class Transcript:
    text: str
    seconds: int


Value = ProgrammeSource | M3cSource | GlossarySource | GridSource | ModuleSource | ItemFile | Media | Transcript


@dataclass(frozen=True)
class Parsed:
    """A file as read; `value` is None when an error kept it from being read."""

    path: str
    digest: str
    value: Value | None
    problems: tuple[Problem, ...] = ()
    facts: Facts = field(default_factory=Facts)


Reader = Callable[[TextFile, Report], tuple[Value | None, Facts]]


def reader_of(path: str) -> Reader | None:
    """How a text file is read, by its place in the tree; None for a file that is no course text."""
    parts = path.split("/")
    name = parts[-1]
    if len(parts) == 2:
        return {"programme.yml": _programme, "m3c.yml": _m3c, "glossaire.md": _glossary}.get(name)
    if len(parts) == 3 and parts[1] == "grilles" and name.endswith(".yml"):
        return _grid
    if len(parts) == 3 and parts[1] != "grilles" and name.endswith(".md"):
        return _module if name == "module.md" else _item
    if len(parts) == 4 and parts[2] == "media" and name.endswith(TRANSCRIPT):
        return _transcript
    return None


def is_media(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 4 and parts[2] == "media" and suffix_of(parts[3]) in TYPES


def is_ignored(path: str) -> bool:
    return bool(_IGNORED.fullmatch(path.rsplit("/", 1)[-1]))


def read_file(file: TextFile, reader: Reader) -> Parsed:
    """A text file of the tree, read by the reader of its place."""
    report = Report(file.path)
    _check_folders(file.path, report)
    value, facts = reader(file, report)
    return Parsed(file.path, file.digest, value, tuple(report.problems), facts)


def read_media_file(path: str, raw: bytes) -> Parsed:
    report = Report(path)
    media = read_media(path.rsplit("/", 1)[-1], raw, report)
    return Parsed(path, media.digest if media else "", media, tuple(report.problems))


def _check_folders(path: str, report: Report) -> None:
    for folder in path.split("/")[:-1]:
        if not is_id(folder):
            report.error(1, f"nom de dossier refusé : « {folder} »", "minuscules sans accent, chiffres et tirets")


def _page(file: TextFile, report: Report) -> tuple[Page, Document] | None:
    page = split_page(file.text, report)
    if page is None:
        return None
    document = load_document(page.header, report, first_line=page.header_line)
    return (page, document) if document else None


def _body_facts(page: Page, report: Report) -> Facts | None:
    """What the body mentions; None, reported, when it is beyond what can be rendered in time."""
    text = "\n".join(line.text for line in page.lines)
    found = excess(text)
    if found:
        first = page.lines[0].number if page.lines else 1
        report.error(first + found[0] - 1, f"texte trop lourd à mettre en page : {found[1]}", "découpez ou simplifiez")
        return None
    return facts_of(page.lines, report)


def _programme(file: TextFile, report: Report) -> tuple[Value | None, Facts]:
    document = load_document(file.text, report)
    data = validate(ProgrammeFile, document, report) if document else None
    return (ProgrammeSource(data, document) if data and document else None), Facts()


def _m3c(file: TextFile, report: Report) -> tuple[Value | None, Facts]:
    document = load_document(file.text, report)
    data = validate(M3cFile, document, report) if document else None
    return (M3cSource(data, document) if data and document else None), Facts()


def _grid(file: TextFile, report: Report) -> tuple[Value | None, Facts]:
    document = load_document(file.text, report)
    data = validate(Grid, document, report) if document else None
    if data is None or document is None:
        return None, Facts()
    check_grid(data, document, report)
    return GridSource(data), Facts()


def _glossary(file: TextFile, report: Report) -> tuple[Value | None, Facts]:
    found = _page(file, report)
    facts = _body_facts(found[0], report) if found else None
    if found is None or facts is None:
        return None, Facts()
    return GlossarySource(read_glossary(found[0].lines, report)), facts


def _module(file: TextFile, report: Report) -> tuple[Value | None, Facts]:
    found = _page(file, report)
    if found is None:
        return None, Facts()
    page, document = found
    header = validate(ModuleHeader, document, report)
    facts = _body_facts(page, report)
    if header is None or facts is None:
        return None, Facts()
    return ModuleSource(file.path.split("/")[1], header, page.body, document.lines), facts


def _item(file: TextFile, report: Report) -> tuple[Value | None, Facts]:
    found = _page(file, report)
    if found is None:
        return None, Facts()
    page, document = found
    facts = _body_facts(page, report)
    if facts is None:
        return None, Facts()
    return read_item(file, page, document, facts, report), facts


def _transcript(file: TextFile, report: Report) -> tuple[Value | None, Facts]:
    page = Page("", 1, number_lines(file.text.split("\n")))
    facts = _body_facts(page, report)
    if facts is None:
        return None, Facts()
    return Transcript(page.body, facts.words * 60 // _DURATION_OF_WORDS), facts
