"""Stored files: bytes under random names, durable before they are named in the database."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from deust.domain.errors import FileRefused

_BLOCK = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    id: str
    size: int
    sha256: str
    head: bytes


class FileStore:
    """A folder of files named by 128 random bits; the name a person gave is kept in the database only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, stream: BinaryIO, *, max_bytes: int) -> StoredFile:
        """Write the stream to disk, flushed, and say what was written. Refuses an empty or too large one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file_id = secrets.token_hex(16)
        partial = self._folder / f"{file_id}.part"
        try:
            stored = self._write(stream, partial, file_id, max_bytes)
            os.replace(partial, self._folder / file_id)
        finally:
            partial.unlink(missing_ok=True)
        return stored

    def _write(self, stream: BinaryIO, partial: Path, file_id: str, max_bytes: int) -> StoredFile:
        digest, size, head = hashlib.sha256(), 0, b""
        with partial.open("wb") as file:
            while block := stream.read(_BLOCK):
                size += len(block)
                if size > max_bytes:
                    raise FileRefused("size")
                head = head or block[:64]
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if size == 0:
            raise FileRefused("empty")
        return StoredFile(id=file_id, size=size, sha256=digest.hexdigest(), head=head)

    def path(self, file_id: str) -> Path:
        """Where a stored file lies. Only an id that `put` gave is accepted."""
        if len(file_id) != 32 or not set(file_id) <= set("0123456789abcdef"):
            raise ValueError("not a stored file's id")
        return self._folder / file_id

    def remove(self, file_id: str) -> None:
        self.path(file_id).unlink(missing_ok=True)
