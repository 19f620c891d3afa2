"""Where each person stands in each item, what they tried in lessons, and the time they were connected."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from deust.models.base import Base, Privacy


def _when_touched(context: Any) -> datetime:
    touched_at: datetime = context.get_current_parameters()["touched_at"]
    return touched_at


class ItemProgress(Base):
    """One row a person and item: everything that a page of progress shows, so that it reads one table.

    `touched_at` is the last thing that the person did in it; `changed_at` is when the row was last written, also by a
    marker or by the clock. `checks_tried` holds the last answer given to each check-yourself question that was tried.
    """

    __tablename__ = "item_progress"
    __table_args__ = (
        UniqueConstraint("person_id", "item_ref"),
        Index("ix_item_progress_changed_at", "changed_at"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to show a student where they stand and to credit hours",
                    keep="as the diploma's records require",
                    export=True,
                    erase="kept under the pseudonym",
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    item_ref: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(default=_when_touched)
    place: Mapped[str | None] = mapped_column(String(200))
    read_permille: Mapped[int] = mapped_column(Integer, default=0)
    read_at: Mapped[datetime | None]
    checks_tried: Mapped[dict[str, Any]] = mapped_column(default=dict)
    attempts_used: Mapped[int] = mapped_column(Integer, default=0)
    open_attempt: Mapped[str | None] = mapped_column(String(32))
    kept_share: Mapped[Fraction | None]
    is_passed: Mapped[bool] = mapped_column(Boolean, default=False)
    completed_at: Mapped[datetime | None]
    credited_minutes: Mapped[int] = mapped_column(Integer, default=0)


class CheckTry(Base):
    """One try at a check-yourself question; only added to."""

    __tablename__ = "check_try"
    __table_args__ = (
        Index("ix_check_try_person_item", "person_id", "item_ref"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True, purpose="to show what was answered in a lesson", keep="while enrolled", export=True
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    item_ref: Mapped[str] = mapped_column(String(200))
    question_id: Mapped[str] = mapped_column(String(100))
    question_hash: Mapped[str] = mapped_column(String(64))
    given: Mapped[dict[str, Any]]
    is_right: Mapped[bool | None] = mapped_column(Boolean)
    tried_at: Mapped[datetime]


class Presence(Base):
    """Seconds connected on one day: kept apart from the hours credited, never mixed with them."""

    __tablename__ = "presence"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="evidence of attendance that funders of distance training ask for",
                keep="as the funding file requires",
                export=True,
            )
        }
    }

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    seconds: Mapped[int] = mapped_column(Integer, default=0)
    seen_at: Mapped[datetime]


class SearchEntry(Base):
    """A lesson or a glossary entry, stemmed, for full-text search; `version` is the programme's."""

    __tablename__ = "search_entry"
    __table_args__ = (
        UniqueConstraint("programme", "ref"),
        {"info": {"privacy": Privacy(personal=False, purpose="search over lessons", keep="until the next version")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme: Mapped[str] = mapped_column(String(100))
    version: Mapped[str] = mapped_column(String(64))
    ref: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str]
    stems: Mapped[str]
