"""Stored files: bytes under random names, durable before they are named in the database."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import IO, Protocol

from deust.domain.errors import FileRefused, NotFound

BLOCK = 64 * 1024

_ID = re.compile(r"[0-9a-f]{32}")
_PARTIAL = ".part"
_HEAD_BYTES = 64


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    id: str
    size: int
    sha256: str
    head: bytes


class FileStore(Protocol):
    """Files named by 128 random bits; the name a person gave is kept in the database only."""

    def put(self, stream: IO[bytes], *, max_bytes: int) -> StoredFile:
        """Keep the whole stream, durably, and say what was kept. Refuses an empty or too large one; leaves no half."""

    def read(self, file_id: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a file from `start`, `length` of them or all the rest. Refuses a file that is not there."""

    def remove(self, file_id: str) -> None:
        """Forget a file; one that is not there is forgotten already."""

    def ids_before(self, moment: datetime) -> Iterator[str]:
        """The files that were there before this moment, and what an interrupted writing left of one."""


def file_store(location: str) -> FileStore:
    """The store of this location: a folder, or `s3://bucket`, whose client is loaded for those who have one only."""
    if location.startswith("s3://"):
        store: FileStore = import_module("deust.adapters.objects").ObjectStore(location)
        return store
    return FolderStore(Path(location))


def checked_id(file_id: str) -> str:
    """The id, if `put` can have given it: nothing else ever becomes a path or a key."""
    if not _ID.fullmatch(file_id):
        raise ValueError("not a stored file's id")
    return file_id


def copied(stream: IO[bytes], target: IO[bytes], file_id: str, *, max_bytes: int) -> StoredFile:
    """Copy a stream, counting and hashing on the way. Refuses an empty one, and stops at the first byte too many."""
    digest, size, head = hashlib.sha256(), 0, b""
    while block := stream.read(BLOCK):
        size += len(block)
        if size > max_bytes:
            raise FileRefused("size")
        if len(head) < _HEAD_BYTES:
            head = (head + block)[:_HEAD_BYTES]
        digest.update(block)
        target.write(block)
    if size == 0:
        raise FileRefused("empty")
    return StoredFile(id=file_id, size=size, sha256=digest.hexdigest(), head=head)


class FolderStore:
    """A folder: each file is flushed to disk under another name, then renamed, and the rename is flushed too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, stream: IO[bytes], *, max_bytes: int) -> StoredFile:
        self._folder.mkdir(0o700, parents=True, exist_ok=True)
        file_id = secrets.token_hex(16)
        partial = self._folder / (file_id + _PARTIAL)
        try:
            stored = self._write(stream, partial, file_id, max_bytes)
            os.replace(partial, self._folder / file_id)
            _flush_folder(self._folder)
        finally:
            partial.unlink(missing_ok=True)
        return stored

    def _write(self, stream: IO[bytes], partial: Path, file_id: str, max_bytes: int) -> StoredFile:
        with partial.open("wb") as file:
            stored = copied(stream, file, file_id, max_bytes=max_bytes)
            file.flush()
            os.fsync(file.fileno())
        return stored

    def read(self, file_id: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        path = self._folder / checked_id(file_id)
        if not path.is_file():
            raise NotFound
        return _blocks(path, start, length)

    def remove(self, file_id: str) -> None:
        for name in (checked_id(file_id), file_id + _PARTIAL):
            (self._folder / name).unlink(missing_ok=True)

    def ids_before(self, moment: datetime) -> Iterator[str]:
        if not self._folder.is_dir():
            return
        with os.scandir(self._folder) as found:
            entries = [entry for entry in found if _ID.fullmatch(entry.name.removesuffix(_PARTIAL))]
        for entry in entries:
            with suppress(FileNotFoundError):
                if datetime.fromtimestamp(entry.stat().st_mtime, UTC) < moment:
                    yield entry.name.removesuffix(_PARTIAL)


def _blocks(path: Path, start: int, length: int | None) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        left = length
        while block := file.read(BLOCK if left is None else min(BLOCK, left)):
            if left is not None:
                left -= len(block)
            yield block


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
