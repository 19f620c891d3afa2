"""Copies to mark: who marks them, what each marker wrote, what was released, and everything that was saved."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from deust.models.base import Base, Privacy

_KEEP = "as the diploma's records require"
_PSEUDONYM = "kept under the pseudonym"


class FrozenGrid(Base):
    """The grids of an activity exactly as copies were marked with them, found by the SHA-256 of their content; never
    changed. `body` is one grid for a whole copy, or `questions` with one for each question that names one.
    """

    __tablename__ = "frozen_grid"
    __table_args__ = {  # noqa: RUF012
        "info": {"privacy": Privacy(personal=False, purpose="the grid of past marks", keep="as long as attempts")}
    }

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[dict[str, Any]]


class Copy(Base):
    """A closed attempt that a person must mark. `code` is all that an anonymous marker sees of its author.

    `terms` are those of an assignment, a quiz has none; `grid_hash` names the grids it was handed in under.
    """

    __tablename__ = "copy"
    __table_args__ = (
        Index("ix_copy_state_handed_in", "state", "handed_in_at"),
        Index("ix_copy_release_at", "release_at"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to have a student's work marked in time",
                    keep=_KEEP,
                    export=True,
                    erase=_PSEUDONYM,
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    item_ref: Mapped[str] = mapped_column(String(200), index=True)
    title: Mapped[str] = mapped_column(String(300))
    code: Mapped[str] = mapped_column(String(12))
    handed_in_at: Mapped[datetime]
    due_back_at: Mapped[datetime]
    out_of: Mapped[Fraction]
    late_days: Mapped[int] = mapped_column(Integer, default=0)
    terms: Mapped[dict[str, Any] | None]
    grid_hash: Mapped[str | None] = mapped_column(ForeignKey("frozen_grid.hash"))
    declaration: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10))
    assigned_to: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    claimed_until: Mapped[datetime | None]
    needs_third: Mapped[bool] = mapped_column(Boolean, default=False)
    release_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    resubmit_asked_at: Mapped[datetime | None]


class Marking(Base):
    """One marker's work on one copy: the levels chosen, points, words and remarks, all of one version.

    `mark` is what it gives before lateness; None until everything is rated. `place` is the order of the markers.
    """

    __tablename__ = "marking"
    __table_args__ = (
        UniqueConstraint("copy_id", "marker_id"),
        UniqueConstraint("copy_id", "place"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True, purpose="the marker's draft and its reasons", keep=_KEEP, erase=_PSEUDONYM
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("copy.id"))
    marker_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    place: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    is_ready: Mapped[bool] = mapped_column(Boolean, default=False)
    content: Mapped[dict[str, Any]]
    mark: Mapped[Fraction | None]
    updated_at: Mapped[datetime]


class MarkingEvent(Base):
    """Everything that a marker saved, also what met a newer version and changed nothing; only added to."""

    __tablename__ = "marking_event"
    __table_args__ = (
        Index("ix_marking_event_copy", "copy_id", "id"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True, purpose="proof that no mark was lost or overwritten", keep=_KEEP, erase=_PSEUDONYM
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("copy.id"))
    marker_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    base_version: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(10))
    content: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class ReleasedMark(Base):
    """What a student was told of a copy; a correction is a new version, never a change."""

    __tablename__ = "released_mark"
    __table_args__ = (
        UniqueConstraint("copy_id", "version"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="the mark and the comment given back, and their history",
                    keep=_KEEP,
                    export=True,
                    erase=_PSEUDONYM,
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("copy.id"))
    version: Mapped[int] = mapped_column(Integer)
    mark: Mapped[Fraction]
    out_of: Mapped[Fraction]
    content: Mapped[dict[str, Any]]
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]


class SpokenComment(Base):
    """A comment that a marker recorded on a copy; the markings and the releases that hold it name it by its id.

    Without `stored_id`, the bytes were deleted. `kept_until` moves with the draft that holds it, then with its release.
    """

    __tablename__ = "spoken_comment"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="to let a marker comment a copy aloud",
                keep="six months after its release or the last save of the draft; thirty days when it was set aside",
                export=True,
                erase="deleted with the account of its marker or of its student",
            )
        }
    }

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("copy.id"), index=True)
    marker_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    stored_id: Mapped[str | None] = mapped_column(String(40), index=True)
    kept_until: Mapped[datetime] = mapped_column(index=True)


class ReviewRequest(Base):
    """A student asks, once, that another tutor look at a released mark."""

    __tablename__ = "review_request"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True, purpose="to have a mark looked at again", keep=_KEEP, export=True, erase=_PSEUDONYM
            )
        }
    }

    copy_id: Mapped[int] = mapped_column(ForeignKey("copy.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]


class Phrase(Base):
    """A comment that a tutor keeps to use again, for one activity or for all; `uses` puts the usual ones first."""

    __tablename__ = "phrase"
    __table_args__ = (
        UniqueConstraint("tutor_id", "item_ref", "text"),
        {
            "info": {
                "privacy": Privacy(personal=True, purpose="to help a tutor comment faster", keep="with the account")
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tutor_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    item_ref: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(String(500))
    uses: Mapped[int] = mapped_column(Integer, default=0)
