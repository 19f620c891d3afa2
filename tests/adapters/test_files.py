"""One contract, two stores: a folder, and a bucket of a small S3 that the test runs on this machine."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deust.adapters.files import FileStore, FolderStore, file_store
from deust.domain.errors import FileRefused, NotFound
from tests.support.bucket import Bucket, running_bucket

CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "essai")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with running_bucket() as running:
        yield running


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return file_store(str(tmp_path / "files"))
    return file_store(request.getfixturevalue("bucket").location)


def put(store: FileStore, content: bytes = CONTENT) -> str:
    return store.put(io.BytesIO(content), max_bytes=len(CONTENT)).id


def test_what_is_put_is_read_whole_or_by_range(store: FileStore) -> None:
    stored = store.put(io.BytesIO(CONTENT), max_bytes=len(CONTENT))
    assert (stored.size, stored.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert stored.head == CONTENT[:64]
    assert b"".join(store.read(stored.id)) == CONTENT
    assert b"".join(store.read(stored.id, start=100)) == CONTENT[100:]
    assert b"".join(store.read(stored.id, start=70_000, length=300)) == CONTENT[70_000:70_300]


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (CONTENT + b"!", "size")])
def test_what_is_refused_leaves_nothing(store: FileStore, content: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        put(store, content)
    assert list(store.ids_before(datetime.now(UTC) + timedelta(days=1))) == []


def test_a_reading_that_breaks_leaves_nothing(store: FileStore) -> None:
    class Cut(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(size)

    with pytest.raises(ConnectionResetError):
        store.put(Cut(CONTENT), max_bytes=len(CONTENT))
    assert list(store.ids_before(datetime.now(UTC) + timedelta(days=1))) == []


def test_a_file_is_removed_once_and_for_good(store: FileStore) -> None:
    kept, gone = put(store), put(store)
    store.remove(gone)
    store.remove(gone)
    with pytest.raises(NotFound):
        store.read(gone)
    assert list(store.ids_before(datetime.now(UTC) + timedelta(days=1))) == [kept]
    assert list(store.ids_before(datetime.now(UTC) - timedelta(hours=1))) == []


@pytest.mark.case("UP-04")
@pytest.mark.parametrize("name", ["../secret", "", "A" * 32, "/etc/passwd", "0" * 31, "0" * 32 + ".part"])
def test_nothing_but_an_id_that_was_given_is_looked_up(store: FileStore, name: str) -> None:
    for act in (store.read, store.remove):
        with pytest.raises(ValueError, match="id"):
            act(name)


def test_what_an_interrupted_writing_left_is_found_and_removed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    (tmp_path / ("0" * 32 + ".part")).write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("not ours")
    assert list(store.ids_before(datetime.now(UTC) + timedelta(days=1))) == ["0" * 32]
    store.remove("0" * 32)
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_listing_that_is_not_read_to_its_end_keeps_nothing_open(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for _ in range(3):
        put(store)
    opened = len(os.listdir("/proc/self/fd"))
    listing = store.ids_before(datetime.now(UTC) + timedelta(days=1))
    next(listing)
    assert len(os.listdir("/proc/self/fd")) == opened


def test_objects_keep_to_their_prefix(bucket: Bucket) -> None:
    store = file_store(bucket.location)
    name = put(store)
    bucket.objects["ailleurs/" + "1" * 32] = (b"not ours", datetime(2020, 1, 1, tzinfo=UTC))
    assert f"deust/{name}" in bucket.objects
    assert list(store.ids_before(datetime.now(UTC) + timedelta(days=1))) == [name]


def test_a_bucket_that_does_not_answer_is_said_like_a_disk_that_fails(bucket: Bucket) -> None:
    store = file_store(bucket.location)
    name = put(store)
    bucket.is_down = True
    listing = store.ids_before(datetime.now(UTC))
    for act in (lambda: put(store), lambda: store.read(name), lambda: store.remove(name), lambda: list(listing)):
        with pytest.raises(OSError, match="S3"):
            act()


def test_a_worker_with_a_folder_does_not_load_what_speaks_to_a_bucket() -> None:
    loaded = "{name.split('.')[0] for name in sys.modules} & {'obstore', 'av', 'pypdfium2'}"
    script = f"import sys, deust.app; sys.exit(len({loaded}))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
