"""PDFs handed in, as pages show them: the pictures of their pages, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from deust.domain.documents import DocumentState, Picture
from deust.domain.errors import NotFound
from deust.models.quizzes import AnswerFile, Attempt, Document


@dataclass(frozen=True, kw_only=True)
class DrawnDocument:
    """A PDF: `state` says whether its pages are shown, `reason` why not, `count` how many there are in all."""

    state: str
    reason: str
    count: int
    pictures: tuple[Picture, ...]


def drawn_document(row: Row[Any]) -> DrawnDocument:
    return DrawnDocument(
        state=row.document_state,
        reason=row.reason,
        count=row.page_count,
        pictures=tuple(_picture(*numbers) for numbers in row.pictures),
    )


def _picture(start: int, size: int, width: int, height: int) -> Picture:
    return Picture(start=start, size=size, width=width, height=height)


def waiting_documents(now: datetime) -> Select[Document]:
    """The documents due to be drawn: what is not handed in may still change, and nobody reads it yet."""
    return (
        select(Document)
        .join(AnswerFile, AnswerFile.id == Document.file_id)
        .join(Attempt, Attempt.id == AnswerFile.attempt_id)
        .where(Document.state == DocumentState.WAITING, Document.next_try_at <= now, Attempt.closed_at.is_not(None))
        .order_by(Document.next_try_at)
        .limit(1)
    )


def has_waiting_documents(connection: Connection, *, now: datetime) -> bool:
    """Whether some document is due to be drawn."""
    return connection.execute(waiting_documents(now)).first() is not None


def picture_at(row: Row[Any], number: int) -> dict[str, Any]:
    """Where the picture of a page is, and the name it is given back under. Refuses a page that is not drawn."""
    if not 1 <= number <= len(row.pictures):
        raise NotFound
    picture = _picture(*row.pictures[number - 1])
    name = f"{PurePosixPath(row.name).stem}-page-{number}.webp"
    return {"id": row.drawn_id, "name": name, "media_type": "image/webp", "size": picture.size, "start": picture.start}
