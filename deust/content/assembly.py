"""Programmes put together from the files that were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from deust.content.files import (
    TRANSCRIPT,
    GlossarySource,
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
from deust.content.programmes import outcome_of, programme_of
from deust.content.schema import LessonHeader
from deust.content.snapshot import Snapshot
from deust.domain.learning import Announced, Lesson, Module, Programme, Quiz


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
    """The address of each page file."""
    pages: dict[str, str] = {}
    for path, file in files.items():
        if isinstance(file.value, ItemFile):
            pages[path] = f"/modules/{file.value.item.ref}"
        elif isinstance(file.value, ModuleSource):
            pages[path] = f"/modules/{file.value.id}"
        elif isinstance(file.value, GlossarySource):
            pages[path] = "/glossaire"
    return pages


def _programme(name: str, files: Mapping[str, Parsed], problems: list[Problem]) -> Programme | None:
    own = {path: file for path, file in files.items() if path.startswith(f"{name}/")}
    source = files.get(f"{name}/programme.yml")
    if source is None:
        message = "dossier sans programme.yml"
        problems.append(Problem(name, 1, Level.ERROR, message, "ajoutez-le : titre, diplôme, semestres"))
        return None
    if not isinstance(source.value, ProgrammeSource):
        return None
    glossary, m3c = (files.get(f"{name}/{file}") for file in ("glossaire.md", "m3c.yml"))
    digests = "\n".join(f"{path} {own[path].digest}" for path in sorted(own))
    return programme_of(
        name,
        source.value.data,
        modules=_modules(name, own, problems),
        glossary=tuple(t for t, _ in glossary.value.terms)
        if glossary and isinstance(glossary.value, GlossarySource)
        else (),
        m3c=m3c.value.data.model_dump() if m3c and isinstance(m3c.value, M3cSource) else {},
        version=sha256(digests.encode()).hexdigest(),
    )


def _modules(name: str, own: Mapping[str, Parsed], problems: list[Problem]) -> dict[str, Module]:
    modules: dict[str, Module] = {}
    folders = sorted({path.split("/")[1] for path in own if path.count("/") >= 2} - {"grilles"})
    for folder in folders:
        source = own.get(f"{name}/{folder}/module.md")
        if source is None:
            message = "dossier de module sans module.md"
            problems.append(
                Problem(f"{name}/{folder}", 1, Level.ERROR, message, "ajoutez-le : titre, résultats attendus")
            )
        elif isinstance(source.value, ModuleSource):
            modules[folder] = _module(source.value, own, f"{name}/{folder}/")
    return modules


def _module(source: ModuleSource, own: Mapping[str, Parsed], prefix: str) -> Module:
    items = [
        _timed(file, file.value, own, prefix)
        for path, file in own.items()
        if path.startswith(prefix) and isinstance(file.value, ItemFile)
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
        items=tuple(sorted(items, key=lambda item: (item.number, item.id))),
    )


def _timed(file: Parsed, value: ItemFile, own: Mapping[str, Parsed], prefix: str) -> Lesson | Quiz | Announced:
    """A lesson whose minutes are computed counts its sound and video too."""
    item, header = value.item, value.header
    if not isinstance(item, Lesson) or not isinstance(header, LessonHeader) or header.minutes is not None:
        return item
    seconds = sum(_seconds_of(link.target, own, prefix) for link in file.facts.links if link.is_image)
    return replace(item, minutes=lesson_minutes(header, file.facts, seconds)) if seconds else item


def _seconds_of(target: str, own: Mapping[str, Parsed], prefix: str) -> int:
    """The length of a sound or video: its captions' last second, else the time to say its transcript."""
    stem, _, suffix = target.rpartition(".")
    if suffix.lower() not in SOUNDS and suffix.lower() not in VIDEOS:
        return 0
    captions, transcript = own.get(f"{prefix}{stem}.vtt"), own.get(f"{prefix}{stem}{TRANSCRIPT}")
    if captions and isinstance(captions.value, Media):
        return captions.value.seconds
    return transcript.value.seconds if transcript and isinstance(transcript.value, Transcript) else 0
