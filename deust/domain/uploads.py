"""Files that come part by part: what may begin, which part comes next, and by which moment a whole file counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deust.domain.attempts import GRACE
from deust.domain.errors import FileRefused, OffsetMismatch
from deust.domain.files import is_accepted

LEAST_PART = 256 * 1024
MOST_PART = 1024 * 1024
BEGINNING = 1024 * 1024
"""How much of a file tells that it is the same one chosen again."""

QUOTA = 500_000_000
"""Bytes that one person may have stored or announced, unfinished files included."""

MOST_OPEN = 8
MOST_A_QUESTION = 40
PATIENCE = timedelta(minutes=10)
"""A file begun before the deadline may be whole this long after it."""

UNFINISHED_KEPT = timedelta(days=7)


class UploadState(StrEnum):
    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    LEFT = "left"


class CountedBy(StrEnum):
    """By which moment a whole file counts: its end, its start because the deadline passed meanwhile, or not yet."""

    END = "end"
    START = "start"
    LATE = "late"


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a person holds already: bytes stored or announced, unfinished files, files given to the question."""

    bytes: int
    open: int
    of_question: int


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What a question takes: endings of names, and bytes."""

    endings: Sequence[str]
    max_bytes: int


def ensure_may_begin(*, name: str, size: int, accepted: Accepted, held: Held) -> None:
    """Refuses at once what could not be kept whole: too large, another type, too many, over what a person may hold."""
    if size > accepted.max_bytes:
        raise FileRefused("size")
    if not is_accepted(name, accepted.endings):
        raise FileRefused("type")
    if held.open >= MOST_OPEN or held.of_question >= MOST_A_QUESTION:
        raise FileRefused("count")
    ensure_room(size=size, held_bytes=held.bytes)


def ensure_room(*, size: int, held_bytes: int) -> None:
    if held_bytes + size > QUOTA:
        raise FileRefused("quota")


def next_offset(*, received: int, size: int, offset: int, length: int) -> int:
    """Where the file is after a part. Refuses one that does not follow, is too small, or goes past the end."""
    if offset != received:
        raise OffsetMismatch(received)
    following = received + length
    if following > size:
        raise FileRefused("size")
    if following < size and length < LEAST_PART:
        raise FileRefused("part")
    return following


def counted_by(
    *, started_at: datetime, deadline_at: datetime | None, closed_at: datetime | None, now: datetime
) -> CountedBy:
    """A file that ends in time counts; one begun before the deadline counts by its start for ten minutes more.

    Once the attempt is closed, what comes is late.
    """
    if closed_at is not None:
        return CountedBy.LATE
    if deadline_at is None or now <= deadline_at + GRACE:
        return CountedBy.END
    return CountedBy.START if started_at <= deadline_at and now <= deadline_at + PATIENCE else CountedBy.LATE
