"""Rendered pages, found in the store or rendered once: keyed by everything that their HTML depends on."""

from __future__ import annotations

from hashlib import sha256

from deust.content.figures import Shelf
from deust.content.render import RENDERER_VERSION, RenderContext
from deust.content.rendering import context_of, rendered_lesson, rendered_quiz
from deust.content.snapshot import Snapshot
from deust.content.store import FORMAT, Store
from deust.domain.learning import Lesson, Quiz, RenderedLesson


def page_of(item: Lesson | Quiz, snapshot: Snapshot, store: Store) -> RenderedLesson | Quiz:
    """The rendered item, from the store when nothing it depends on has changed."""
    context = context_of(snapshot, item.module, item.path)
    key = page_key(item, context)
    kept = store.page(key)
    if isinstance(kept, RenderedLesson | Quiz):
        return kept
    page = rendered_lesson(item, context) if isinstance(item, Lesson) else rendered_quiz(item, context)
    store.put_page(key, page)
    return page


def page_key(item: Lesson | Quiz, context: RenderContext) -> str:
    """The item's own content, the glossary for a lesson, and the pages and media that its text may name."""
    text = item.body if isinstance(item, Lesson) else repr(item.questions) + item.intro
    parts = [FORMAT, RENDERER_VERSION, item.ref, item.version, str(item.minutes), repr(item.requires)]
    if isinstance(item, Lesson):
        parts.append(repr(context.terms))
    parts += _named_pages(text, context)
    parts += _named_media(text, context.shelf)
    return sha256("\n".join(parts).encode()).hexdigest()


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


def warm(snapshot: Snapshot, store: Store) -> set[str]:
    """Renders whatever is not in the store yet; gives the keys of every page of the version."""
    keys: set[str] = set()
    for programme in snapshot.programmes.values():
        for module in programme.modules.values():
            for item in module.items:
                if isinstance(item, Lesson | Quiz):
                    key = page_key(item, context_of(snapshot, item.module, item.path))
                    keys.add(key)
                    if not store.has_page(key):
                        page_of(item, snapshot, store)
    return keys
