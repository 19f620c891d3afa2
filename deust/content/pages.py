"""Rendered texts, found in the store or rendered once: keyed by everything that their HTML depends on.

A reference is `module/item` for a lesson or a quiz, `module/` for a module's introduction, `/programme` for a glossary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from deust.content.figures import Shelf
from deust.content.render import RENDERER_VERSION, RenderContext, render, render_inline
from deust.content.rendering import context_of, rendered_lesson, rendered_quiz
from deust.content.snapshot import Snapshot
from deust.content.store import FORMAT, Rendered, Store
from deust.domain.errors import NotFound
from deust.domain.learning import Lesson, Quiz


def page_of(ref: str, snapshot: Snapshot, store: Store) -> Rendered:
    """What a reference shows, from the store when nothing it depends on has changed."""
    key, context = _key_and_context(ref, snapshot)
    kept = store.page(key)
    if kept is not None:
        return kept
    page = _rendered(ref, snapshot, context)
    store.put_page(key, page)
    return page


def warm(snapshot: Snapshot, store: Store) -> dict[str, str]:
    """Renders whatever is not in the store yet; gives the key of every reference of the version."""
    keys = {ref: _key_and_context(ref, snapshot)[0] for ref in _refs(snapshot)}
    for ref, key in keys.items():
        if not store.has_page(key):
            page_of(ref, snapshot, store)
    return keys


def _refs(snapshot: Snapshot) -> Iterator[str]:
    for programme in snapshot.programmes.values():
        yield f"/{programme.id}"
        for module in programme.modules.values():
            yield f"{module.id}/"
            yield from (item.ref for item in module.items if isinstance(item, Lesson | Quiz))


def _key_and_context(ref: str, snapshot: Snapshot) -> tuple[str, RenderContext]:
    """The item's own content, the glossary for a lesson, and the pages and media that its text may name."""
    module_id, _, item_id = ref.partition("/")
    if not module_id:
        programme = snapshot.programmes.get(item_id)
        if programme is None:
            raise NotFound
        context = replace(context_of(snapshot, "", f"{item_id}/glossaire.md"), terms=())
        return _key([ref, repr(programme.glossary)], "".join(term.definition for term in programme.glossary), context)
    found = snapshot.programme_of_module(module_id)
    if found is None:
        raise NotFound
    if not item_id:
        context = replace(context_of(snapshot, module_id, f"{found.id}/{module_id}/module.md"), terms=())
        return _key([ref], found.modules[module_id].intro, context)
    item = _item(ref, snapshot)
    context = context_of(snapshot, item.module, item.path)
    text = item.body if isinstance(item, Lesson) else repr(item.questions) + item.intro
    parts = [item.ref, item.version, str(item.minutes), repr(item.requires)]
    if isinstance(item, Lesson):
        parts.append(repr(context.terms))
    return _key(parts, text, context)


def _key(parts: list[str], text: str, context: RenderContext) -> tuple[str, RenderContext]:
    named = [*_named_pages(text, context), *_named_media(text, context.shelf)]
    return sha256("\n".join([FORMAT, RENDERER_VERSION, *parts, text, *named]).encode()).hexdigest(), context


def _rendered(ref: str, snapshot: Snapshot, context: RenderContext) -> Rendered:
    module_id, _, item_id = ref.partition("/")
    if not module_id:
        return tuple(render_inline(term.definition, context) for term in snapshot.programmes[item_id].glossary)
    if not item_id:
        programme = snapshot.programme_of_module(module_id)
        return render(programme.modules[module_id].intro, context) if programme else ""
    item = _item(ref, snapshot)
    return rendered_lesson(item, context) if isinstance(item, Lesson) else rendered_quiz(item, context)


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
