"""Rendered texts, found in the store or rendered once: keyed by everything that their HTML depends on.

A reference is `module/item` for a lesson or a quiz, `module/` for a module's introduction, `/programme` for a glossary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256

from deust.content.figures import Shelf
from deust.content.problems import Level, Problem
from deust.content.render import RENDERER_VERSION, RenderContext, TooHeavy, render, render_inline
from deust.content.rendering import context_of, rendered_lesson, rendered_quiz
from deust.content.snapshot import Snapshot
from deust.content.store import FORMAT, Rendered, Store
from deust.domain.errors import NotFound
from deust.domain.learning import Assignment, Lesson, Quiz


@dataclass(frozen=True)
class _Source:
    """What a reference shows: where its text stands, what its HTML depends on besides, and how it is rendered."""

    context: RenderContext
    text: str
    parts: tuple[str, ...]
    render: Callable[[], Rendered]

    @property
    def key(self) -> str:
        named = [*_named_pages(self.text, self.context), *_named_media(self.text, self.context.shelf)]
        return sha256("\n".join([FORMAT, RENDERER_VERSION, *self.parts, self.text, *named]).encode()).hexdigest()


def page_of(ref: str, snapshot: Snapshot, store: Store) -> Rendered:
    """What a reference shows, from the store when nothing it depends on has changed; shown even if it is not kept."""
    source = _source(ref, snapshot)
    key = source.key
    kept = store.page(key)
    if kept is not None:
        return kept
    page = source.render()
    with suppress(OSError):
        store.put_page(key, page)
    return page


def warm(snapshot: Snapshot, store: Store) -> tuple[dict[str, str], list[Problem]]:
    """Renders whatever is not in the store yet; gives the key of every reference of the version, and what cannot be."""
    keys: dict[str, str] = {}
    problems: list[Problem] = []
    for ref in _refs(snapshot):
        source = _source(ref, snapshot)
        keys[ref] = source.key
        try:
            if not store.has_page(keys[ref]):
                store.put_page(keys[ref], source.render())
        except TooHeavy as heavy:
            message = f"texte trop lourd à mettre en page : {heavy}"
            problems.append(Problem(source.context.path, 1, Level.ERROR, message, "découpez ou simplifiez"))
    return keys, problems


def _refs(snapshot: Snapshot) -> Iterator[str]:
    for programme in snapshot.programmes.values():
        yield f"/{programme.id}"
        for module in programme.modules.values():
            yield f"{module.id}/"
            yield from (item.ref for item in module.items if isinstance(item, Lesson | Quiz))


def _source(ref: str, snapshot: Snapshot) -> _Source:
    module_id, _, name = ref.partition("/")
    if not module_id:
        return _glossary(name, snapshot)
    return _item_source(_item(ref, snapshot), snapshot) if name else _intro(module_id, snapshot)


def _glossary(programme_id: str, snapshot: Snapshot) -> _Source:
    programme = snapshot.programmes.get(programme_id)
    if programme is None:
        raise NotFound
    context = replace(context_of(snapshot, "", f"{programme_id}/glossaire.md"), terms=())
    terms = programme.glossary
    return _Source(
        context,
        "".join(term.definition for term in terms),
        (f"/{programme_id}", repr(terms)),
        lambda: tuple(replace(term, definition=render_inline(term.definition, context)) for term in terms),
    )


def _intro(module_id: str, snapshot: Snapshot) -> _Source:
    programme = snapshot.programme_of_module(module_id)
    if programme is None:
        raise NotFound
    context = replace(context_of(snapshot, module_id, f"{programme.id}/{module_id}/module.md"), terms=())
    intro = programme.modules[module_id].intro
    return _Source(context, intro, (f"{module_id}/",), lambda: render(intro, context))


def _item_source(item: Lesson | Quiz, snapshot: Snapshot) -> _Source:
    """A lesson also depends on the glossary; both on the pages and media that their text may name."""
    context = context_of(snapshot, item.module, item.path)
    parts = (item.ref, item.version, str(item.minutes), repr(item.requires))
    if isinstance(item, Lesson):
        return _Source(context, item.body, (*parts, repr(context.terms)), lambda: rendered_lesson(item, context))
    text = repr(item.questions) + item.intro
    if isinstance(item, Assignment):
        text += item.expected
    return _Source(context, text, (*parts, repr(item.grids)), lambda: rendered_quiz(item, context))


def _item(ref: str, snapshot: Snapshot) -> Lesson | Quiz:
    programme = snapshot.programme_of_module(ref.partition("/")[0])
    item = programme.find_item(ref) if programme else None
    if not isinstance(item, Lesson | Quiz):
        raise NotFound
    return item


def _named_pages(text: str, context: RenderContext) -> list[str]:
    if ".md" not in text:
        return []
    return [f"{path} {address}" for path, address in context.pages.items() if path.rsplit("/", 1)[-1] in text]


def _named_media(text: str, shelf: Shelf) -> list[str]:
    if "media/" not in text:
        return []
    named = [media for key, media in shelf.media.items() if key.startswith(f"{shelf.module}/")]
    return [
        f"{media.name} {media.digest} {shelf.transcript(media)} {shelf.captions(media)}"
        for media in named
        if f"media/{media.name}" in text
    ]
