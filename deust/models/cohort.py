"""Who needs help, and what was done about it: a cohort's rules, flags put aside, contacts made."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from deust.models.base import Base, Privacy


class FlagRules(Base):
    """The rules of one cohort, when its manager changed them."""

    __tablename__ = "flag_rules"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(personal=False, purpose="when a student is pointed out", keep="as long as the cohort")
        }
    }

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    silent_days: Mapped[int] = mapped_column(Integer)
    due_days: Mapped[int] = mapped_column(Integer)
    failed_attempts: Mapped[int] = mapped_column(Integer)
    behind_percent: Mapped[int] = mapped_column(Integer)


class FlagAside(Base):
    """A flag that someone who follows the student will look at again on `until_on`; never why."""

    __tablename__ = "flag_aside"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="to look again at a student on a later day",
                keep="while enrolled",
                export=True,
            )
        }
    }

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    until_on: Mapped[date]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    put_at: Mapped[datetime]


class Contact(Base):
    """A contact made with a student; only added to. `sending` is the form that it was sent with, once."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("sending", "person_id"),
        Index("ix_contact_person_made", "person_id", "made_at"),
        CheckConstraint("means IN ('mail', 'phone', 'other')", name="means"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to know who got in touch with a student, when and about what",
                    keep="while enrolled",
                    export=True,
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    means: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(Text)
    sending: Mapped[str | None] = mapped_column(String(32))
