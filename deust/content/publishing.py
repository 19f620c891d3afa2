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
from deust.domain.learning import Lesson, Module, Programme, Quiz
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
    """What the published version had and this one takes from students: a question of that type, an activity of that
    kind, a name that goes.
    """
    if published is None:
        return []
    return [*_question_changes(reading.snapshot, published), *_removed(reading.snapshot, published)]


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


def _removed(snapshot: Snapshot, published: Snapshot) -> Iterator[Problem]:
    for programme in published.programmes.values():
        for module in programme.modules.values():
            present = snapshot.programme_of_module(module.id)
            if present is not None:
                yield from _removed_names(f"{present.id}/{module.id}/module.md", module, present)
            elif module.items:
                message = f"le module publié « {module.id} » a disparu, et ce que chacun y a fait avec lui"
                fix = "son dossier ne se renomme pas : rendez-lui son nom"
                yield Problem(f"{programme.id}/programme.yml", 1, Level.WARNING, message, fix)


def _removed_names(path: str, module: Module, present: Programme) -> Iterator[Problem]:
    """What was done is kept under the name that an item had that day: an alias that goes takes it away too, and so does
    an activity of another kind.
    """
    for item in module.items:
        found = present.find_item(item.ref)
        if found is None:
            message = f"l'activité publiée « {item.ref} » a disparu"
            names = ", ".join((item.id, *item.aliases))
            yield Problem(
                path, 1, Level.WARNING, message, f"si elle a changé de nom, ajoutez aliases: [{names}] à la nouvelle"
            )
            continue
        if found.kind is not item.kind:
            message = f"« {item.ref} » était de sorte {item.kind}, elle est {found.kind}"
            yield Problem(found.path, 1, Level.ERROR, message, "donnez un autre nom à la nouvelle activité")
        for alias in item.aliases:
            if present.find_item(f"{module.id}/{alias}") is None:
                message = (
                    f"l'ancien nom « {alias} » de « {item.ref} » a disparu, et ce qui fut fait sous ce nom avec lui"
                )
                yield Problem(path, 1, Level.WARNING, message, f"rendez aliases: [{alias}] à l'activité")
