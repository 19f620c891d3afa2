"""The published folder: whole versions, media by content, rendered pages by content, and which version is current.

    current            the name of the version served
    versions/*.pickle  one file a version: everything but media and rendered pages
    media/             media files, named by the hash of what they hold
    pages/             rendered pages, named by the hash of what they depend on

Every file is written aside and moved into place; `current` is moved last. Only the server writes here.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from deust.content.media import Media, suffix_of
from deust.content.snapshot import Snapshot
from deust.domain.learning import Quiz, RenderedLesson, Term

FORMAT = "5"
KEPT_VERSIONS = 5

_BLOCK = 1_000_000
_SERVED_BY_ALL = 0o644

Rendered = RenderedLesson | Quiz | str | tuple[Term, ...]
"""A lesson, a quiz, an introduction, or the terms of a glossary."""

_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    OverflowError,
    TypeError,
    pickle.UnpicklingError,
)


class MediaChanged(Exception):
    """A media file is no longer what was read of it: it was rewritten or removed meanwhile."""


class Store:
    """`is_durable` waits for the disk before a version counts as kept; a demonstration does not."""

    def __init__(self, folder: Path, *, is_durable: bool = True) -> None:
        self.folder = folder
        self.is_durable = is_durable
        self.current_file = folder / "current"
        for name in ("versions", "media", "pages"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One publication at a time, also between processes; a killed one releases the lock."""
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def stamp(self) -> tuple[int, int] | None:
        """What changes when another version becomes current."""
        try:
            status = self.current_file.stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino

    def current(self) -> Snapshot | None:
        """The version served; None when nothing was published that this code knows how to read."""
        try:
            name = self.current_file.read_text().strip()
            if not name.startswith(f"{FORMAT}-"):
                return None
            found = pickle.loads((self.folder / "versions" / name).read_bytes())  # noqa: S301 - own file
        except _UNREADABLE:
            return None
        return found if isinstance(found, Snapshot) else None

    def put(self, snapshot: Snapshot) -> None:
        """Keeps a version; it is not served yet."""
        self._write(self.folder / "versions" / _name(snapshot), pickle.dumps(snapshot, pickle.HIGHEST_PROTOCOL))

    def switch(self, snapshot: Snapshot) -> None:
        """Makes a kept version the one served."""
        self._write(self.current_file, _name(snapshot).encode())

    def put_media(self, media: Media, source: Path) -> None:
        """Keeps a media file under the hash of its content. Refuses one that is not what was read."""
        target = self.media_file(media)
        if target.exists():
            return
        try:
            file = source.open("rb")
        except OSError as failure:
            raise MediaChanged from failure
        digest = sha256()
        with file, self._aside(target) as kept:
            os.fchmod(kept.fileno(), _SERVED_BY_ALL)
            while block := file.read(_BLOCK):
                digest.update(block)
                kept.write(block)
            if digest.hexdigest() != media.digest:
                raise MediaChanged

    def media_file(self, media: Media) -> Path:
        return self.folder / "media" / f"{media.digest}.{suffix_of(media.name)}"

    def page(self, key: str) -> Rendered | None:
        try:
            found: object = pickle.loads((self.folder / "pages" / key).read_bytes())  # noqa: S301 - own file
        except _UNREADABLE:
            return None
        return found if isinstance(found, RenderedLesson | Quiz | str | tuple) else None

    def put_page(self, key: str, page: Rendered) -> None:
        self._write(self.folder / "pages" / key, pickle.dumps(page, pickle.HIGHEST_PROTOCOL))

    def has_page(self, key: str) -> bool:
        return (self.folder / "pages" / key).exists()

    def prune_versions(self) -> None:
        """Keeps the newest versions and the current one."""
        versions = sorted((self.folder / "versions").iterdir(), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        current = self.current_file.read_text().strip()
        for file in versions[KEPT_VERSIONS:]:
            if file.name != current:
                file.unlink(missing_ok=True)

    def prune(self, pages: Collection[str]) -> None:
        """Removes rendered pages that the current version does not use, media that no kept version uses, and what a
        killed publication left aside. Only under the lock.
        """
        for file in self.folder.rglob("*.aside"):
            file.unlink(missing_ok=True)
        for file in (self.folder / "pages").iterdir():
            if file.name not in pages:
                file.unlink(missing_ok=True)
        used: set[str] = set()
        for version in (self.folder / "versions").iterdir():
            try:
                snapshot = pickle.loads(version.read_bytes())  # noqa: S301 - own file
                used |= {self.media_file(media).name for media in snapshot.media.values()}
            except _UNREADABLE:
                version.unlink(missing_ok=True)
        for file in (self.folder / "media").iterdir():
            if file.name not in used:
                file.unlink(missing_ok=True)

    def _write(self, target: Path, content: bytes) -> None:
        with self._aside(target) as file:
            file.write(content)

    @contextmanager
    def _aside(self, target: Path) -> Iterator[BinaryIO]:
        """A file that takes its place once it is whole; nothing is left of one that is not."""
        handle, aside = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".aside")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                if self.is_durable and target.parent.name != "pages":
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(aside, target)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise


def _name(snapshot: Snapshot) -> str:
    return f"{FORMAT}-{snapshot.version[:24]}.pickle"
