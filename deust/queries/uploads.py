"""Files on their way: where each one is, and which ones an attempt still waits for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, select

from deust.domain.errors import NotFound
from deust.domain.people import SignedIn
from deust.domain.uploads import PATIENCE, UploadState
from deust.models.quizzes import Attempt, Upload

_OWN = (
    select(
        Upload.public_id,
        func.coalesce(Attempt.public_id, "").label("attempt"),
        Upload.question_key.label("key"),
        Upload.name,
        Upload.size,
        Upload.received,
        Upload.parts,
        Upload.state,
    )
    .outerjoin(Attempt, Attempt.id == Upload.attempt_id)
    .where(Upload.public_id == bindparam("public_id"), Upload.person_id == bindparam("person_id"))
)
_UNFINISHED = (
    select(Upload.question_key, Upload.name, Upload.size, Upload.received)
    .where(Upload.attempt_id == bindparam("attempt_id"), Upload.state == UploadState.OPEN)
    .order_by(Upload.touched_at)
)


@dataclass(frozen=True, kw_only=True)
class OwnUpload:
    """The sender's own file on its way; `parts` are stored files and their sizes, in order.

    `attempt` is empty for a spoken comment, which is no answer.
    """

    public_id: str
    attempt: str
    key: str
    name: str
    size: int
    received: int
    parts: Sequence[tuple[str, int]]
    state: str

    @property
    def is_open(self) -> bool:
        return self.state == UploadState.OPEN


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """A file of a question that was cut on its way, as the page says it."""

    name: str
    size: int
    received: int

    @property
    def percent(self) -> int:
        return 100 * self.received // self.size


def own_upload(connection: Connection, *, sender: SignedIn, public_id: str) -> OwnUpload:
    """The sender's own upload; anyone else's does not exist."""
    row = connection.execute(_OWN, {"public_id": public_id, "person_id": sender.person_id}).first()
    if row is None:
        raise NotFound
    return OwnUpload(**row._mapping)


def unfinished_uploads(connection: Connection, attempt_id: int, keys: Iterable[str]) -> dict[str, Unfinished]:
    """By question, the file that was cut on its way; the last one touched when there are several."""
    wanted = set(keys)
    if not wanted:
        return {}
    rows = connection.execute(_UNFINISHED, {"attempt_id": attempt_id}).all()
    return {
        row.question_key: Unfinished(name=row.name, size=row.size, received=row.received)
        for row in rows
        if row.question_key in wanted
    }


def is_waited_for(now: datetime) -> ColumnElement[bool]:
    """Whether a file of the attempt, begun before the deadline, is still on its way and may still count."""
    return exists().where(
        and_(
            Upload.attempt_id == Attempt.id,
            Upload.state == UploadState.OPEN,
            Upload.started_at <= Attempt.deadline_at,
            Attempt.deadline_at > now - PATIENCE,
        )
    )
