"""Files in a bucket of an S3-compatible store; loaded only where the settings name one."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from deust.adapters.files import BLOCK, StoredFile, checked_id, copied
from deust.domain.errors import NotFound

_IN_MEMORY = 1024 * 1024


class ObjectStore:
    """A bucket. An object appears whole or not at all: what is refused on the way is never sent."""

    def __init__(self, location: str) -> None:
        """`s3://bucket/prefix?endpoint=https://…&region=…`; the keys come from `AWS_…` variables, as for S3 tools."""
        address = urlsplit(location)
        options = {name: values[-1] for name, values in parse_qs(address.query).items()}
        endpoint = options.get("endpoint")
        self._store = S3Store(
            address.netloc,
            prefix=address.path.strip("/") or None,
            region=options.get("region", "us-east-1"),
            client_options={"allow_http": bool(endpoint and endpoint.startswith("http://"))},
            **({"endpoint": endpoint} if endpoint else {}),
        )

    def put(self, stream: IO[bytes], *, max_bytes: int) -> StoredFile:
        file_id = secrets.token_hex(16)
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            stored = copied(stream, file, file_id, max_bytes=max_bytes)
            file.seek(0)
            with _answering():
                obstore.put(self._store, file_id, file)
        return stored

    def read(self, file_id: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        options = {} if not start and length is None else {"range": _range(start, length)}
        try:
            with _answering():
                found = obstore.get(self._store, checked_id(file_id), options=options)
        except FileNotFoundError as error:
            raise NotFound from error
        return _blocks(found)

    def remove(self, file_id: str) -> None:
        with suppress(FileNotFoundError), _answering():
            obstore.delete(self._store, checked_id(file_id))

    def ids_before(self, moment: datetime) -> Iterator[str]:
        with _answering():
            for batch in obstore.list(self._store):
                for found in batch:
                    name = str(found["path"]).rpartition("/")[2]
                    if found["last_modified"] < moment and _is_id(name):
                        yield name


def _blocks(found: obstore.GetResult) -> Iterator[bytes]:
    with _answering():
        for block in found.stream(min_chunk_size=BLOCK):
            yield bytes(block)


def _range(start: int, length: int | None) -> object:
    return {"offset": start} if length is None else (start, start + length)


def _is_id(name: str) -> bool:
    try:
        return bool(checked_id(name))
    except ValueError:
        return False


@contextmanager
def _answering() -> Iterator[None]:
    """Say of a store that does not answer what is said of a disk that fails: nothing was kept, try again."""
    try:
        yield
    except BaseError as error:
        raise OSError(errno.EIO, str(error)) from error
