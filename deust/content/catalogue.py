"""What the pages ask for: the programme, its rendered lessons and quizzes, its media; always of one whole version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from threading import Lock

from deust.content.pages import page_of, warm
from deust.content.problems import Problem, in_order
from deust.content.publishing import history_problems, put_version
from deust.content.render import render_inline
from deust.content.rendering import context_of, rendered_module
from deust.content.snapshot import Snapshot
from deust.content.source import Scan, scan
from deust.content.store import Store
from deust.content.tree import Reading, Stamp, read_tree, stamps_of
from deust.domain.errors import NotFound
from deust.domain.learning import Announced, Lesson, Module, Programme, Quiz, RenderedLesson, Term

MAX_KEPT_PAGES = 256


@dataclass(frozen=True)
class _Served:
    """A version and the pages rendered of it so far; replaced whole."""

    snapshot: Snapshot
    pages: dict[str, RenderedLesson | Quiz] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)
    glossaries: dict[str, tuple[Term, ...]] = field(default_factory=dict)


class Catalogue:
    """`watch` reads the course folder again when a file changed (development); without it, the published version is
    served and followed (production). A tree with errors never replaces what is served; `problems` lists them.
    """

    def __init__(
        self, courses_dir: Path, published_dir: Path, watch: bool, today: Callable[[], date] = date.today
    ) -> None:
        self.courses_dir = courses_dir
        self.watch = watch
        self.problems: tuple[Problem, ...] = ()
        self._today = today
        self._store = Store(published_dir, is_durable=not watch)
        self._lock = Lock()
        self._reading: Reading | None = None
        self._stamps: Mapping[str, Stamp] = {}
        self._stamp = self._store.stamp()
        published = self._store.current()
        self._served = _Served(published or Snapshot(""))
        if watch or published is None:
            self._read()

    @property
    def version(self) -> str:
        return self._served.snapshot.version

    def programme(self, programme_id: str | None = None) -> Programme:
        """The programme of that id; without one, the first."""
        programmes = self._served.snapshot.programmes
        found = programmes.get(programme_id) if programme_id else next(iter(programmes.values()), None)
        if found is None:
            raise NotFound
        return found

    def programmes(self) -> tuple[Programme, ...]:
        return tuple(self._served.snapshot.programmes.values())

    def lesson(self, ref: str) -> RenderedLesson:
        """The rendered lesson of a `module/item` reference."""
        page = self._page(ref)
        if not isinstance(page, RenderedLesson):
            raise NotFound
        return page

    def quiz(self, ref: str) -> Quiz:
        """The quiz of a `module/item` reference, every text rendered."""
        page = self._page(ref)
        if not isinstance(page, Quiz):
            raise NotFound
        return page

    def item(self, ref: str) -> Lesson | Quiz | Announced:
        """The item as read, not rendered."""
        return _find_item(self._served.snapshot, ref)

    def module(self, module_id: str) -> Module:
        """The module with its introduction rendered."""
        served = self._served
        found = served.modules.get(module_id)
        if found is None:
            programme = served.snapshot.programme_of_module(module_id)
            if programme is None:
                raise NotFound
            path = f"{programme.id}/{module_id}/module.md"
            found = rendered_module(programme.modules[module_id], context_of(served.snapshot, module_id, path))
            served.modules[module_id] = found
        return found

    def glossary(self, programme_id: str | None = None) -> tuple[Term, ...]:
        """The terms with their definitions rendered."""
        served, programme = self._served, self.programme(programme_id)
        if programme.id not in served.glossaries:
            context = replace(context_of(served.snapshot, "", f"{programme.id}/glossaire.md"), terms=())
            served.glossaries[programme.id] = tuple(
                replace(term, definition=render_inline(term.definition, context)) for term in programme.glossary
            )
        return served.glossaries[programme.id]

    def media_path(self, module_id: str, name: str) -> Path | None:
        """The published file of a media of the module; None for anything else."""
        media = self._served.snapshot.media.get(f"{module_id}/{name}")
        return self._store.media_file(media) if media else None

    def media_type(self, module_id: str, name: str) -> str | None:
        media = self._served.snapshot.media.get(f"{module_id}/{name}")
        return media.type if media else None

    def warm(self) -> None:
        """Renders every page of the version that the store does not hold yet."""
        warm(self._served.snapshot, self._store)

    def refresh(self) -> None:
        """Called before each request: one look at `current`, or, when watching, a walk over the course files."""
        if self.watch:
            with self._lock:
                found = scan(self.courses_dir)
                if stamps_of(found) != self._stamps:
                    self._read(found)
        elif self._store.stamp() != self._stamp and self._lock.acquire(blocking=False):
            try:
                self._follow()
            finally:
                self._lock.release()

    def _follow(self) -> None:
        """Serves the version that became current; other requests go on with the one before meanwhile."""
        stamp = self._store.stamp()
        published = self._store.current()
        if published is not None and published.version != self.version:
            self._served = _Served(published)
        self._stamp = stamp

    def _read(self, found: Scan | None = None) -> None:
        reading = read_tree(self.courses_dir, self._reading, today=self._today(), found=found)
        self._reading, self._stamps = reading, reading.stamps
        if reading.snapshot.version == self.version and not reading.errors:
            self.problems = reading.problems
            return
        self.problems = in_order((*reading.problems, *history_problems(reading, self._served.snapshot)))
        if reading.errors:
            return
        with self._store.locked():
            put_version(reading, self._store)
            self._store.switch(reading.snapshot)
            self._store.prune_versions()
        self._served = _Served(reading.snapshot)

    def _page(self, ref: str) -> RenderedLesson | Quiz:
        served = self._served
        page = served.pages.get(ref)
        if page is None:
            item = _find_item(served.snapshot, ref)
            if isinstance(item, Announced):
                raise NotFound
            page = page_of(item, served.snapshot, self._store)
            if len(served.pages) >= MAX_KEPT_PAGES:
                served.pages.clear()
            served.pages[ref] = page
        return page


def _find_item(snapshot: Snapshot, ref: str) -> Lesson | Quiz | Announced:
    programme = snapshot.programme_of_module(ref.partition("/")[0])
    item = programme.find_item(ref) if programme else None
    if item is None:
        raise NotFound
    return item
