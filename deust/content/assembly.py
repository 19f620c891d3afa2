"""Programmes put together from the files that were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from deust.content.assignments import grid_of
from deust.content.fields import plain
from deust.content.files import (
    TRANSCRIPT,
    GlossarySource,
    GridSource,
    M3cSource,
    ModuleSource,
    Parsed,
    ProgrammeSource,
    Transcript,
)
from deust.content.items import ItemFile
from deust.content.lessons import lesson_minutes
from deust.content.media import SOUNDS, VIDEOS, Media
from deust.content.problems import Level, Problem
from deust.content.programme_schema import ProgrammeFile
from deust.content.programmes import outcome_of, programme_of
from deust.content.render import GLOSSARY
from deust.content.schema import LessonHeader, ModuleHeader
from deust.content.snapshot import Snapshot
from deust.domain.learning import Announced, Assignment, Lesson, Module, Programme, Quiz
from deust.domain.rubric import Grid

_UNREADABLE_PROGRAMME = ProgrammeFile(title="?", diploma="?", level=5)


def assemble(files: Mapping[str, Parsed], problems: list[Problem]) -> Snapshot:
    """Programmes, modules and items from the files; folders that lack their main file are reported."""
    media = {_media_key(path): file.value for path, file in files.items() if isinstance(file.value, Media)}
    transcripts = {
        _media_key(path)[: -len(TRANSCRIPT)]: file.value.text
        for path, file in files.items()
        if isinstance(file.value, Transcript)
    }
    programmes: dict[str, Programme] = {}
    for name in sorted({path.split("/")[0] for path in files}):
        programme = _programme(name, files, problems)
        if programme is not None:
            programmes[name] = programme
    digests = "\n".join(f"{path} {files[path].digest}" for path in sorted(files))
    return Snapshot(sha256(digests.encode()).hexdigest(), programmes, media, transcripts, _pages(files))


def _media_key(path: str) -> str:
    _, module, _, name = path.split("/")
    return f"{module}/{name}"


def _pages(files: Mapping[str, Parsed]) -> dict[str, str]:
    """The address of each page file; one that cannot be read keeps links to it from being reported too."""
    pages: dict[str, str] = {}
    for path, file in files.items():
        if isinstance(file.value, ItemFile):
            pages[path] = f"/modules/{file.value.item.ref}"
        elif isinstance(file.value, ModuleSource):
            pages[path] = f"/modules/{file.value.id}"
        elif path.endswith("/glossaire.md"):
            pages[path] = GLOSSARY
        elif file.value is None and path.endswith(".md"):
            pages[path] = "#"
    return pages


def _programme(name: str, files: Mapping[str, Parsed], problems: list[Problem]) -> Programme | None:
    """A programme whose own file is wrong still has its modules, so that they are checked too."""
    own = {path: file for path, file in files.items() if path.startswith(f"{name}/")}
    source = files.get(f"{name}/programme.yml")
    if source is None:
        message = "dossier sans programme.yml"
        problems.append(Problem(name, 1, Level.ERROR, message, "ajoutez-le : titre, diplôme, semestres"))
        return None
    data = source.value.data if isinstance(source.value, ProgrammeSource) else _UNREADABLE_PROGRAMME
    glossary, m3c = (files.get(f"{name}/{file}") for file in ("glossaire.md", "m3c.yml"))
    terms = glossary.value.terms if glossary and isinstance(glossary.value, GlossarySource) else ()
    digests = "\n".join(f"{path} {own[path].digest}" for path in sorted(own))
    return programme_of(
        name,
        data,
        modules=_modules(name, own, problems),
        glossary=tuple(term for term, _ in terms),
        m3c=plain(m3c.value.data) if m3c and isinstance(m3c.value, M3cSource) else {},
        version=sha256(digests.encode()).hexdigest(),
    )


def _modules(name: str, own: Mapping[str, Parsed], problems: list[Problem]) -> dict[str, Module]:
    folders: dict[str, dict[str, Parsed]] = {}
    grids = _grids(name, own)
    for path, file in own.items():
        folder, slash, rest = path[len(name) + 1 :].partition("/")
        if slash and folder != "grilles":
            folders.setdefault(folder, {})[rest] = file
    modules: dict[str, Module] = {}
    for folder, files in sorted(folders.items()):
        source = files.get("module.md")
        if source is None:
            message, fix = "dossier de module sans module.md", "ajoutez-le : titre, résultats attendus"
            problems.append(Problem(f"{name}/{folder}", 1, Level.ERROR, message, fix))
            continue
        header = source.value if isinstance(source.value, ModuleSource) else _unreadable_module(folder)
        modules[folder] = _module(header, files, grids)
    return modules


def _grids(name: str, own: Mapping[str, Parsed]) -> dict[str, Grid]:
    """The grids by the name that items use: `grilles/ecoute.yml`."""
    return {
        path[len(name) + 1 :]: grid_of(file.value.data)
        for path, file in own.items()
        if isinstance(file.value, GridSource)
    }


def _unreadable_module(folder: str) -> ModuleSource:
    return ModuleSource(folder, ModuleHeader(title=folder), "", {})


def _module(source: ModuleSource, files: Mapping[str, Parsed], grids: Mapping[str, Grid]) -> Module:
    items = [
        _with_grids(_timed(file, file.value, files), grids)
        for file in files.values()
        if isinstance(file.value, ItemFile)
    ]
    header = source.header
    return Module(
        id=source.id,
        title=header.title,
        hours=header.hours or 0,
        intro=source.intro,
        outcomes=tuple(outcome_of(outcome) for outcome in header.outcomes),
        requires=tuple(header.requires),
        is_public=header.public,
        is_planned=header.status == "planned",
        items=tuple(sorted(items, key=lambda item: (item.number, item.id))),
    )


def _with_grids(item: Lesson | Quiz | Announced, grids: Mapping[str, Grid]) -> Lesson | Quiz | Announced:
    """A quiz holds the grids that its questions name, an assignment its own."""
    if not isinstance(item, Quiz):
        return item
    named = [item.grid_name] if isinstance(item, Assignment) else [one.grid_name for one in item.questions]
    held = {name: grids[name] for name in named if name is not None and name in grids}
    return replace(item, grids=held) if held else item


def _timed(file: Parsed, value: ItemFile, files: Mapping[str, Parsed]) -> Lesson | Quiz | Announced:
    """A lesson whose minutes are computed counts its sound and video too."""
    item, header = value.item, value.header
    if not isinstance(item, Lesson) or not isinstance(header, LessonHeader) or header.minutes is not None:
        return item
    seconds = sum(_seconds_of(link.target, files) for link in file.facts.links if link.is_image)
    return replace(item, minutes=lesson_minutes(header, file.facts, seconds)) if seconds else item


def _seconds_of(target: str, files: Mapping[str, Parsed]) -> int:
    """The length of a sound or video: its captions' last second, else the time to say its transcript."""
    stem, _, suffix = target.rpartition(".")
    if suffix.lower() not in SOUNDS and suffix.lower() not in VIDEOS:
        return 0
    captions, transcript = files.get(f"{stem}.vtt"), files.get(f"{stem}{TRANSCRIPT}")
    if captions and isinstance(captions.value, Media):
        return captions.value.seconds
    return transcript.value.seconds if transcript and isinstance(transcript.value, Transcript) else 0
