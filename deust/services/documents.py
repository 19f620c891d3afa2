"""PDFs after they are handed in: drawn page by page for who reads them, and forgotten with their file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.adapters.files import StoredFile
from deust.domain.documents import MOST_TRIES, DocumentState, Picture, Unseen
from deust.models.quizzes import AnswerFile, Document
from deust.queries.documents import waiting_documents

_PAUSE = timedelta(minutes=5)
_BATCH = 500
_TOLD = (DocumentState.READY.value, DocumentState.FAILED.value)


@dataclass(frozen=True, kw_only=True)
class Undrawn:
    """A document to draw: its row, and where its bytes are."""

    file_id: str
    stored_id: str


def claim_document(session: Session, *, now: datetime) -> Undrawn | None:
    """Take a document that waits to be drawn. It waits again in five minutes unless it is done: a crash repeats.

    One that ended nowhere three times is given up. The same content handed in twice is drawn once.
    """
    waiting = waiting_documents(now).with_for_update(of=Document, skip_locked=True)
    row = session.scalars(waiting).first()
    if row is None:
        return None
    stored_id = session.get_one(AnswerFile, row.file_id).stored_id
    row.tries += 1
    row.next_try_at = now + _PAUSE * row.tries
    if stored_id is None:
        row.state = DocumentState.DELETED.value
    elif row.tries > MOST_TRIES:
        refuse_document(session, row.file_id, reason=Unseen.HEAVY)
    elif not _is_as_another(session, row, stored_id):
        return Undrawn(file_id=row.file_id, stored_id=stored_id)
    return None


def _is_as_another(session: Session, row: Document, stored_id: str) -> bool:
    """Whether the same content was drawn, or refused, before: then this one is as it is."""
    same = session.scalars(
        select(Document)
        .join(AnswerFile, AnswerFile.id == Document.file_id)
        .where(AnswerFile.stored_id == stored_id, Document.state.in_(_TOLD))
        .limit(1)
    ).first()
    if same is None:
        return False
    row.state, row.reason, row.page_count = same.state, same.reason, same.page_count
    row.pictures, row.drawn_id, row.made_at = same.pictures, same.drawn_id, same.made_at
    return True


def keep_pictures(
    session: Session, file_id: str, *, drawn: StoredFile, count: int, pictures: Sequence[Picture], now: datetime
) -> None:
    """What was drawn of a document, its bytes already stored."""
    row = session.get_one(Document, file_id)
    row.state, row.made_at = DocumentState.READY.value, now
    row.page_count, row.drawn_id = count, drawn.id
    row.pictures = [list(astuple(one)) for one in pictures]


def refuse_document(session: Session, file_id: str, *, reason: Unseen) -> None:
    """No page can be shown: the file stays as it was handed in, to be downloaded."""
    row = session.get_one(Document, file_id)
    row.state, row.reason = DocumentState.FAILED.value, reason.value


def forget_documents(session: Session) -> int:
    """Forget the pages of files that were deleted; the sweeper takes the bytes. Gives how many documents."""
    rows = session.scalars(
        select(Document)
        .join(AnswerFile, AnswerFile.id == Document.file_id)
        .where(AnswerFile.stored_id.is_(None), Document.state != DocumentState.DELETED)
        .limit(_BATCH)
    ).all()
    for row in rows:
        row.state, row.pictures, row.drawn_id = DocumentState.DELETED.value, [], None
    return len(rows)
