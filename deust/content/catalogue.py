"""What the pages ask for: the programme, its rendered lessons and quizzes, its media; always of one whole version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Protocol, cast

from deust.content.problems import Problem
from deust.content.snapshot import Snapshot
from deust.content.store import Rendered, Store
from deust.domain.errors import NotFound
from deust.domain.learning import Announced, Lesson, Module, Programme, Quiz, RenderedLesson, Term

MAX_KEPT_PAGES = 256


class Workshop(Protocol):
    """What the catalogue asks of the rooms that read, check and render."""

    problems: tuple[Problem, ...]

    def read(self, served: Snapshot) -> Snapshot | None: ...

    def page(self, ref: str, snapshot: Snapshot) -> Rendered: ...

    def warm(self, snapshot: Snapshot) -> None: ...


@dataclass(frozen=True)
class _Served:
    """A version and the pages rendered of it so far; replaced whole."""

    snapshot: Snapshot
    pages: dict[str, Rendered] = field(default_factory=dict)


class Catalogue:
    """`watch` reads the course folder again when a file changed (development); without it, the published version is
    served and followed (production). A tree with errors never replaces what is served; `problems` lists them.
    """

    def __init__(
        self, courses_dir: Path, published_dir: Path, watch: bool, today: Callable[[], date] = date.today
    ) -> None:
        self.courses_dir = courses_dir
        self.watch = watch
        self._today = today
        self._store = Store(published_dir, is_durable=not watch)
        self._lock = Lock()
        self._stamp = self._store.stamp()
        published = self._store.current()
        self._served = _Served(published or Snapshot(""))
        if watch or published is None:
            self._read()

    @property
    def version(self) -> str:
        return self._served.snapshot.version

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong in the course folder when it was last read; nothing if this process never read it."""
        return self._workshop.problems if "_workshop" in self.__dict__ else ()

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

    def find_quiz(self, ref: str) -> Quiz | None:
        """The quiz as it is published now; None when it was removed, and its attempts go on without it."""
        try:
            return self.quiz(ref)
        except NotFound:
            return None

    def item(self, ref: str) -> Lesson | Quiz | Announced:
        """The item as read, not rendered."""
        programme = self._served.snapshot.programme_of_module(ref.partition("/")[0])
        item = programme.find_item(ref) if programme else None
        if item is None:
            raise NotFound
        return item

    def module(self, module_id: str) -> Module:
        """The module with its introduction rendered."""
        programme = self._served.snapshot.programme_of_module(module_id)
        if programme is None:
            raise NotFound
        return replace(programme.modules[module_id], intro=str(self._page(f"{module_id}/")))

    def glossary(self, programme_id: str | None = None) -> tuple[Term, ...]:
        """The terms with their definitions rendered."""
        return cast("tuple[Term, ...]", self._page(f"/{self.programme(programme_id).id}"))

    def media_path(self, module_id: str, name: str) -> Path | None:
        """The published file of a media of the module; None for anything else."""
        media = self._served.snapshot.media.get(f"{module_id}/{name}")
        return self._store.media_file(media) if media else None

    def media_type(self, module_id: str, name: str) -> str | None:
        media = self._served.snapshot.media.get(f"{module_id}/{name}")
        return media.type if media else None

    def warm(self) -> None:
        """Renders every page of the version that the store does not hold yet."""
        self._workshop.warm(self._served.snapshot)

    def refresh(self) -> None:
        """Called before each request: one look at `current`, or, when watching, a walk over the course files."""
        if self.watch:
            with self._lock:
                self._read()
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

    def _read(self) -> None:
        found = self._workshop.read(self._served.snapshot)
        if found is not None:
            self._served = _Served(found)

    @cached_property
    def _workshop(self) -> Workshop:
        """It loads here, so that a worker which serves what is published never holds the parsers."""
        room = import_module("deust.content.workshop")
        return cast("Workshop", room.Workshop(self.courses_dir, self._store, self._today))

    def _page(self, ref: str) -> Rendered:
        served = self._served
        page = served.pages.get(ref)
        if page is None:
            key = served.snapshot.rendered.get(ref)
            kept = self._store.page(key) if key else None
            page = self._workshop.page(ref, served.snapshot) if kept is None else kept
            if len(served.pages) >= MAX_KEPT_PAGES:
                served.pages.clear()
            served.pages[ref] = page
        return page
