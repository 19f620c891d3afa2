"""Attempts: the paper as it was asked, the answers as they came, the marks as they were given."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from deust.models.base import Base, Privacy


class FrozenQuestion(Base):
    """A question exactly as it was asked, found by the SHA-256 of its content; never changed."""

    __tablename__ = "frozen_question"
    __table_args__ = {  # noqa: RUF012
        "info": {"privacy": Privacy(personal=False, purpose="the paper of past attempts", keep="as long as attempts")}
    }

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[dict[str, Any]]


class Attempt(Base):
    """`paper` lists, in order, each question's key, hash, placement and drawn values; `settings` is frozen too."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("person_id", "item_ref", "number"),
        Index(
            "uq_attempt_open",
            "person_id",
            "item_ref",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_attempt_overdue",
            "deadline_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed_once"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to keep a student's work and mark it",
                    keep="as the diploma's records require",
                    export=True,
                    erase="kept under the pseudonym",
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    item_ref: Mapped[str] = mapped_column(String(200), index=True)
    number: Mapped[int] = mapped_column(Integer)
    item_version: Mapped[str] = mapped_column(String(64))
    settings: Mapped[dict[str, Any]]
    paper: Mapped[list[Any]]
    started_at: Mapped[datetime]
    time_seconds: Mapped[int | None] = mapped_column(Integer)
    closes_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(10))
    score: Mapped[Fraction | None]
    out_of: Mapped[Fraction]
    awaiting: Mapped[int] = mapped_column(Integer, default=0)
    receipt_code: Mapped[str | None] = mapped_column(String(40))


class AnswerEvent(Base):
    """Everything the server received for a question, in the order it came; only added to.

    `outcome` is `kept`, `superseded` (an older save that arrived late), `conflict` (another device wrote in between,
    shown to the student), `late` (after the deadline, waiting for staff) or `accepted` (a late one taken by staff).
    """

    __tablename__ = "answer_event"
    __table_args__ = (
        UniqueConstraint("attempt_id", "event_id"),
        Index("ix_answer_event_attempt_question", "attempt_id", "question_key"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="proof that no answer was lost",
                    keep="as long as the attempt",
                    export=True,
                    erase="kept under the pseudonym",
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    question_key: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(64))
    client: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int] = mapped_column(Integer)
    base_version: Mapped[int] = mapped_column(Integer)
    given: Mapped[Any] = mapped_column(JSON)
    outcome: Mapped[str] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(Integer)
    received_at: Mapped[datetime]


class Answer(Base):
    """The current answer to a question, derived from its events; `clients` is each tab's last sequence number."""

    __tablename__ = "answer"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="the answer that is marked",
                keep="as long as the attempt",
                export=True,
                erase="kept under the pseudonym",
            )
        }
    }

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    question_key: Mapped[str] = mapped_column(String(20), primary_key=True)
    given: Mapped[Any] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(Integer)
    client: Mapped[str] = mapped_column(String(64))
    clients: Mapped[dict[str, Any]]
    is_flagged: Mapped[bool] = mapped_column(Boolean, default=False)
    saved_at: Mapped[datetime]


class AttemptMarks(Base):
    """The points of every question of an attempt, by key, as exact text; none where a marker is awaited.

    A correction is a new version, never a change.
    """

    __tablename__ = "attempt_marks"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="the marks and their history",
                keep="as the diploma's records require",
                export=True,
                erase="kept under the pseudonym",
            )
        }
    }

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    points: Mapped[dict[str, Any]]
    marker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(200))
    marked_at: Mapped[datetime]


def _own_id(context: Any) -> str:
    return str(context.get_current_parameters()["id"])


class AnswerFile(Base):
    """A file or a recording handed in as an answer; the bytes lie in the file store under `stored_id`.

    The same content sent again by the same person is stored once, under the id it was first given. Without `stored_id`,
    the bytes were deleted: a recording is kept until `kept_until` only.
    """

    __tablename__ = "answer_file"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="files and voice recordings handed in",
                keep="as long as the attempt; recordings six months after it",
                export=True,
                erase="deleted with the account unless part of a legal record",
            )
        }
    }

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    question_key: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    received_at: Mapped[datetime]
    stored_id: Mapped[str | None] = mapped_column(String(40), index=True, default=_own_id)
    kept_until: Mapped[datetime | None] = mapped_column(index=True)


class Upload(Base):
    """A file on its way, part by part; `parts` lists each stored part's id and size, in order, until the file is whole.

    It is for a question of an attempt, or it is a marker's spoken comment on a copy. `state` is `open`, `done` or
    `refused`. `beginning` is the SHA-256 of its first bytes, by its sender: it tells that a file chosen again is the
    same. `counted_by` says by what a whole file counts: `end`, `start` or `late`.
    """

    __tablename__ = "upload"
    __table_args__ = (
        Index(
            "ix_upload_open",
            "touched_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        CheckConstraint("(attempt_id IS NULL) <> (copy_id IS NULL)", name="one_place"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to resume a file that was cut, and to prove when it was begun",
                    keep="as long as the attempt; seven days when it stays unfinished",
                    export=True,
                    erase="with the account",
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempt.id"), index=True)
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("copy.id"), index=True)
    question_key: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(Integer)
    beginning: Mapped[str] = mapped_column(String(64))
    received: Mapped[int] = mapped_column(Integer)
    parts: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str | None] = mapped_column(String(64))
    file_id: Mapped[str | None] = mapped_column(String(40))
    counted_by: Mapped[str | None] = mapped_column(String(10))
    started_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Sound(Base):
    """What was made of a recording: one format that every browser plays, its length and its wave from 0 to 100.

    `file_id` is that of a file handed in or of a spoken comment. `state` is `waiting`, `ready`, `failed` or `deleted`.
    """

    __tablename__ = "sound"
    __table_args__ = (
        Index(
            "ix_sound_waiting",
            "next_try_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to play a recording on every device, and to draw it",
                    keep="as its recording",
                    erase="with its recording",
                )
            }
        },
    )

    file_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    peaks: Mapped[list[Any]]
    converted_id: Mapped[str | None] = mapped_column(String(40), index=True)
    converted_size: Mapped[int | None] = mapped_column(Integer)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime]
    made_at: Mapped[datetime | None]


class Document(Base):
    """The pages of a PDF handed in, as pictures that lie one after the other in one stored file, `drawn_id`.

    `state` is `waiting`, `ready`, `failed` (why: `reason`) or `deleted`. `page_count` is how many pages the PDF has;
    `pictures` lists those drawn, in order, each by its start and size in bytes, its width and its height.
    """

    __tablename__ = "document"
    __table_args__ = (
        Index(
            "ix_document_waiting",
            "next_try_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to read a PDF handed in page by page",
                    keep="as its file",
                    erase="with its file",
                )
            }
        },
    )

    file_id: Mapped[str] = mapped_column(ForeignKey("answer_file.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(10), default="")
    page_count: Mapped[int] = mapped_column(Integer, default=0)
    pictures: Mapped[list[Any]] = mapped_column(default=list)
    drawn_id: Mapped[str | None] = mapped_column(String(40), index=True)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime]
    made_at: Mapped[datetime | None]


class RemarkingAside(Base):
    """A closed attempt that a person looked at by hand and left as it is, with the reason; `concern` names the
    questions, as they were asked and as they are published, that called for it."""

    __tablename__ = "remarking_aside"
    __table_args__ = (
        UniqueConstraint("attempt_id", "concern"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to say which attempts were looked at by hand, and why they stay as they are",
                    keep="as long as the attempt",
                    export=True,
                    erase="kept under the pseudonym",
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    concern: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(500))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    put_at: Mapped[datetime]
