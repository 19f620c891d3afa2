"""From the course folder to a version that is served: read, checked, kept whole, then switched to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from deust.content.pages import warm
from deust.content.problems import Level, Problem, errors_of, in_order
from deust.content.snapshot import Snapshot
from deust.content.store import MediaChanged, Store
from deust.content.tree import Reading, read_tree
from deust.domain.learning import Lesson, Quiz
from deust.domain.questions import Question, block_type


@dataclass(frozen=True)
class Publication:
    """`is_published` is false when errors kept the last version in place."""

    version: str
    is_published: bool
    problems: tuple[Problem, ...]


def publish(courses_dir: Path, published_dir: Path, *, today: date) -> Publication:
    """Publishes the folder if it holds no error; a second publication waits for the first."""
    store = Store(published_dir)
    with store.locked():
        reading = read_tree(courses_dir, today=today)
        problems = in_order((*reading.problems, *history_problems(reading, store.current())))
        if errors_of(problems):
            return Publication(reading.snapshot.version, False, problems)
        rendered, found = warm(reading.snapshot, store)
        found += put_version(reading, store, rendered)
        if found:
            return Publication(reading.snapshot.version, False, in_order((*problems, *found)))
        store.switch(reading.snapshot)
        store.prune_versions()
        store.prune(rendered.values())
    return Publication(reading.snapshot.version, True, problems)


def put_version(reading: Reading, store: Store, rendered: Mapping[str, str] | None = None) -> list[Problem]:
    """Keeps the version with its media, and the keys of what is rendered of it, without serving it.

    Gives the media that changed since they were read: the version is then not kept.
    """
    changed: list[Problem] = []
    for path, source in reading.media_paths.items():
        _, module, _, name = path.split("/")
        media = reading.snapshot.media.get(f"{module}/{name}")
        try:
            if media is not None:
                store.put_media(media, source)
        except MediaChanged:
            message, fix = "fichier modifié ou retiré pendant la publication", "publiez de nouveau"
            changed.append(Problem(path, 1, Level.ERROR, message, fix))
    if not changed:
        store.put(replace(reading.snapshot, rendered=rendered or {}))
    return changed


def history_problems(reading: Reading, published: Snapshot | None) -> list[Problem]:
    """What the published version had and this one changes under students' feet: a type under one id, a removed id."""
    if published is None:
        return []
    return [*_question_changes(reading.snapshot, published), *_removed_items(reading.snapshot, published)]


def _items(snapshot: Snapshot) -> Iterator[Quiz | Lesson]:
    for programme in snapshot.programmes.values():
        for module in programme.modules.values():
            yield from (item for item in module.items if isinstance(item, Quiz | Lesson))


def _question_changes(snapshot: Snapshot, published: Snapshot) -> Iterator[Problem]:
    for old in _items(published):
        programme = snapshot.programme_of_module(old.module)
        new = programme.find_item(old.ref) if programme else None
        if isinstance(new, Quiz | Lesson) and new.version != old.version:
            yield from _changes(old, new)


def _changes(old: Quiz | Lesson, new: Quiz | Lesson) -> Iterator[Problem]:
    now = {question.id: question for question in _asked(new)}
    for question in _asked(old):
        kept = now.get(question.id)
        if kept is None:
            message = f"la question « {question.id} » de la version publiée a disparu"
            fix = "si vous l'avez renommée, reprenez son ancien identifiant ; les essais passés la gardent"
            yield Problem(new.path, 1, Level.WARNING, message, fix)
        elif block_type(kept.answer) != block_type(question.answer):
            was, is_now = block_type(question.answer), block_type(kept.answer)
            message = f"la question « {question.id} » était de type {was}, elle est {is_now}"
            yield Problem(
                new.path, kept.line, Level.ERROR, message, "donnez un autre identifiant à la nouvelle question"
            )


def _asked(item: Quiz | Lesson) -> tuple[Question, ...]:
    return item.questions if isinstance(item, Quiz) else item.checks


def _removed_items(snapshot: Snapshot, published: Snapshot) -> Iterator[Problem]:
    for programme in published.programmes.values():
        for module in programme.modules.values():
            current = snapshot.programmes.get(programme.id)
            for item in module.items:
                if current is not None and module.id in current.modules and current.find_item(item.ref) is None:
                    message = f"l'activité publiée « {item.ref} » a disparu"
                    fix = f"si elle a changé de nom, ajoutez aliases: [{item.id}] à la nouvelle"
                    yield Problem(f"{programme.id}/{module.id}/module.md", 1, Level.WARNING, message, fix)
