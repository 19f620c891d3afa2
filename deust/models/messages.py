"""Questions to tutors: threads, their messages, what is being written, and what was told by mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from deust.models.base import Base, Privacy

_KEEP = "as long as the cohort"


class Thread(Base):
    """A student's question and what follows it. `size` counts its messages: an answer says how many it has seen.

    `waiting_since` and `due_at` are those of the first message without an answer, `answered_size` what `size` was at
    the last one. `question_key` names a question of the attempt.
    """

    __tablename__ = "message_thread"
    __table_args__ = (
        Index("ix_message_thread_state_waiting_since", "state", "waiting_since"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to bring a student's question to a tutor, and prove the delay of the answer",
                    keep=_KEEP,
                    export=True,
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    ref: Mapped[str] = mapped_column(String(200))
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempt.id"))
    question_key: Mapped[str | None] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(Integer)
    zone: Mapped[str] = mapped_column(String(60))
    asked_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_size: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class Message(Base):
    """One message; only added to. An answer keeps since when it was awaited and until when it was promised."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_thread", "thread_id", "id"),
        Index("ix_message_at", "at"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True, purpose="what students and tutors wrote to each other", keep=_KEEP, export=True
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("message_thread.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    is_answer: Mapped[bool] = mapped_column(Boolean)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    awaited_since: Mapped[datetime | None]
    due_at: Mapped[datetime | None]


class Draft(Base):
    """What a person is writing, and has not sent: one a place."""

    __tablename__ = "message_draft"
    __table_args__ = (
        UniqueConstraint("person_id", "place"),
        {"info": {"privacy": Privacy(personal=True, purpose="to lose nothing of a message being written", keep=_KEEP)}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(String(240))
    text: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime]


class Reading(Base):
    """How many messages of an exchange a person has read."""

    __tablename__ = "message_reading"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="to say what is unread, and mail nothing that was read",
                keep=_KEEP,
                export=True,
            )
        }
    }

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("message_thread.id"), primary_key=True, index=True)
    seen: Mapped[int] = mapped_column(Integer)
    read_at: Mapped[datetime]


class Holder(Base):
    """The tutor to whom a question was given over, by whom and when; without a row, whoever follows the student."""

    __tablename__ = "message_holder"
    __table_args__ = {  # noqa: RUF012
        "info": {"privacy": Privacy(personal=True, purpose="to know which tutor answers a question", keep=_KEEP)}
    }

    thread_id: Mapped[int] = mapped_column(ForeignKey("message_thread.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime]


class DigestMark(Base):
    """Until when a person was told by mail of what waits for them, and whether they want to be."""

    __tablename__ = "message_digest"
    __table_args__ = {  # noqa: RUF012
        "info": {"privacy": Privacy(personal=True, purpose="to send no mail twice, nor to who wants none", keep=_KEEP)}
    }

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    is_off: Mapped[bool] = mapped_column(Boolean, default=False)
    told_at: Mapped[datetime | None]
