"""People, the cohorts they follow, and the arrangements granted to them."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from deust.domain.access import Role
from deust.domain.people import DEFAULT_ZONE
from deust.models.base import Base, Privacy


class Person(Base):
    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(
            "role IN ({})".format(", ".join(f"'{role.value}'" for role in Role)),
            name="role",
        ),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to know who studies, teaches and administers",
                    keep="while enrolled, then as the diploma's records require",
                    export=True,
                    erase="replaced by a pseudonym; legal records stay",
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    given_name: Mapped[str] = mapped_column(String(120))
    family_name: Mapped[str] = mapped_column(String(120))
    student_number: Mapped[str | None] = mapped_column(String(40), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)
    theme: Mapped[str] = mapped_column(String(10), default="auto")
    locale: Mapped[str] = mapped_column(String(5), default="fr")
    time_zone: Mapped[str] = mapped_column(String(60), default=DEFAULT_ZONE)
    created_at: Mapped[datetime]


class Cohort(Base):
    """A promotion; `week_one_on` is the Monday its calendar starts on."""

    __tablename__ = "cohort"
    __table_args__ = {  # noqa: RUF012
        "info": {"privacy": Privacy(personal=False, purpose="calendar of a promotion", keep="as long as its records")}
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    programme: Mapped[str] = mapped_column(String(100))
    week_one_on: Mapped[date]
    time_zone: Mapped[str] = mapped_column(String(60), default=DEFAULT_ZONE)


class Group(Base):
    __tablename__ = "study_group"
    __table_args__ = (
        UniqueConstraint("cohort_id", "name"),
        {"info": {"privacy": Privacy(personal=False, purpose="who follows whom", keep="as long as the cohort")}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    name: Mapped[str] = mapped_column(String(60))


class Enrolment(Base):
    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("person_id", "cohort_id"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to open the programme to a student, and to date it",
                    keep="as the diploma's records require",
                    export=True,
                    erase="kept under the pseudonym",
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("study_group.id"), index=True)
    started_on: Mapped[date]
    ended_on: Mapped[date | None]


class Tutoring(Base):
    """A tutor follows a group."""

    __tablename__ = "tutoring"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="to show a tutor the students followed, and no other",
                keep="as long as the cohort",
                export=True,
            )
        }
    }

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("study_group.id"), primary_key=True, index=True)


class Accommodation(Base):
    """Extra time granted to a person; the reason is never kept here."""

    __tablename__ = "accommodation"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="to compute the time a person has; the effect only, never its reason",
                keep="while enrolled",
                export=True,
            )
        }
    }

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    time_multiplier: Mapped[Fraction] = mapped_column(default=Fraction(1))
    extra_minutes: Mapped[int] = mapped_column(Integer, default=0)
    granted_at: Mapped[datetime]


class ItemDates(Base):
    """Dates of one item moved for a cohort, or for a person (who comes first), and attempts granted besides."""

    __tablename__ = "item_dates"
    __table_args__ = (
        CheckConstraint("(cohort_id IS NULL) <> (person_id IS NULL)", name="one_owner"),
        Index("uq_item_dates_cohort", "cohort_id", "item_ref", unique=True),
        Index("uq_item_dates_person", "person_id", "item_ref", unique=True),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to know until when an item may be handed in",
                    keep="as long as the cohort",
                    export=True,
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_ref: Mapped[str] = mapped_column(String(200))
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    opens_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    extra_attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
