"""Where courses are read, checked and rendered: the catalogue opens it only when there is such work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from deust.content.pages import page_of, warm
from deust.content.problems import Problem, in_order
from deust.content.publishing import history_problems, put_version
from deust.content.snapshot import Snapshot
from deust.content.source import scan
from deust.content.store import Rendered, Store
from deust.content.tree import Reading, Stamp, read_tree, stamps_of


class Workshop:
    """Remembers the last reading of the course folder, so that only what changed is read again."""

    def __init__(self, courses_dir: Path, store: Store, today: Callable[[], date]) -> None:
        self.problems: tuple[Problem, ...] = ()
        self._courses_dir = courses_dir
        self._store = store
        self._today = today
        self._reading: Reading | None = None
        self._stamps: Mapping[str, Stamp] = {}

    def read(self, served: Snapshot) -> Snapshot | None:
        """The course folder as a version to serve; None while it did not change, is what is served, holds errors, or
        changes while it is read: it is then read again.
        """
        found = scan(self._courses_dir)
        if self._reading is not None and stamps_of(found) == self._stamps:
            return None
        reading = read_tree(self._courses_dir, self._reading, today=self._today(), found=found)
        self._reading, self._stamps = reading, reading.stamps
        if reading.snapshot.version == served.version and not reading.errors:
            self.problems = reading.problems
            return None
        self.problems = in_order((*reading.problems, *history_problems(reading, served)))
        if reading.errors:
            return None
        with self._store.locked():
            changed = put_version(reading, self._store)
            if changed:
                self.problems = in_order((*self.problems, *changed))
                self._stamps = {}
                return None
            self._store.switch(reading.snapshot)
            self._store.prune_versions()
        return reading.snapshot

    def page(self, ref: str, snapshot: Snapshot) -> Rendered:
        return page_of(ref, snapshot, self._store)

    def warm(self, snapshot: Snapshot) -> None:
        warm(snapshot, self._store)
